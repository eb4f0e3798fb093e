/** A signature as it is kept: a row of its own, with a sum. */
import { crc32 } from 'node:zlib';

/** A signature, and what it was made for. Times are Unix time, seconds. */
export interface SignatureRow {
  /** Of the RRset and the key. */
  readonly digest: Uint8Array;
  readonly inception: number;
  readonly expiration: number;
  readonly signature: Uint8Array;
}

export interface Row {
  readonly inception: number;
  readonly expiration: number;
  readonly signature: Buffer;
  readonly sum: number;
}

/** A row, where it is as it was written. */
export function found(digest: Uint8Array, row: Row | undefined): SignatureRow | undefined {
  if (row === undefined) return undefined;
  const { inception, expiration, signature, sum } = row;
  const read = { digest, inception, expiration, signature };
  return sumOf(read) === sum ? read : undefined;
}

export function columnsOf(row: SignatureRow): unknown[] {
  return [row.digest, row.inception, row.expiration, row.signature, sumOf(row)];
}

/** In the order of the file's pages, as far as the first bytes say it. */
export function inOrder(rows: readonly SignatureRow[]): SignatureRow[] {
  const first = ({ digest }: SignatureRow): number => (digest[0] << 16) | (digest[1] << 8) | digest[2];
  return [...rows].sort((a, b) => first(a) - first(b));
}

const times = new DataView(new ArrayBuffer(8));

/** SQLite has no checksums of its own, and a signature with a wrong bit would be answered for two weeks. Against what disks do, and not against people: whoever can write the file can take it away. */
function sumOf({ digest, inception, expiration, signature }: SignatureRow): number {
  times.setUint32(0, inception);
  times.setUint32(4, expiration);
  return crc32(signature, crc32(new Uint8Array(times.buffer), crc32(digest)));
}
