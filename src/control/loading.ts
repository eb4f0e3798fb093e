/** How what a store holds is brought into a table: piece by piece, up to the first that is refused. */
import { withHeld } from '../model/drain.ts';
import type { Problem } from '../model/errors.ts';
import type { ModelChange } from '../model/revision.ts';
import type { Store } from '../store/sqlite.ts';
import type { TableChanges } from '../table/changes.ts';

/** Services that one publication of the start brings into the table: bounds what a preparation remembers. */
const LOAD_CHUNK = 10_000;

/** `bring` prepares changes and publishes them. `atMs`: Unix time, milliseconds, until which answers may have been given. */
export function loadAll(
  store: Store,
  table: Pick<TableChanges, 'load'>,
  bring: (changes: readonly Extract<ModelChange, { op: 'putService' | 'putSigning' }>[]) => Problem | undefined,
  atMs: number,
): Problem | undefined {
  return (
    firstProblem(store.allZones(), (zone) => table.load(zone, store.rrsetsOf(zone.name))) ??
    firstProblem(chunksOf(store.allServices(), LOAD_CHUNK), (services) => {
      const held = services.map((service) => withHeld(service, service, atMs));
      return bring(held.map((service) => ({ op: 'putService', service })));
    }) ??
    // Last, so that what proves a name is made of all that is there, and is found signed.
    firstProblem(store.allSignings(), (signing) => bring([{ op: 'putSigning', signing }]))
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
