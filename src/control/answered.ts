/** All that a zone answers, RRset by RRset, each with what makes it: the zone itself, a service, a preview, a record. */

import { Problem } from '../model/errors.ts';
import { type AskedFilter, type Filter, isLabelled, isNamed, isNarrow, makeFilter } from '../model/filter.ts';
import { canonicalName, isAtOrBelow, nameToWire, parentOf } from '../model/name.ts';
import { previewNames } from '../model/preview.ts';
import { glueTypes } from '../model/record-rules.ts';
import type { RRset } from '../model/rrset.ts';
import { type Pool, type Service, sharesOf } from '../model/service.ts';
import type { Zone } from '../model/zone.ts';
import { shown } from '../shown.ts';
import type { Store } from '../store/sqlite.ts';
import { soaRdata } from '../table/compile.ts';
import { TYPE } from '../wire/constants.ts';
import { Malformed } from '../wire/malformed.ts';
import { formatType, parseType } from '../wire/rdata.ts';
import type { Grant } from './grant.ts';
import { type Listing, Passed, walk } from './listing.ts';
import { rrsetName } from './names.ts';
import { rrsetReply } from './replies/rrsets.ts';
import { searchRRsets } from './search.ts';

/**
 * `delegation`: the NS of a zone below. `glue`: addresses at or below such a cut. `hidden`: a record that a zone below,
 * or a cut, keeps from being answered.
 */
type AnswerSource = 'zone' | 'service' | 'preview' | 'record' | 'delegation' | 'glue' | 'hidden';

/** As replies show it. */
interface Answered {
  readonly from: AnswerSource;
  readonly zone: string;
  readonly name: string;
  readonly type: string;
  readonly ttlSeconds: number;
  readonly rdata: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** The service that makes it, and from which pool, with its share. */
  readonly service?: string;
  readonly pool?: string;
  readonly share?: number;
  readonly revision: number;
}

interface Found {
  /** Where a list that ended with it goes on. */
  readonly key: string;
  readonly answered: Answered;
  /** Of a record. */
  readonly rrset?: RRset;
}

/** Cuts that are remembered while one list is read: names of one zone share their ancestors. */
const CUTS_KEPT = 1000;

/** Services that are read at once: a page has some more RRsets than that. */
const SERVICES_AT_ONCE = 50;

/** Records that are read for what they hold, between two looks at whether a page has had its share. */
const READ_AT_ONCE = 200;

/** In the order of what makes it: the zone, its services by name, its records by name and type. */
export function answeredBy(
  store: Store,
  zoneText: string,
  { after, grant, asked }: { after: string | undefined; grant: Grant; asked: AskedFilter },
): Listing<Found> | Problem {
  const filter = makeFilter(asked);
  if (filter instanceof Problem) return filter;
  const name = canonicalName(zoneText);
  if (name instanceof Problem) return name;
  const zone = store.zone(name);
  if (zone === undefined) return new Problem('zone_unknown', `There is no zone ${shown(name)} here.`);
  const start = parseKey(after);
  if (start instanceof Problem) return start;
  return {
    found: all(store, zone, { start, grant, filter }),
    // Records were asked for as the filter says, and by what is in reach.
    within: (found) => (found.rrset !== undefined || isMeant(filter, found.answered) ? found : undefined),
    key: ({ key }) => key,
    ...((isNarrow(filter) || grant.isOfRecords) && {
      search: grant.isOfRecords ? ('all' as const) : ('some' as const),
    }),
  };
}

interface Start {
  readonly section: 'zone' | 'service' | 'record';
  /** Of the zone: its number; of a service: the name and the number, `name/2`. */
  readonly rest: string;
}

function parseKey(after: string | undefined): Start | undefined | Problem {
  if (after === undefined) return undefined;
  const match = /^(?<section>zone|service|record)\/(?<rest>.*)$/s.exec(after);
  const { section, rest = '' } = match?.groups ?? {};
  if (section === 'zone' || section === 'service' || section === 'record') return { section, rest };
  return new Problem(
    'query_invalid',
    `after is as \`next\` gave it, such as record/www.example.com/A, not ${JSON.stringify(after)}.`,
  );
}

interface Walk {
  readonly start: Start | undefined;
  readonly grant: Grant;
  readonly filter: Filter;
}

function* all(store: Store, zone: Zone, walked: Walk): Generator<Found | Passed> {
  const { start, grant } = walked;
  // Whoever may look at some records only sees nothing else.
  if (!grant.isOfRecords) {
    if (start === undefined || start.section === 'zone') yield* ownRRsets(zone, start);
    if (start?.section !== 'record') yield* services(store, zone, start);
  }
  yield* records(store, zone, walked);
}

function* ownRRsets(zone: Zone, start: Start | undefined): Generator<Found> {
  const { name, revision } = zone;
  const common = { zone: name, name, revision };
  const own: readonly RRset[] = [
    { ...common, type: TYPE.SOA, ttlSeconds: zone.ttlSeconds, rdata: [soaRdata(zone)] },
    { ...common, type: TYPE.NS, ttlSeconds: zone.nameserversTtlSeconds, rdata: zone.nameservers.map(nameToWire) },
  ];
  for (const [i, rrset] of own.entries()) {
    if (start !== undefined && i <= Number(start.rest)) continue;
    yield { key: `zone/${i}`, answered: { from: 'zone', ...rrsetReply(rrset) } };
  }
}

function* services(store: Store, zone: Zone, start: Start | undefined): Generator<Found> {
  const from = start?.section === 'service' ? start.rest : undefined;
  const slash = from?.lastIndexOf('/') ?? -1;
  const [last, number] = from === undefined ? ['', -1] : [from.slice(0, slash), Number(from.slice(slash + 1))];
  for (const service of servicesFrom(store, zone.name, last)) {
    for (const [i, answered] of [...ofService(store, service)].entries()) {
      if (from !== undefined && service.name === last && i <= number) continue;
      yield { key: `service/${service.name}/${i}`, answered };
    }
  }
}

/** Those of a zone in the order of their names, from one on; a page of a list needs some of thousands. */
function* servicesFrom(store: Store, zone: string, from: string): Generator<Service> {
  const first = store.service(from);
  if (first?.zone === zone) yield first;
  let after = from;
  for (;;) {
    const some = store.servicesInAfter(zone, after, SERVICES_AT_ONCE);
    yield* some;
    if (some.length < SERVICES_AT_ONCE) return;
    after = some.at(-1)?.name ?? after;
  }
}

/** What each pool answers at the service's name, and at its own. */
function* ofService(store: Store, service: Service): Generator<Answered> {
  const shares = sharesOf(service);
  const { zone, name, revision } = service;
  const common = {
    zone: shown(zone),
    service: shown(name),
    revision,
    ttlSeconds: service.loweredTtlSeconds ?? service.ttlSeconds,
  };
  for (const pool of service.pools) {
    const share = shares[pool.name] ?? 0;
    for (const records of recordsOf(service, pool)) {
      yield { from: 'service', ...common, name: shown(name), ...records, pool: pool.name, share };
    }
  }
  for (const [preview, poolName] of previewNames(service)) {
    const pool = service.pools.find((each) => each.name === poolName);
    // Something else stands there, or a zone below holds the name.
    const isTaken = store.rrsetsAt(zone, preview).length > 0 || store.service(preview) !== undefined;
    if (pool === undefined || isTaken || store.zoneOf(preview)?.name !== zone) continue;
    for (const records of recordsOf(service, pool)) {
      yield { from: 'preview', ...common, name: shown(preview), ...records, pool: pool.name };
    }
  }
}

function recordsOf({ kind }: Service, { targets }: Pool): { type: string; rdata: readonly string[] }[] {
  if (kind === 'host') return [{ type: formatType(TYPE.CNAME), rdata: targets.map((target) => `${target}.`) }];
  const [six, four] = [targets.filter(isSix), targets.filter((target) => !isSix(target))];
  return [
    ...(four.length > 0 ? [{ type: formatType(TYPE.A), rdata: four }] : []),
    ...(six.length > 0 ? [{ type: formatType(TYPE.AAAA), rdata: six }] : []),
  ];
}

function* records(store: Store, zone: Zone, { start, grant, filter }: Walk): Generator<Found | Passed> {
  const last = start?.section === 'record' ? parseRRset(start.rest) : undefined;
  // A text may be in the data, so that the name alone does not tell.
  const { q: _, ...byName } = filter;
  const asked = { zone: zone.name, start: last, grant, filter: byName };
  const isNarrowed = isNarrow(byName) || grant.isOfRecords;
  const found = isNarrowed
    ? searchRRsets(store, asked).found
    : walk<RRset>((before) => store.rrsets(zone.name, before ?? last, 1));
  const cuts = new Cuts(store, zone.name);
  let passed = 0;
  for (const rrset of found) {
    if (rrset instanceof Passed) yield new Passed(`record/${rrset.key}`);
    else {
      const key = `record/${rrsetName(rrset.name, rrset.type)}`;
      const reply = rrsetReply(rrset);
      if (isLabelled(filter, rrset.labels) && holds(filter, reply)) {
        yield { key, answered: { from: cuts.sourceOf(rrset), ...reply }, rrset };
      } else if (++passed % READ_AT_ONCE === 0) yield new Passed(key);
    }
  }
}

/** What is no such key begins anew: it was no `next`. */
function parseRRset(text: string): { name: string; type: number } | undefined {
  const slash = text.lastIndexOf('/');
  const name = canonicalName(text.slice(0, Math.max(slash, 0)));
  const type = parseType(text.slice(slash + 1));
  return typeof name === 'string' && !(type instanceof Malformed) ? { name, type } : undefined;
}

/** Where other nameservers, or other zones of this one, are asked (RFC 1034 §4.2.1). */
class Cuts {
  readonly #store: Store;
  readonly #zone: string;
  readonly #kept = new Map<string, boolean>();

  constructor(store: Store, zone: string) {
    this.#store = store;
    this.#zone = zone;
  }

  sourceOf({ name, type }: RRset): AnswerSource {
    const cut = this.#above(name);
    const isBelow = cut !== undefined && cut !== name;
    if (type === TYPE.NS && name !== this.#zone && !isBelow) return 'delegation';
    // The DS of a zone is its parent's, wherever the zone itself is (RFC 4035 §2.4).
    if (type === TYPE.DS && !isBelow) return 'record';
    if (cut !== undefined) return glueTypes.has(type) ? 'glue' : 'hidden';
    return this.#store.zoneOf(name)?.name === this.#zone ? 'record' : 'hidden';
  }

  /** The highest cut at or above the name. */
  #above(name: string): string | undefined {
    let highest: string | undefined;
    for (let each: string | undefined = name; each !== undefined && each !== this.#zone; each = parentOf(each)) {
      if (!isAtOrBelow(each, this.#zone)) break;
      if (this.#isCut(each)) highest = each;
    }
    return highest;
  }

  #isCut(name: string): boolean {
    const known = this.#kept.get(name);
    if (known !== undefined) return known;
    if (this.#kept.size >= CUTS_KEPT) this.#kept.clear();
    const isCut = this.#store.rrset(this.#zone, name, TYPE.NS) !== undefined;
    this.#kept.set(name, isCut);
    return isCut;
  }
}

function holds(filter: Filter, { name, rdata }: Pick<Answered, 'name' | 'rdata'>): boolean {
  return isNamed(filter, name) || rdata.some((each) => isNamed(filter, each));
}

function isMeant(filter: Filter, answered: Answered): boolean {
  const { name, type, labels } = answered;
  return (
    holds(filter, answered) &&
    (filter.name === undefined || shown(filter.name) === name) &&
    (filter.type === undefined || formatType(filter.type) === type) &&
    isLabelled(filter, labels)
  );
}

/** Of a target that is an address, in canonical text. */
function isSix(target: string): boolean {
  return target.includes(':');
}
