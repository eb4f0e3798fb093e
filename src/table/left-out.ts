/**
 * Zones for which there was no room when the table was loaded: each is there by name, so that no zone above answers for it,
 * and everybody who asks for anything in it is told that this server cannot say (lookup-result.ts, UNAVAILABLE).
 */
import { nameToWire, wireToName } from '../model/name.ts';
import type { Zone } from '../model/zone.ts';
import type { TableChange } from './changes.ts';
import { ZONE_IS_LEFT_OUT } from './layout.ts';
import { ArenaFull } from './memory.ts';
import type { NodeWriter } from './nodes.ts';
import type { Preparation } from './preparation.ts';
import type { ZoneWriter } from './zone-writer.ts';

/** Each change is a part of the pending preparation, and throws ArenaFull. */
export class LeftOut {
  /** Canonical names. */
  readonly zones = new Set<string>();
  readonly #preparation: Preparation;
  readonly #nodes: NodeWriter;
  readonly #writer: Pick<ZoneWriter, 'put' | 'signers'>;

  constructor(preparation: Preparation, nodes: NodeWriter, writer: Pick<ZoneWriter, 'put' | 'signers'>) {
    this.#preparation = preparation;
    this.#nodes = nodes;
    this.#writer = writer;
  }

  put(zone: Zone): void {
    this.#writer.put(zone);
    const apex = nameToWire(zone.name);
    this.#nodes.setZone(apex, { ...this.#nodes.zoneContent(this.#nodes.zone(apex)), flags: ZONE_IS_LEFT_OUT });
    this.zones.add(zone.name);
    this.#preparation.undo(() => this.zones.delete(zone.name));
  }

  /** Goes on with the zones (lower-case wire form) of another writer's table. */
  adopt(zones: Iterable<Uint8Array>): void {
    for (const apex of zones) {
      const { flags } = this.#nodes.zoneContent(this.#nodes.zone(apex));
      if ((flags & ZONE_IS_LEFT_OUT) !== 0) this.zones.add(wireToName(apex));
    }
  }

  /**
   * Whether a change is of no use, being of records of a zone that is left out: they come with the zone. Where it need not be
   * taken, whoever asks for it is told that there is no room. A zone that is brought in whole, or ends, is not left out any more.
   */
  passesOver(change: TableChange, all: readonly TableChange[]): boolean {
    switch (change.op) {
      case 'putRRset':
        return this.#refuses(change.rrset.zone);
      case 'deleteRRset':
        return this.#refuses(change.zone);
      case 'putDigest':
      case 'deleteSigning':
        return this.zones.has(change.zone);
      case 'putSigning': {
        const { zone } = change.signing;
        return this.zones.has(zone) && !all.some((each) => each.op === 'importZone' && each.zone.name === zone);
      }
      case 'importZone':
        return this.#end(change.zone.name);
      case 'rebuildZone':
        return this.#end(change.rebuilt.zone.name);
      case 'deleteZone':
        return this.#end(change.zone);
      default:
        return false;
    }
  }

  #refuses(zone: string): boolean {
    if (!this.zones.has(zone)) return false;
    if (!this.#writer.signers.mustTake) throw new ArenaFull();
    return true;
  }

  #end(zone: string): false {
    if (this.zones.delete(zone)) this.#preparation.undo(() => this.zones.add(zone));
    return false;
  }
}
