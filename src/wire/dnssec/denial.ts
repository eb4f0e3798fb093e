/** NSEC and NSEC3: the data of records that say what is not there (RFC 4034 §4, RFC 5155 §3). */
import { hash } from 'node:crypto';
import { bitmapOf } from '../rdata/type-bitmap.ts';

export { bitmapOf, typesOf } from '../rdata/type-bitmap.ts';

/** SHA-1, the only hash of NSEC3 (RFC 5155 §11). */
const NSEC3_SHA1 = 1;
/** Base 32 with the extended hex alphabet, in lower case, without padding (RFC 4648 §7, RFC 5155 §3.3). */
const DIGITS = '0123456789abcdefghijklmnopqrstuv';

/** The RDATA of NSEC: the next name in canonical order, its case as it stands, and the types that the owner has. */
export function nsecRdata(next: Uint8Array, types: readonly number[]): Uint8Array {
  return joined(next, bitmapOf(types));
}

/** The RDATA of NSEC3 as zones that are signed here have it: no flags, no iterations, no salt (RFC 9276 §3.1). */
export function nsec3Rdata(nextHash: Uint8Array, types: readonly number[]): Uint8Array {
  return joined(Uint8Array.of(NSEC3_SHA1, 0, 0, 0, 0, nextHash.length), nextHash, bitmapOf(types));
}

/** The RDATA of NSEC3PARAM that goes with it. */
export function nsec3ParamRdata(): Uint8Array {
  return Uint8Array.of(NSEC3_SHA1, 0, 0, 0, 0);
}

/** The hash of a name in lower-case wire form (RFC 5155 §5): by default as RFC 9276 wants it. */
export function nsec3Hash(name: Uint8Array, iterations = 0, salt: Uint8Array = new Uint8Array()): Uint8Array {
  let digest: Uint8Array = hash('sha1', joined(name, salt), 'buffer');
  for (let i = 0; i < iterations; i++) digest = hash('sha1', joined(digest, salt), 'buffer');
  return digest;
}

/** The label that a hash is as the owner of an NSEC3 record. */
export function hashLabel(digest: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of digest) {
    held = ((held << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += DIGITS[(held >> (bits - 5)) & 31];
  }
  return bits === 0 ? text : text + DIGITS[(held << (5 - bits)) & 31];
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
