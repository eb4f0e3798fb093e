/** The registry of RDATA formats: one entry a type, fields in the order of the wire. */
import { TYPE } from '../constants.ts';
import type { Malformed } from '../malformed.ts';
import { characterString, characterStrings, domainName, hostName, ipv4, ipv6, longString, tag } from './basic.ts';
import { base32, base64, digestLength, eui, hex, salt } from './binary.ts';
import type { Field } from './field.ts';
import { location } from './location.ts';
import { code, seconds, signatureTime, uint8, uint16, uint32 } from './number.ts';
import { svcParams } from './svc-params.ts';
import type { Mnemonic } from './type.ts';
import { recordType, typeBitmap } from './type-bitmap.ts';

export interface Format {
  readonly fields: readonly Field[];
  /** Names in it may be compressed in answers: only types of RFC 1035 itself (RFC 3597 §4). */
  readonly compressible?: true;
  /** Words of the form `key="value"` may stand in it (RFC 9460 §2.1). */
  readonly pairs?: true;
  /** What the fields of one record must agree on, beyond each by itself. */
  readonly check?: (rdata: Uint8Array) => Malformed | undefined;
}

/** DNSSEC algorithms (RFC 4034 appendix A.1 and the IANA registry "DNS Security Algorithm Numbers"). */
const algorithm = code('algorithm', 1, {
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

/** RFC 4398 §2.1. */
const certificateType = code('certificate type', 2, {
  PKIX: 1,
  SPKI: 2,
  PGP: 3,
  IPKIX: 4,
  ISPKI: 5,
  IPGP: 6,
  ACPKIX: 7,
  IACPKIX: 8,
  URI: 253,
  OID: 254,
});

/** RFC 4034 §5.1; digests: RFC 4509, RFC 5933, RFC 6605. A CDS of digest type 0 asks for removal (RFC 8078 §4). */
const ds: Format = {
  fields: [uint16('key tag'), algorithm, uint8('digest type'), hex('digest')],
  check: digestLength('a digest', 3, 4, { 1: 20, 2: 32, 3: 32, 4: 48 }),
};

/** RFC 4034 §2.1. */
const dnskey: Format = {
  fields: [uint16('flags'), uint8('protocol'), algorithm, base64('public key')],
};

/** RFC 6698 §2.1. */
const tlsa: Format = {
  fields: [uint8('usage'), uint8('selector'), uint8('matching type'), hex('certificate association data')],
};

/** RFC 9460 §2.2; the target is not compressed. */
const svcb: Format = { fields: [uint16('priority'), hostName('target'), svcParams], pairs: true };

const text: Format = { fields: [characterStrings('text')] };

/** The types we know by mnemonic; every other one is written in the generic form (RFC 3597 §5). */
const formats: { readonly [mnemonic in Mnemonic]?: Format } = {
  A: { fields: [ipv4('address')] },
  NS: { fields: [hostName('name server')], compressible: true },
  CNAME: { fields: [domainName('target')], compressible: true },
  SOA: {
    fields: [
      domainName('primary server'),
      domainName('mailbox'),
      uint32('serial'),
      seconds('refresh'),
      seconds('retry'),
      seconds('expire'),
      seconds('minimum'),
    ],
    compressible: true,
  },
  PTR: { fields: [domainName('target')], compressible: true },
  HINFO: { fields: [characterString('CPU'), characterString('OS')] },
  MX: { fields: [uint16('preference'), hostName('exchange')], compressible: true },
  TXT: text,
  RP: { fields: [domainName('mailbox'), domainName('name of the text')] },
  AFSDB: { fields: [uint16('subtype'), domainName('server')] },
  AAAA: { fields: [ipv6('address')] },
  LOC: { fields: [location] },
  SRV: { fields: [uint16('priority'), uint16('weight'), uint16('port'), hostName('target')] },
  NAPTR: {
    fields: [
      uint16('order'),
      uint16('preference'),
      characterString('flags'),
      characterString('services'),
      characterString('regular expression'),
      domainName('replacement'),
    ],
  },
  CERT: { fields: [certificateType, uint16('key tag'), algorithm, base64('certificate')] },
  DNAME: { fields: [domainName('target')] },
  DS: ds,
  /** RFC 4255 §3.1; SHA-256: RFC 6594. */
  SSHFP: {
    fields: [uint8('algorithm'), uint8('fingerprint type'), hex('fingerprint')],
    check: digestLength('a fingerprint', 1, 2, { 1: 20, 2: 32 }),
  },
  RRSIG: {
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
  },
  NSEC: { fields: [domainName('next owner'), typeBitmap('types', 'some')] },
  DNSKEY: dnskey,
  /** No types at all: an empty non-terminal (RFC 5155 §7.1). */
  NSEC3: {
    fields: [
      uint8('hash algorithm'),
      uint8('flags'),
      uint16('iterations'),
      salt('salt'),
      base32('next hashed owner'),
      typeBitmap('types', 'any'),
    ],
  },
  NSEC3PARAM: { fields: [uint8('hash algorithm'), uint8('flags'), uint16('iterations'), salt('salt')] },
  TLSA: tlsa,
  SMIMEA: tlsa,
  CDS: ds,
  CDNSKEY: dnskey,
  OPENPGPKEY: { fields: [base64('public key')] },
  CSYNC: { fields: [uint32('serial'), uint16('flags'), typeBitmap('types', 'any')] },
  ZONEMD: {
    fields: [uint32('serial'), uint8('scheme'), uint8('hash algorithm'), hex('digest')],
    check: digestLength('a digest', 5, 6, { 1: 48, 2: 64 }),
  },
  SVCB: svcb,
  HTTPS: svcb,
  SPF: text,
  EUI48: { fields: [eui('address', 6)] },
  EUI64: { fields: [eui('address', 8)] },
  /** The target is not empty (RFC 7553 §4.5). */
  URI: { fields: [uint16('priority'), uint16('weight'), longString('target', 1)] },
  CAA: { fields: [uint8('flags'), tag('tag'), longString('value', 0)] },
};

const byCode = new Map<number, Format>(
  Object.entries(formats).map(([mnemonic, format]) => [TYPE[mnemonic as Mnemonic], format]),
);

export function formatOf(type: number): Format | undefined {
  return byCode.get(type);
}
