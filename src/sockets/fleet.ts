/** The workers: started on sockets that the main thread keeps, watched, replaced when they die, stopped together. */
import assert from 'node:assert/strict';
import os from 'node:os';
import { Worker } from 'node:worker_threads';
import type { ResponderOptions } from '../responder/options.ts';
import { CONTROL, MARK_STRIDE_WORDS, MAX_READERS } from '../table/layout.ts';
import type { SharedTable } from '../table/memory.ts';
import type { Endpoint } from './address.ts';
import { Beat, BeatWatch } from './beat.ts';
import { errorName, loadLibc } from './libc.ts';
import { Listeners, type ListenOptions, type SocketState } from './listeners.ts';
import type { TcpLimits } from './tcp/limits.ts';
import { READY, type RefusedCall, STOP, type WorkerAssignment, type WorkerRole } from './worker.ts';

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
  /** Looks without a sign of life after which a worker is replaced. */
  readonly stuckLooks?: number;
}

/** The part of a pino logger that the fleet uses. */
interface FleetLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A thread is up in a tenth of a second; a machine that is busy with something else may take long. */
const START_LIMIT_MS = 30_000;
/** A worker that dies sooner than this after it began to answer fails; a busy machine may take so long over one failure. */
const SHORT_LIFE_MS = 3000;
/** One that fails is started again only after this time, and then twice that. */
const RESTART_PAUSE_MS = 250;
/** But at least so often: what keeps it from answering may have passed. */
const PAUSE_MAX_MS = 30_000;
/** How often it is looked whether the workers go on. */
const LOOK_MS = 250;
/**
 * A worker that shows no sign of life for so many looks stands still: three seconds, fifteen times what one that waits
 * takes. It is looks that are counted, so that a process which was stopped as a whole finds nobody stuck.
 */
const STUCK_LOOKS = 12;
/** Threads that stand still and cannot be ended; what holds up so many will hold up the next one too. */
const ABANDONED_MAX = 8;
/** A thread that does not end in this time never will. */
const TERMINATE_LIMIT_MS = 500;
const REFUSED_WORDS =
  'the system refuses a call for many messages (seccomp, gVisor, WSL?): queries cost more, none is lost';
/** A graceful stop may take this long before the threads are ended: first for TCP, then for UDP. */
const TCP_STOP_LIMIT_MS = 2000;
const STOP_LIMIT_MS = 1000;

const defaultEntry = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);

/** UDP workers for a setting. */
export function udpWorkersOf(workers: number | 'auto'): number {
  return Math.min(workers === 'auto' ? os.availableParallelism() : workers, MAX_READERS - 1);
}

/** One worker's place: its share of the sockets, and the thread that serves it at the moment. */
interface Place {
  thread: Worker | undefined;
  /** When the thread said that it answers, by the steady clock; undefined: it does not. */
  readyAtMs: number | undefined;
  /** Threads in a row that failed as soon as they were there. */
  failures: number;
}

export class Fleet {
  readonly #options: FleetOptions;
  readonly #listeners: Listeners;
  readonly #places: readonly Place[];
  /** Places in the table's memory that a thread uses: its own, so that one that was given up harms no other. */
  readonly #marks = new Set<number>();
  /** Threads that stood still and could not be ended yet. */
  readonly #abandoned = new Set<Worker>();
  readonly #watch: BeatWatch;
  readonly #refusedCalls = new Set<string>();
  readonly #replacements = { died: 0, stuck: 0 };
  #watching: NodeJS.Timeout | undefined;
  #stopping = false;

  private constructor(options: FleetOptions, listeners: Listeners) {
    this.#options = options;
    this.#listeners = listeners;
    this.#places = options.counters.map(() => ({ thread: undefined, readyAtMs: undefined, failures: 0 }));
    const beats = this.#places.map((_, worker) => new Beat(options.shared.control, worker));
    this.#watch = new BeatWatch(beats, options.stuckLooks ?? STUCK_LOOKS);
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
    const { connectionsMax, whyPortable } = listeners;
    if (whyPortable !== undefined) {
      options.log.warn(
        { reason: whyPortable },
        'batches do not work here, so the portable transport serves: queries cost more',
      );
    }
    if (connectionsMax < options.tcp.maxConnections) {
      // Beyond it libuv would accept new clients and close them at once, while old ones keep their places.
      options.log.warn({ connectionsMax }, 'dns.tcp.maxConnections is more than half of the open files limit; lowered');
    }
    const fleet = new Fleet(options, listeners);
    for (const [call, errno] of listeners.refused) fleet.#tellRefused({ call, errno });
    Atomics.store(new Int32Array(options.shared.control), CONTROL.STOP, 0);
    try {
      await Promise.all(options.counters.map((_, reader) => fleet.#startThread(reader)));
    } catch (error) {
      await fleet.stop();
      throw error;
    }
    fleet.#watching = setInterval(() => fleet.#lookForStuck(), LOOK_MS);
    fleet.#watching.unref();
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
    return this.#places.length - this.missing.length;
  }

  /** Workers that do not answer at the moment, by their numbers; the last number of all is the TCP worker's. */
  get missing(): readonly number[] {
    const nowMs = performance.now();
    return this.#places.flatMap(({ readyAtMs, failures }, worker) => {
      // One whose last thread failed at once has yet to show that it does better.
      const sinceMs = failures === 0 ? 0 : RESTART_PAUSE_MS;
      return readyAtMs !== undefined && nowMs - readyAtMs >= sinceMs ? [] : [worker];
    });
  }

  /** Threads that were replaced: those that died, and those that stood still. */
  get replacements(): { readonly died: number; readonly stuck: number } {
    return this.#replacements;
  }

  /** What waits in each UDP socket, and what was dropped there; empty where the system does not tell. */
  socketStates(): readonly SocketState[] {
    return this.#listeners.socketStates();
  }

  /** Stops accepting, answers what was received, ends the threads, closes the sockets. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#watching);
    const threads = this.#places.map(({ thread }) => thread);
    // TCP first: its clients may take a second to read their last replies, and UDP is answered until then.
    await within(this.#endThread(threads.at(-1)), TCP_STOP_LIMIT_MS);
    Atomics.store(new Int32Array(this.#options.shared.control), CONTROL.STOP, 1);
    await within(Promise.all(threads.map((thread) => this.#endThread(thread))), STOP_LIMIT_MS);
    const ended = Promise.all([...threads, ...this.#abandoned].map((thread) => thread?.terminate()));
    if (!(await within(ended, TERMINATE_LIMIT_MS))) leaveWithoutThreads();
    this.#listeners.close();
  }

  #endThread(thread: Worker | undefined): Promise<unknown> {
    if (thread === undefined || this.#abandoned.has(thread)) return Promise.resolve();
    thread.postMessage(STOP);
    return new Promise((resolve) => thread.once('exit', resolve));
  }

  /** Starts the thread of a worker; resolves when it answers, rejects if it dies before. */
  #startThread(reader: number): Promise<void> {
    const { entry = defaultEntry, startLimitMs = START_LIMIT_MS, log } = this.#options;
    const place = this.#places[reader];
    const mark = this.#takeMark();
    const workerData = { entry: entry.href, assignment: this.#assignment(reader, mark) };
    const thread = new Worker(entry, { workerData, name: `teal-${reader}` });
    place.thread = thread;
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        log.error({ reader, startLimitMs }, 'worker does not start');
        thread.terminate();
      }, startLimitMs);
      thread.on('message', (message) => {
        if (message !== READY) return this.#tellRefused(message as RefusedCall);
        if (place.thread !== thread) return;
        clearTimeout(limit);
        place.readyAtMs = performance.now();
        this.#watch.forget(reader);
        resolve();
      });
      thread.on('error', (error) => {
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        log.error({ reader, error: text }, 'worker failed');
        reject(error);
      });
      thread.on('exit', (code) => {
        clearTimeout(limit);
        this.#freeMark(mark);
        reject(new Error(`worker ${reader} exited with code ${code} before it answered`));
        if (this.#abandoned.delete(thread)) log.info({ reader }, 'the worker that stood still has ended');
        else this.#died(reader, place);
      });
    });
  }

  /** A descriptor left bound in a SO_REUSEPORT group without a reader would swallow its share of the queries. */
  #died(reader: number, place: Place): void {
    const livedMs = place.readyAtMs === undefined ? 0 : performance.now() - place.readyAtMs;
    place.thread = undefined;
    place.readyAtMs = undefined;
    if (this.#stopping) return;
    place.failures = livedMs < SHORT_LIFE_MS ? place.failures + 1 : 0;
    this.#replacements.died++;
    const pauseMs = place.failures === 0 ? 0 : Math.min(RESTART_PAUSE_MS * 2 ** (place.failures - 1), PAUSE_MAX_MS);
    this.#options.log.warn({ reader, livedMs: Math.round(livedMs), pauseMs }, 'worker replaced on the same sockets');
    setTimeout(() => {
      // Failing again comes back here through its exit event.
      if (!this.#stopping) this.#startThread(reader).catch(() => {});
    }, pauseMs);
  }

  /** Replaces threads that live and do nothing: their sockets swallow queries like those of the dead. */
  #lookForStuck(): void {
    const still = this.#watch.look();
    for (const reader of still) {
      const place = this.#places[reader];
      if (place.readyAtMs === undefined || place.thread === undefined || this.#stopping) continue;
      place.readyAtMs = undefined;
      this.#abandon(reader, place.thread);
    }
  }

  /** Another thread reads the same descriptors; should the first one go on, it is ended at its next step. */
  #abandon(reader: number, thread: Worker): void {
    const { log } = this.#options;
    if (this.#abandoned.size >= ABANDONED_MAX) {
      log.error({ reader, abandoned: ABANDONED_MAX }, 'worker stands still; too many do for another one: restart teal');
      return;
    }
    this.#replacements.stuck++;
    this.#abandoned.add(thread);
    log.error({ reader }, 'worker stands still; replaced on the same sockets');
    thread.terminate();
    if (this.#abandoned.size === 1) process.once('exit', (code) => this.#abandoned.size > 0 && endNow(code));
    this.#startThread(reader).catch(() => {});
  }

  #takeMark(): number {
    let mark = 0;
    while (this.#marks.has(mark)) mark++;
    assert(mark < MAX_READERS);
    this.#marks.add(mark);
    return mark;
  }

  /** The dead cannot be reading: what it might have held may be used again. */
  #freeMark(mark: number): void {
    Atomics.store(new Int32Array(this.#options.shared.control), CONTROL.MARKS + mark * MARK_STRIDE_WORDS, 0);
    this.#marks.delete(mark);
  }

  /** One line for each call, however many workers find out. */
  #tellRefused({ call, errno }: RefusedCall): void {
    if (this.#refusedCalls.has(call)) return;
    this.#refusedCalls.add(call);
    this.#options.log.warn({ call, error: errorName(errno) }, REFUSED_WORDS);
  }

  #assignment(reader: number, mark: number): WorkerAssignment {
    const { shared, counters, responder } = this.#options;
    return {
      reader,
      mark,
      shared,
      counters: counters[reader],
      responder,
      role: this.#role(reader),
    };
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

/** Waits for the work, but no longer; whether it was done. */
async function within(work: Promise<unknown>, limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  const isDone = await Promise.race([work.then(() => true), limit]);
  clearTimeout(timer);
  return isDone;
}

/** Node waits for every thread before it ends the process: for one that is stopped, for ever. */
function leaveWithoutThreads(): void {
  process.once('exit', endNow);
}

function endNow(code: number): void {
  loadLibc()?._exit(code);
}
