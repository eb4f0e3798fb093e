/** Keys as DNSKEY and DS say them (RFC 4034 §2 and §5). */
import { hash } from 'node:crypto';

/** Algorithms that zones are signed with here (RFC 8624 §3.1). */
export const ALGORITHM = { ECDSAP256SHA256: 13, ED25519: 15 } as const;

/** Digests of DS records (RFC 4509, RFC 6605 §2); SHA-1 is for others' records only (RFC 8624 §3.3). */
const digests = new Map([
  [1, 'sha1'],
  [2, 'sha256'],
  [4, 'sha384'],
]);

/** Flags of a key that signs a zone, and of one that a DS may point to (RFC 4034 §2.1.1). */
export const ZONE_KEY = 0x0100;
export const SECURE_ENTRY_POINT = 0x0001;
const PROTOCOL = 3;

/** The RDATA of a DNSKEY. */
export function dnskeyRdata(flags: number, algorithm: number, publicKey: Uint8Array): Uint8Array {
  const rdata = new Uint8Array(4 + publicKey.length);
  rdata.set([flags >> 8, flags & 0xff, PROTOCOL, algorithm]);
  rdata.set(publicKey, 4);
  return rdata;
}

/** The tag of a key, of its DNSKEY RDATA (RFC 4034 appendix B; not of RSA/MD5, which nobody may use). */
export function keyTag(dnskey: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < dnskey.length; i++) sum += i & 1 ? dnskey[i] : dnskey[i] << 8;
  return (sum + (sum >>> 16)) & 0xffff;
}

/**
 * The RDATA of the DS (or CDS) that leads to a key: of its DNSKEY RDATA and its owner in lower-case wire form (RFC 4034
 * §5.1.4). Undefined: the digest's type is not known.
 */
export function dsRdata(owner: Uint8Array, dnskey: Uint8Array, digestType: number): Uint8Array | undefined {
  const digest = digests.get(digestType);
  if (digest === undefined) return undefined;
  const bytes = hash(digest, Buffer.concat([owner, dnskey]), 'buffer');
  const rdata = new Uint8Array(4 + bytes.length);
  const tag = keyTag(dnskey);
  rdata.set([tag >> 8, tag & 0xff, dnskey[3], digestType]);
  rdata.set(bytes, 4);
  return rdata;
}
