/** The workers: started on sockets that the main thread keeps, watched, replaced when they die, stopped together. */
import assert from 'node:assert/strict';
import os from 'node:os';
import { Worker } from 'node:worker_threads';
import type { ResponderOptions } from '../responder/options.ts';
import { CONTROL, MARK_STRIDE_WORDS, MAX_READERS } from '../table/layout.ts';
import type { SharedTable } from '../table/memory.ts';
import type { Endpoint } from './address.ts';
import { Listeners, type ListenOptions, type SocketState } from './listeners.ts';
import type { TcpLimits } from './tcp-limits.ts';
import { READY, STOP, type WorkerAssignment, type WorkerRole } from './worker.ts';

export interface FleetOptions extends ListenOptions {
  readonly workers: number | 'auto';
  readonly responder: ResponderOptions;
  readonly tcp: TcpLimits;
  readonly shared: SharedTable;
  /** One memory for each UDP worker and one for the TCP worker. */
  readonly counters: readonly SharedArrayBuffer[];
  readonly log: FleetLog;
  /** The module that a worker runs; tests put broken ones here. */
  readonly entry?: URL;
  /** A worker that does not answer so long after its start is ended, and another one started. */
  readonly startLimitMs?: number;
}

/** The part of a pino logger that the fleet uses. */
interface FleetLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A thread is up in a tenth of a second; a machine that is busy with something else may take long. */
const START_LIMIT_MS = 30_000;
/** A worker that dies sooner than this after its start is started again only after this time. */
const RESTART_PAUSE_MS = 250;
/** A graceful stop may take this long before the threads are ended: first for TCP, then for UDP. */
const TCP_STOP_LIMIT_MS = 2000;
const STOP_LIMIT_MS = 1000;

const defaultEntry = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);

/** UDP workers for a setting. */
export function udpWorkersOf(workers: number | 'auto'): number {
  return Math.min(workers === 'auto' ? os.availableParallelism() : workers, MAX_READERS - 1);
}

export class Fleet {
  readonly #options: FleetOptions;
  readonly #listeners: Listeners;
  readonly #threads: (Worker | undefined)[] = [];
  /** Readers whose thread answers. */
  readonly #ready = new Set<number>();
  #stopping = false;
  #replacements = 0;

  private constructor(options: FleetOptions, listeners: Listeners) {
    this.#options = options;
    this.#listeners = listeners;
  }

  /** Opens every socket, starts every worker, and resolves when all of them answer. Throws ListenError. */
  static async start(options: FleetOptions): Promise<Fleet> {
    const workers = udpWorkersOf(options.workers);
    assert.equal(options.counters.length, workers + 1);
    const listeners = await Listeners.open(options, workers);
    const { transport, opened } = listeners;
    for (const { endpoint, udp, tcp, receiveBufferBytes } of opened) {
      const sockets = udp.length;
      options.log.info({ ...endpoint, workers, sockets, receiveBufferBytes, transport }, 'dns listening');
      if (udp.length === 0 || tcp.length === 0) {
        const missing = tcp.length === 0 ? 'TCP' : 'UDP';
        options.log.warn(endpoint, `no ${missing} socket was handed over: DNS takes both (RFC 7766 §5)`);
      }
    }
    const { connectionsMax } = listeners;
    if (connectionsMax < options.tcp.maxConnections) {
      // Beyond it libuv would accept new clients and close them at once, while old ones keep their places.
      options.log.warn({ connectionsMax }, 'dns.tcp.maxConnections is more than half of the open files limit; lowered');
    }
    const fleet = new Fleet(options, listeners);
    Atomics.store(new Int32Array(options.shared.control), CONTROL.STOP, 0);
    try {
      await Promise.all(options.counters.map((_, reader) => fleet.#startThread(reader)));
    } catch (error) {
      await fleet.stop();
      throw error;
    }
    return fleet;
  }

  /** Listen addresses with the ports in use. */
  get endpoints(): readonly Endpoint[] {
    return this.#listeners.endpoints;
  }

  get transport(): 'batch' | 'portable' {
    return this.#listeners.transport;
  }

  /** Threads that answer at the moment. */
  get alive(): number {
    return this.#ready.size;
  }

  /** Threads that died and were replaced. */
  get replacements(): number {
    return this.#replacements;
  }

  /** What waits in each UDP socket, and what was dropped there; empty where the system does not tell. */
  socketStates(): readonly SocketState[] {
    return this.#listeners.socketStates();
  }

  /** Stops accepting, answers what was received, ends the threads, closes the sockets. */
  async stop(): Promise<void> {
    this.#stopping = true;
    // TCP first: its clients may take a second to read their last replies, and UDP is answered until then.
    await within(this.#endThread(this.#threads[this.#options.counters.length - 1]), TCP_STOP_LIMIT_MS);
    Atomics.store(new Int32Array(this.#options.shared.control), CONTROL.STOP, 1);
    await within(Promise.all(this.#threads.map((thread) => this.#endThread(thread))), STOP_LIMIT_MS);
    await Promise.all(this.#threads.map((thread) => thread?.terminate()));
    this.#listeners.close();
  }

  #endThread(thread: Worker | undefined): Promise<unknown> {
    if (thread === undefined) return Promise.resolve();
    thread.postMessage(STOP);
    return new Promise((resolve) => thread.once('exit', resolve));
  }

  /** Starts the thread of a reader; resolves when it answers, rejects if it dies before. */
  #startThread(reader: number): Promise<void> {
    const { entry = defaultEntry, startLimitMs = START_LIMIT_MS, log } = this.#options;
    const startedAt = performance.now();
    const workerData = { entry: entry.href, assignment: this.#assignment(reader) };
    const thread = new Worker(entry, { workerData, name: `teal-${reader}` });
    this.#threads[reader] = thread;
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        log.error({ reader, startLimitMs }, 'worker does not start');
        thread.terminate();
      }, startLimitMs);
      thread.on('message', (message) => {
        if (message !== READY) return;
        clearTimeout(limit);
        this.#ready.add(reader);
        resolve();
      });
      thread.on('error', (error) => {
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        log.error({ reader, error: text }, 'worker failed');
        reject(error);
      });
      thread.on('exit', (code) => {
        clearTimeout(limit);
        this.#threads[reader] = undefined;
        this.#ready.delete(reader);
        // The dead cannot be reading: what it might have held may be used again.
        const control = new Int32Array(this.#options.shared.control);
        Atomics.store(control, CONTROL.MARKS + reader * MARK_STRIDE_WORDS, 0);
        reject(new Error(`worker ${reader} exited with code ${code} before it answered`));
        if (!this.#stopping) this.#replace(reader, performance.now() - startedAt);
      });
    });
  }

  /** A descriptor left bound in a SO_REUSEPORT group without a reader would swallow its share of the queries. */
  #replace(reader: number, livedMs: number): void {
    this.#replacements++;
    const pauseMs = livedMs < RESTART_PAUSE_MS ? RESTART_PAUSE_MS : 0;
    this.#options.log.warn({ reader, livedMs: Math.round(livedMs), pauseMs }, 'worker replaced on the same sockets');
    setTimeout(() => {
      // Failing again comes back here through its exit event.
      if (!this.#stopping) this.#startThread(reader).catch(() => {});
    }, pauseMs);
  }

  #assignment(reader: number): WorkerAssignment {
    const { shared, counters, responder } = this.#options;
    return { reader, shared, counters: counters[reader] as SharedArrayBuffer, responder, role: this.#role(reader) };
  }

  #role(reader: number): WorkerRole {
    const listeners = this.#listeners;
    if (reader === this.#options.counters.length - 1) {
      const { tcp } = this.#options;
      const maxConnections = Math.min(tcp.maxConnections, listeners.connectionsMax);
      return { kind: 'tcp', sources: listeners.tcpSources(), limits: { ...tcp, maxConnections } };
    }
    if (listeners.transport === 'batch') return { kind: 'batch', sources: listeners.batchSources(reader) };
    return { kind: 'portable', sources: listeners.portableSources(reader) };
  }
}

/** Waits for the work, but no longer. */
async function within(work: Promise<unknown>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}
