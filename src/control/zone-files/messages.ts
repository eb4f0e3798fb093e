/** What the main thread and the builder thread say to each other. */
import type { StagedZone } from '../../model/revision.ts';
import type { ZoneApex } from '../../model/zone-apex.ts';
import type { SharedStore } from '../../store/staging.ts';
import type { BlockList } from '../../table/free-blocks.ts';
import type { SharedTable } from '../../table/memory.ts';
import type { Findings } from '../../wire/zone-file/finding.ts';

/** What the builder thread is started with. */
export interface BuilderParts {
  readonly table: SharedTable;
  readonly store: SharedStore;
}

/** One zone file to be built. */
export interface BuildRequest {
  readonly kind: 'build';
  /** Canonical name. */
  readonly zone: string;
  readonly bytes: Uint8Array;
  /** Names of services in the zone, whose addresses no record gives. */
  readonly services: ReadonlySet<string>;
  /** Those of them that answer with a CNAME. */
  readonly aliases: ReadonlySet<string>;
  /** Free blocks of the arena, to be used first. */
  readonly blocks: readonly BlockList[];
}

/** A zone that is ready to be taken over. */
export interface BuiltZone {
  /** What the file's SOA and NS records at the apex say. */
  readonly apex: ZoneApex;
  /** RRsets besides the apex's SOA and NS. */
  readonly rrsets: number;
  /** SHA-256 of the file, hexadecimal. */
  readonly sha256: string;
  /** Where store and table hold it; absent where the zone holds just these RRsets already. */
  readonly staged: StagedZone | undefined;
}

export interface BuildReply {
  /** Absent where the file has errors, or something failed. */
  readonly built?: BuiltZone;
  readonly findings: Pick<Findings, 'errors' | 'warnings' | 'moreErrors' | 'moreWarnings'>;
  /** The arena was full. */
  readonly tableFull: boolean;
  /** The store's or another unexpected failure. */
  readonly failure?: string;
  readonly blocks: readonly BlockList[];
}

/** One zone to be written as a file. */
export interface ExportRequest {
  readonly kind: 'export';
  /** Canonical name. */
  readonly zone: string;
}

/** The file in pieces, UTF-8; undefined where there is no such zone. */
export interface ExportReply {
  readonly file: { readonly revision: number; readonly pieces: readonly Uint8Array<ArrayBuffer>[] } | undefined;
  readonly failure?: string;
}

/** Says that the thread shall finish what it does, close the store and end. */
export interface StopRequest {
  readonly kind: 'stop';
}
