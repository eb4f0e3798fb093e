/** How what a store holds is brought into a table: piece by piece, up to the first that is refused. */
import type { ZoneSigning } from '../model/dnssec/signing.ts';
import { withHeld } from '../model/drain.ts';
import { Problem } from '../model/errors.ts';
import type { ModelChange } from '../model/revision.ts';
import type { Service } from '../model/service.ts';
import type { Store } from '../store/sqlite.ts';
import type { TableChanges } from '../table/changes.ts';
import { ARENA_MAX_BYTES } from '../table/memory.ts';
import { ZoneFull } from '../table/zone-loader.ts';
import { sealedOf } from '../table/zone-sealer.ts';
import { shown } from './names.ts';

/** Services that one publication of the start brings into the table: bounds what a preparation remembers. */
const LOAD_CHUNK = 10_000;

/** What a load puts things into. */
interface Into {
  readonly table: Pick<TableChanges, 'load' | 'memory'>;
  /** Prepares changes and publishes them. */
  readonly bring: (
    changes: readonly Extract<ModelChange, { op: 'putService' | 'putSigning' }>[],
  ) => Problem | undefined;
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
export function loadAll(store: Store, { table, bring, inForce }: Into, atMs: number): Problem | undefined {
  const signings: ZoneSigning[] = [];
  const full: ZoneFull[] = [];
  return (
    firstProblem(store.allZones(), (zone) => {
      const signing = store.signing(zone.name);
      const sealed = () => store.servicesIn(zone.name).flatMap((service) => sealedOf(inForce(service)));
      const signed = signing && { signing, services: sealed() };
      const loaded = table.load(zone, () => store.rrsetsOf(zone.name), signed);
      // The others are loaded all the same, so that it is known what would do for all.
      if (loaded instanceof ZoneFull) full.push(loaded);
      else if (loaded instanceof Problem) return loaded;
      if (loaded === 'unsigned' && signing !== undefined) signings.push(signing);
      return undefined;
    }) ??
    noRoom(full, table, () => store.allServices().length * SERVICE_BYTES) ??
    firstProblem(chunksOf(store.allServices(), LOAD_CHUNK), (services) => {
      const held = services.map((service) => withHeld(service, service, atMs));
      const problem = bring(held.map((service) => ({ op: 'putService', service })));
      return problem?.code === 'table_full' ? firstFull(held, { table, bring }) : problem;
    }) ??
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

/** Why there is no room for some zones, and what there would have to be; `moreBytes`: for what is not loaded yet. */
function noRoom(full: readonly ZoneFull[], { memory }: Into['table'], moreBytes: () => number): Problem | undefined {
  if (full.length === 0) return undefined;
  const bytes = full.reduce((sum, zone) => sum + zone.bytes, 0);
  const names = full.slice(0, NAMED_MAX).map(({ zone, bytes }) => `${shown(zone)} (about ${bytes} bytes)`);
  const more = full.length > names.length ? ` and ${full.length - names.length} more` : '';
  const what = `${full.length === 1 ? 'the zone' : `${full.length} zones:`} ${names.join(', ')}${more}`;
  return tableFull(what, memory, bytes + moreBytes());
}

/** The first service that has no room, of those that have none together. */
function firstFull(services: readonly Service[], { table, bring }: Pick<Into, 'table' | 'bring'>): Problem | undefined {
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
    return tableFull(what, table.memory, left * each);
  }
  return undefined;
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
