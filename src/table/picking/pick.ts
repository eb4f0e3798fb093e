/** Choosing a pool by weight: an exact draw in [0, total). */
import { PLAN, POOL } from '../layout.ts';

/** A source of uniform 32-bit draws; passed in, so that tests can seed it. */
export interface Random {
  /** 32 random bits as a signed integer: V8 keeps those without making an object, which it would above 2^31. */
  next(): number;
}

/** xoshiro128** (Blackman and Vigna, 2018): passes the statistical batteries and costs a few nanoseconds. */
export class Xoshiro128 implements Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** `seed`: four 32-bit words, not all zero. */
  constructor(seed: Uint32Array) {
    this.#a = seed[0] | 0;
    this.#b = seed[1] | 0;
    this.#c = seed[2] | 0;
    this.#d = seed[3] | 1;
  }

  next(): number {
    const b = this.#b;
    let r = Math.imul(b, 5);
    r = Math.imul((r << 7) | (r >>> 25), 9);
    const t = b << 9;
    const c = this.#c ^ this.#a;
    const d = this.#d ^ b;
    this.#b = b ^ c;
    this.#a ^= d;
    this.#c = c ^ t;
    this.#d = (d << 11) | (d >>> 21);
    return r;
  }
}

const TWO_32 = 2 ** 32;

/**
 * A draw in [0, total), each value exactly as likely as any other (Lemire, "Fast random integer generation in an
 * interval", 2019). `rejectBelow` is 2^32 mod total. total < 2^21, so the product is exact in a double.
 */
export function draw(random: Random, total: number, rejectBelow: number): number {
  for (;;) {
    const word = random.next();
    // The low half by itself, and the high one as an integer: what is compared with it is no double then.
    if (Math.imul(word, total) >>> 0 >= rejectBelow) return (((word >>> 0) * total) / TWO_32) | 0;
  }
}

/** The picked pool's place in the plan (word offset). A pool of weight 0 never answers. */
export function pickPool(words: Int32Array, plan: number, random: Random): number {
  const value = draw(random, words[plan + PLAN.TOTAL], words[plan + PLAN.REJECT_BELOW]);
  let pool = plan + PLAN.FIRST_POOL;
  while (value >= words[pool + POOL.THRESHOLD]) pool += POOL.WORDS;
  return pool;
}
