/** A zone whose records were brought aside, for the command that makes them the zone's. */
import type { ZoneApex } from '../../model/zone-apex.ts';
import type { StagedContent } from '../../store/derived.ts';
import type { StagedIndex } from '../../table/changes.ts';

/** Where store and table of this process hold a zone's records until an entry of the log makes them the zone's. */
export type StagedZone = StagedContent & StagedIndex;

/** A zone that is ready to be taken over. */
export interface BuiltZone {
  /** What the file's SOA and NS records at the apex say. */
  readonly apex: ZoneApex;
  /** RRsets besides the apex's SOA and NS. */
  readonly rrsets: number;
  /** SHA-256 of the file, hexadecimal. */
  readonly sha256: string;
  /** Absent where the zone holds just these RRsets already. */
  readonly staged: StagedZone | undefined;
}
