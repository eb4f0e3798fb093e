/** The pool that a service answers from this time, and the count of what it answered. */
import type { CounterView } from '../table/counters.ts';
import { POOL_COUNTER } from '../table/counters.ts';
import { PLAN, PLAN_BY_NETWORK, PLAN_HOST, POOL } from '../table/layout.ts';
import type { ArenaView } from '../table/memory.ts';
import { BY_DRAW } from '../table/picking/network.ts';
import { pickPool, type Random } from '../table/picking/pick.ts';
import { QUERIES_AT_ONCE, touchDoubles } from '../table/touch.ts';
import { TYPE } from '../wire/constants.ts';
import type { Client } from './client.ts';
import type { QueryNetwork } from './network.ts';

/** One for each responder. */
export class ServicePick {
  /** Unix time of the answers, milliseconds. */
  nowMs = 0;
  /** What was looked at, so that the compiler does not leave the looking out. */
  seen = 0;
  /** Whether a service was asked since `begin`. */
  isDone = false;
  /** The id of the pool that the first service of the chain picked; 0: that of a preview. */
  firstPool = 0;
  /** BY_*: what decided that. */
  firstBy = BY_DRAW;
  readonly #lines = new Int32Array(QUERIES_AT_ONCE);
  readonly #others = new Int32Array(QUERIES_AT_ONCE);
  readonly #view: ArenaView;
  readonly #counters: CounterView;
  readonly #random: Random;
  readonly #client: Client;
  readonly #network: QueryNetwork;

  constructor(view: ArenaView, counters: CounterView, random: Random, client: Client, network: QueryNetwork) {
    this.#view = view;
    this.#counters = counters;
    this.#random = random;
    this.#client = client;
    this.#network = network;
  }

  /** To be called for each question. */
  begin(): void {
    this.isDone = false;
  }

  /** The RRset that the plan gives this time for a type, counted; or 0. One answer holds one pool only. */
  rrset(plan: number, type: number): number {
    const words = this.#view.words;
    const isHost = (words[plan + PLAN.FLAGS] & PLAN_HOST) !== 0;
    if (!isHost && type !== TYPE.A && type !== TYPE.AAAA && type !== TYPE.ANY) return 0;
    const pool = this.pick(plan);
    let rrset = words[pool + (type === TYPE.AAAA && !isHost ? POOL.SECOND : POOL.FIRST)];
    // ANY takes one RRset of those that are there (RFC 8482 §4.1).
    if (rrset === 0 && type === TYPE.ANY) rrset = words[pool + POOL.SECOND];
    if (rrset !== 0) this.#count(words, plan, pool, this.#client);
    return rrset;
  }

  /** A pool of the plan, for the answer section: by the client's network where that decides, else by weight. */
  pick(plan: number): number {
    const words = this.#view.words;
    const byNetwork = (words[plan + PLAN.FLAGS] & PLAN_BY_NETWORK) !== 0;
    const pool = (byNetwork && this.#network.pickForClient(words, plan)) || pickPool(words, plan, this.#random);
    if (!this.isDone) {
      this.isDone = true;
      this.firstPool = words[pool + POOL.ID];
      this.firstBy = byNetwork ? this.#network.by : BY_DRAW;
    }
    return pool;
  }

  /** The same for the additional section, of which a cache keeps one copy for all networks (RFC 7871 §7.3.1, §7.4). */
  pickForSender(plan: number): number {
    const words = this.#view.words;
    if ((words[plan + PLAN.FLAGS] & PLAN_BY_NETWORK) === 0) return pickPool(words, plan, this.#random);
    return this.#network.pickForSender(words, plan) || pickPool(words, plan, this.#random);
  }

  /**
   * The pool that a copy of a plan gives a client this time, by weight, counted if the answer is of it; `words`: where the
   * copy is.
   */
  draw(words: Int32Array, plan: number, client: Client, isOfPool: boolean): number {
    const pool = pickPool(words, plan, this.#random);
    this.isDone = true;
    this.firstPool = words[pool + POOL.ID];
    this.firstBy = BY_DRAW;
    if (isOfPool) this.#count(words, plan, pool, client);
    return pool;
  }

  /**
   * Where it will be counted that query `i`, of the client, was answered by the plan, for `lookAhead`; plan 0: nowhere.
   * `words`: where the plan is.
   */
  leadTo(i: number, words: Int32Array, plan: number, client: Client): void {
    const line = plan === 0 ? 0 : words[plan + PLAN.FIRST_POOL + POOL.COUNTER];
    // Pools that were made together have their lines side by side.
    const isThere = line + POOL_COUNTER.SIZE < this.#counters.values.length;
    this.#lines[i] = isThere ? line : 0;
    this.#others[i] = isThere ? line + POOL_COUNTER.SIZE : 0;
    if (plan !== 0) this.#counters.resolvers.leadTo(i, words, plan, client);
  }

  /** Looks at it for the first so many, so that it is near by then. */
  lookAhead(count: number): void {
    const { values, resolvers } = this.#counters;
    this.seen = touchDoubles(values, this.#lines, count) + touchDoubles(values, this.#others, count);
    resolvers.lookAhead(count);
  }

  /** Counts an answer from a pool. */
  count(plan: number, pool: number): void {
    this.#count(this.#view.words, plan, pool, this.#client);
  }

  #count(words: Int32Array, plan: number, pool: number, client: Client): void {
    const values = this.#counters.values;
    const line = words[pool + POOL.COUNTER];
    const ttlSeconds = words[plan + PLAN.TTL];
    const expiresAtMs = this.nowMs + 1000 * ttlSeconds;
    values[line + POOL_COUNTER.ANSWERS] = values[line + POOL_COUNTER.ANSWERS] + 1;
    values[line + POOL_COUNTER.LAST_AT_MS] = this.nowMs;
    values[line + POOL_COUNTER.LAST_TTL_SECONDS] = ttlSeconds;
    // An answer from before the TTL was lowered may outlive the last one.
    const expires = line + POOL_COUNTER.EXPIRES_AT_MS;
    if (expiresAtMs > values[expires]) values[expires] = expiresAtMs;
    this.#counters.resolvers.count(words, plan, pool, client);
  }
}
