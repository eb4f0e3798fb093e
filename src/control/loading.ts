/** How what a store holds is brought into a table: piece by piece, up to the first that is refused. */
import type { ZoneSigning } from '../model/dnssec/signing.ts';
import { withHeld } from '../model/drain.ts';
import { Problem } from '../model/errors.ts';
import type { Service } from '../model/service.ts';
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
  readonly table: Pick<TableChanges, 'load' | 'memory'>;
  /** Prepares changes and publishes them. */
  readonly bring: (
    changes: readonly Extract<TableChange, { op: 'putService' | 'putSigning' | 'leaveOut' }>[],
  ) => Problem | undefined;
  /** Is told why zones are left out, if some are. */
  readonly leftOut: (why: Problem) => void;
  /** A service as it is answered. */
  readonly inForce: (service: Service) => Service;
}

/** What a service of two pools takes with their previews, about. */
const SERVICE_BYTES = 1200;
/** Room for changes beside what is there. */
const ROOM_FACTOR = 1.25;
/** Zones that a refusal names; the rest is counted. */
const NAMED_MAX = 5;

/** `atMs`: Unix time, milliseconds, until which answers may have been given. */
export function loadAll(store: Store, { table, bring, inForce, leftOut }: Into, atMs: number): Problem | undefined {
  const signings: ZoneSigning[] = [];
  const full: ZoneFull[] = [];
  return (
    firstProblem(store.allZones(), (zone) => {
      const signing = store.signing(zone.name);
      const sealed = () => store.servicesIn(zone.name).flatMap((service) => sealedOf(inForce(service)));
      const signed = signing && { signing, services: sealed() };
      const loaded = table.load(zone, () => store.rrsetsOf(zone.name), signed);
      if (loaded instanceof ZoneFull) {
        full.push(loaded);
        // The others are answered all the same.
        return bring([{ op: 'leaveOut', zone }]) && noRoom(full, table);
      }
      if (loaded instanceof Problem) return loaded;
      if (loaded === 'unsigned' && signing !== undefined) signings.push(signing);
      return undefined;
    }) ??
    firstProblem(chunksOf(store.allServices(), LOAD_CHUNK), (services) => {
      const held = services.map((service) => withHeld(service, service, atMs));
      const problem = bring(held.map((service) => ({ op: 'putService', service })));
      return problem?.code === 'table_full' ? firstFull(held, { table, bring }, full) : problem;
    }) ??
    (full.length === 0 ? undefined : leftOut(noRoom(full, table))) ??
    // Last, so that what proves a name is made of all that is there, and is found signed.
    firstProblem(signings, (signing) => bring([{ op: 'putSigning', signing }]))
  );
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
function noRoom(full: readonly ZoneFull[], { memory }: Into['table']): Problem {
  const names = full.map(({ zone, bytes }) => `${shown(zone)} (about ${bytes} bytes)`);
  const what = `${full.length === 1 ? 'the zone' : `${full.length} zones:`} ${firstOf(names, NAMED_MAX)}`;
  return tableFull(what, memory, sumOf(full));
}

/** The first service that has no room, of those that have none together; beside zones that have none. */
function firstFull(
  services: readonly Service[],
  { table, bring }: Pick<Into, 'table' | 'bring'>,
  full: readonly ZoneFull[],
): Problem | undefined {
  const before = table.memory.usedBytes;
  for (const [at, service] of services.entries()) {
    const problem = bring([{ op: 'putService', service }]);
    if (problem?.code !== 'table_full') {
      if (problem !== undefined) return problem;
      continue;
    }
    const left = services.length - at;
    const what = `${left} of ${services.length} services, the first being ${shown(service.name)} of the zone ${shown(service.zone)}`;
    const each = at === 0 ? SERVICE_BYTES : Math.max(SERVICE_BYTES, (table.memory.usedBytes - before) / at);
    return tableFull(what, table.memory, left * each + sumOf(full));
  }
  return undefined;
}

function sumOf(zones: readonly ZoneFull[]): number {
  return zones.reduce((sum, { bytes }) => sum + bytes, 0);
}

function tableFull(what: string, { usedBytes, maxBytes }: TableChanges['memory'], moreBytes: number): Problem {
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
