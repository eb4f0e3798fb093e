/** What the gate of the demonstration asks: a page that answers 200 until the new version is broken. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface DemoGate {
  readonly url: string;
  breakIt(): void;
  stop(): void;
}

export async function startDemoGate(): Promise<DemoGate> {
  let isBroken = false;
  const server = createServer((_request, reply) => {
    reply.statusCode = isBroken ? 503 : 200;
    reply.end(isBroken ? 'broken\n' : 'ok\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/smoke`,
    breakIt() {
      isBroken = true;
    },
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
