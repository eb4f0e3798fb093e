/**
 * How an index that was built aside takes the place of what a zone is answered from. What has become of the zone since it
 * was begun is brought into it before that, some names at a time, in publications that nobody sees anything of: the one that
 * swaps it in finds little left, however many services and changes there are.
 */
import { nameToWire } from '../model/name.ts';
import type { RRset } from '../model/rrset.ts';
import type { Zone } from '../model/zone.ts';
import type { CaughtUp, RebuiltZone, RRsetNow, StagedIndex } from './changes.ts';
import { zoneFlags } from './flags.ts';
import type { Following } from './followed.ts';
import { ZONE_IS_HASHED } from './layout.ts';
import { NO_ZONE, type NodeWriter } from './nodes.ts';
import type { Preparation } from './preparation.ts';
import type { ChainWriter } from './proofs/chain.ts';
import type { RRsetCompiler } from './rrset-compiler.ts';
import type { ZoneSigners } from './rrset-signer.ts';
import type { ServiceRegistry } from './services.ts';

/** Services whose names are led to them in one go: a millisecond or two. */
const LINKED_AT_ONCE = 200;
/** Names that have changed and are brought in in one go: signed, with their neighbours, some milliseconds. */
const CAUGHT_UP_AT_ONCE = 32;

interface Parts {
  readonly preparation: Preparation;
  readonly nodes: NodeWriter;
  readonly services: ServiceRegistry;
  readonly chain: ChainWriter;
  readonly following: Following;
}

/** Who writes zones, in whatever index. */
interface ZoneWriting {
  readonly signers: ZoneSigners;
  compilerOf(zone: string): RRsetCompiler;
  beginUnseen(index: number, zone: string): void;
  writeApex(index: number, apex: Uint8Array, zone: Zone): void;
  putIn(index: number, rrset: RRset): number;
  deleteIn(index: number, zone: string, name: string, type: number): boolean;
  lead(index: number, zone: string, name: string, owner: Uint8Array): void;
  linkIn(index: number, zone: string, name: string): void;
  putRRset(rrset: RRset): void;
  deleteRRset(zone: string, name: string, type: number): void;
  hasRRset(zone: string, name: string, type: number): boolean;
  touch(zone: string, name: string): void;
  resign(zone: string): void;
  signFirst(zone: string, signing: RebuiltZone['signing']): void;
}

/** Each change is a part of the pending preparation, and throws ArenaFull. */
export class Takeover {
  readonly #parts: Parts;
  readonly #zones: ZoneWriting;

  constructor(parts: Parts, zones: ZoneWriting) {
    this.#parts = parts;
    this.#zones = zones;
  }

  /** Leads the names of some services to them; what proves these names was made with the rest of the zone. */
  linkAhead(zone: string, { index, followed }: CaughtUp['staged']): void {
    const some = followed.unlinked.slice(-LINKED_AT_ONCE);
    this.#adopt(index, zone);
    let flags = 0;
    for (const name of some) flags |= this.#lead(index, zone, name);
    this.#parts.preparation.onPublish(() => {
      followed.unlinked.length -= some.length;
      followed.flags |= flags;
    });
  }

  /**
   * Brings in RRsets that have changed, and some names of which something has; what proves them is made true to that. To be
   * called when few services are left to be led to.
   */
  catchUp({ zone, staged, signing, since }: CaughtUp): void {
    const { index, followed } = staged;
    const { signers } = this.#zones;
    const { preparation } = this.#parts;
    this.#adopt(index, zone);
    const undo = signing && signers.set(zone, signing.as).undo;
    try {
      const owners: Uint8Array[] = [];
      let flags = 0;
      // What is proved here is looked up in the index: where a name leads to no service yet, it would have nothing.
      for (const name of followed.unlinked) flags |= this.#lead(index, zone, name);
      for (const change of since) {
        flags |= this.#bring(index, zone, change);
        owners.push(nameToWire('rrset' in change ? change.rrset.name : change.gone.name));
      }
      const some = firstOf(followed.changed, CAUGHT_UP_AT_ONCE);
      for (const name of some) {
        const owner = nameToWire(name);
        this.#zones.lead(index, zone, name, owner);
        flags |= this.#flagsAt(zone, name);
        owners.push(owner);
      }
      const order = this.#follow(zone, staged, owners);
      preparation.onPublish(() => {
        for (const name of some) followed.changed.delete(name);
        followed.unlinked.length = 0;
        followed.flags |= flags;
        followed.order = order;
      });
    } finally {
      undo?.();
    }
  }

  #bring(index: number, zone: string, change: RRsetNow): number {
    if ('rrset' in change) return this.#zones.putIn(index, change.rrset);
    this.#zones.deleteIn(index, zone, change.gone.name, change.gone.type);
    return 0;
  }

  /** The root of the order from then on; undefined: it is none that is kept up here. */
  #follow(zone: string, staged: CaughtUp['staged'], owners: readonly Uint8Array[]): number | undefined {
    const root = orderOf(staged);
    if (root === 0) return staged.followed.order;
    const { chain } = this.#parts;
    const compiler = this.#zones.compilerOf(zone);
    const isHashed = (staged.flags & ZONE_IS_HASHED) !== 0;
    const aside = { name: zone, index: staged.index, compiler, root, isHashed };
    // It was signed in another way than the zone is now, and will be signed anew as a whole.
    const isOthers = (staged.signedBy ?? '') !== this.#zones.signers.markOf(zone);
    return compiler.signs && !isOthers ? chain.followAside(aside, owners) : chain.letGoAside(aside, owners);
  }

  /** Swaps the zone's index for one that was built aside to be signed in another way; its services aside. */
  rebuild({ zone, signing, staged, since }: RebuiltZone): void {
    const zones = this.#zones;
    zones.signFirst(zone.name, signing);
    this.import(zone, staged);
    for (const change of since) {
      if ('rrset' in change) zones.putRRset(change.rrset);
      else if (zones.hasRRset(zone.name, change.gone.name, change.gone.type))
        zones.deleteRRset(zone.name, change.gone.name, change.gone.type);
      else zones.touch(zone.name, change.gone.name);
    }
  }

  /** Swaps the zone's index for one that was built aside, and leads to those services to which it does not lead yet. */
  import(zone: Zone, staged: StagedIndex): void {
    const { index, signedBy = '', followed } = staged;
    const { nodes, services, following, preparation } = this.#parts;
    const zones = this.#zones;
    const order = orderOf(staged);
    const apex = nameToWire(zone.name);
    const existing = nodes.zone(apex);
    const replaced = existing === 0 ? NO_ZONE : nodes.zoneContent(existing);
    this.#adopt(index, zone.name);
    zones.writeApex(index, apex, zone);
    let flags = staged.flags | (followed?.flags ?? 0);
    for (const name of followed?.unlinked ?? services.namesIn(zone.name)) {
      flags |= this.#lead(index, zone.name, name);
      // Nobody knows whether what proves it was made with it.
      if (followed === undefined) for (const each of services.namesOf(name)) zones.touch(zone.name, each);
    }
    // Being led to, they are noted once more.
    for (const name of [...(followed?.changed ?? [])]) {
      flags |= this.#flagsAt(zone.name, name);
      zones.linkIn(index, zone.name, name);
    }
    nodes.setZone(apex, { index, apex: nodes.find(index, apex), flags, order });
    if (replaced.index !== 0) nodes.dropIndex(replaced.index, replaced.order);
    zones.touch(zone.name, zone.name);
    if (followed !== undefined) preparation.onPublish(() => following.end(followed));
    // It was signed in another way than the zone is now.
    if (order !== 0 && signedBy !== zones.signers.markOf(zone.name)) zones.resign(zone.name);
  }

  #adopt(index: number, zone: string): void {
    this.#parts.nodes.adoptIndex(index);
    this.#zones.beginUnseen(index, zone);
  }

  /** Leads a service's names to it. What the zone's version is to say of that. */
  #lead(index: number, zone: string, name: string): number {
    // A child has taken it over: its names have changed, and come to nothing where what proves them is brought up to that.
    if (this.#parts.services.get(name)?.service.zone !== zone) return 0;
    for (const each of this.#parts.services.namesOf(name)) this.#zones.lead(index, zone, each, nameToWire(each));
    return this.#flagsAt(zone, name);
  }

  #flagsAt(zone: string, name: string): number {
    if (this.#parts.services.get(name)?.service.zone !== zone) return 0;
    const owner = nameToWire(name);
    return zoneFlags(owner, 0, owner.length === nameToWire(zone).length);
  }
}

/** The root of the order of a zone's names that was built aside; 0: it has none. */
export function orderOf({ order = 0, followed }: Pick<StagedIndex, 'order' | 'followed'>): number {
  return followed?.order ?? order;
}

function firstOf(names: Iterable<string>, count: number): string[] {
  const some: string[] = [];
  for (const name of names) {
    if (some.length === count) break;
    some.push(name);
  }
  return some;
}
