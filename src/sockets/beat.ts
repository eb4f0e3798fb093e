/** The sign of life of a worker: a word in shared memory that its every turn raises. */
import { BEATS, MARK_STRIDE_WORDS } from '../table/layout.ts';

/** How often a worker that waits shows that it lives, about. */
export const BEAT_MS = 200;

export class Beat {
  readonly #control: Int32Array;
  readonly #at: number;

  /** `worker`: its place among the workers. */
  constructor(control: SharedArrayBuffer, worker: number) {
    this.#control = new Int32Array(control);
    this.#at = BEATS + worker * MARK_STRIDE_WORDS;
  }

  /** To be called in every turn. No other thread writes the word, so no atomic addition is needed. */
  raise(): void {
    this.#control[this.#at] = (this.#control[this.#at] + 1) | 0;
  }

  /** What it stands at. */
  read(): number {
    return Atomics.load(this.#control, this.#at);
  }
}

/** Finds beats that stand still. Time is counted in its own looks, so a process that was stopped as a whole finds none. */
export class BeatWatch {
  readonly #beats: readonly Beat[];
  readonly #looksMax: number;
  readonly #last: number[];
  readonly #looks: number[];

  /** `looksMax`: a beat that is the same for so many looks in a row stands still. */
  constructor(beats: readonly Beat[], looksMax: number) {
    this.#beats = beats;
    this.#looksMax = looksMax;
    this.#last = beats.map((beat) => beat.read());
    this.#looks = beats.map(() => 0);
  }

  /** Looks once; the workers that stand still. */
  look(): number[] {
    const still: number[] = [];
    for (const [worker, beat] of this.#beats.entries()) {
      const now = beat.read();
      this.#looks[worker] = now === this.#last[worker] ? this.#looks[worker] + 1 : 0;
      this.#last[worker] = now;
      if (this.#looks[worker] >= this.#looksMax) still.push(worker);
    }
    return still;
  }

  /** Begins to count anew for a worker: another thread is to show that it lives. */
  forget(worker: number): void {
    this.#looks[worker] = 0;
  }
}
