/** An RRset: the records of one owner name and type (RFC 2181 §5). */

export interface RRset {
  /** Name of the zone that holds it (canonical text). */
  readonly zone: string;
  /** Owner name (canonical text, full). */
  readonly name: string;
  /** RR type code (RFC 1035 §3.2.2). */
  readonly type: number;
  readonly ttlSeconds: number;
  /** RDATA of each record in wire form, names in it uncompressed, in the order given. */
  readonly rdata: readonly Uint8Array[];
  readonly revision: number;
}
