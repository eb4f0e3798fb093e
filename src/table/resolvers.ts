/**
 * Which resolvers got a pool, when last, and how often: a sample that each worker keeps in memory of fixed size.
 *
 * A keyed hash of service and client address decides whether a resolver is in the sample of a service, so that all
 * workers and all pools of a service agree on whom they watch, and most answers of a busy server pay for a hash only.
 * A worker begins by watching everybody (level 0). Whenever a bucket of its table is full, it halves what it watches:
 * at level n only hashes that begin with n zero bits are in, one resolver in 2^n, and the entries of the others may be
 * overwritten. So memory does not grow with services or resolvers; the error of estimates does, and they say so.
 *
 * Only its worker writes a memory. The main thread reads it meanwhile without a lock: an entry that is just being
 * replaced may be read half old, half new, which is one resolver of many, once.
 */
import type { Sighting, Sightings } from '../model/resolver-estimates.ts';
import { readBe32 } from '../wire/byte-order.ts';
import { mix32 } from './hash.ts';
import { PLAN, POOL } from './layout.ts';
import { lineWords, QUERIES_AT_ONCE, touch } from './touch.ts';

/** At the start of the memory. */
const HEADER = {
  /** The key that resolvers are to be told apart by; 0: none was given yet. */
  KEY: 0,
  LEVEL: 1,
  /** The key that the entries were made with, by the worker. 0: one that knows no other key has made them. */
  KEYED: 2,
  WORDS: 16,
} as const;

/** An entry: a resolver that got a pool. Times are Unix times, seconds, in 32 bits. */
const ENTRY = {
  /** The pool's id; a pool that is made anew has another one. */
  POOL: 0,
  LAST_AT: 1,
  TTL: 2,
  /** Those within one second count once. */
  ANSWERS: 3,
  /** Its first answer since a pool of the service last began to drain. */
  FIRST_AT: 4,
  /** The network: a /24 (RFC 791), or a /56 of IPv6 (RFC 6177 §2); its last byte says how many bytes count. */
  NETWORK: 5,
  WORDS: 8,
} as const;

const WAYS_LOG2 = 3;
const WAYS = 1 << WAYS_LOG2;
const BUCKETS_LOG2 = 12;
const BUCKETS_MASK = (1 << BUCKETS_LOG2) - 1;
const ENTRIES = WAYS << BUCKETS_LOG2;
/** The hashes lie together, so that a bucket is searched in half a cache line. */
const HASHES_AT = HEADER.WORDS;
const ENTRIES_AT = HASHES_AT + ENTRIES;
/** 1.1 MiB. */
export const RESOLVER_BYTES = 4 * (ENTRIES_AT + ENTRIES * ENTRY.WORDS);

/**
 * A resolver that asks without caching, or a load test, would make every answer pay for the table: it is counted once a
 * second. Pairs of resolver and pool that have no room here beside each other are counted each time, which harms nobody but
 * costs two more lines of memory for each answer: so each place holds the last two.
 */
const RECENT_LOG2 = 15;
const RECENT_MASK = (1 << RECENT_LOG2) - 1;
const RECENT_WAYS = 2;
/** Places for the pools of one service, side by side: half a cache line. */
const RECENT_POOLS = 4;

/** Above this level nobody would be left. */
const LEVEL_MAX = 31;

const IPV4_BYTES = 4;
const NETWORK_BYTES = { IPV4: 3, IPV6: 7 } as const;

/** Where a client's address stands. */
interface AddressPlace {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly length: number;
  /** Its hash with the key, once it was needed; 0: not yet. */
  addressHash: number;
}

/** The first of the places of RECENT that belong to a resolver and a service. */
function recentOf(hash: number): number {
  return Math.imul(hash, RECENT_POOLS * RECENT_WAYS) & RECENT_MASK;
}

/** One worker's side. */
export class ResolverSample {
  /** Unix time of the answers, seconds. */
  nowSeconds = 0;
  /** What was looked at, so that the compiler does not leave the looking out. */
  seen = 0;
  readonly #words: Int32Array<SharedArrayBuffer>;
  /** Whom this second has counted already. */
  readonly #places = new Int32Array(QUERIES_AT_ONCE);
  readonly #recent = lineWords(1 << RECENT_LOG2);
  #key: number;
  #level: number;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory, 0, RESOLVER_BYTES / 4);
    this.#key = this.#words[HEADER.KEYED] || this.#words[HEADER.KEY];
    this.#words[HEADER.KEYED] = this.#key;
    this.#level = this.#words[HEADER.LEVEL];
  }

  /** Notes that a client got an answer of a pool of the plan; `table`: the words that hold both. */
  count(table: Int32Array, plan: number, pool: number, client: AddressPlace): void {
    if (this.#words[HEADER.KEY] !== this.#key) {
      this.#beginAnew(this.#words[HEADER.KEY]);
      // It was hashed by the key of before, when it was looked ahead to.
      client.addressHash = 0;
    }
    const hash = mix32(hashAddress(client, this.#key) ^ table[plan + PLAN.SERVICE]);
    // Level 32 is asked for by a hash of 0 only, which stands for an empty place.
    if (Math.clz32(hash) < this.#level || hash === 0) return;
    const id = table[pool + POOL.ID];
    const pair = hash ^ Math.imul(id, 0x9e3779b1);
    const place = recentOf(hash) | ((id & (RECENT_POOLS - 1)) * RECENT_WAYS);
    const now = pair ^ Math.imul(this.nowSeconds, 0x85ebca6b);
    const recent = this.#recent;
    const last = recent[place];
    if (last === now || recent[place + 1] === now) return;
    recent[place + 1] = last;
    recent[place] = now;
    this.#note(hash, (pair & BUCKETS_MASK) << WAYS_LOG2, table, plan, id, client);
  }

  /** Where it will be seen whether the client, of query `i`, has been counted, for `lookAhead`. */
  leadTo(i: number, table: Int32Array, plan: number, client: AddressPlace): void {
    // Here already, so that what is remembered of the clients of a batch is of the key that they are counted by.
    if (this.#words[HEADER.KEY] !== this.#key) this.#beginAnew(this.#words[HEADER.KEY]);
    this.#places[i] = recentOf(mix32(hashAddress(client, this.#key) ^ table[plan + PLAN.SERVICE]));
  }

  /** Looks at it for the first so many, so that it is near by then. */
  lookAhead(count: number): void {
    this.seen = touch(this.#recent, this.#places, count, 0);
  }

  /** Resolvers are told apart by another key: what was noted by the one before is of nobody any more. */
  #beginAnew(key: number): void {
    const words = this.#words;
    words.fill(0, HASHES_AT, ENTRIES_AT);
    words[HEADER.LEVEL] = 0;
    words[HEADER.KEYED] = key;
    this.#level = 0;
    this.#key = key;
  }

  #note(hash: number, bucket: number, table: Int32Array, plan: number, id: number, client: AddressPlace): void {
    const words = this.#words;
    for (let way = bucket; way < bucket + WAYS; way++) {
      const entry = ENTRIES_AT + way * ENTRY.WORDS;
      if (words[HASHES_AT + way] !== hash || words[entry + ENTRY.POOL] !== id) continue;
      words[entry + ENTRY.LAST_AT] = this.nowSeconds;
      words[entry + ENTRY.TTL] = table[plan + PLAN.TTL];
      words[entry + ENTRY.ANSWERS] = (words[entry + ENTRY.ANSWERS] + 1) | 0;
      // The words have a sign, which times have from 2038-01-19 on.
      if (words[entry + ENTRY.FIRST_AT] >>> 0 < table[plan + PLAN.DRAINING_SINCE] >>> 0)
        words[entry + ENTRY.FIRST_AT] = this.nowSeconds;
      return;
    }
    this.#insert(hash, bucket, id, table[plan + PLAN.TTL], client);
  }

  #insert(hash: number, bucket: number, id: number, ttlSeconds: number, client: AddressPlace): void {
    const words = this.#words;
    const way = this.#freeWay(bucket, hash);
    if (way < 0) return;
    const entry = ENTRIES_AT + way * ENTRY.WORDS;
    // A reader finds no entry here meanwhile, rather than a mixture.
    words[HASHES_AT + way] = 0;
    words[entry + ENTRY.POOL] = id;
    words[entry + ENTRY.LAST_AT] = this.nowSeconds;
    words[entry + ENTRY.TTL] = ttlSeconds;
    words[entry + ENTRY.ANSWERS] = 1;
    words[entry + ENTRY.FIRST_AT] = this.nowSeconds;
    const { bytes, at, length } = client;
    words[entry + ENTRY.NETWORK] = length === IPV4_BYTES ? readBe32(bytes, at) & ~0xff : readBe32(bytes, at);
    words[entry + ENTRY.NETWORK + 1] =
      length === IPV4_BYTES ? NETWORK_BYTES.IPV4 : (readBe32(bytes, at + 4) & ~0xff) | NETWORK_BYTES.IPV6;
    words[HASHES_AT + way] = hash;
  }

  /** A place of the bucket that may be written; watches fewer resolvers until there is one. -1: this one no longer. */
  #freeWay(bucket: number, hash: number): number {
    for (;;) {
      for (let way = bucket; way < bucket + WAYS; way++) {
        const other = this.#words[HASHES_AT + way];
        if (other === 0 || Math.clz32(other) < this.#level) return way;
      }
      if (this.#level === LEVEL_MAX) return -1;
      this.#words[HEADER.LEVEL] = ++this.#level;
      if (Math.clz32(hash) < this.#level) return -1;
    }
  }
}

/**
 * To be called for each memory before its worker starts. `key`: 32 random bits, the same for all workers; a sample that has
 * been begun by another one goes on with that.
 */
export function keySample(memory: SharedArrayBuffer, key: number): void {
  const head = new Int32Array(memory, 0, HEADER.WORDS);
  if (head[HEADER.KEY] !== 0) return;
  head[HEADER.KEY] = key | 0;
  head[HEADER.KEYED] = key | 0;
}

/**
 * Has the worker of the memory tell resolvers apart by another key, from the next that it sees on: what it has noted so far
 * is lost. `key`: 32 bits, not 0. False: the worker is of an earlier version, and keeps its own.
 */
export function rekeySample(memory: SharedArrayBuffer, key: number): boolean {
  const head = new Int32Array(memory, 0, HEADER.WORDS);
  if (head[HEADER.KEY] === (key | 0)) return true;
  if (head[HEADER.KEYED] === 0) return false;
  head[HEADER.KEY] = key | 0;
  return true;
}

/** Whether the entries are of the key in force: a worker that saw nobody since has those of the one before. */
function isKeyed(words: Int32Array): boolean {
  return words[HEADER.KEYED] === 0 || words[HEADER.KEYED] === words[HEADER.KEY];
}

/** What all workers saw of the pools with these ids. Costs a look at every place of every worker's table. */
export function readSightings(memories: readonly SharedArrayBuffer[], pools: readonly number[]): Sightings {
  const views = memories.map((memory) => new Int32Array(memory, 0, RESOLVER_BYTES / 4)).filter(isKeyed);
  const level = Math.max(0, ...views.map((words) => words[HEADER.LEVEL]));
  const seen: Sighting[] = [];
  for (const words of views) {
    for (let way = 0; way < ENTRIES; way++) {
      const hash = words[HASHES_AT + way];
      // A resolver that one worker watches and another no longer does would be counted too often.
      if (hash === 0 || Math.clz32(hash) < level) continue;
      const entry = ENTRIES_AT + way * ENTRY.WORDS;
      const pool = pools.indexOf(words[entry + ENTRY.POOL]);
      if (pool >= 0) seen.push(sighting(words, hash, entry, pool));
    }
  }
  return { level, seen };
}

function sighting(words: Int32Array, resolver: number, entry: number, pool: number): Sighting {
  const low = words[entry + ENTRY.NETWORK + 1];
  const network = new Uint8Array(8);
  const view = new DataView(network.buffer);
  view.setInt32(0, words[entry + ENTRY.NETWORK]);
  view.setInt32(4, low);
  return {
    resolver,
    pool,
    lastAtSeconds: words[entry + ENTRY.LAST_AT] >>> 0,
    ttlSeconds: words[entry + ENTRY.TTL],
    firstAtSeconds: words[entry + ENTRY.FIRST_AT] >>> 0,
    answers: words[entry + ENTRY.ANSWERS] >>> 0,
    network: network.subarray(0, low & 0xff),
  };
}

function hashAddress(place: AddressPlace, key: number): number {
  if (place.addressHash !== 0) return place.addressHash;
  const { bytes, at, length } = place;
  let hash = mix32(readBe32(bytes, at) ^ key);
  for (let i = 4; i < length; i += 4) hash = mix32(hash ^ readBe32(bytes, at + i));
  place.addressHash = hash;
  return hash;
}
