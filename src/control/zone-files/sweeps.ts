/** When the builder thread sweeps out what no zone has any more: while nobody waits, but not never. */
import type { Timers } from '../clock.ts';

/** How often to look for rows that no zone has. */
const SWEEP_MS = 2000;
/** And how soon to go on while there are some. */
const SWEEP_NEXT_MS = 10;
/** A sweep that is due waits while requests come: each was sent by somebody who has a commit to make of it. No longer than for so many. */
const WAITED_FOR_MAX = 5;

export class Sweeps {
  readonly #sweep: () => boolean;
  readonly #timers: Timers;
  #waitedFor = 0;
  #cancel: () => void = () => {};

  /** `sweep`: sweeps out a little; false where there is no more. */
  constructor(sweep: () => boolean, timers: Timers) {
    this.#sweep = sweep;
    this.#timers = timers;
    // Not at once: a thread is new after each large import, when whoever sent it still waits for the commit.
    this.#in(SWEEP_MS);
  }

  /** A request has had its reply. */
  replied(): void {
    if (++this.#waitedFor <= WAITED_FOR_MAX) this.#in(SWEEP_MS);
  }

  stop(): void {
    this.#cancel();
  }

  #in(ms: number): void {
    this.#cancel();
    this.#cancel = this.#timers.after(ms, () => {
      const isMore = this.#sweep();
      if (!isMore) this.#waitedFor = 0;
      this.#in(isMore ? SWEEP_NEXT_MS : SWEEP_MS);
    });
  }
}
