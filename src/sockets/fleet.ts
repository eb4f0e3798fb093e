/** The workers: started on sockets that the main thread keeps, watched, replaced when they die, stopped together. */
import assert from 'node:assert/strict';
import net from 'node:net';
import os from 'node:os';
import { Worker } from 'node:worker_threads';
import type { ResponderOptions } from '../responder/options.ts';
import { CONTROL, MARK_STRIDE_WORDS, MAX_READERS } from '../table/layout.ts';
import type { SharedTable } from '../table/memory.ts';
import { type Endpoint, isWildcard } from './address.ts';
import { type Libc, loadLibc } from './libc.ts';
import { ListenError, type OpenedEndpoint, openEndpoint } from './open.ts';
import type { TcpLimits, TcpSource } from './tcp.ts';
import type { PortableSource } from './udp-portable.ts';
import { READY, STOP, type WorkerAssignment } from './worker.ts';

export interface FleetOptions {
  readonly listen: readonly Endpoint[];
  readonly workers: number | 'auto';
  readonly transport: 'auto' | 'batch' | 'portable';
  readonly responder: ResponderOptions;
  readonly receiveBufferBytes: number;
  readonly tcp: TcpLimits;
  readonly shared: SharedTable;
  /** One memory for each UDP worker and one for the TCP worker; see `readersOf`. */
  readonly counters: readonly SharedArrayBuffer[];
  readonly log: FleetLog;
  /** The module that a worker runs; tests put broken ones here. */
  readonly entry?: URL;
}

/** The part of a pino logger that the fleet uses. */
export interface FleetLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A worker that dies sooner than this after its start is started again only after this time. */
const RESTART_PAUSE_MS = 250;
/** A graceful stop may take this long before the threads are ended. */
const STOP_LIMIT_MS = 3000;

const defaultEntry = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);

/** UDP workers for a setting. */
export function udpWorkersOf(workers: number | 'auto'): number {
  return Math.min(workers === 'auto' ? os.availableParallelism() : workers, MAX_READERS - 1);
}

export class Fleet {
  /** Listen addresses with the ports in use. */
  readonly endpoints: readonly Endpoint[];
  readonly transport: 'batch' | 'portable';
  readonly #options: FleetOptions;
  readonly #libc: Libc | undefined;
  readonly #opened: readonly OpenedEndpoint[];
  readonly #threads: (Worker | undefined)[] = [];
  #stopping = false;

  private constructor(options: FleetOptions, libc: Libc | undefined, opened: readonly OpenedEndpoint[]) {
    this.#options = options;
    this.#libc = libc;
    this.#opened = opened;
    this.endpoints = libc === undefined ? options.listen : opened.map(({ endpoint }) => endpoint);
    this.transport = libc === undefined || options.transport === 'portable' ? 'portable' : 'batch';
  }

  /** Opens every socket, starts every worker, and resolves when all of them answer. Throws ListenError. */
  static async start(options: FleetOptions): Promise<Fleet> {
    const libc = loadLibc();
    if (libc === undefined && options.transport === 'batch') {
      throw new ListenError('dns.transport: batch needs Linux and the koffi package, which did not load; use auto');
    }
    const opened: OpenedEndpoint[] = [];
    const workers = udpWorkersOf(options.workers);
    assert.equal(options.counters.length, workers + 1);
    const portable = libc === undefined || options.transport === 'portable';
    const listen = portable ? expandWildcards(options.listen) : options.listen;
    try {
      if (libc !== undefined) {
        for (const endpoint of listen) {
          opened.push(openEndpoint(libc, endpoint, workers, options.receiveBufferBytes));
        }
      }
      const fleet = new Fleet({ ...options, listen }, libc, opened);
      for (const { endpoint, receiveBufferBytes } of opened) {
        options.log.info({ ...endpoint, workers, receiveBufferBytes, transport: fleet.transport }, 'dns listening');
      }
      await Promise.all(options.counters.map((_, reader) => fleet.#startThread(reader)));
      return fleet;
    } catch (error) {
      closeAll(libc, opened);
      throw error;
    }
  }

  /** Threads that answer at the moment. */
  get alive(): number {
    return this.#threads.filter((thread) => thread !== undefined).length;
  }

  /** Stops accepting, answers what was received, ends the threads, closes the sockets. */
  async stop(): Promise<void> {
    this.#stopping = true;
    Atomics.store(new Int32Array(this.#options.shared.control), CONTROL.STOP, 1);
    const exits = this.#threads.flatMap((thread) => {
      if (thread === undefined) return [];
      thread.postMessage(STOP);
      return [new Promise((resolve) => thread.once('exit', resolve))];
    });
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise((resolve) => {
      timer = setTimeout(resolve, STOP_LIMIT_MS);
    });
    await Promise.race([Promise.all(exits), limit]);
    clearTimeout(timer);
    await Promise.all(this.#threads.map((thread) => thread?.terminate()));
    closeAll(this.#libc, this.#opened);
  }

  /** Starts the thread of a reader; resolves when it answers, rejects if it dies before. */
  #startThread(reader: number): Promise<void> {
    const { entry = defaultEntry, log } = this.#options;
    const startedAt = performance.now();
    const workerData = { entry: entry.href, assignment: this.#assignment(reader) };
    const thread = new Worker(entry, { workerData, name: `teal-${reader}` });
    this.#threads[reader] = thread;
    return new Promise((resolve, reject) => {
      thread.on('message', (message) => {
        if (message === READY) resolve();
      });
      thread.on('error', (error) => {
        log.error(
          { reader, error: error instanceof Error ? (error.stack ?? error.message) : String(error) },
          'worker failed',
        );
        reject(error);
      });
      thread.on('exit', (code) => {
        this.#threads[reader] = undefined;
        // The dead cannot be reading: what it might have held may be used again.
        const control = new Int32Array(this.#options.shared.control);
        Atomics.store(control, CONTROL.MARKS + reader * MARK_STRIDE_WORDS, 0);
        reject(new Error(`worker ${reader} exited with code ${code}`));
        if (!this.#stopping) this.#replace(reader, performance.now() - startedAt);
      });
    });
  }

  /** A descriptor left bound in a SO_REUSEPORT group without a reader would swallow its share of the queries. */
  #replace(reader: number, livedMs: number): void {
    const pauseMs = livedMs < RESTART_PAUSE_MS ? RESTART_PAUSE_MS : 0;
    this.#options.log.warn({ reader, livedMs: Math.round(livedMs), pauseMs }, 'worker replaced on the same sockets');
    setTimeout(() => {
      // Failing again comes back here through its exit event.
      if (!this.#stopping) this.#startThread(reader).catch(() => {});
    }, pauseMs);
  }

  #assignment(reader: number): WorkerAssignment {
    const { shared, counters, responder, tcp } = this.#options;
    const common = { reader, shared, counters: counters[reader] as SharedArrayBuffer, responder };
    const isTcp = reader === counters.length - 1;
    if (isTcp) return { ...common, role: { kind: 'tcp', sources: this.#tcpSources(), limits: tcp } };
    if (this.transport === 'portable')
      return { ...common, role: { kind: 'portable', sources: this.#udpSources(reader) } };
    const sockets = this.#opened.map(({ udp, endpoint }) => ({
      fd: udp[reader] as number,
      wildcard: isWildcard(endpoint.address),
    }));
    return { ...common, role: { kind: 'batch', sockets } };
  }

  /** node:net and node:dgram close what they are given when their thread ends, so they get duplicates. */
  #tcpSources(): TcpSource[] {
    const libc = this.#libc;
    if (libc === undefined) return this.#options.listen.map((endpoint) => ({ endpoint }));
    return this.#opened.map(({ tcp }) => ({ fd: libc.dup(tcp) }));
  }

  #udpSources(reader: number): PortableSource[] {
    const libc = this.#libc;
    const { listen, receiveBufferBytes } = this.#options;
    if (libc === undefined) {
      return listen.map((endpoint) => ({ endpoint, isV6: net.isIPv6(endpoint.address), receiveBufferBytes }));
    }
    return this.#opened.map(({ udp, endpoint }) => ({
      fd: libc.dup(udp[reader] as number),
      isV6: net.isIPv6(endpoint.address),
    }));
  }
}

function closeAll(libc: Libc | undefined, opened: readonly OpenedEndpoint[]): void {
  for (const { udp, tcp } of opened) for (const fd of [...udp, tcp]) libc?.close(fd);
}

/**
 * node:dgram cannot tell which address was asked, so that a wildcard would answer from the wrong one: the portable
 * transport listens on each address that the machine has at the start instead.
 */
function expandWildcards(listen: readonly Endpoint[]): Endpoint[] {
  const all = Object.values(os.networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return listen.flatMap((endpoint) => {
    if (!isWildcard(endpoint.address)) return [endpoint];
    const family = net.isIPv6(endpoint.address) ? 'IPv6' : 'IPv4';
    const own = all.filter((address) => address.family === family && !address.address.startsWith('fe80'));
    return own.map(({ address }) => ({ address, port: endpoint.port }));
  });
}
