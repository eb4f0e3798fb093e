/** RRsets as they are signed: in canonical form, in canonical order (RFC 4034 §6). */
import type { ByteWriter } from '../byte-writer.ts';
import { CLASS } from '../constants.ts';
import { canonicalRdata } from '../rdata.ts';

/**
 * Appends the records of an RRset as a signature covers them (RFC 4034 §3.1.8.1 and §6.3): each with its owner (in
 * lower-case wire form, a wildcard's with its `*`) and the original TTL, names of the data in lower case where
 * RFC 6840 §5.1 says so, sorted, each record once.
 */
export function appendCanonical(
  out: ByteWriter,
  owner: Uint8Array,
  type: number,
  ttlSeconds: number,
  rdata: readonly Uint8Array[],
): void {
  if (rdata.length === 1) return appendRecord(out, owner, type, ttlSeconds, canonicalRdata(type, rdata[0]));
  let before: Uint8Array | undefined;
  for (const data of inCanonicalOrder(type, rdata)) {
    if (before === undefined || compareRdata(before, data) !== 0) appendRecord(out, owner, type, ttlSeconds, data);
    before = data;
  }
}

/** The data of an RRset in canonical form and order; what is there twice stays. */
function inCanonicalOrder(type: number, rdata: readonly Uint8Array[]): Uint8Array[] {
  return rdata.map((data) => canonicalRdata(type, data)).sort(compareRdata);
}

/** As sequences of unsigned bytes; a shorter one that the longer begins with is first (RFC 4034 §6.3). */
export function compareRdata(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

function appendRecord(out: ByteWriter, owner: Uint8Array, type: number, ttlSeconds: number, data: Uint8Array): void {
  out.append(owner);
  out.unsigned(type, 2);
  out.unsigned(CLASS.IN, 2);
  out.unsigned(ttlSeconds, 4);
  out.unsigned(data.length, 2);
  out.append(data);
}
