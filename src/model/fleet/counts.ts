/**
 * What the nodes of a fleet have answered, put together for reports of drains and for gates of samples: answers are summed,
 * the latest expiry counts, whoever was seen by any node was seen. While one node may answer from less, nothing is drained.
 */
import type { Sighting, Sightings } from '../resolver-estimates.ts';
import { confirmedBy, type View } from './view.ts';

/** Of a pool. Times are Unix times of this node's clock, milliseconds; 0: never. */
export interface CountedPool {
  readonly answers: number;
  /** Those given before the weights in force. */
  readonly answersBefore: number;
  readonly lastAtMs: number;
  readonly lastTtlSeconds: number;
  readonly expiresAtMs: number;
  /** Of answers that nobody counted. */
  readonly heldUntilMs: number;
}

/** Of a service, as one node counted. */
export interface ServiceCounts {
  /** None of its workers can still answer by earlier weights. */
  readonly isSettled: boolean;
  readonly pools: Readonly<Record<string, CountedPool>>;
  /** Names of pools, by the numbers that the sightings have. */
  readonly order: readonly string[];
  readonly sightings: Sightings;
  /** Names the key that its resolvers are told apart by; undefined: one of the node's own. */
  readonly sampledBy?: string | undefined;
  /** By pool, as it is answered: those that are down as the node sees it have none. */
  readonly weights?: Readonly<Record<string, number>>;
}

/** What a node published of the services that were asked about. */
export interface NodeCounts {
  /** It answered from this one, when it counted. */
  readonly revision: number;
  readonly services: ReadonlyMap<string, ServiceCounts>;
}

/** Of a node's counts, with when they came; by this node's steady clock. */
export interface HeardCounts {
  readonly counts: NodeCounts;
  readonly heardAtMs: number;
}

/** Counts are published each second: whoever was not heard of for so long may have answered since. */
export const COUNTS_FRESH_MS = 5000;

/**
 * Members of whom it is not known that they answer from the revision, and what they have answered: the stopped ones too,
 * until they are removed, since who is cut off answers on. `heard`: by node, without this one.
 */
export function notCounted(
  view: View,
  own: string,
  heard: ReadonlyMap<string, HeardCounts>,
  { service, revision, nowMs }: { service: string; revision: number; nowMs: number },
): string[] {
  const missing: string[] = [];
  for (const [node, { value }] of view.members) {
    if (value === undefined || node === own) continue;
    const { counts, heardAtMs } = heard.get(node) ?? {};
    const isKnown =
      confirmedBy(view, node) >= revision &&
      counts !== undefined &&
      counts.revision >= revision &&
      counts.services.get(service)?.isSettled === true &&
      nowMs - (heardAtMs ?? 0) < COUNTS_FRESH_MS;
    if (!isKnown) missing.push(node);
  }
  return missing.sort();
}

/** What was on its way for longer or shorter than what came before looks later or earlier by that. */
const ON_THE_WAY_MS = 1500;

/**
 * The counts as they came, after those that the same node told before: where nothing was answered meanwhile the times are
 * those of before, so that what is drained does not become undrained by the way that a message took.
 * `nowMs`: when they came, by the clock of their times.
 */
export function steadied(
  { revision, services }: NodeCounts,
  before: NodeCounts | undefined,
  nowMs: number,
): NodeCounts {
  const steady = [...services].map(([name, counts]) => {
    const known = before?.services.get(name)?.pools;
    const pools = Object.entries(counts.pools).map(([pool, count]) => [pool, steadyPool(count, known?.[pool], nowMs)]);
    return [name, { ...counts, pools: Object.fromEntries(pools) }] as const;
  });
  return { revision, services: new Map(steady) };
}

function steadyPool(pool: CountedPool, before: CountedPool | undefined, nowMs: number): CountedPool {
  if (before === undefined || before.answers !== pool.answers) return pool;
  // What is over is told as of now.
  const steady = (now: number, then: number): number =>
    then !== 0 && now > then && (now - then < ON_THE_WAY_MS || now <= nowMs) ? then : now;
  return {
    ...pool,
    lastAtMs: Math.abs(pool.lastAtMs - before.lastAtMs) < ON_THE_WAY_MS ? before.lastAtMs : pool.lastAtMs,
    expiresAtMs: steady(pool.expiresAtMs, before.expiresAtMs),
    heldUntilMs: steady(pool.heldUntilMs, before.heldUntilMs),
  };
}

/** The counts of a pool, of all nodes. */
export function mergePools(counts: readonly CountedPool[]): CountedPool {
  const last = counts.reduce<CountedPool | undefined>(
    (latest, each) => (latest === undefined || each.lastAtMs > latest.lastAtMs ? each : latest),
    undefined,
  );
  const sum = (of: (pool: CountedPool) => number): number => counts.reduce((all, each) => all + of(each), 0);
  const latest = (of: (pool: CountedPool) => number): number =>
    counts.reduce((all, each) => Math.max(all, of(each)), 0);
  return {
    answers: sum(({ answers }) => answers),
    answersBefore: sum(({ answersBefore }) => answersBefore),
    lastAtMs: last?.lastAtMs ?? 0,
    lastTtlSeconds: last?.lastTtlSeconds ?? 0,
    expiresAtMs: latest(({ expiresAtMs }) => expiresAtMs),
    heldUntilMs: latest(({ heldUntilMs }) => heldUntilMs),
  };
}

/** The counts of a service's pools, of all nodes that have it; `order`: the pools as this node numbers them. */
export function mergeCounts(order: readonly string[], all: readonly ServiceCounts[]): ServiceCounts {
  const pools = order.map((name) => [name, mergePools(all.flatMap(({ pools }) => pools[name] ?? []))] as const);
  return {
    isSettled: all.every(({ isSettled }) => isSettled),
    pools: Object.fromEntries(pools),
    order,
    sightings: mergeSightings(order, all),
  };
}

/**
 * Resolvers that any node saw. At level n one in 2^n is watched, those whose hash begins with n zero bits: what the node
 * that watches the fewest does not watch is left out of all. Nodes hash by the fleet's key, so that one resolver is one
 * hash at each of them; one of a node that has a key of its own is taken for another.
 */
function mergeSightings(order: readonly string[], all: readonly ServiceCounts[]): Sightings {
  const level = all.reduce((highest, { sightings }) => Math.max(highest, sightings.level), 0);
  const seen: Sighting[] = [];
  for (const { order: theirs, sightings } of all) {
    for (const sighting of sightings.seen) {
      const pool = order.indexOf(theirs[sighting.pool] ?? '');
      if (pool >= 0 && Math.clz32(sighting.resolver) >= level) seen.push({ ...sighting, pool });
    }
  }
  return { level, seen };
}
