/** The marks that threads leave in the table's memory while they read: each has its own; see reclaim.ts. */
import assert from 'node:assert/strict';
import { CONTROL, MARK_STRIDE_WORDS, MAX_READERS } from '../table/layout.ts';

/** Which are in use. A thread that was given up keeps its own until it has ended, so that it harms no other. */
export class Marks {
  readonly #control: Int32Array;
  readonly #taken = new Set<number>();

  constructor(control: SharedArrayBuffer) {
    this.#control = new Int32Array(control);
  }

  take(): number {
    let mark = 0;
    while (this.#taken.has(mark)) mark++;
    assert(mark < MAX_READERS);
    this.#taken.add(mark);
    return mark;
  }

  /** The thread has ended, and the dead cannot be reading: what it might have held may be used again. */
  free(mark: number): void {
    Atomics.store(this.#control, CONTROL.MARKS + mark * MARK_STRIDE_WORDS, 0);
    this.#taken.delete(mark);
  }
}
