/** The services in the table, as the writer remembers them, so that a shift touches only its plan. */
import { parentOf, wireToName } from '../model/name.ts';
import type { Service } from '../model/service.ts';
import { TYPE } from '../wire/constants.ts';
import type { CompiledPool } from './compile.ts';
import type { Preparation } from './preparation.ts';
import type { CompiledPreview, CompiledPreviews } from './previews.ts';
import { type SealedService, sealedOf } from './zone-sealer.ts';

export interface CompiledService {
  /** As it is answered. */
  readonly service: Service;
  /** What a node leads to where the service answers. */
  readonly cell: number;
  readonly pools: readonly CompiledPool[];
  readonly previews: CompiledPreviews;
}

/** What a name has through a service. */
interface ServiceTypes {
  readonly service: Service;
  /** Of each pool that may answer. */
  readonly pools: readonly (readonly number[])[];
}

const NO_NAMES: ReadonlySet<string> = new Set();

export class ServiceRegistry {
  readonly #services = new Map<string, CompiledService>();
  readonly #namesByZone = new Map<string, Set<string>>();

  get size(): number {
    return this.#services.size;
  }

  get(name: string): CompiledService | undefined {
    return this.#services.get(name);
  }

  values(): Iterable<CompiledService> {
    return this.#services.values();
  }

  /** Names of the services of a zone. */
  namesIn(zone: string): ReadonlySet<string> {
    return this.#namesByZone.get(zone) ?? NO_NAMES;
  }

  /** A service and its previews; nothing where it is not there. */
  namesOf(name: string): string[] {
    const compiled = this.#services.get(name);
    return compiled === undefined ? [] : [name, ...compiled.previews.keys()];
  }

  /** The cell that a name leads to: its service's; or, where the node has no records, that of the preview it is; 0: none. */
  cellAt(zone: string, name: string, hasRecords: boolean): number {
    const own = this.#services.get(name);
    if (own?.service.zone === zone) return own.cell;
    return hasRecords ? 0 : this.#previewAt(zone, name);
  }

  /** The cell of the preview that a name is for the service one label above it; 0: none. */
  #previewAt(zone: string, name: string): number {
    const above = parentOf(name);
    const owner = above === undefined ? undefined : this.#services.get(above);
    return owner?.service.zone === zone ? (owner.previews.get(name)?.cell ?? 0) : 0;
  }

  /** The types that a name (lower-case wire form) has through its service, or that whose preview it is. */
  typesAt(zone: string, owner: Uint8Array, hasRecords: boolean): ServiceTypes | undefined {
    const name = wireToName(owner);
    const own = this.#services.get(name);
    if (own?.service.zone === zone) return { service: own.service, pools: own.pools.map((pool) => typesOf(own, pool)) };
    if (hasRecords || this.#previewAt(zone, name) === 0) return undefined;
    const above = this.#services.get(parentOf(name) as string) as CompiledService;
    const { pool } = above.previews.get(name) as CompiledPreview;
    return { service: above.service, pools: [typesOf(above, pool)] };
  }

  /** What a service and its previews say of their names; nothing where it is none of the zone. */
  sealed(zone: string, name: string): SealedService[] {
    const service = this.#services.get(name)?.service;
    return service?.zone === zone ? sealedOf(service) : [];
  }

  /** Remembers what a name has become, or, with undefined, forgets it; what was before comes back if it is taken back. */
  set(name: string, compiled: CompiledService | undefined, preparation: Preparation): void {
    const old = this.#services.get(name);
    this.#replace(name, old, compiled);
    preparation.undo(() => this.#replace(name, compiled, old));
  }

  /** Remembers a service that another writer left. */
  keep(name: string, compiled: CompiledService): void {
    this.#replace(name, undefined, compiled);
  }

  #replace(name: string, from: CompiledService | undefined, to: CompiledService | undefined): void {
    if (from !== undefined) this.#namesByZone.get(from.service.zone)?.delete(name);
    if (to === undefined) {
      this.#services.delete(name);
      return;
    }
    this.#services.set(name, to);
    const { zone } = to.service;
    const names = this.#namesByZone.get(zone);
    if (names === undefined) this.#namesByZone.set(zone, new Set([name]));
    else names.add(name);
  }
}

function typesOf({ service }: CompiledService, { first, second }: CompiledPool): number[] {
  if (service.kind === 'host') return [TYPE.CNAME];
  return [...(first === 0 ? [] : [TYPE.A]), ...(second === 0 ? [] : [TYPE.AAAA])];
}
