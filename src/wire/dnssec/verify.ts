/** Whether a signature is one, by node:crypto: what a validator does with an RRSIG and a DNSKEY (RFC 4035 §5.3). */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { keyTag } from './key.ts';
import { readSignature, signedBytes } from './rrsig.ts';
import type { SignedRRset } from './sections.ts';

/** RSA (RFC 5702), ECDSA (RFC 6605) and Ed25519 (RFC 8080), by their digests. */
const DIGESTS: ReadonlyMap<number, string | null> = new Map([
  [8, 'sha256'],
  [10, 'sha512'],
  [13, 'sha256'],
  [14, 'sha384'],
  [15, null],
]);
const ED25519 = 15;
const CURVES: ReadonlyMap<number, string> = new Map([
  [13, 'P-256'],
  [14, 'P-384'],
]);

/** Why no key of the zone vouches for an RRset; undefined: one does. `nowMs`: Unix time, milliseconds. */
export function signatureFault(
  { owner, rdata, signatures }: SignedRRset,
  zone: Uint8Array,
  keys: readonly Uint8Array[],
  nowMs: number,
): string | undefined {
  if (signatures.length === 0) return 'has no signature';
  let fault = 'is signed by no key of the zone';
  for (const signature of signatures) {
    const fields = readSignature(signature);
    if (Buffer.compare(fields.signer, zone) !== 0) continue;
    const now = Math.floor(nowMs / 1000);
    const key = keys.find((each) => each[3] === fields.algorithm && keyTag(each) === fields.keyTag);
    // Numbers that wrap (RFC 4034 §3.1.5).
    if (((fields.expiration - now) | 0) < 0) fault = 'has a signature that has ended';
    else if (((now - fields.inception) | 0) < 0) fault = 'has a signature that does not hold yet';
    else if (key !== undefined && !isSigned(fields, key, signedBytes(fields, owner, rdata)))
      fault = 'is not what was signed';
    else if (key !== undefined) return undefined;
  }
  return fault;
}

function isSigned(
  { algorithm, signature }: { readonly algorithm: number; readonly signature: Uint8Array },
  dnskey: Uint8Array,
  bytes: Uint8Array,
): boolean {
  const digest = DIGESTS.get(algorithm);
  const key = publicKeyOf(dnskey);
  if (key === undefined || digest === undefined) return false;
  return verify(digest, bytes, CURVES.has(algorithm) ? { key, dsaEncoding: 'ieee-p1363' } : key, signature);
}

/** Undefined: it cannot be read, or is of an algorithm that is not known here. */
function publicKeyOf(dnskey: Uint8Array): KeyObject | undefined {
  const algorithm = dnskey[3];
  const bytes = Buffer.from(dnskey.subarray(4));
  const text = (part: Uint8Array): string => Buffer.from(part).toString('base64url');
  const curve = CURVES.get(algorithm);
  const half = bytes.length / 2;
  try {
    if (curve !== undefined) {
      const jwk = { kty: 'EC', crv: curve, x: text(bytes.subarray(0, half)), y: text(bytes.subarray(half)) };
      return createPublicKey({ key: jwk, format: 'jwk' });
    }
    if (algorithm === ED25519) {
      return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: text(bytes) }, format: 'jwk' });
    }
    // RFC 3110 §2: the length of the exponent, of one byte or of three.
    const [size, at] = bytes[0] === 0 ? [bytes.readUInt16BE(1), 3] : [bytes[0], 1];
    const jwk = { kty: 'RSA', e: text(bytes.subarray(at, at + size)), n: text(bytes.subarray(at + size)) };
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return undefined;
  }
}
