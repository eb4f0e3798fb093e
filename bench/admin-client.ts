/** A client of the admin API on one connection that stays open: less of its own time in a measurement than fetch takes. */
import http from 'node:http';
import type { TealProcess } from '../test/fixtures/process.ts';

export class AdminClient {
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  readonly #teal: TealProcess;

  constructor(teal: TealProcess) {
    this.#teal = teal;
  }

  /** Milliseconds from the request to the whole reply. Throws where that is no 2xx. */
  async time(method: string, path: string, body?: unknown): Promise<number> {
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers = {
      authorization: `Bearer ${this.#teal.token}`,
      ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    };
    const startedAt = performance.now();
    return new Promise((resolve, reject) => {
      const request = http.request(
        new URL(path, this.#teal.admin),
        { agent: this.#agent, method, headers },
        (reply) => {
          let received = '';
          reply.setEncoding('utf8').on('data', (chunk) => {
            received += chunk;
          });
          reply.once('end', () => {
            if ((reply.statusCode as number) < 300) resolve(performance.now() - startedAt);
            else reject(new Error(`${method} ${path}: ${reply.statusCode} ${received}`));
          });
        },
      );
      request.once('error', reject);
      request.end(text);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
