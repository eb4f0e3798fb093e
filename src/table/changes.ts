/** The one face of the table that the control path needs: prepare changes, then publish or take them back. */

import type { ZoneSigning } from '../model/dnssec/signing.ts';
import type { Problem } from '../model/errors.ts';
import type { ModelChange } from '../model/revision.ts';
import type { RRset } from '../model/rrset.ts';
import type { Service } from '../model/service.ts';
import type { Zone } from '../model/zone.ts';
import type { Followed } from './followed.ts';
import type { SealedService } from './zone-sealer.ts';

/** The records of a zone that were compiled aside: the cell of their index, and what the zone's version says of them. */
export interface StagedIndex {
  readonly index: number;
  readonly flags: number;
  /** The root of the order of its names, where it was signed as it was built. */
  readonly order?: number;
  /** By whom: `ZoneSigners.markOf`; left out: by nobody. */
  readonly signedBy?: string;
  /** What has become of its names since it was begun, where somebody follows that; else all of its services are led to by what takes it over. */
  readonly followed?: Followed;
  /** The zone is to be left out by it: there is no room for its records, and mostly no index of them (0). */
  readonly isLeftOut?: boolean;
}

/** One RRset of a zone that has changed, as it is now. */
export type RRsetNow = { readonly rrset: RRset } | { readonly gone: { readonly name: string; readonly type: number } };

/** An index that was built aside, and what is to be brought in before anybody is answered from it. */
export interface CaughtUp {
  readonly zone: string;
  readonly staged: StagedIndex & { readonly followed: Followed };
  /** How the zone is signed in it, where that is not how it is signed now (`as` undefined: not at all). */
  readonly signing?: { readonly as: ZoneSigning | undefined };
  readonly since: readonly RRsetNow[];
}

/** The records of a zone as they are answered, compiled aside once more for another way to sign it. */
export interface RebuiltZone {
  readonly zone: Zone;
  /** Undefined: the zone is not signed any more. */
  readonly signing: ZoneSigning | undefined;
  readonly staged: StagedIndex;
  /** What has changed since it was read, as it is now. */
  readonly since: readonly RRsetNow[];
}

/** A change of the model, with what was staged in this table for it. */
export type TableChange =
  | Exclude<ModelChange, { op: 'importZone' }>
  | { readonly op: 'importZone'; readonly zone: Zone; readonly staged: StagedIndex }
  /**
   * A zone that has no room: SERVFAIL, until it is imported, or the table loaded anew. What it was answered with is dropped,
   * but for its services; `keepsRecords`: not where the zone is unsigned, since there is no room even to lead to those anew.
   */
  | { readonly op: 'leaveOut'; readonly zone: Zone; readonly keepsRecords?: boolean }
  | { readonly op: 'rebuildZone'; readonly rebuilt: RebuiltZone }
  /** Leads some names of a zone that is built aside to its services. */
  | { readonly op: 'linkAhead'; readonly zone: string; readonly staged: CaughtUp['staged'] }
  /** Brings a zone that is built aside up to some of what has changed meanwhile. */
  | { readonly op: 'catchUp'; readonly caughtUp: CaughtUp }
  /** Signs some names of a zone (lower-case wire form) anew. */
  | { readonly op: 'renewNames'; readonly zone: string; readonly names: readonly Uint8Array[] }
  /** Signs what a service answers with in the way in which its zone is signed now. */
  | { readonly op: 'resignService'; readonly name: string }
  /** The digest of a zone (RDATA of its ZONEMD) is answered from now on; without one: none is, where one was put so. */
  | {
      readonly op: 'putDigest';
      readonly zone: string;
      readonly digest?: { readonly ttlSeconds: number; readonly rdata: Uint8Array };
    };

/** What changes how things are signed, or what nobody is answered from yet, or brings a zone back, and nothing else. */
export type SigningAnew = Extract<
  TableChange,
  {
    op:
      | 'importZone'
      | 'putSigning'
      | 'rebuildZone'
      | 'renewNames'
      | 'resignService'
      | 'putDigest'
      | 'linkAhead'
      | 'catchUp';
  }
>;

/** Up to where a table holds what a store does. */
export interface Held {
  readonly revision: number;
  /** Tells the history that led there from every other; see control/log/history.ts. */
  readonly history: number;
}

/** What a table holds, as its writer knows it. */
export interface TableContent {
  /** Zones that are answered with SERVFAIL, since there was no room for them. */
  leftOut(): ReadonlySet<string>;
  hasZone(zone: string): boolean;
  hasRRset(zone: string, name: string, type: number): boolean;
  /** As they are answered. */
  service(name: string): Service | undefined;
  services(): Iterable<Service>;
  servicesIn(zone: string): Iterable<string>;
  /** What a service of a zone and its previews say of their names, for who signs it aside; nothing where it is not there. */
  sealed(zone: string, service: string): SealedService[];
  /** Answers of the service that nobody has counted may be held by caches for as long as its pools say. */
  noteHeld(service: Service): void;
  /** Compiles a whole zone aside, for `importZone`; of one that is signed, with the signatures that are kept. */
  build(zone: Zone, rrsets: () => Iterable<RRset>, signed?: LoadedSigning): StagedIndex | Problem;
}

/** How a zone is signed that is read whole. */
export interface LoadedSigning {
  readonly signing: ZoneSigning;
  readonly services: readonly SealedService[];
}

/** `unsigned`: its signing is still to be brought in. */
export type Loaded = 'whole' | 'unsigned';

export interface TableChanges {
  readonly content: TableContent;
  /** Bytes that it takes, and may take. */
  readonly memory: { readonly usedBytes: number; readonly maxBytes: number };
  /** What the table holds; undefined: it was never said to be whole. */
  readonly held: Held | undefined;
  /** From now on the table is whole, and holds so much. */
  hold(held: Held): void;
  /**
   * Brings a whole zone in and publishes it: cheaper than its RRsets one by one, for the start. Where it is signed and the
   * signatures are kept, it is whole with them; else it is left unsigned, and noted for who signs aside.
   */
  load(zone: Zone, rrsets: () => Iterable<RRset>, signed?: LoadedSigning): Problem | Loaded;
  /** Leaves so many bytes of the table, besides what is kept for shifts, to what may use those: until it is said otherwise. */
  keepRoom(bytes: number): void;
  /**
   * Compiles every change into the table under a generation that no worker sees yet. On a Problem nothing is left
   * behind. At most one prepared list is pending at a time.
   */
  prepare(changes: readonly TableChange[]): Problem | undefined;
  /**
   * Makes all that was prepared visible to every worker, in one store of the generation word. `held`: the revision that the
   * table holds from then on; left out: that which it held.
   */
  publish(held?: Held): void;
  /** Frees what nobody reads any more, and some of what was dropped; true: soon again. */
  collect(): boolean;
  /** Undoes what was prepared: the store refused it. */
  takeBack(): void;
}
