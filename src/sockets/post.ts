/** One worker's post: its share of the sockets, and the threads that serve it, one after the other. */
import { Worker } from 'node:worker_threads';
import { endNow } from './exit.ts';
import type { Marks } from './marks.ts';
import type { SocketLog } from './transport.ts';
import { READY, type RefusedCall, STOP, UNLIKE_TABLE, type WorkerAssignment } from './worker.ts';

/** A worker that dies sooner than this after it began to answer fails; a busy machine may take so long over one failure. */
const SHORT_LIFE_MS = 3000;
/** One that fails is started again only after this time, and then twice that. */
const RESTART_PAUSE_MS = 250;
/** But at least so often: what keeps it from answering may have passed. */
const PAUSE_MAX_MS = 30_000;
/** Threads that stand still and cannot be ended; what holds up so many will hold up the next one too. */
const ABANDONED_MAX = 8;

/** What all posts share. */
export interface Crew {
  /** The module that threads run. */
  readonly entry: URL;
  /** A thread that does not answer so long after its start is ended, and another one started. */
  readonly startLimitMs: number;
  readonly log: SocketLog;
  readonly marks: Marks;
  /** Threads that stood still and could not be ended yet. */
  readonly abandoned: Set<Worker>;
  /** Threads that were replaced. */
  readonly replacements: { died: number; stuck: number };
  /** Nothing is replaced any more. */
  isStopping: boolean;
  assign(worker: number, mark: number): WorkerAssignment;
  /** A thread of the worker answers from now on. */
  ready(worker: number): void;
  refused(call: RefusedCall): void;
  /** The code that is there now knows the table by another layout. */
  unlike(): void;
}

export class Post {
  readonly #worker: number;
  readonly #crew: Crew;
  #thread: Worker | undefined;
  /** When the thread said that it answers, by the steady clock; undefined: it does not. */
  #readyAtMs: number | undefined;
  /** Threads in a row that failed as soon as they were there. */
  #failures = 0;

  constructor(worker: number, crew: Crew) {
    this.#worker = worker;
    this.#crew = crew;
  }

  get thread(): Worker | undefined {
    return this.#thread;
  }

  get isServed(): boolean {
    // One whose last thread failed at once has yet to show that it does better.
    const sinceMs = this.#failures === 0 ? 0 : RESTART_PAUSE_MS;
    return this.#readyAtMs !== undefined && performance.now() - this.#readyAtMs >= sinceMs;
  }

  /** Starts a thread; resolves when it answers, rejects if it dies before. */
  start(): Promise<void> {
    const reader = this.#worker;
    const { entry, startLimitMs, log, marks } = this.#crew;
    const mark = marks.take();
    const workerData = { entry: entry.href, assignment: this.#crew.assign(reader, mark) };
    const thread = new Worker(entry, { workerData, name: `teal-${reader}` });
    this.#thread = thread;
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        log.error({ reader, startLimitMs }, 'worker does not start');
        reject(new Error(`worker ${reader} did not answer within ${startLimitMs / 1000} s`));
        thread.terminate();
      }, startLimitMs);
      thread.on('message', (message) => {
        if (message === UNLIKE_TABLE) return this.#crew.unlike();
        if (message !== READY) return this.#crew.refused(message as RefusedCall);
        if (this.#thread !== thread) return;
        clearTimeout(limit);
        this.#readyAtMs = performance.now();
        this.#crew.ready(reader);
        resolve();
      });
      thread.on('error', (error) => {
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        log.error({ reader, error: text }, 'worker failed');
        reject(error);
      });
      thread.on('exit', (code) => {
        clearTimeout(limit);
        marks.free(mark);
        reject(new Error(`worker ${reader} exited with code ${code} before it answered`));
        if (this.#crew.abandoned.delete(thread)) log.info({ reader }, 'the worker that stood still has ended');
        else this.#died();
      });
    });
  }

  /** A descriptor left bound in a SO_REUSEPORT group without a reader would swallow its share of the queries. */
  #died(): void {
    const { isStopping, replacements, log } = this.#crew;
    const livedMs = this.#readyAtMs === undefined ? 0 : performance.now() - this.#readyAtMs;
    this.#thread = undefined;
    this.#readyAtMs = undefined;
    if (isStopping) return;
    this.#failures = livedMs < SHORT_LIFE_MS ? this.#failures + 1 : 0;
    replacements.died++;
    const pauseMs = this.#failures === 0 ? 0 : Math.min(RESTART_PAUSE_MS * 2 ** (this.#failures - 1), PAUSE_MAX_MS);
    const fields = { reader: this.#worker, livedMs: Math.round(livedMs), pauseMs };
    log.warn(fields, 'worker replaced on the same sockets');
    setTimeout(() => {
      // Failing again comes back here through its exit event.
      if (!this.#crew.isStopping) this.start().catch(() => {});
    }, pauseMs);
  }

  /**
   * Replaces a thread that lives and does nothing: its sockets swallow queries like those of the dead. Another one reads
   * the same descriptors; should the first go on, it is ended at its next step.
   */
  replaceStuck(): void {
    const reader = this.#worker;
    const { abandoned, isStopping, replacements, log } = this.#crew;
    const thread = this.#thread;
    if (this.#readyAtMs === undefined || thread === undefined || isStopping) return;
    this.#readyAtMs = undefined;
    if (abandoned.size >= ABANDONED_MAX) {
      log.error({ reader, abandoned: ABANDONED_MAX }, 'worker stands still; too many do for another one: restart teal');
      return;
    }
    replacements.stuck++;
    abandoned.add(thread);
    log.error({ reader }, 'worker stands still; replaced on the same sockets');
    thread.terminate();
    if (abandoned.size === 1) process.once('exit', (code) => abandoned.size > 0 && endNow(code));
    this.start().catch(() => {});
  }

  /** Lets the thread answer what it received; resolves once it has ended. */
  end(): Promise<unknown> {
    const thread = this.#thread;
    if (thread === undefined || this.#crew.abandoned.has(thread)) return Promise.resolve();
    thread.postMessage(STOP);
    return new Promise((resolve) => thread.once('exit', resolve));
  }
}
