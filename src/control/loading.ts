/** How what a store holds is brought into a table: piece by piece, up to the first that is refused. */
import type { ZoneSigning } from '../model/dnssec/signing.ts';
import { withHeld } from '../model/drain.ts';
import { Problem } from '../model/errors.ts';
import type { ModelChange } from '../model/revision.ts';
import type { Service } from '../model/service.ts';
import type { Store } from '../store/sqlite.ts';
import type { TableChanges } from '../table/changes.ts';
import { sealedOf } from '../table/zone-sealer.ts';

/** Services that one publication of the start brings into the table: bounds what a preparation remembers. */
const LOAD_CHUNK = 10_000;

/** What a load puts things into. */
interface Into {
  readonly table: Pick<TableChanges, 'load'>;
  /** Prepares changes and publishes them. */
  readonly bring: (
    changes: readonly Extract<ModelChange, { op: 'putService' | 'putSigning' }>[],
  ) => Problem | undefined;
  /** A service as it is answered. */
  readonly inForce: (service: Service) => Service;
}

/** `atMs`: Unix time, milliseconds, until which answers may have been given. */
export function loadAll(store: Store, { table, bring, inForce }: Into, atMs: number): Problem | undefined {
  const signings: ZoneSigning[] = [];
  return (
    firstProblem(store.allZones(), (zone) => {
      const signing = store.signing(zone.name);
      const sealed = () => store.servicesIn(zone.name).flatMap((service) => sealedOf(inForce(service)));
      const signed = signing && { signing, services: sealed() };
      const loaded = table.load(zone, () => store.rrsetsOf(zone.name), signed);
      if (loaded instanceof Problem) return loaded;
      if (loaded === 'unsigned' && signing !== undefined) signings.push(signing);
      return undefined;
    }) ??
    firstProblem(chunksOf(store.allServices(), LOAD_CHUNK), (services) => {
      const held = services.map((service) => withHeld(service, service, atMs));
      return bring(held.map((service) => ({ op: 'putService', service })));
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
