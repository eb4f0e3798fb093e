/** From the resolvers that workers watched to estimates for all: how many got a pool, came back, or came back late. */
import { DRAIN_MARGIN_SECONDS } from './drain.ts';

/** A resolver that got a pool, as one worker saw it. Times are Unix times, seconds. */
export interface Sighting {
  /** Tells resolvers of one service apart. */
  readonly resolver: number;
  /** Number of the pool in the service. */
  readonly pool: number;
  readonly lastAtSeconds: number;
  readonly ttlSeconds: number;
  /** Its first answer since a pool of the service last began to drain; earlier: there is none since. */
  readonly firstAtSeconds: number;
  /** Those within one second count once. */
  readonly answers: number;
  /** The bytes of a /24 or /56. */
  readonly network: Uint8Array;
}

export interface Sightings {
  /** One resolver in 2^level was watched. */
  readonly level: number;
  readonly seen: readonly Sighting[];
}

/** Of one pool. */
export interface ResolverEstimate {
  /** Resolvers that got the pool. */
  readonly distinct: number;
  /** Those that got it in the time that shares are counted for. */
  readonly recent: number;
  /** Those whose last answer was of this pool. */
  readonly notBack: number;
  /** Those that came back, but only after the pool's answer had expired; undefined: not known. */
  readonly late: number | undefined;
  /** Two standard errors of `distinct`; 0: everybody was counted. */
  readonly errorPercent: number;
  /** The networks with the most answers, and how many. */
  readonly networks: readonly { readonly network: Uint8Array; readonly answers: number }[];
}

interface EstimateOptions {
  /** For each pool, Unix time, seconds, since when it drains; undefined: it does not. */
  readonly drainingSince: readonly (number | undefined)[];
  /** Unix time, seconds: `recent` is counted from here on. */
  readonly sinceSeconds: number;
}

/** Networks that a report names: enough to see where the traffic comes from. */
const TOP_NETWORKS = 10;
/** About 19 of 20 estimates are within so many standard errors. */
const STANDARD_ERRORS = 2;

/** An estimate for each pool. */
export function estimateResolvers({ level, seen }: Sightings, options: EstimateOptions): ResolverEstimate[] {
  const byResolver = Map.groupBy(seen, ({ resolver }) => resolver);
  return options.drainingSince.map((_, pool) => estimateOne([...byResolver.values()], pool, level, options));
}

function estimateOne(
  resolvers: readonly (readonly Sighting[])[],
  pool: number,
  level: number,
  { drainingSince, sinceSeconds }: EstimateOptions,
): ResolverEstimate {
  const scale = 2 ** level;
  const got = resolvers.filter((sightings) => sightings.some((each) => each.pool === pool));
  const count = (is: (sightings: readonly Sighting[]) => boolean): number => scale * got.filter(is).length;
  const since = drainingSince[pool];
  // First answers are remembered since the last pool began to drain only.
  const isKnown = since !== undefined && since === Math.max(...drainingSince.map((each) => each ?? 0));
  return {
    distinct: scale * got.length,
    recent: count((sightings) => lastOf(sightings, pool) >= sinceSeconds),
    notBack: count((sightings) => sightings.every((each) => each.pool === pool || isBefore(each, sightings, pool))),
    late: isKnown ? count((sightings) => isLate(sightings, pool, since)) : undefined,
    errorPercent: errorPercent(got.length, level),
    networks: topNetworks(got.flat(), pool, scale),
  };
}

function lastOf(sightings: readonly Sighting[], pool: number): number {
  return Math.max(0, ...sightings.map((each) => (each.pool === pool ? each.lastAtSeconds : 0)));
}

function isBefore({ lastAtSeconds }: Sighting, sightings: readonly Sighting[], pool: number): boolean {
  return lastAtSeconds < lastOf(sightings, pool);
}

/** Whether its first answer from another pool came after the last of this one had expired everywhere. */
function isLate(sightings: readonly Sighting[], pool: number, since: number): boolean {
  const own = sightings.filter((each) => each.pool === pool);
  const last = own.reduce((a, b) => (b.lastAtSeconds > a.lastAtSeconds ? b : a));
  const others = sightings.filter((each) => each.pool !== pool && each.firstAtSeconds >= since);
  const backAt = Math.min(...others.map((each) => each.firstAtSeconds).filter((at) => at >= last.lastAtSeconds));
  return backAt !== Number.POSITIVE_INFINITY && backAt > last.lastAtSeconds + last.ttlSeconds + DRAIN_MARGIN_SECONDS;
}

/** The sample is binomial: of n resolvers each is in it with a chance of p = 2^-level. */
function errorPercent(sampled: number, level: number): number {
  if (level === 0) return 0;
  if (sampled === 0) return 100;
  const percent = 100 * STANDARD_ERRORS * Math.sqrt((1 - 2 ** -level) / sampled);
  return Math.min(100, Math.round(percent * 10) / 10);
}

function topNetworks(seen: readonly Sighting[], pool: number, scale: number): ResolverEstimate['networks'] {
  const own = seen.filter((each) => each.pool === pool);
  const byNetwork = [...Map.groupBy(own, ({ network }) => network.join('.')).values()];
  return byNetwork
    .map((same) => ({
      network: same[0].network,
      answers: scale * same.reduce((sum, { answers }) => sum + answers, 0),
    }))
    .sort((a, b) => b.answers - a.answers)
    .slice(0, TOP_NETWORKS);
}
