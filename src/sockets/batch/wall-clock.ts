/** The wall clock for a loop that must leave no garbage: `Date.now()` makes a number object of 16 bytes each time. */
import { LINUX, type Libc } from '../libc.ts';

export class WallClock {
  readonly #libc: Libc;
  /** A timespec: seconds and nanoseconds, 64 bits each. */
  readonly #words = new Int32Array(4);
  readonly #address: number;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#address = libc.addressOf(new Uint8Array(this.#words.buffer));
  }

  /** Unix time, milliseconds. */
  now(): number {
    this.#libc.clock_gettime(LINUX.CLOCK_REALTIME, this.#address);
    const words = this.#words;
    const seconds = words[1] * 2 ** 32 + (words[0] >>> 0);
    return seconds * 1000 + Math.floor(words[2] / 1e6);
  }
}
