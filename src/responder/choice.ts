/** A service's choice of a pool, and the count of what it answered. */
import type { CounterView } from '../table/counters.ts';
import { POOL_COUNTER } from '../table/counters.ts';
import { PLAN, PLAN_HOST, POOL } from '../table/layout.ts';
import type { ArenaView } from '../table/memory.ts';
import { pickPool, type Random } from '../table/pick.ts';
import { TYPE } from '../wire/constants.ts';

/** One for each responder. */
export class Choice {
  /** Unix time of the answers, milliseconds. */
  nowMs = 0;
  readonly #view: ArenaView;
  readonly #counters: CounterView;
  readonly #random: Random;

  constructor(view: ArenaView, counters: CounterView, random: Random) {
    this.#view = view;
    this.#counters = counters;
    this.#random = random;
  }

  /** The RRset that the plan gives this time for a type, counted; or 0. One answer holds one pool only. */
  rrset(plan: number, type: number): number {
    const words = this.#view.words;
    const isHost = words[plan + PLAN.KIND] === PLAN_HOST;
    if (!isHost && type !== TYPE.A && type !== TYPE.AAAA && type !== TYPE.ANY) return 0;
    const pool = this.pick(plan);
    let rrset = words[pool + (type === TYPE.AAAA && !isHost ? POOL.SECOND : POOL.FIRST)] as number;
    // ANY takes one RRset of those that are there (RFC 8482 §4.1).
    if (rrset === 0 && type === TYPE.ANY) rrset = words[pool + POOL.SECOND] as number;
    if (rrset !== 0) this.count(plan, pool);
    return rrset;
  }

  /** A pool of the plan, by weight. */
  pick(plan: number): number {
    return pickPool(this.#view.words, plan, this.#random);
  }

  /** Counts an answer from a pool. */
  count(plan: number, pool: number): void {
    const words = this.#view.words;
    const values = this.#counters.values;
    const line = words[pool + POOL.COUNTER] as number;
    const ttlSeconds = words[plan + PLAN.TTL] as number;
    const expiresAtMs = this.nowMs + 1000 * ttlSeconds;
    values[line + POOL_COUNTER.ANSWERS] = (values[line + POOL_COUNTER.ANSWERS] as number) + 1;
    values[line + POOL_COUNTER.LAST_AT_MS] = this.nowMs;
    values[line + POOL_COUNTER.LAST_TTL_SECONDS] = ttlSeconds;
    // An answer from before the TTL was lowered may outlive the last one.
    const expires = line + POOL_COUNTER.EXPIRES_AT_MS;
    if (expiresAtMs > (values[expires] as number)) values[expires] = expiresAtMs;
  }
}
