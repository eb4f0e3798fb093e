/** The marks that threads leave in the table's memory while they read: each has its own; see reclaim.ts. */
import assert from 'node:assert/strict';
import { CONTROL, MARK_STRIDE_WORDS, MAX_READERS, PLACES, READERS_PER_PLACE } from '../table/layout.ts';

/** Which are in use. A thread that was given up keeps its own until it has ended, so that it harms no other. */
export class Marks {
  readonly #control: Int32Array;
  readonly #taken = new Set<number>();
  /** The first that is its own, and the first that is not. */
  readonly #first: number;
  readonly #end: number;

  /** `place`: the part of them that is this process's, where several read; undefined: all are. */
  constructor(control: SharedArrayBuffer, place?: number) {
    this.#control = new Int32Array(control);
    this.#first = place === undefined ? 0 : place * READERS_PER_PLACE;
    this.#end = place === undefined ? MAX_READERS : this.#first + READERS_PER_PLACE;
  }

  take(): number {
    let mark = this.#first;
    while (this.#taken.has(mark)) mark++;
    assert(mark < this.#end);
    this.#taken.add(mark);
    return mark;
  }

  /** The thread has ended, and the dead cannot be reading: what it might have held may be used again. */
  free(mark: number): void {
    Atomics.store(this.#control, CONTROL.MARKS + mark * MARK_STRIDE_WORDS, 0);
    this.#taken.delete(mark);
  }
}

/** The process that had the place has ended, however: nobody there reads. Else what it read would never be free. */
export function clearMarks(control: SharedArrayBuffer, place: number): void {
  assert(place >= 0 && place < PLACES);
  const words = new Int32Array(control);
  for (let reader = 0; reader < READERS_PER_PLACE; reader++) {
    Atomics.store(words, CONTROL.MARKS + (place * READERS_PER_PLACE + reader) * MARK_STRIDE_WORDS, 0);
  }
}
