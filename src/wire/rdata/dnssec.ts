/** Formats of DNSSEC that several types share, those before RFC 4034 among them. */
import { domainName } from './basic.ts';
import { base64, digestLength, hex } from './binary.ts';
import type { Format } from './format.ts';
import { code, signatureTime, uint8, uint16, uint32 } from './number.ts';
import { recordType } from './type-bitmap.ts';

/** DNSSEC algorithms (RFC 4034 appendix A.1 and the IANA registry "DNS Security Algorithm Numbers"). */
export const algorithm = code('algorithm', 1, {
  RSAMD5: 1,
  DH: 2,
  DSA: 3,
  RSASHA1: 5,
  'DSA-NSEC3-SHA1': 6,
  'RSASHA1-NSEC3-SHA1': 7,
  RSASHA256: 8,
  RSASHA512: 10,
  'ECC-GOST': 12,
  ECDSAP256SHA256: 13,
  ECDSAP384SHA384: 14,
  ED25519: 15,
  ED448: 16,
  INDIRECT: 252,
  PRIVATEDNS: 253,
  PRIVATEOID: 254,
});

/** RFC 4034 §5.1; digests: RFC 4509, RFC 5933, RFC 6605. A CDS of digest type 0 asks for removal (RFC 8078 §4). */
export const ds: Format = {
  fields: [uint16('key tag'), algorithm, uint8('digest type'), hex('digest')],
  check: digestLength('a digest', 3, 4, { 1: 20, 2: 32, 3: 32, 4: 48 }),
};

/** RFC 4034 §2.1. */
export const dnskey: Format = {
  fields: [uint16('flags'), uint8('protocol'), algorithm, base64('public key')],
};

/** RFC 4034 §3.1. */
export const signature: Format = {
  fields: [
    recordType('type covered'),
    algorithm,
    uint8('labels'),
    uint32('original TTL'),
    signatureTime('expiration'),
    signatureTime('inception'),
    uint16('key tag'),
    domainName('signer'),
    base64('signature'),
  ],
};
