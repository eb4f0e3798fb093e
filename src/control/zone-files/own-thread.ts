/** A thread that works on one request at a time; who asks waits for its turn. */
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { listen, listenOnce } from '../../guard.ts';
import { Problem } from '../../model/errors.ts';
import type { Timers } from '../clock.ts';
import type { Failure, StopRequest } from './messages.ts';

/** For the log. */
export const BUILDER = 'the builder thread';
export const READER = 'the reader thread';
export const STAGING = 'the staging thread';

/** A thread ended in the middle of a request: mostly since it could not open the store, and it may do better next time. */
export const ended = (what: string): Failure => ({ message: `${what} ended`, isOfStore: true });

/** What a thread is. */
interface ThreadMakings {
  /** For the log, and for who waits when it ends. */
  readonly what: string;
  readonly entry: URL;
  readonly options: WorkerOptions;
  /** It ends when it was not needed for so long: what its heap grew to comes back with its end alone. */
  readonly idleMs?: number;
}

/** A stop has a few seconds in all. */
const STOP_MS = 500;
export const STOPPING = 'The server is about to stop; come again.';

export class OwnThread {
  readonly #makings: ThreadMakings;
  readonly #timers: Timers;
  #thread: Worker | undefined;
  #isStopping = false;
  #isWornOut = false;
  #turn: Promise<unknown> = Promise.resolve();
  /** Turns that are not over. */
  #turns = 0;
  #stayUp: () => void = () => {};

  constructor(makings: ThreadMakings, timers: Timers) {
    this.#makings = makings;
    this.#timers = timers;
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Whether it works for somebody, or is about to. */
  get isBusy(): boolean {
    return this.#turns > 0;
  }

  /** Does the work when all that was asked for before is done. */
  inTurn<Result>(work: () => Promise<Result | Problem>): Promise<Result | Problem> {
    this.#turns++;
    const result = this.#turn.then(async () => {
      try {
        if (this.#isStopping) return new Problem('stopping', STOPPING);
        this.#stayUp();
        return await work();
      } finally {
        this.#waitIdly();
        this.#turns--;
      }
    });
    this.#turn = result.catch(() => {}).then(() => this.#renew());
    return result;
  }

  /** To be called in a turn. `ended`: the reply where the thread ends in the middle of it. */
  ask<Reply>(request: object, lent: readonly ArrayBuffer[], ended: Reply): Promise<Reply> {
    const thread = this.start();
    return new Promise((resolve) => {
      const done = (reply: Reply): void => {
        for (const end of listening) end();
        resolve(reply);
      };
      const { what } = this.#makings;
      const listening = [
        listenOnce(thread, 'message', what, done),
        listenOnce(thread, 'exit', what, () => done(ended)),
      ];
      thread.postMessage(request, [...lent]);
    });
  }

  /** Where it does not run yet, or no longer. */
  start(): Worker {
    if (this.#thread !== undefined) return this.#thread;
    const { what, entry, options } = this.#makings;
    const thread = new Worker(entry, options);
    this.#thread = thread;
    // Its exit follows, and the next request starts another one.
    listen(thread, 'error', what, () => {});
    listenOnce(thread, 'exit', what, () => {
      if (this.#thread === thread) this.#thread = undefined;
    });
    thread.unref();
    return thread;
  }

  /** Once it has finished what it does; to be called in a turn. */
  async end(): Promise<void> {
    const thread = this.#thread;
    if (thread === undefined) return;
    const ended = new Promise((resolve) => listenOnce(thread, 'exit', this.#makings.what, resolve));
    // It does not keep the process alive, but its end is waited for.
    thread.ref();
    thread.postMessage({ kind: 'stop' } satisfies StopRequest);
    await ended;
  }

  /** Another one takes its place after this turn: who comes next waits for that, and who has this turn does not. */
  renewAfter(): void {
    this.#isWornOut = true;
  }

  async #renew(): Promise<void> {
    if (!this.#isWornOut) return;
    this.#isWornOut = false;
    await this.end();
    if (!this.#isStopping) this.start();
  }

  /** Ends it; what waits for its turn is refused, and what is not done in time is cut off. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#stayUp();
    const cancel = this.#timers.after(STOP_MS, () => this.#thread?.terminate());
    await this.end();
    cancel();
  }

  #waitIdly(): void {
    const { idleMs } = this.#makings;
    if (idleMs === undefined || this.#isStopping) return;
    this.#stayUp = this.#timers.after(idleMs, () => {
      this.#turn = this.#turn.then(() => this.end());
      return this.#turn;
    });
  }
}

/** The memory of the bytes where nothing else is in it: then they need not be copied. */
export function ownMemory({ buffer, byteLength }: Uint8Array): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}
