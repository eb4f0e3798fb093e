/**
 * Whose turn it is to write. SQLite lets one connection write at a time, but its lock is not fair: a thread that waits
 * for it asks again after ever longer pauses, and another that writes in short transactions can be faster each time.
 * Here the main thread, whose shifts people wait for, comes next whenever it asks, and is woken when it is its turn.
 */

const HELD = 0;
const MAIN_WAITS = 1;
const LOG_OWED = 2;

/** A thread that ended in the middle of its turn never gives it back: after so long SQLite's own lock decides. */
const WAIT_MS = 2000;

export function createTurn(): SharedArrayBuffer {
  return new SharedArrayBuffer(12);
}

export class Turn {
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  /** Whether an import has left much in the write-ahead log, which the builder thread will bring into the database. */
  get isLogOwed(): boolean {
    return Atomics.load(this.#words, LOG_OWED) === 1;
  }

  set isLogOwed(isOwed: boolean) {
    Atomics.store(this.#words, LOG_OWED, isOwed ? 1 : 0);
  }

  /** Runs `write` in the main thread's turn. */
  asMain<Result>(write: () => Result): Result {
    Atomics.store(this.#words, MAIN_WAITS, 1);
    try {
      return this.#hold(write);
    } finally {
      Atomics.store(this.#words, MAIN_WAITS, 0);
      Atomics.notify(this.#words, MAIN_WAITS);
    }
  }

  /** Runs `write` when the main thread does not want to. */
  asBuilder<Result>(write: () => Result): Result {
    Atomics.wait(this.#words, MAIN_WAITS, 1, WAIT_MS);
    return this.#hold(write);
  }

  #hold<Result>(write: () => Result): Result {
    const words = this.#words;
    while (Atomics.compareExchange(words, HELD, 0, 1) !== 0) {
      if (Atomics.wait(words, HELD, 1, WAIT_MS) === 'timed-out') break;
    }
    try {
      return write();
    } finally {
      Atomics.store(words, HELD, 0);
      Atomics.notify(words, HELD);
    }
  }
}
