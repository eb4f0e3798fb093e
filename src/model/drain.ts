/** When no cache can still hold an answer of a pool: what is kept for it with a service, and the rules of the report. */
import { type GivenUp, hasSameWeights, type Pool, type Service, ttlInForce } from './service.ts';
import { timeOfDay } from './time-of-day.ts';

/** Resolvers count TTLs in whole seconds, and differ in where they round. */
const ROUNDING_SECONDS = 1;
/** From the moment that an answer is counted to the moment that the last resolver has it: batches, buffers, the network. */
const ON_THE_WAY_SECONDS = 1;
/** What the report adds to the latest expiry of an answer. */
export const DRAIN_MARGIN_SECONDS = ROUNDING_SECONDS + ON_THE_WAY_SECONDS;
/**
 * Old answers go out until a change is published, which is after it was drafted: longer than any commit takes. Only
 * what a restart assumes has this in it.
 */
export const COMMIT_MAX_SECONDS = 5;
/** More than all pools of a service have, so that one change of all of them is kept whole; bounds its row. */
const GIVEN_UP_MAX = 1000;

/**
 * The service with what a process that has not counted them must know of the answers given until `beforeAtMs` (Unix
 * time, milliseconds), by what the service was `before`. What was held until `overAtMs` is forgotten.
 */
export function withHeld(
  before: Service | undefined,
  after: Service,
  beforeAtMs: number,
  overAtMs = beforeAtMs,
): Service {
  if (before === undefined) return after;
  const pools = after.pools.map((pool): Pool => {
    const heldUntilMs = heldUntil(before, pool.name, beforeAtMs);
    const { heldUntilMs: _, ...rest } = pool;
    return heldUntilMs > overAtMs ? { ...rest, heldUntilMs } : rest;
  });
  return { ...after, pools };
}

/**
 * The service with what is to be known of records that it takes the place of: caches hold them as answers of the pools
 * that have a target of theirs or, where none has, of those that get traffic, since whoever held them does until then.
 */
export function withHeldRecords(
  service: Service,
  records: { readonly targets: readonly string[]; readonly ttlSeconds: number },
  atMs: number,
): Service {
  const leads = ({ targets }: Pool): boolean => targets.some((target) => records.targets.includes(target));
  const isHeld = service.pools.some(leads) ? leads : ({ weight }: Pool): boolean => weight > 0;
  const untilMs = atMs + (COMMIT_MAX_SECONDS + records.ttlSeconds) * 1000;
  const pools = service.pools.map((pool) => {
    return isHeld(pool) ? { ...pool, heldUntilMs: Math.max(pool.heldUntilMs ?? 0, untilMs) } : pool;
  });
  return { ...service, pools };
}

/** When the answers of a pool have expired that may have been given until `atMs`; 0: there were none. */
export function heldUntil(service: Service, name: string, atMs: number): number {
  const pool = service.pools.find((each) => each.name === name);
  if (pool === undefined) return 0;
  const earlier = pool.heldUntilMs ?? 0;
  return pool.weight === 0 && !isPinned(service, name) ? earlier : Math.max(earlier, atMs + ttlInForce(service) * 1000);
}

/** Whether some networks get the pool whatever its weight. */
export function isPinned({ pins }: Service, pool: string): boolean {
  return pins.some((pin) => pin.pool === pool);
}

/**
 * The service after a change that was drafted at `atMs`, with what the drain report needs of it later. `earliestMs`: the
 * time by the clock of a fleet that is the furthest behind. What is held in a row may be of that clock, and is not over
 * because the clock here is ahead.
 */
export function afterChange(
  before: Service | undefined,
  after: Service,
  atMs: number,
  earliestMs: number = atMs,
): Service {
  const commitMs = COMMIT_MAX_SECONDS * 1000;
  const held = withHeld(before, withDrainingSince(before, after, atMs), atMs + commitMs, earliestMs + commitMs);
  const { weightsSinceMs: _, givenUp: __, ...rest } = held;
  const isShifted = before === undefined || !hasSameWeights(before, after);
  const weightsSinceMs = isShifted ? atMs : before.weightsSinceMs;
  const givenUp = givenUpBy(before, after, atMs, earliestMs);
  return {
    ...rest,
    ...(weightsSinceMs !== undefined && { weightsSinceMs }),
    ...(givenUp.length > 0 && { givenUp }),
  };
}

/**
 * What is to be known of targets that leave their pool: one that is renamed, removed and made again, or has another's
 * targets from then on begins to count anew, while resolvers hold the answers of before.
 */
function givenUpBy(before: Service | undefined, after: Service, atMs: number, earliestMs: number): GivenUp[] {
  const earlier = (before ?? after).givenUp ?? [];
  const leaving = (before?.pools ?? []).map((pool): GivenUp => {
    const kept = after.pools.find(({ name }) => name === pool.name)?.targets ?? [];
    const targets = pool.targets.filter((target) => !kept.includes(target));
    return { targets, untilMs: heldUntil(before as Service, pool.name, atMs + COMMIT_MAX_SECONDS * 1000) };
  });
  return untilLast([...earlier, ...leaving].filter(({ untilMs }) => untilMs > earliestMs));
}

/** Each target once, with the last of its times; those that are held the longest where there are too many. */
function untilLast(all: readonly GivenUp[]): GivenUp[] {
  const last = new Map<string, number>();
  for (const { targets, untilMs } of all)
    for (const target of targets) last.set(target, Math.max(last.get(target) ?? 0, untilMs));
  const longest = [...last].sort(([, one], [, other]) => other - one).slice(0, GIVEN_UP_MAX);
  const together = Map.groupBy(longest, ([, untilMs]) => untilMs);
  return [...together].map(([untilMs, held]) => ({ targets: held.map(([target]) => target), untilMs }));
}

/** When answers have expired that led to a target of the pool before it was the pool's; Unix time, milliseconds, 0: none. */
export function givenUpUntil({ givenUp = [] }: Service, { targets }: Pick<Pool, 'targets'>): number {
  const own = givenUp.filter((each) => each.targets.some((target) => targets.includes(target)));
  return Math.max(0, ...own.map(({ untilMs }) => untilMs));
}

function withDrainingSince(before: Service | undefined, after: Service, atMs: number): Service {
  const pools = after.pools.map(({ drainingSinceMs: _, ...pool }): Pool => {
    const old = before?.pools.find(({ name }) => name === pool.name);
    if (old === undefined || pool.weight > 0) return pool;
    const sinceMs = old.weight > 0 ? atMs : old.drainingSinceMs;
    return sinceMs === undefined ? pool : { ...pool, drainingSinceMs: sinceMs };
  });
  return { ...after, pools };
}

/** What is known of a pool's answers. Times are Unix times, milliseconds; 0: never. */
export interface PoolAnswers {
  readonly weight: number;
  /** Some networks get it whatever its weight, so that it does not drain. */
  readonly pinned: boolean;
  readonly lastAtMs: number;
  readonly lastTtlSeconds: number;
  /** When the last of the answers that were counted expires. */
  readonly expiresAtMs: number;
  /** When those have expired that were given before anything was counted. */
  readonly heldUntilMs: number;
}

export interface PoolDrain {
  /** Unix time, milliseconds, a whole second; null: not draining, or there was never an answer. */
  readonly drainedAtMs: number | null;
  readonly drained: boolean;
  /**
   * The time is not that of an answer that was counted: until the start, the pool may have given one at any moment, and
   * resolvers may hold the records that the service took the place of, or answers of another pool that led to its targets.
   */
  readonly assumed: boolean;
}

/**
 * How far a pool is drained. `settled`: no worker can still answer by earlier weights; until then an old answer may
 * leave at any moment, with at most `ttlSeconds`.
 */
export function drainOf(pool: PoolAnswers, nowMs: number, settled: boolean, ttlSeconds: number): PoolDrain {
  if (pool.weight > 0 || pool.pinned) return { drainedAtMs: null, drained: false, assumed: false };
  const { expiresAtMs, heldUntilMs, lastTtlSeconds } = pool;
  const unsettledMs = settled ? 0 : nowMs + Math.max(lastTtlSeconds, ttlSeconds) * 1000;
  const latestMs = Math.max(expiresAtMs, heldUntilMs, unsettledMs);
  if (latestMs === 0) return { drainedAtMs: null, drained: true, assumed: false };
  const drainedAtMs = Math.ceil(latestMs / 1000 + DRAIN_MARGIN_SECONDS) * 1000;
  const assumed = heldUntilMs > Math.max(expiresAtMs, unsettledMs);
  return { drainedAtMs, drained: settled && nowMs >= drainedAtMs, assumed };
}

/** A plain sentence about the pools that drain. Times of day are in UTC, with their date where it is not that of now. */
export function drainMessage(
  pools: Readonly<Record<string, PoolDrain & Pick<PoolAnswers, 'weight' | 'pinned'>>>,
  nowMs: number,
): string {
  const draining = Object.entries(pools).filter(([, { weight }]) => weight === 0);
  if (draining.length === 0) return 'No pool is draining: each has a weight above 0 and is answered with.';
  const sentences = draining.map(([name, { pinned, ...drain }]) =>
    pinned ? `${name} does not drain: networks are pinned to it` : drainSentence(name, drain, nowMs),
  );
  return `${sentences.join('; ')}; existing connections are not ended by DNS`;
}

function drainSentence(name: string, { drainedAtMs, drained, assumed }: PoolDrain, nowMs: number): string {
  if (drainedAtMs === null) return `${name} is drained: it has given no answer that a cache could hold`;
  const time = timeOfDay(drainedAtMs, nowMs);
  const why = assumed ? ' (answers that nobody counted are assumed up to it)' : '';
  if (drained) return `${name} has been drained for caches that honour TTL since ${time}${why}`;
  return `${name} is drained for caches that honour TTL at ${time}${why}`;
}
