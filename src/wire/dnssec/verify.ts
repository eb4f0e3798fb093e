/** Whether an RRset is vouched for: what a validator does with its RRSIGs and the DNSKEYs of a zone (RFC 4035 §5.3). */
import { keyTag } from './key.ts';
import { readSignature, signedBytes } from './rrsig.ts';
import type { SignedRRset } from './sections.ts';
import { Verifier } from './verifier.ts';

/** Why no key of the zone vouches for an RRset; undefined: one does. `nowMs`: Unix time, milliseconds. */
export function signatureFault(
  { owner, rdata, signatures }: SignedRRset,
  zone: Uint8Array,
  keys: readonly Uint8Array[],
  nowMs: number,
): string | undefined {
  if (signatures.length === 0) return 'has no signature';
  const verifier = new Verifier();
  let fault = 'is signed by no key of the zone';
  for (const signature of signatures) {
    const fields = readSignature(signature);
    if (Buffer.compare(fields.signer, zone) !== 0) continue;
    const now = Math.floor(nowMs / 1000);
    const key = keys.find((each) => each[3] === fields.algorithm && keyTag(each) === fields.keyTag);
    // Numbers that wrap (RFC 4034 §3.1.5).
    if (((fields.expiration - now) | 0) < 0) fault = 'has a signature that has ended';
    else if (((now - fields.inception) | 0) < 0) fault = 'has a signature that does not hold yet';
    else if (key !== undefined && verifier.isOf(key, fields.signature, signedBytes(fields, owner, rdata)) !== true)
      fault = 'is not what was signed';
    else if (key !== undefined) return undefined;
  }
  return fault;
}
