/**
 * From what a table holds to what the store does, for a table that outlived its writer: the log says what was touched
 * since, and the store how that is now. So it makes no difference whether some of it is in the table already.
 */
import { isDeepStrictEqual } from 'node:util';
import { Problem } from '../../model/errors.ts';
import type { ModelChange } from '../../model/revision.ts';
import type { RRset } from '../../model/rrset.ts';
import type { Service } from '../../model/service.ts';
import type { Store } from '../../store/sqlite.ts';
import type { Held, TableChange, TableContent } from '../../table/changes.ts';
import { sealedOf } from '../../table/zone-sealer.ts';
import { heldAt } from './history.ts';

type Kept = Pick<
  Store,
  'lastRevision' | 'revision' | 'entry' | 'zone' | 'rrset' | 'rrsetsOf' | 'service' | 'servicesIn' | 'signing'
>;

/** More than this are not gone through: to read everything takes no longer. */
const REVISIONS_MAX = 20_000;

/** What was touched since a revision, by name. */
interface Touched {
  readonly zones: Set<string>;
  /** Zones that were made, ended or imported: all that they hold may be another thing. */
  readonly whole: Set<string>;
  readonly rrsets: Map<string, Pick<RRset, 'zone' | 'name' | 'type'>>;
  readonly services: Set<string>;
  /** Of these zones. */
  readonly signings: Set<string>;
}

/** Why the table is no state of this store, however old; undefined: it is one. */
export function foreign(store: Kept, held: Held): string | undefined {
  const last = store.lastRevision;
  if (held.revision > last) return `it is at revision ${held.revision}, and the store at ${last} only`;
  const own = heldAt(store.revision(held.revision));
  return own.history === held.history ? undefined : `the store has another history up to revision ${held.revision}`;
}

/** The changes that bring a table up to date, with what health has a say in; or why it is of no use. */
export function catchUp(
  store: Kept,
  table: TableContent,
  held: Held,
  inForce: (service: Service) => Service,
): TableChange[] | string {
  const changes = foreign(store, held) ?? changesSince(store, table, held, inForce);
  return typeof changes === 'string' ? changes : [...changes, ...healthChanges(store, table, inForce)];
}

/** The changes that bring a table up to date that holds what the store held; or why there are none to be had. */
function changesSince(
  store: Kept,
  table: TableContent,
  held: Held,
  inForce: (service: Service) => Service,
): TableChange[] | string {
  const touched = touchedSince(store, held.revision);
  if (typeof touched === 'string') return touched;
  for (const zone of touched.whole) {
    for (const name of table.servicesIn(zone)) touched.services.add(name);
    // Those of one that was left out had no room, perhaps, and come with it.
    if (table.leftOut().has(zone)) for (const { name } of store.servicesIn(zone)) touched.services.add(name);
  }
  const [ends, begins] = [endsOf(store, table, touched), zonesOf(store, table, touched, inForce)];
  if (begins instanceof Problem) return begins.detail;
  return [...ends, ...begins, ...signingsOf(store, touched), ...putsOf(store, table, touched, inForce)];
}

function touchedSince(store: Kept, revision: number): Touched | string {
  const touched: Touched = {
    zones: new Set(),
    whole: new Set(),
    rrsets: new Map(),
    services: new Set(),
    signings: new Set(),
  };
  const last = store.lastRevision;
  if (last - revision > REVISIONS_MAX) return `it is ${last - revision} revisions behind`;
  for (let at = revision + 1; at <= last; at++) {
    const entry = store.entry(at);
    if (entry === undefined) return `the log no longer says what revision ${at} changed`;
    for (const change of entry.changes) touch(touched, change);
  }
  return touched;
}

function touch({ zones, whole, rrsets, services, signings }: Touched, change: ModelChange): void {
  switch (change.op) {
    case 'putZone':
      zones.add(change.zone.name);
      return;
    case 'importZone':
      whole.add(change.zone.name);
      return;
    case 'deleteZone':
      whole.add(change.zone);
      return;
    case 'putRRset':
    case 'deleteRRset': {
      const { zone, name, type } = change.op === 'putRRset' ? change.rrset : change;
      rrsets.set(`${zone} ${name} ${type}`, { zone, name, type });
      return;
    }
    case 'putService':
      services.add(change.service.name);
      return;
    case 'deleteService':
      services.add(change.name);
      return;
    case 'putRelease':
    case 'putToken':
    case 'deleteToken':
    case 'putWebhook':
    case 'deleteWebhook':
    case 'putFreeze':
    case 'deleteFreeze':
    case 'putProposal':
      return;
    case 'putSigning':
      signings.add(change.signing.zone);
      return;
    case 'deleteSigning':
      signings.add(change.zone);
      return;
  }
}

/** What is there no longer; first, since something else may stand in its place. */
function endsOf(store: Kept, table: TableContent, { whole, rrsets, services }: Touched): TableChange[] {
  const gone = [...whole].filter((zone) => table.hasZone(zone) && store.zone(zone) === undefined);
  const ends: TableChange[] = [];
  for (const name of services) {
    const zone = table.service(name)?.zone;
    // A zone takes its services along.
    if (zone !== undefined && store.service(name) === undefined && !gone.includes(zone))
      ends.push({ op: 'deleteService', zone, name });
  }
  for (const zone of gone) ends.push({ op: 'deleteZone', zone });
  for (const { zone, name, type } of rrsets.values()) {
    if (whole.has(zone) || store.rrset(zone, name, type) !== undefined) continue;
    if (table.hasRRset(zone, name, type)) ends.push({ op: 'deleteRRset', zone, name, type });
  }
  return ends;
}

function zonesOf(
  store: Kept,
  table: TableContent,
  { zones, whole }: Touched,
  inForce: (service: Service) => Service,
): TableChange[] | Problem {
  const changes: TableChange[] = [];
  for (const name of new Set([...zones, ...whole])) {
    const zone = store.zone(name);
    if (zone === undefined) continue;
    if (!whole.has(name) && table.hasZone(name)) {
      changes.push({ op: 'putZone', zone });
      continue;
    }
    // Its signatures were made, and kept, before the entry was: to make them again would take a large zone a minute.
    const signing = store.signing(name);
    const services = signing && store.servicesIn(name).flatMap((service) => sealedOf(inForce(service)));
    const staged = table.build(zone, () => store.rrsetsOf(name), signing && services && { signing, services });
    if (staged instanceof Problem) return staged;
    changes.push({ op: 'importZone', zone, staged });
  }
  return changes;
}

function* signingsOf(store: Kept, { signings }: Touched): Generator<TableChange> {
  for (const zone of signings) {
    // A zone that is gone took it along.
    if (store.zone(zone) === undefined) continue;
    const signing = store.signing(zone);
    yield signing === undefined ? { op: 'deleteSigning', zone } : { op: 'putSigning', signing };
  }
}

function putsOf(
  store: Kept,
  table: TableContent,
  { zones, whole, rrsets, services }: Touched,
  inForce: (service: Service) => Service,
): TableChange[] {
  const puts: TableChange[] = [];
  for (const { zone, name, type } of rrsets.values()) {
    // A zone that is brought in whole has it.
    if (whole.has(zone) || (zones.has(zone) && !table.hasZone(zone))) continue;
    const rrset = store.rrset(zone, name, type);
    if (rrset !== undefined) puts.push({ op: 'putRRset', rrset });
  }
  for (const name of services) {
    const service = store.service(name);
    if (service !== undefined) puts.push({ op: 'putService', service: inForce(service) });
  }
  return puts;
}

/** Services that are answered otherwise than what is known of their health wants. */
function* healthChanges(
  store: Kept,
  table: TableContent,
  inForce: (service: Service) => Service,
): Generator<TableChange> {
  for (const answered of table.services()) {
    if (answered.health === undefined && answered.forced === undefined) continue;
    const service = store.service(answered.name);
    if (service === undefined) continue;
    const wanted = inForce(service);
    if (!isDeepStrictEqual(answeredBy(wanted), answeredBy(answered))) yield { op: 'putService', service: wanted };
  }
}

function answeredBy({ pools }: Service): unknown {
  return pools.map(({ name, weight, targets }) => [name, weight, targets]);
}
