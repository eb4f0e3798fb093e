/** A zone as a list of changes leaves its records: what the rules of what may stand where are asked of. */
import { suffixesOf } from '../../model/name.ts';
import type { RRset } from '../../model/rrset.ts';
import type { Service } from '../../model/service.ts';
import type { Zone } from '../../model/zone.ts';
import type { Store } from '../../store/sqlite.ts';
import { rrsetKey } from '../commands/below.ts';

/** What the rules ask, of the store as it is or as it will be. */
export type RuledStore = Pick<Store, 'rrset' | 'rrsetsAt' | 'rrsetsOfTypes' | 'zoneOf' | 'service'>;

/** Services of the zone at a name and below it, some of each. */
interface ServicesFrom {
  at?: string;
  below?: string;
}

/** Of one zone: the changes are of its records, and everything else is as it was. */
export class RecordsAfter implements RuledStore {
  /** As it is. */
  readonly before: Store;
  readonly #zone: string;
  /** What the list leaves of the RRsets that it names: by name, then by type. */
  readonly #after = new Map<string, Map<number, RRset | undefined>>();
  readonly #gone = new Set<string>();
  /** What was read once: names of one list share those above them. */
  readonly #read = new Map<string, RRset | undefined>();
  #servicesFrom: Map<string, ServicesFrom> | undefined;

  constructor(before: Store, zone: string) {
    this.before = before;
    this.#zone = zone;
  }

  /** Of the RRset the list leaves this, or nothing. */
  assume(name: string, type: number, after: RRset | undefined): void {
    const types = this.#after.get(name) ?? new Map<number, RRset | undefined>();
    this.#after.set(name, types.set(type, after));
    if (after === undefined) this.#gone.add(rrsetKey(name, type));
  }

  /** The RRsets that will not be there, by their keys. */
  get gone(): ReadonlySet<string> {
    return this.#gone;
  }

  rrset(zone: string, name: string, type: number): RRset | undefined {
    const changed = this.#changedAt(zone, name);
    if (changed?.has(type)) return changed.get(type);
    const key = `${zone}/${rrsetKey(name, type)}`;
    if (!this.#read.has(key)) this.#read.set(key, this.before.rrset(zone, name, type));
    return this.#read.get(key);
  }

  rrsetsAt(zone: string, name: string): RRset[] {
    const before = this.before.rrsetsAt(zone, name);
    const changed = this.#changedAt(zone, name);
    if (changed === undefined) return before;
    return [...before.filter(({ type }) => !changed.has(type)), ...present(changed)];
  }

  /** Those that the list makes or changes come last. */
  rrsetsOfTypes(zone: string, types: readonly number[], looked: number): RRset[] {
    const before = this.before.rrsetsOfTypes(zone, types, looked);
    if (zone !== this.#zone) return before;
    const kept = before.filter(({ name, type }) => !this.#after.get(name)?.has(type));
    const changed = [...this.#after.values()].flatMap(present);
    return [...kept, ...changed.filter(({ type }) => types.includes(type))];
  }

  zoneOf(name: string): Zone | undefined {
    return this.before.zoneOf(name);
  }

  service(name: string): Service | undefined {
    return this.before.service(name);
  }

  /** The services at and below a name of the zone; all are looked through once, however many names are asked for. */
  servicesFrom(name: string): ServicesFrom {
    this.#servicesFrom ??= this.#findServices();
    return this.#servicesFrom.get(name) ?? {};
  }

  #findServices(): Map<string, ServicesFrom> {
    const all = new Map<string, ServicesFrom>();
    for (const service of this.before.servicesIn(this.#zone)) {
      for (const above of suffixesOf(service.name)) {
        const entry = all.get(above) ?? {};
        if (above === service.name) entry.at = service.name;
        else entry.below ??= service.name;
        all.set(above, entry);
      }
    }
    return all;
  }

  #changedAt(zone: string, name: string): Map<number, RRset | undefined> | undefined {
    return zone === this.#zone ? this.#after.get(name) : undefined;
  }
}

function present(changed: ReadonlyMap<number, RRset | undefined>): RRset[] {
  return [...changed.values()].filter((rrset) => rrset !== undefined);
}
