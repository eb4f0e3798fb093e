/** A supervisor that hands over sockets as systemd does, and a client that asks on while it restarts the server. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import type { Test } from 'tap';
import { type Libc, loadLibc } from '../../src/sockets/libc.ts';
import { type OpenedEndpoint, openEndpoint, socketMemory } from '../../src/sockets/open.ts';
import { serverSurroundings } from '../fixtures/environment.ts';
import { endsWithUs } from '../fixtures/tidying.ts';

/** What the client's thread is told. `words`: 1 in the first ends it; the second has the replies so far. */
export interface RestartTask {
  readonly port: number;
  readonly qps: number;
  readonly words: Int32Array;
}

export interface RestartTally {
  readonly sent: number;
  readonly received: number;
  /** Never answered. */
  readonly lost: number;
  /** Answered, but the client's own buffer was full. */
  readonly missed: number;
  readonly wrong: number;
  /** Longest time without any reply. */
  readonly longestGapMs: number;
  readonly slowestMs: number;
  readonly seconds: number;
}

/** What one small query takes of a socket's memory, bytes; measured: 768 over loopback. */
const QUERY_MEMORY_BYTES = 1024;

const main = new URL('../../src/main.ts', import.meta.url).pathname;

/** Sockets of one loopback address, kept open here whoever serves them. */
export class HandedOver {
  readonly sockets: OpenedEndpoint;
  readonly #libc: Libc;

  /** `count` UDP sockets of one SO_REUSEPORT group; the kernel grants what it may of `bufferBytes` for each. */
  constructor(count: number, bufferBytes: number) {
    const libc = loadLibc();
    if (libc === undefined) throw new Error('Linux and koffi are needed');
    this.#libc = libc;
    this.sockets = openEndpoint(libc, { address: '127.0.0.1', port: 0 }, count, bufferBytes);
  }

  get port(): number {
    return this.sockets.endpoint.port;
  }

  /** Queries that the buffers hold while nobody reads, if they spread evenly. */
  get capacity(): number {
    return this.#memories().reduce((sum, { bufferBytes }) => sum + bufferBytes / QUERY_MEMORY_BYTES, 0);
  }

  /** Queries that found a buffer full. */
  get dropped(): number {
    return this.#memories().reduce((sum, { dropped }) => sum + dropped, 0);
  }

  #memories() {
    const memories = this.sockets.udp.map((fd) => socketMemory(this.#libc, fd));
    return memories.map((memory) => memory ?? { bufferBytes: 0, queuedBytes: 0, dropped: 0 });
  }

  /** Starts `teal serve` on them. */
  start(folder: string, env: Record<string, string> = {}): Promise<Running> {
    const fds = [...this.sockets.udp, ...this.sockets.tcp];
    return startServer(folder, fds, { LISTEN_FDS: String(fds.length), ...env });
  }

  close(): void {
    for (const fd of [...this.sockets.udp, ...this.sockets.tcp]) this.#libc.close(fd);
  }
}

export interface Running {
  readonly child: ChildProcess;
  readonly log: readonly Record<string, unknown>[];
  /** From the start of the process to the line `ready`. */
  readonly startedMs: number;
  /** Sends SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** Starts `teal serve`; descriptors become 3, 4, … there. Its own LISTEN_PID is told by the shell that becomes it. */
export async function startServer(
  folder: string,
  fds: readonly number[],
  env: Record<string, string>,
): Promise<Running> {
  const begun = performance.now();
  const child = endsWithUs(
    spawn('/bin/sh', ['-c', 'LISTEN_PID=$$ exec "$0" "$@"', process.execPath, main, 'serve'], {
      stdio: ['ignore', 'pipe', 'inherit', ...fds],
      env: {
        ...serverSurroundings(folder),
        ...env,
      },
    }),
  );
  const log: Record<string, unknown>[] = [];
  const exited = once(child, 'exit');
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      log.push(JSON.parse(line) as Record<string, unknown>);
      if (log.at(-1)?.msg === 'ready') resolve();
    });
    exited.then(([code]) => reject(new Error(`teal serve exited with ${code}`)));
  });
  return {
    child,
    log,
    startedMs: performance.now() - begun,
    async stop() {
      child.kill('SIGTERM');
      const [code] = await exited;
      return code as number | null;
    },
  };
}

/** A client in a thread of its own. */
export class SteadyClient {
  readonly #words = new Int32Array(new SharedArrayBuffer(8));
  readonly #result: Promise<RestartTally>;

  constructor(port: number, qps: number) {
    const workerData: RestartTask = { port, qps, words: this.#words };
    const thread = new Worker(new URL('./restart-client.ts', import.meta.url), { workerData });
    this.#result = new Promise((resolve, reject) => {
      thread.once('message', resolve);
      thread.once('error', reject);
    });
    this.#result.catch(() => {});
  }

  /** Waits for so many more replies. */
  async replies(count: number): Promise<void> {
    const wanted = Atomics.load(this.#words, 1) + count;
    while (Atomics.load(this.#words, 1) < wanted) {
      // An error of the thread ends the wait.
      await Promise.race([new Promise((resolve) => setTimeout(resolve, 20)), this.#result]);
    }
  }

  finish(): Promise<RestartTally> {
    Atomics.store(this.#words, 0, 1);
    return this.#result;
  }
}

/** Ends a client, which must have got a right answer to each of its queries; how many these were. */
export async function allAnswered(t: Test, client: SteadyClient): Promise<number> {
  const { sent, lost, wrong } = await client.finish();
  t.ok(sent > 0);
  t.same({ lost, wrong }, { lost: 0, wrong: 0 }, `of ${sent} queries`);
  return sent;
}
