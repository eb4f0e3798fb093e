/**
 * What resolvers may still hold of a name at which a service is made: answers of a service that it had, of records that
 * were deleted or that a child zone hides, and of the wildcard that spoke for it until now.
 */
import { adoptedTypes, targetsOf } from '../../model/adoption.ts';
import { COMMIT_MAX_SECONDS, heldUntil } from '../../model/drain.ts';
import { Problem } from '../../model/errors.ts';
import { canonicalName, isAtOrBelow, suffixesOf } from '../../model/name.ts';
import type { RRsetBody } from '../../model/rrset.ts';
import type { GivenUp, Service, ServiceBody, Weights } from '../../model/service.ts';
import type { Store } from '../../store/sqlite.ts';
import { TYPE } from '../../wire/constants.ts';
import { rrsetName } from '../names.ts';

/** Revisions about the name that are looked at, the newest first. */
const LOOKED_AT = 100;

type Past = Pick<Store, 'pastOf' | 'rrsetsAt' | 'service' | 'zone'>;

/** A service that is made, with what its name led to before. `earliestMs`: the time by the clock of a fleet that is the furthest behind. */
export function withPast(store: Past, service: Service, atMs: number, earliestMs: number): Service {
  // What a parent has stays where it is when a child zone takes its names over, and was answered until then.
  const zones = suffixesOf(service.zone).filter((each) => each === service.zone || store.zone(each) !== undefined);
  const all = [
    ...ofServices(store, service),
    ...ofRecords(store, service),
    ...zones.slice(1).flatMap((zone) => ofStanding(store, zone, service.name, atMs)),
    ...zones.flatMap((zone) => ofWildcard(store, zone, service.name, atMs)),
  ];
  const givenUp = all.filter(({ targets, untilMs }) => untilMs > earliestMs && targets.length > 0);
  return givenUp.length === 0 ? service : { ...service, givenUp };
}

/** Until when an answer is held that was given right before a change. */
function heldAfter(changedAtMs: number, ttlSeconds = 0): number {
  return changedAtMs + (COMMIT_MAX_SECONDS + ttlSeconds) * 1000;
}

/** Pools that had traffic in earlier lives of the name, each until the change that took it away. */
function ofServices(store: Past, { name }: Service): GivenUp[] {
  const held: GivenUp[] = [];
  let body: ServiceBody | undefined;
  for (const past of store.pastOf('service', name, LOOKED_AT)) {
    const said = past.before as ServiceBody | Weights;
    // The newest is a deletion, and says which targets the pools had when their weights were shifted before it.
    if (isServiceBody(said)) body = said;
    if (body !== undefined) held.push(...answered(body, isServiceBody(said) ? undefined : said, past.atMs));
  }
  return held;
}

function isServiceBody(said: ServiceBody | Weights): said is ServiceBody {
  return typeof said.pools === 'object';
}

function answered(
  { pools, pins = [], ttlSeconds }: ServiceBody,
  weights: Weights | undefined,
  atMs: number,
): GivenUp[] {
  return Object.entries(pools).flatMap(([name, { weight = 0, targets }]) => {
    const isAnswered = (weights === undefined ? weight : (weights[name] ?? 0)) > 0;
    const isPinned = pins.some(({ pool }) => pool === name);
    return isAnswered || isPinned ? [{ targets, untilMs: heldAfter(atMs, ttlSeconds) }] : [];
  });
}

/** Records that were deleted or changed. Those that are there now are what the service takes the place of. */
function ofRecords(store: Past, { name }: Service): GivenUp[] {
  return [...adoptedTypes].flatMap((type) => {
    const subject = rrsetName(name, type);
    return store.pastOf('rrset', subject, LOOKED_AT).map(({ atMs, before }): GivenUp => {
      const { ttlSeconds, rdata } = before as RRsetBody;
      const targets = rdata.flatMap((text) => (type === TYPE.CNAME ? hostOf(text) : [text]));
      return { targets, untilMs: heldAfter(atMs, ttlSeconds) };
    });
  });
}

function hostOf(text: string): string[] {
  const name = canonicalName(text);
  return name instanceof Problem ? [] : [name];
}

/** Records that are there. */
function ofStanding(store: Past, zone: string, name: string, atMs: number): GivenUp[] {
  const records = store.rrsetsAt(zone, name).filter(({ type }) => adoptedTypes.has(type));
  if (records.length === 0) return [];
  const ttlSeconds = Math.max(...records.map((rrset) => rrset.ttlSeconds));
  return [{ targets: targetsOf(records), untilMs: heldAfter(atMs, ttlSeconds) }];
}

/**
 * The nearest wildcard of a zone above the name, whether or not something between ended it for the name (RFC 4592
 * §2.2.1): what is assumed too much is too late, and not too early.
 */
function ofWildcard(store: Past, zone: string, name: string, atMs: number): GivenUp[] {
  for (const above of suffixesOf(name).slice(1)) {
    if (!isAtOrBelow(above, zone)) break;
    const star = above === '' ? '*' : `*.${above}`;
    if (star === name) continue;
    const wild = store.service(star);
    if (wild?.zone === zone) return [...(wild.givenUp ?? []), ...heldOf(wild, atMs)];
    const standing = ofStanding(store, zone, star, atMs);
    if (standing.length > 0) return standing;
  }
  return [];
}

function heldOf(wild: Service, atMs: number): GivenUp[] {
  return wild.pools.map(({ name, targets }) => ({ targets, untilMs: heldUntil(wild, name, heldAfter(atMs)) }));
}
