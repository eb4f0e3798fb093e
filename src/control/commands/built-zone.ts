/** A zone whose records were brought aside, for the command that makes them the zone's. */
import type { Problem } from '../../model/errors.ts';
import type { ZoneApex } from '../../model/zone-apex.ts';
import type { StagedContent } from '../../store/derived.ts';
import type { StagedIndex } from '../../table/changes.ts';

/** Where store and table of this process hold a zone's records until an entry of the log makes them the zone's. */
export type StagedZone = StagedContent & StagedIndex;

/**
 * What is to become of keys and signatures that a zone file brings: the zone is served as it is, or they are dropped and it
 * is signed here.
 */
export type Signatures = 'keep' | 'resign';

/** A zone that is ready to be taken over. */
export interface BuiltZone {
  /** What the file's SOA and NS records at the apex say. */
  readonly apex: ZoneApex;
  /** It is served with the signatures that it brings. */
  readonly isKept?: boolean;
  /** Its DNSKEY records then, base64. */
  readonly dnskeys?: readonly string[];
  /** Its records have a digest of the file's own (ZONEMD), which stays as it is. */
  readonly hasDigest?: boolean;
  /** RRsets besides the apex's SOA and NS. */
  readonly rrsets: number;
  /** SHA-256 of the file, hexadecimal. */
  readonly sha256: string;
  /** Absent where the zone holds just these RRsets already. */
  readonly staged: StagedZone | undefined;
}

/** What a zone is imported from: chunks that are read one after the other. */
export interface ContentSource {
  readonly zone: string;
  /** SHA-256, hexadecimal. */
  readonly content: string;
  readonly chunks: number;
  chunk(position: number): Uint8Array | undefined;
}

/** A content that all nodes have which shifts wait for. */
export interface Shared {
  /** To be called with what became of the command that names it: its revision, or why it was refused. */
  over(result: number | Problem): Promise<void>;
}

export interface Contents {
  /** Brings a content to all nodes; resolves when an entry may name it. */
  share(source: ContentSource): Promise<Shared | Problem>;
  /** What is being brought comes to nothing, within a second. */
  stop(): void;
}
