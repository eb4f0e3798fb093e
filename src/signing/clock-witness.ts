/**
 * Whether the clock can be believed, by what else tells the time: what has happened already is not to come, and a steady
 * clock runs beside it. Signatures that a wrong clock makes are not valid yet for others, or not for long. A clock that was
 * ahead all along has no witness here.
 */

const HOUR_MS = 3_600_000;

/** How a clock is wrong. */
export type ClockFault = 'ahead' | 'behind';

/** Clocks as the control plane has them; see control/clock.ts. */
interface Clocks {
  wallMs(): number;
  /** Goes on while the machine sleeps, where there is such a clock. */
  steadyMs(): number;
}

export class ClockWitness {
  readonly #clocks: Clocks;
  readonly #pastMs: () => number;
  /** The wall clock's lead over the steady one, when nothing spoke against it. */
  #leadMs: number;

  /** `pastMs`: Unix time, milliseconds, of something that has happened for certain; 0: nothing has. */
  constructor(clocks: Clocks, pastMs: () => number) {
    this.#clocks = clocks;
    this.#pastMs = pastMs;
    this.#leadMs = clocks.wallMs() - clocks.steadyMs();
  }

  /** Undefined: nothing speaks against the clock, or it is wrong by less than an hour. */
  get fault(): ClockFault | undefined {
    const wallMs = this.#clocks.wallMs();
    const steadyMs = this.#clocks.steadyMs();
    const pastMs = this.#pastMs();
    if (wallMs + HOUR_MS < pastMs) return 'behind';
    const leadMs = wallMs - steadyMs;
    // What it was held against was wrong itself: a machine begins in 1970, and then learns the time.
    if (this.#leadMs + steadyMs + HOUR_MS < pastMs) this.#leadMs = leadMs;
    if (leadMs - this.#leadMs > HOUR_MS) return 'ahead';
    return this.#leadMs - leadMs > HOUR_MS ? 'behind' : undefined;
  }
}
