/**
 * Response rate limiting: what one network of clients gets over UDP, where a sender's address may be forged, so that
 * nobody is flooded with answers that he never asked for (the idea of BIND's and NSD's RRL).
 *
 * Counted is the same answer to the same prefix, and besides all answers to that prefix together. Each count is a
 * bucket: the time until which the answers that were sent are paid for (the generic cell rate algorithm of ITU-T
 * I.371). A bucket is one number in shared memory, chosen by a keyed hash, so that the limit holds for all workers
 * together, costs no allocation, and takes no more memory under a flood than before it.
 */
import { mix32 } from '../table/hash.ts';
import { QUERIES_AT_ONCE, touchDoubles } from '../table/touch.ts';
import { readBe32 } from '../wire/byte-order.ts';
import { contains, type Network } from '../wire/network.ts';
import type { Client } from './client.ts';

export interface RateLimitOptions {
  /** The same answer to one prefix, a second. */
  readonly responsesPerSecond: number;
  /** Every so many-th answer above the limit is truncated, so that a real client asks over TCP; the rest is dropped. 0: all. */
  readonly slip: number;
  readonly ipv4PrefixLength: number;
  readonly ipv6PrefixLength: number;
  /** Networks without a limit. */
  readonly exempt: readonly Network[];
}

/** The limit that all workers share. */
export interface SharedRateLimit extends RateLimitOptions {
  readonly buckets: SharedArrayBuffer;
  /** Where in it the buckets begin, bytes. */
  readonly start: number;
  /** Key of the hash: a stranger cannot tell which clients share a bucket. */
  readonly key: number;
}

/** What becomes of an answer: sent, sent truncated, dropped. */
export const PASS = 0;
export const SLIP = 1;
export const LIMIT = 2;

export type LimitResult = typeof PASS | typeof SLIP | typeof LIMIT;

/** 2 MiB. Only buckets near their limit do harm, so that even a hundred floods at once hardly ever hit a bystander. */
const BUCKETS_LOG2 = 18;
/** How long a prefix may have been silent for its answers to come all at once: a second's worth, as in BIND. */
const BURST_MS = 1000;
/**
 * A worker looks at the clock once a batch and may be held up after it, so that it finds buckets paid for until later
 * than another worker's present. Only what lies further ahead comes from a clock that was set back, and is forgotten.
 */
const CLOCK_SKEW_MS = 5000;
/**
 * All answers to a prefix, in multiples of the limit for the same one. Real resolvers ask for each name once a TTL and
 * cache, but for many names; this bounds who asks for all names of a zone in turn.
 */
const ALL_ANSWERS = 10;

/** Bytes of all buckets: as many as a large page of memory has. */
const BUCKETS_BYTES = 8 << BUCKETS_LOG2;

/**
 * A limit of its own memory; `key`: 32 random bits. `place` finds where in a memory of twice the size the buckets had best
 * lie: each answer looks at another one, so that small pages would miss the TLB.
 */
export function createRateLimit(
  options: RateLimitOptions,
  key: number,
  place?: (memory: SharedArrayBuffer) => number,
): SharedRateLimit {
  // What is never touched takes no memory.
  const buckets = new SharedArrayBuffer(place === undefined ? BUCKETS_BYTES : 2 * BUCKETS_BYTES);
  return { ...options, buckets, start: place?.(buckets) ?? 0, key };
}

function bucketOf(hash: number): number {
  return hash >>> (32 - BUCKETS_LOG2);
}

/** One worker's side of the limit. */
export class RateLimiter {
  /** Unix time, milliseconds; to be set before a check. */
  nowMs = 0;
  /** What was looked at, so that the compiler does not leave the looking out. */
  seen = 0;
  readonly #options: SharedRateLimit;
  /**
   * Unix times, milliseconds. Workers read and write them without atomics: an answer that is lost in a race of a few
   * nanoseconds makes the limit that much laxer, and every number that is no time near now counts as an empty bucket.
   */
  readonly #buckets: Float64Array<SharedArrayBuffer>;
  readonly #same = new Int32Array(QUERIES_AT_ONCE);
  readonly #all = new Int32Array(QUERIES_AT_ONCE);
  /** What one answer costs of the same answers, and of all of them. */
  readonly #sameMs: number;
  readonly #allMs: number;
  readonly #ipv4Mask: number;
  /** Answers above the limit since the last that was truncated. */
  #limited = 0;
  /** The IPv4 address that was found to be exempt last, as a number, and whether there is one. */
  #lastExempt = 0;
  #hasExempt = false;

  constructor(options: SharedRateLimit) {
    this.#options = options;
    this.#buckets = new Float64Array(options.buckets, options.start, 1 << BUCKETS_LOG2);
    this.#sameMs = 1000 / options.responsesPerSecond;
    this.#allMs = this.#sameMs / ALL_ANSWERS;
    this.#ipv4Mask = options.ipv4PrefixLength === 0 ? 0 : -1 << (32 - options.ipv4PrefixLength);
  }

  /** What becomes of the answer to a client. `answer`: a hash that tells it from others to the same prefix. */
  check(client: Client, answer: number): LimitResult {
    const prefix = this.#hashPrefix(client);
    // The same answer first: what is limited there is not counted among all.
    if (this.#take(bucketOf(mix32(prefix ^ answer)), this.#sameMs) && this.#take(bucketOf(mix32(~prefix)), this.#allMs))
      return PASS;
    return this.#exceeded(client);
  }

  /** The same of query `i`, by what `leadTo` was told of it. */
  checkLed(i: number, client: Client): LimitResult {
    if (this.#take(this.#same[i], this.#sameMs) && this.#take(this.#all[i], this.#allMs)) return PASS;
    return this.#exceeded(client);
  }

  #exceeded(client: Client): LimitResult {
    if (this.#isExempt(client)) return PASS;
    if (++this.#limited < this.#options.slip || this.#options.slip === 0) return LIMIT;
    this.#limited = 0;
    return SLIP;
  }

  /** The buckets that the answer to query `i` will most likely be paid from, for `lookAhead`. */
  leadTo(i: number, client: Client, answer: number): void {
    const prefix = this.#hashPrefix(client);
    this.#same[i] = bucketOf(mix32(prefix ^ answer));
    this.#all[i] = bucketOf(mix32(~prefix));
  }

  /** Looks at those of the first so many, so that they are near by then. */
  lookAhead(count: number): void {
    this.seen = touchDoubles(this.#buckets, this.#same, count) + touchDoubles(this.#buckets, this.#all, count);
  }

  /** Pays for an answer from a bucket; false where it is empty. */
  #take(bucket: number, costMs: number): boolean {
    const { nowMs } = this;
    const buckets = this.#buckets;
    const aheadMs = buckets[bucket] - nowMs;
    const isCurrent = aheadMs > 0 && aheadMs <= BURST_MS + CLOCK_SKEW_MS;
    const nextMs = (isCurrent ? aheadMs : 0) + costMs;
    if (nextMs > BURST_MS) return false;
    buckets[bucket] = nowMs + nextMs;
    return true;
  }

  #hashPrefix(client: Client): number {
    if (client.networkHash === 0) {
      client.networkHash = client.length === 4 ? this.#hashIpv4(client) : this.#hashIpv6(client);
    }
    return client.networkHash;
  }

  #hashIpv4({ bytes, at }: Client): number {
    return mix32((readBe32(bytes, at) & this.#ipv4Mask) ^ this.#options.key);
  }

  #hashIpv6({ bytes, at }: Client): number {
    const bits = this.#options.ipv6PrefixLength;
    let hash = ~this.#options.key;
    for (let i = 0; 32 * i < bits; i++) {
      const left = bits - 32 * i;
      hash = mix32(hash ^ (readBe32(bytes, at + 4 * i) & (left >= 32 ? -1 : -1 << (32 - left))));
    }
    return hash;
  }

  /** Asked only once the limit is reached, so that nobody else pays for the list. */
  #isExempt({ bytes, at, length }: Client): boolean {
    const isIpv4 = length === 4;
    if (isIpv4 && this.#hasExempt && readBe32(bytes, at) === this.#lastExempt) return true;
    for (const network of this.#options.exempt) {
      if (!contains(network, bytes, at, length)) continue;
      if (isIpv4) this.#lastExempt = readBe32(bytes, at);
      this.#hasExempt ||= isIpv4;
      return true;
    }
    return false;
  }
}
