/**
 * Zones for which there was no room when the table was loaded, or when others changed them in a log that has to be followed:
 * each is there by name, so that no zone above answers for it, and everybody who asks for anything in it is told that this
 * server cannot say (lookup-result.ts, UNAVAILABLE).
 */
import { nameToWire, wireToName } from '../model/name.ts';
import type { Zone } from '../model/zone.ts';
import type { StagedIndex, TableChange } from './changes.ts';
import { ZONE_IS_LEFT_OUT } from './layout.ts';
import { ArenaFull } from './memory.ts';
import type { NodeWriter } from './nodes.ts';
import type { Preparation } from './preparation.ts';
import type { ServiceRegistry } from './services.ts';
import { orderOf } from './takeover.ts';
import type { ZoneWriter } from './zone-writer.ts';

type Writer = Pick<ZoneWriter, 'put' | 'signers' | 'takeover' | 'unfollow'>;

/** Each change is a part of the pending preparation, and throws ArenaFull. */
export class LeftOut {
  /** Canonical names. */
  readonly zones = new Set<string>();
  readonly #preparation: Preparation;
  readonly #nodes: NodeWriter;
  readonly #writer: Writer;
  readonly #services: Pick<ServiceRegistry, 'get'>;

  constructor(preparation: Preparation, nodes: NodeWriter, writer: Writer, services: Pick<ServiceRegistry, 'get'>) {
    this.#preparation = preparation;
    this.#nodes = nodes;
    this.#writer = writer;
    this.#services = services;
  }

  /**
   * From now on the zone is left out. What it was answered with is dropped, and so is what was built of it all the same.
   * `keepsRecords`: see TableChange. Nobody looks at them; of a signed zone they would be signed all the while.
   */
  put(zone: Zone, staged?: StagedIndex, keepsRecords = false): void {
    if (this.zones.has(zone.name) && staged === undefined) return;
    const apex = nameToWire(zone.name);
    const isKept = keepsRecords && this.#writer.signers.of(zone.name) === undefined;
    if (this.#nodes.zone(apex) === 0) this.#writer.put(zone);
    else if (!isKept && !this.zones.has(zone.name)) this.#empty(zone);
    this.#nodes.setZone(apex, { ...this.#nodes.zoneContent(this.#nodes.zone(apex)), flags: ZONE_IS_LEFT_OUT });
    if (staged !== undefined && staged.index !== 0) {
      this.#nodes.adoptIndex(staged.index);
      this.#nodes.dropIndex(staged.index, orderOf(staged));
    }
    const followed = staged?.followed;
    if (followed !== undefined) this.#preparation.onPublish(() => this.#writer.unfollow(followed));
    if (this.zones.has(zone.name)) return;
    this.zones.add(zone.name);
    this.#preparation.undo(() => this.zones.delete(zone.name));
  }

  /** Its names lead to its services and to nothing else: who goes on with the table finds them there. */
  #empty(zone: Zone): void {
    // Nobody signs what nobody is answered with.
    this.#preparation.undo(this.#writer.signers.set(zone.name, undefined).undo);
    this.#writer.takeover.import(zone, { index: this.#nodes.makeIndex(), flags: 0 });
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
      case 'deleteService':
        // One that had no room either was never here.
        return this.zones.has(change.zone) && this.#services.get(change.name) === undefined;
      case 'putSigning': {
        const { zone } = change.signing;
        return this.zones.has(zone) && !all.some((each) => bringsIn(each, zone));
      }
      case 'importZone':
        return leavesOut(change) ? false : this.#end(change.zone.name);
      case 'rebuildZone':
        return this.#end(change.rebuilt.zone.name);
      case 'deleteZone':
        return this.#end(change.zone);
      default:
        return false;
    }
  }

  /** Whether a change brings in all of a zone that is left out. */
  isEndedBy(change: TableChange): boolean {
    return change.op === 'importZone' && this.zones.has(change.zone.name) && !leavesOut(change);
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

/** Whether a change leaves a zone out. */
export function leavesOut(change: TableChange): boolean {
  return change.op === 'leaveOut' || (change.op === 'importZone' && change.staged.isLeftOut === true);
}

/** Whether a change brings in all of a zone. */
export function bringsIn(change: TableChange, zone: string): boolean {
  return change.op === 'importZone' && change.zone.name === zone && !leavesOut(change);
}
