/** A zone whose records were brought aside, for the command that makes them the zone's. */
import type { StagedZone } from '../../model/revision.ts';
import type { ZoneApex } from '../../model/zone-apex.ts';

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
