/** Services that a writer left, found by the records behind their plans. */
import { nameToWire, wireToName } from '../../model/name.ts';
import { previewNames } from '../../model/preview.ts';
import { type CompiledPool, poolSource, serviceNumber } from '../compile.ts';
import type { CounterRegistry } from '../counters.ts';
import { PLAN, POOL, SERVICE } from '../layout.ts';
import type { CompiledPreviews } from '../previews.ts';
import { hasOwnRecords } from '../proofs/nsec.ts';
import { readRecord } from '../service-record.ts';
import type { ServiceRegistry } from '../services.ts';
import type { ZoneWriter } from '../zone-writer.ts';
import { type Census, Doubt } from './census.ts';
import { type LeftZone, type Linked, nameOf, takeRRset } from './zones.ts';

interface Parts {
  readonly census: Census;
  readonly registry: ServiceRegistry;
  readonly counters: CounterRegistry;
  readonly zones: ZoneWriter;
}

/** What a record says of each preview: see service-record.ts. */
const PREVIEW_WORDS = 3;

/** Owns every service that nodes lead to; the counters that their pools have. */
export function takeServices(parts: Parts, zones: readonly LeftZone[], linked: readonly Linked[]): Set<number> {
  const { census, registry } = parts;
  const used = new Set<number>();
  const apexes = new Map(zones.map(({ apex, index }) => [keyOf(apex), index]));
  const seen: (Linked & { readonly name: Uint8Array })[] = [];
  for (const link of linked) {
    const name = nameOf(census, link.node);
    const child = childAbove(apexes, link.zone, name);
    // What it leads to may be gone: nobody can ask for it.
    if (child === undefined) seen.push({ ...link, name });
    else parts.zones.hidden.keep(wireToName(link.zone.apex), wireToName(child), wireToName(name));
  }
  for (const { zone, name, cell } of seen) takeService(parts, zone, name, cell, used);
  for (const { zone, name, cell, version } of seen) {
    const hasRecords = hasOwnRecords(census.view.words, version);
    if (registry.cellAt(wireToName(zone.apex), wireToName(name), hasRecords) !== cell)
      throw new Doubt(`${wireToName(name)} leads to what is no service of its zone`);
  }
  return used;
}

function keyOf(name: Uint8Array): string {
  return Buffer.from(name).toString('latin1');
}

/** The apex of the zone right below a zone that holds the name too. */
function childAbove(apexes: ReadonlyMap<string, number>, { apex }: LeftZone, name: Uint8Array): Uint8Array | undefined {
  let found: Uint8Array | undefined;
  for (let at = 0; name.length - at > apex.length; at += 1 + name[at]) {
    const suffix = name.subarray(at);
    if (apexes.has(keyOf(suffix))) found = suffix;
  }
  return found;
}

/** Owns the service whose name it is; a preview is its service's. */
function takeService(parts: Parts, zone: LeftZone, name: Uint8Array, cell: number, used: Set<number>): void {
  const { census, registry } = parts;
  const { words } = census.view;
  census.mustLie(cell, SERVICE.WORDS);
  const plan = words[cell + SERVICE.PLAN_WORD];
  census.mustLie(plan, PLAN.FIRST_POOL);
  census.mustLie(plan, words[plan + PLAN.WORDS]);
  if (words[plan + PLAN.RECORD] === 0) return;
  const newest = takePlan(census, cell);
  const record = readRecord(census.view, newest);
  if (record === undefined || keyOf(nameToWire(record.service.name)) !== keyOf(name))
    throw new Doubt(`no record of the service ${wireToName(name)}`);
  const { service } = record;
  if (service.zone !== wireToName(zone.apex)) throw new Doubt(`the service ${service.name} is of another zone`);
  if (service.pools.length !== words[newest + PLAN.POOLS]) throw new Doubt(`the pools of ${service.name}`);
  const pools = service.pools.map((pool, i): CompiledPool => {
    const at = newest + PLAN.FIRST_POOL + i * POOL.WORDS;
    const [first, second, counter] = [words[at + POOL.FIRST], words[at + POOL.SECOND], words[at + POOL.COUNTER]];
    for (const rrset of [first, second]) if (rrset !== 0) takeRRset(census, rrset);
    if (used.has(counter) || !parts.counters.hasGiven(counter)) throw new Doubt(`a counter of ${service.name}`);
    used.add(counter);
    // A writer marks it after it has published.
    const sinceMs = service.weightsSinceMs ?? 0;
    if (parts.counters.markedSinceMs(counter) !== sinceMs) parts.counters.markWeight(counter, sinceMs);
    return { name: pool.name, source: poolSource(service, pool), counter, id: words[at + POOL.ID], first, second };
  });
  const previews = takePreviews(census, record, pools);
  if (words[newest + PLAN.SERVICE] !== serviceNumber(service.name)) throw new Doubt(`the number of ${service.name}`);
  registry.keep(service.name, { service, cell, pools, previews });
}

/** Owns a cell and its plan; the plan. */
function takePlan(census: Census, cell: number): number {
  const { words } = census.view;
  census.own(cell, SERVICE.WORDS);
  const plan = census.newest(cell + SERVICE.PLAN_WORD);
  census.mustLie(plan, PLAN.FIRST_POOL);
  census.own(plan, words[plan + PLAN.WORDS]);
  return plan;
}

function takePreviews(
  census: Census,
  { service, previews }: NonNullable<ReturnType<typeof readRecord>>,
  pools: readonly CompiledPool[],
): CompiledPreviews {
  const names = [...previewNames(service)];
  if (previews.length !== PREVIEW_WORDS * names.length) throw new Doubt(`the previews of ${service.name}`);
  return new Map(
    names.map(([name, poolName], i) => {
      const [cell, first, second] = previews.slice(PREVIEW_WORDS * i, PREVIEW_WORDS * (i + 1));
      takePlan(census, cell);
      for (const rrset of [first, second]) if (rrset !== 0) takeRRset(census, rrset);
      const pool = pools.find((each) => each.name === poolName) as CompiledPool;
      return [name, { cell, pool, own: [first, second] }];
    }),
  );
}
