/** A clock for a loop that must leave no garbage: `Date.now()` makes a number object of 16 bytes each time. */
import { LINUX, type Libc } from '../libc.ts';

export class WallClock {
  readonly #libc: Libc;
  /** A timespec: seconds and nanoseconds, 64 bits each. */
  readonly #words = new Int32Array(4);
  readonly #address: number;
  readonly #clock: number;

  /** `clock`: the wall clock, unless another one of the system is named. */
  constructor(libc: Libc, clock: number = LINUX.CLOCK_REALTIME) {
    this.#libc = libc;
    this.#clock = clock;
    this.#address = libc.addressOf(new Uint8Array(this.#words.buffer));
  }

  /** Of the wall clock: Unix time. Milliseconds. */
  now(): number {
    this.#libc.clock_gettime(this.#clock, this.#address);
    const words = this.#words;
    const seconds = words[1] * 2 ** 32 + (words[0] >>> 0);
    return seconds * 1000 + Math.floor(words[2] / 1e6);
  }
}
