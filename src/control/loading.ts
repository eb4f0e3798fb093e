/** How what a store holds is brought into a table: piece by piece, up to the first that is refused. */
import type { ZoneSigning } from '../model/dnssec/signing.ts';
import { withHeld } from '../model/drain.ts';
import { Problem } from '../model/errors.ts';
import type { Service } from '../model/service.ts';
import type { Zone } from '../model/zone.ts';
import { shown } from '../shown.ts';
import type { Store } from '../store/sqlite.ts';
import type { TableChange, TableChanges } from '../table/changes.ts';
import { ARENA_MAX_BYTES } from '../table/memory.ts';
import { ZoneFull } from '../table/zone-loader.ts';
import { sealedOf } from '../table/zone-sealer.ts';
import { firstOf } from './names.ts';

/** Services that one publication of the start brings into the table: bounds what a preparation remembers. */
const LOAD_CHUNK = 10_000;

/** What a load puts things into. */
interface Into {
  readonly table: Pick<TableChanges, 'load' | 'memory' | 'keepRoom' | 'content' | 'collect'>;
  /** Prepares changes and publishes them. */
  readonly bring: (
    changes: readonly Extract<TableChange, { op: 'putService' | 'deleteService' | 'putSigning' | 'leaveOut' }>[],
  ) => Problem | undefined;
  /** Is told why zones are left out, if some are. */
  readonly leftOut: (why: Problem) => void;
  /** A service as it is answered. */
  readonly inForce: (service: Service) => Service;
}

/** What a service of two pools takes with their previews, about. */
const SERVICE_BYTES = 1200;
/** What a zone takes that is left out, about; where it is more, there is what is kept for shifts. */
const LEFT_OUT_BYTES = 430;
/** Services that are taken back in one publication: what that needs for a moment is there in a small table, too. */
const GIVEN_BACK_AT_ONCE = 20;
/** Room for changes beside what is there. */
const ROOM_FACTOR = 1.25;
/** Zones that a refusal names; the rest is counted. */
const NAMED_MAX = 5;

/** Zones that have no room, and how many bytes each would take. */
type Lacking = Map<string, number>;

/** `atMs`: Unix time, milliseconds, until which answers may have been given. */
export function loadAll(store: Store, into: Into, atMs: number): Problem | undefined {
  const { table, bring, leftOut } = into;
  const signings: ZoneSigning[] = [];
  const lacking: Lacking = new Map();
  return (
    loadZones(store, into, { signings, lacking }) ??
    firstProblem(chunksOf(store.allServices(), LOAD_CHUNK), (services) =>
      bringServices(
        services.map((service) => withHeld(service, service, atMs)),
        store,
        into,
        lacking,
      ),
    ) ??
    (lacking.size === 0 ? undefined : leftOut(noRoom(lacking, table))) ??
    // Last, so that what proves a name is made of all that is there, and is found signed.
    firstProblem(signings, (signing) => bring([{ op: 'putSigning', signing }]))
  );
}

function loadZones(
  store: Store,
  { table, bring, inForce }: Into,
  { signings, lacking }: { readonly signings: ZoneSigning[]; readonly lacking: Lacking },
): Problem | undefined {
  const zones = store.allZones();
  let left = zones.length;
  try {
    return firstProblem(zones, (zone) => {
      // So that each of those that come after it can be left out.
      table.keepRoom(--left * LEFT_OUT_BYTES);
      const signing = store.signing(zone.name);
      const sealed = () => store.servicesIn(zone.name).flatMap((service) => sealedOf(inForce(service)));
      const signed = signing && { signing, services: sealed() };
      const loaded = table.load(zone, () => store.rrsetsOf(zone.name), signed);
      if (loaded instanceof ZoneFull) {
        lacking.set(loaded.zone, loaded.bytes);
        // The others are answered all the same.
        return bring([{ op: 'leaveOut', zone }]) && noRoom(lacking, table);
      }
      if (loaded instanceof Problem) return loaded;
      if (loaded === 'unsigned' && signing !== undefined) signings.push(signing);
      return undefined;
    });
  } finally {
    table.keepRoom(0);
  }
}

/** A zone whose services have no room is left out with all of them, and gives room to those of others. */
function bringServices(
  services: readonly Service[],
  store: Pick<Store, 'zone'>,
  { table, bring }: Pick<Into, 'table' | 'bring'>,
  lacking: Lacking,
): Problem | undefined {
  const all = bring(services.map((service) => ({ op: 'putService', service })));
  if (all?.code !== 'table_full') return all;
  const without = new Map<string, number>();
  for (const service of services) {
    const { zone: name } = service;
    const zone = without.has(name) ? undefined : store.zone(name);
    const problem = zone && bring([{ op: 'putService', service }]);
    if (problem !== undefined && problem.code !== 'table_full') return problem;
    if (zone === undefined) without.set(name, (without.get(name) ?? 0) + 1);
    if (zone === undefined || problem === undefined) continue;
    const before = table.memory.usedBytes;
    const refused = leaveOutWhole(zone, { table, bring });
    // It may have been left out before, for its records.
    add(lacking, name, before - table.memory.usedBytes + SERVICE_BYTES);
    if (refused !== undefined) return noRoom(lacking, table);
    without.set(name, 0);
  }
  for (const [zone, count] of without) add(lacking, zone, SERVICE_BYTES * count);
  return undefined;
}

function add(lacking: Lacking, zone: string, bytes: number): void {
  lacking.set(zone, (lacking.get(zone) ?? 0) + bytes);
}

/** Its services first, some at a time, since the zone would lead to those that it has: what they give back is room for the next. */
function leaveOutWhole(zone: Zone, { table, bring }: Pick<Into, 'table' | 'bring'>): Problem | undefined {
  const services = [...table.content.servicesIn(zone.name)];
  const refused =
    firstProblem(chunksOf(services, GIVEN_BACK_AT_ONCE), (some) => {
      const problem = bring(some.map((name) => ({ op: 'deleteService', zone: zone.name, name })));
      while (table.collect());
      return problem;
    }) ?? bring([{ op: 'leaveOut', zone }]);
  while (table.collect());
  return refused;
}

function firstProblem<Item>(items: Iterable<Item>, act: (item: Item) => Problem | undefined): Problem | undefined {
  for (const item of items) {
    const problem = act(item);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function* chunksOf<Item>(items: readonly Item[], size: number): Generator<Item[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}

/** Why there is no room for some zones, and what there would have to be. */
function noRoom(lacking: Lacking, { memory: { usedBytes, maxBytes } }: Into['table']): Problem {
  const names = [...lacking].map(([zone, bytes]) => `${shown(zone)} (about ${bytes} bytes)`);
  const what = `${lacking.size === 1 ? 'the zone' : `${lacking.size} zones:`} ${firstOf(names, NAMED_MAX)}`;
  const moreBytes = [...lacking.values()].reduce((all, bytes) => all + bytes, 0);
  const wanted = wholeSize(Math.max(maxBytes, (usedBytes + moreBytes) * ROOM_FACTOR));
  const way =
    wanted > ARENA_MAX_BYTES
      ? `a table may have ${ARENA_MAX_BYTES} at most: spread the zones over several servers`
      : `raise it to ${wanted}, which is about what all of the store takes and some room for changes`;
  return new Problem('table_full', `the table has no room for ${what}: table.maxBytes is ${maxBytes}; ${way}`);
}

/** The next larger one of the sizes that people write: steps of a quarter of a power of two. */
function wholeSize(bytes: number): number {
  const step = 2 ** (Math.floor(Math.log2(bytes)) - 2);
  return (Math.floor(bytes / step) + 1) * step;
}
