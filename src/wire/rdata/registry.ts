/** The registry of RDATA formats: one entry a type, fields in the order of the wire. */
import { IPV4_BYTES, IPV6_BYTES } from '../address.ts';
import { TYPE } from '../constants.ts';
import { Malformed } from '../malformed.ts';
import { nameLength } from '../name.ts';
import { characterString, characterStrings, domainName, hostName, ipv4, ipv6, longString, tag } from './basic.ts';
import { base32, base64, digestLength, eui, hex, salt } from './binary.ts';
import { algorithm, dnskey, ds, signature } from './dnssec.ts';
import type { Format } from './format.ts';
import { discoveryOptional, gateway, hasKnownGateway, RELAY_KIND_MASK, relayType } from './gateway.ts';
import { hostIdentity } from './host-identity.ts';
import { hexGroups } from './identifiers.ts';
import { hasLocationText, location } from './location.ts';
import { code, namedCode, seconds, uint8, uint16, uint32 } from './number.ts';
import { addressPrefixes, hasPrefixText } from './prefixes.ts';
import { rareFormats } from './registry-rare.ts';
import { svcParams } from './svc-params.ts';
import type { Mnemonic } from './type.ts';
import { recordType, typeBitmap } from './type-bitmap.ts';

export type { Format } from './format.ts';

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

/** RFC 6698 §2.1. */
const tlsa: Format = {
  fields: [uint8('usage'), uint8('selector'), uint8('matching type'), hex('certificate association data')],
};

/** RFC 9460 §2.2; the target is not compressed. */
const svcb: Format = { fields: [uint16('priority'), hostName('target'), svcParams], pairs: true };

const text: Format = { fields: [characterStrings('text')] };

/** The byte of IPSECKEY that says what its gateway is, and the one with its algorithm (RFC 4025 §2.1). */
const IPSEC_KIND_AT = 1;
const IPSEC_ALGORITHM_AT = 2;

/** RFC 4025. */
const ipseckey: Format = {
  fields: [
    uint8('precedence'),
    uint8('gateway type'),
    uint8('algorithm'),
    gateway('gateway', IPSEC_ALGORITHM_AT, 0xff),
    base64('public key', 'any'),
  ],
  hasText: hasKnownGateway(IPSEC_KIND_AT, 0xff),
  check: checkIpsecKey,
};

/** Without an algorithm there is no key (RFC 4025 §2.4), and with one there is. */
function checkIpsecKey(rdata: Uint8Array): Malformed | undefined {
  const bytes = ipseckeyKeyBytes(rdata);
  if (bytes > 0 || rdata[IPSEC_ALGORITHM_AT] === 0) return undefined;
  return new Malformed('public key may be left out only where the algorithm is 0');
}

function ipseckeyKeyBytes(rdata: Uint8Array): number {
  const kind = rdata[IPSEC_KIND_AT];
  const gatewayBytes = [0, IPV4_BYTES, IPV6_BYTES, kind === 3 ? nameLength(rdata, 3) : 0][kind];
  // Of a kind of the future nothing is known.
  return gatewayBytes === undefined ? 1 : rdata.length - 3 - gatewayBytes;
}

/** RFC 8777 §4: the relay stands right behind the byte that says what it is. */
const amtrelay: Format = {
  fields: [uint8('precedence'), discoveryOptional, relayType, gateway('relay', 1, RELAY_KIND_MASK)],
  hasText: hasKnownGateway(1, RELAY_KIND_MASK),
};

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
  LOC: { fields: [location], hasText: hasLocationText },
  SRV: { fields: [uint16('priority'), uint16('weight'), uint16('port'), hostName('target')] },
  KX: { fields: [uint16('preference'), domainName('exchanger')] },
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
  APL: { fields: [addressPrefixes], hasText: hasPrefixText },
  DS: ds,
  /** RFC 4255 §3.1; SHA-256: RFC 6594. */
  SSHFP: {
    fields: [uint8('algorithm'), uint8('fingerprint type'), hex('fingerprint')],
    check: digestLength('a fingerprint', 1, 2, { 1: 20, 2: 32 }),
  },
  IPSECKEY: ipseckey,
  RRSIG: signature,
  /** RFC 4034 §4.1.2 has at least NSEC itself in it; other readers take none, and a denial of nothing does no harm. */
  NSEC: { fields: [domainName('next owner'), typeBitmap('types')] },
  DNSKEY: dnskey,
  DHCID: { fields: [base64('digest')] },
  /** No types at all: an empty non-terminal (RFC 5155 §7.1). */
  NSEC3: {
    fields: [
      uint8('hash algorithm'),
      uint8('flags'),
      uint16('iterations'),
      salt('salt'),
      base32('next hashed owner'),
      typeBitmap('types'),
    ],
  },
  NSEC3PARAM: { fields: [uint8('hash algorithm'), uint8('flags'), uint16('iterations'), salt('salt')] },
  TLSA: tlsa,
  SMIMEA: tlsa,
  HIP: { fields: hostIdentity },
  CDS: ds,
  CDNSKEY: dnskey,
  OPENPGPKEY: { fields: [base64('public key')] },
  CSYNC: { fields: [uint32('serial'), uint16('flags'), typeBitmap('types')] },
  ZONEMD: {
    fields: [uint32('serial'), uint8('scheme'), uint8('hash algorithm'), hex('digest')],
    check: digestLength('a digest', 5, 6, { 1: 48, 2: 64 }),
  },
  SVCB: svcb,
  HTTPS: svcb,
  DSYNC: {
    fields: [recordType('type'), namedCode('scheme', 1, { NOTIFY: 1 }), uint16('port'), domainName('target')],
  },
  HHIT: { fields: [base64('CBOR')] },
  BRID: { fields: [base64('CBOR')] },
  SPF: text,
  NID: { fields: [uint16('preference'), hexGroups('node identifier')] },
  L32: { fields: [uint16('preference'), ipv4('locator')] },
  L64: { fields: [uint16('preference'), hexGroups('locator')] },
  LP: { fields: [uint16('preference'), domainName('name of locators')] },
  EUI48: { fields: [eui('address', 6)] },
  EUI64: { fields: [eui('address', 8)] },
  /** The target is not empty (RFC 7553 §4.5). */
  URI: { fields: [uint16('priority'), uint16('weight'), longString('target', 1)] },
  CAA: { fields: [uint8('flags'), tag('tag'), longString('value', 0)] },
  AMTRELAY: amtrelay,
  RESINFO: text,
  WALLET: text,
  ...rareFormats,
};

const byCode = new Map<number, Format>(
  Object.entries(formats).map(([mnemonic, format]) => [TYPE[mnemonic as Mnemonic], format]),
);

export function formatOf(type: number): Format | undefined {
  return byCode.get(type);
}
