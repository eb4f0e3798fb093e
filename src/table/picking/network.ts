/** Choosing a pool by the client's network: pins first, then the hash of the network where the service is sticky. */
import { POOLS_MAX } from '../../model/service.ts';
import { readLe32 } from '../../wire/byte-order.ts';
import { finishHash } from '../hash.ts';
import { PIN, PLAN, POOL, RULES } from '../layout.ts';
import { sipHash } from '../siphash.ts';

/** What decided. */
export const BY_DRAW = 0;
export const BY_PIN = 1;
export const BY_HASH = 2;

/**
 * The part of an address that stands for a client: what resolvers send by default (RFC 7871 §11.1), and little enough
 * for one household or office to stay together.
 */
const STICKY_IPV4_BITS = 24;
const STICKY_IPV6_BITS = 56;

const TWO_32 = 2 ** 32;

/** One for each responder, reused for every pick. Nothing is allocated. */
export class NetworkPick {
  /** Bits of the network that the last pick depended on: the scope of RFC 7871 §7.2.1. */
  scopeBits = 0;
  /** BY_*: what made the last pick. */
  by = BY_DRAW;
  /** Words of the address in use; 0: not known. */
  #words = 0;
  /** How many leading bits of it the query told. */
  #knownBits = 0;
  readonly #address = new Int32Array(4);
  readonly #key = new Int32Array(4);
  readonly #message = new Uint8Array(STICKY_IPV6_BITS / 8);
  readonly #hash = new Uint8Array(8);
  readonly #costs = new Float64Array(POOLS_MAX);

  /**
   * The network of the next picks: `knownBits` of the IP address of `length` bytes (4 or 16; 0: not known) at `at`.
   * Only as many bytes as those bits need are read (RFC 7871 §6).
   */
  setNetwork(bytes: Uint8Array, at: number, length: number, knownBits: number): void {
    this.#words = length >>> 2;
    this.#knownBits = knownBits;
    const end = (knownBits + 7) >>> 3;
    for (let word = 0; word < this.#words; word++) {
      let value = 0;
      for (let i = 4 * word; i < 4 * word + 4; i++) value = (value << 8) | (i < end ? bytes[at + i] : 0);
      this.#address[word] = value;
    }
  }

  /** The pool (word offset) that the network decides on in a plan that has rules; 0: it is a draw's to decide. */
  pick(words: Int32Array, plan: number): number {
    const rules = plan + PLAN.FIRST_POOL + words[plan + PLAN.POOLS] * POOL.WORDS;
    this.by = BY_DRAW;
    this.scopeBits = 0;
    const pinned = this.#pinned(words, plan, rules);
    if (pinned !== 0 || words[rules + RULES.STICKY] === 0) return pinned;
    const bits = this.#words === 1 ? STICKY_IPV4_BITS : STICKY_IPV6_BITS;
    this.scopeBits = Math.max(this.scopeBits, bits);
    this.by = BY_HASH;
    return this.#byHash(words, plan, rules);
  }

  /**
   * The pool of the longest pin that holds the network, or 0. The scope says how much of the address sets it apart from
   * every other pin too: a cache may give the answer to all addresses that share so many bits (RFC 7871 §7.2.1, where
   * that is called to deaggregate). A network that is told too coarsely to be in or out of a pin gets the pin's length.
   */
  #pinned(words: Int32Array, plan: number, rules: number): number {
    const pools = words[plan + PLAN.POOLS];
    const size = PIN.ADDRESS + this.#words;
    let pin = rules + RULES.SEEDS + pools;
    let count = words[rules + RULES.PINS_IPV4];
    if (this.#words !== 1) {
      pin += count * (PIN.ADDRESS + 1);
      count = this.#words === 0 ? 0 : words[rules + RULES.PINS_IPV6];
    }
    let longest = -1;
    let pool = 0;
    for (let i = 0; i < count; i++, pin += size) {
      const length = words[pin + PIN.LENGTH];
      const shared = this.#sharedBits(words, pin + PIN.ADDRESS);
      if (shared >= length && this.#knownBits >= length) {
        if (length <= longest) continue;
        longest = length;
        pool = plan + words[pin + PIN.POOL];
      } else {
        const apart = shared >= this.#knownBits ? length : shared + 1;
        if (apart > this.scopeBits) this.scopeBits = apart;
      }
    }
    if (pool === 0) return 0;
    if (longest > this.scopeBits) this.scopeBits = longest;
    this.by = BY_PIN;
    return pool;
  }

  /** How many leading bits the address has in common with the one at `at`. */
  #sharedBits(words: Int32Array, at: number): number {
    for (let word = 0; word < this.#words; word++) {
      const difference = words[at + word] ^ this.#address[word];
      if (difference !== 0) return 32 * word + Math.clz32(difference);
    }
    return 32 * this.#words;
  }

  /**
   * Weighted rendezvous hashing (Thaler and Ravishankar, "Using Name-Based Mappings to Increase Hit Rates", 1998) by the
   * logarithmic method (Schindelhauer and Schomaker, "Weighted Distributed Hash Tables", 2005): each pool draws a number
   * from the network's hash and its own name, the draw's cost is divided by the weight, and the cheapest pool wins.
   * Shares are as the weights say; a weight that grows moves networks to its pool and none between others; a pool that
   * comes or goes moves only its own.
   */
  #byHash(words: Int32Array, plan: number, rules: number): number {
    this.#hashNetwork(words, rules);
    const high = readLe32(this.#hash, 0);
    const low = readLe32(this.#hash, 4);
    const pools = words[plan + PLAN.POOLS];
    let best = -1;
    let bestWeight = 0;
    let below = 0;
    for (let i = 0; i < pools; i++) {
      const threshold = words[plan + PLAN.FIRST_POOL + i * POOL.WORDS + POOL.THRESHOLD];
      const weight = threshold - below;
      below = threshold;
      if (weight === 0) continue;
      const seed = words[rules + RULES.SEEDS + i];
      this.#setCost(i, finishHash(finishHash(high ^ seed) ^ low));
      if (best >= 0) {
        // Whole numbers below 2^53, so that the comparison is exact and the same on every machine.
        const difference = this.#costs[i] * bestWeight - this.#costs[best] * weight;
        const isTie = difference === 0 && seed < words[rules + RULES.SEEDS + best];
        if (difference >= 0 && !isTie) continue;
      }
      best = i;
      bestWeight = weight;
    }
    return plan + PLAN.FIRST_POOL + best * POOL.WORDS;
  }

  /** Writes the keyed hash of the network. Bits that the query did not tell are zero. */
  #hashNetwork(words: Int32Array, rules: number): void {
    for (let i = 0; i < 4; i++) this.#key[i] = words[rules + RULES.SALT + i];
    const bits = this.#words === 1 ? STICKY_IPV4_BITS : this.#words === 0 ? 0 : STICKY_IPV6_BITS;
    for (let i = 0; i < bits / 8; i++) {
      this.#message[i] = this.#address[i >>> 2] >>> (24 - 8 * (i & 3));
    }
    // SipHash mixes the length in, so that no IPv4 network is taken for an IPv6 one.
    sipHash(this.#key, this.#message, bits / 8, this.#hash, 0);
  }

  /**
   * The cost of pool `i`: -log2((draw + 1) / 2^32) in units of 2^-32, at most 2^37. Math.log may differ from machine to
   * machine (ECMA-262 leaves its last bits open); these operations are those of IEEE 754, which may not. The series of
   * artanh ends where its terms are below 2^-32.
   */
  #setCost(i: number, draw: number): void {
    const value = (draw >>> 0) + 1;
    const exponent = value === TWO_32 ? 32 : 31 - Math.clz32(value);
    const mantissa = value / 2 ** exponent;
    const x = (mantissa - Math.SQRT2) / (mantissa + Math.SQRT2);
    const square = x * x;
    let series = 1 / 15;
    for (let divisor = 13; divisor > 0; divisor -= 2) series = series * square + 1 / divisor;
    const log2 = exponent + 0.5 + (2 * x * series) / Math.LN2;
    const cost = Math.floor((32 - log2) * TWO_32);
    this.#costs[i] = cost < 0 ? 0 : cost;
  }
}
