/**
 * Counts as a node publishes them: as ages, since the wall clocks of two machines need not agree. Whoever reads them takes
 * the moment at which they came for now, which makes all of it a little later than it was, never earlier.
 */
import type { Sighting } from '../resolver-estimates.ts';
import type { CountedPool, NodeCounts, ServiceCounts } from './counts.ts';
import { encodeRecord, isObject, isText, isWhole, parseRecord, Unreadable } from './records.ts';

/** Of all that one node publishes: one value of the engine. */
export const COUNTS_MAX_BYTES = 256 * 1024;
/** Names have up to 1,020 characters as text. */
const NAME_MAX_LENGTH = 1024;
/** Services that one node asks about at once: those of some releases, and of who looks at a report. */
export const ASKED_MAX = 64;
/** Above this level of a sample nobody would be left. */
const LEVEL_MAX = 31;

/** The counts as they are published; undefined: they are too large for it, fewer services are to be in them. */
export function encodeCounts({ revision, services }: NodeCounts, nowMs: number): Uint8Array | undefined {
  const value = encodeRecord({
    revision,
    services: [...services].map(([name, counts]) => [name, serviceForm(counts, nowMs)]),
  });
  return value.length <= COUNTS_MAX_BYTES ? value : undefined;
}

/**
 * The same, made to fit into so many bytes: fewer resolvers are told of, one in 2^level, by which estimates know how to
 * count. The counts themselves are told whatever they take, up to what a value may have; beyond that of fewer services, of
 * which the others then know that this node has not told.
 */
export function encodeFitting({ revision, services }: NodeCounts, nowMs: number, maxBytes: number): Uint8Array {
  const lowest = [...services.values()].reduce((level, { sightings }) => Math.min(level, sightings.level), LEVEL_MAX);
  let last: Uint8Array | undefined;
  for (let level = lowest; level <= LEVEL_MAX; level += 1) {
    const thinned = [...services].map(([name, counts]) => [name, thinnedTo(counts, level)] as const);
    last = encodeCounts({ revision, services: new Map(thinned) }, nowMs);
    if (last !== undefined && last.length <= maxBytes) return last;
  }
  if (last !== undefined) return last;
  const half = [...services].slice(0, Math.floor(services.size / 2));
  return encodeFitting({ revision, services: new Map(half) }, nowMs, maxBytes);
}

function thinnedTo(counts: ServiceCounts, level: number): ServiceCounts {
  const { sightings } = counts;
  if (level <= sightings.level) return counts;
  const seen = sightings.seen.filter(({ resolver }) => Math.clz32(resolver) >= level);
  return { ...counts, sightings: { level, seen } };
}

/** The services that a node asks about. */
export function encodeAsked(services: readonly string[]): Uint8Array {
  return encodeRecord({ services });
}

export function parseAsked(value: Uint8Array): readonly string[] | Unreadable {
  const record = parseRecord(value, COUNTS_MAX_BYTES);
  if (record instanceof Unreadable) return record;
  const { services } = record;
  const isList = Array.isArray(services) && services.length <= ASKED_MAX && services.every(isName);
  return isList ? services : new Unreadable(`has no list of at most ${ASKED_MAX} services`);
}

function isName(name: unknown): name is string {
  return typeof name === 'string' && name !== '' && name.length <= NAME_MAX_LENGTH;
}

function serviceForm({ isSettled, pools, order, sightings, sampledBy, weights }: ServiceCounts, nowMs: number): object {
  const nowSeconds = Math.floor(nowMs / 1000);
  const poolForm = (pool: CountedPool): object => ({
    answers: pool.answers,
    before: pool.answersBefore,
    lastAge: ageOf(pool.lastAtMs, nowMs),
    ttl: pool.lastTtlSeconds,
    expiresIn: leftOf(pool.expiresAtMs, nowMs),
    heldFor: leftOf(pool.heldUntilMs, nowMs),
  });
  return {
    settled: isSettled,
    order,
    pools: Object.entries(pools).map(([name, pool]) => [name, poolForm(pool)]),
    level: sightings.level,
    sampledBy,
    weights: weights && Object.entries(weights),
    seen: sightings.seen.map(({ resolver, pool, lastAtSeconds, ttlSeconds, firstAtSeconds, answers, network }) => [
      ...[resolver, pool, Math.max(0, nowSeconds - lastAtSeconds), ttlSeconds],
      ...[firstAtSeconds === 0 ? null : Math.max(0, nowSeconds - firstAtSeconds), answers, [...network]],
    ]),
  };
}

/** null: never. */
const ageOf = (atMs: number, nowMs: number): number | null =>
  atMs === 0 ? null : Math.max(0, Math.round(nowMs - atMs));
/** null: nothing; 0: it is over. */
const leftOf = (atMs: number, nowMs: number): number | null =>
  atMs === 0 ? null : Math.max(0, Math.ceil(atMs - nowMs));

/** What another node published, by this node's wall clock. */
export function parseCounts(value: Uint8Array, nowMs: number): NodeCounts | Unreadable {
  const record = parseRecord(value, COUNTS_MAX_BYTES);
  if (record instanceof Unreadable) return record;
  const { revision, services } = record;
  if (!isWhole(revision)) return new Unreadable('says of no revision that it is answered from');
  if (!Array.isArray(services)) return new Unreadable('has no list of services');
  const parsed = new Map<string, ServiceCounts>();
  for (const pair of services as unknown[]) {
    const [name, form] = Array.isArray(pair) ? (pair as unknown[]) : [];
    if (!isName(name)) return new Unreadable('names no service');
    const counts = isObject(form) ? parseService(form, nowMs) : undefined;
    if (counts === undefined) return new Unreadable(`has no counts of ${JSON.stringify(name)} that can be read`);
    parsed.set(name, counts);
  }
  return { revision, services: parsed };
}

function parseService(form: Readonly<Record<string, unknown>>, nowMs: number): ServiceCounts | undefined {
  const { settled, order, pools, level, seen, sampledBy, weights } = form;
  if (typeof settled !== 'boolean' || !Array.isArray(order) || !order.every(isText)) return undefined;
  if (!Array.isArray(pools) || !isWhole(level) || level > 32 || !Array.isArray(seen)) return undefined;
  const parsed: [string, CountedPool][] = [];
  for (const pair of pools as unknown[]) {
    const [name, pool] = Array.isArray(pair) ? (pair as unknown[]) : [];
    const counted = isObject(pool) ? parsePool(pool, nowMs) : undefined;
    if (!isText(name) || counted === undefined) return undefined;
    parsed.push([name, counted]);
  }
  const sightings: Sighting[] = [];
  for (const each of seen as unknown[]) {
    const sighting = Array.isArray(each) ? parseSighting(each, order.length, Math.floor(nowMs / 1000)) : undefined;
    if (sighting === undefined) return undefined;
    sightings.push(sighting);
  }
  return {
    isSettled: settled,
    order,
    pools: Object.fromEntries(parsed),
    sightings: { level, seen: sightings },
    // Not told by an earlier version, which has a key of its own.
    ...(isText(sampledBy) && { sampledBy }),
    ...(Array.isArray(weights) && weights.every(isWeight) && { weights: Object.fromEntries(weights) }),
  };
}

function isWeight(pair: unknown): pair is readonly [string, number] {
  return Array.isArray(pair) && isText(pair[0]) && isWhole(pair[1]);
}

function parsePool(form: Readonly<Record<string, unknown>>, nowMs: number): CountedPool | undefined {
  const { answers, before, lastAge, ttl, expiresIn, heldFor } = form;
  if (!isWhole(answers) || !isWhole(before) || !isWhole(ttl)) return undefined;
  const times = [lastAge, expiresIn, heldFor];
  if (!times.every((time): time is number | null => time === null || isWhole(time))) return undefined;
  const [age, left, held] = times;
  return {
    answers,
    answersBefore: before,
    lastTtlSeconds: ttl,
    lastAtMs: age === null ? 0 : Math.max(1, nowMs - age),
    expiresAtMs: left === null ? 0 : nowMs + left,
    heldUntilMs: held === null ? 0 : nowMs + held,
  };
}

function parseSighting(form: readonly unknown[], pools: number, nowSeconds: number): Sighting | undefined {
  const [resolver, pool, lastAge, ttlSeconds, firstAge, answers, network] = form;
  const isInt32 = typeof resolver === 'number' && Number.isInteger(resolver) && resolver === (resolver | 0);
  if (!isInt32 || !isWhole(pool) || pool >= pools || !isWhole(lastAge) || !isWhole(ttlSeconds)) return undefined;
  if ((firstAge !== null && !isWhole(firstAge)) || !isWhole(answers) || !Array.isArray(network)) return undefined;
  if (network.length > 16 || !network.every((byte) => isWhole(byte) && byte < 256)) return undefined;
  return {
    resolver,
    pool,
    ttlSeconds,
    answers,
    network: new Uint8Array(network),
    lastAtSeconds: Math.max(0, nowSeconds - lastAge),
    firstAtSeconds: firstAge === null ? 0 : Math.max(0, nowSeconds - firstAge),
  };
}
