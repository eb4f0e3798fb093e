/** Formats of types that are obsolete, experimental, or never left their drafts. Old zones have some of them. */
import { Malformed } from '../malformed.ts';
import { nameLength } from '../name.ts';
import { characterString, characterStrings, domainName, ipv4 } from './basic.ts';
import { base64, base64OrDash, hex } from './binary.ts';
import { algorithm, dnskey, ds, signature } from './dnssec.ts';
import type { Format } from './format.ts';
import { opaque } from './generic.ts';
import { atm, chainedAddress, hasAtmText, hasShortMap, nextTypes, nsap, services } from './historic.ts';
import { uint64 } from './identifiers.ts';
import { code, flags, uint8, uint16, uint32 } from './number.ts';
import type { Mnemonic } from './type.ts';

/** Names of RFC 1035 types may be compressed (RFC 3597 §4). */
const oldName = (label: string): Format => ({ fields: [domainName(label)], compressible: true });

const text: Format = { fields: [characterStrings('text')] };
const generic = (mnemonic: string): Format => ({ fields: [opaque(mnemonic)] });

/** Flags of which all are set where a KEY has no key (RFC 2535 §3.1.2). */
const NO_KEY = 0xc000;

/** RFC 2535 §3.1, §7.1. */
const key: Format = {
  fields: [
    flags('flags', {
      NOCONF: 0x4000,
      NOAUTH: 0x8000,
      NOKEY: NO_KEY,
      FLAG2: 0x2000,
      EXTEND: 0x1000,
      FLAG4: 0x0800,
      FLAG5: 0x0400,
      USER: 0,
      ZONE: 0x0100,
      HOST: 0x0200,
      NTYP3: 0x0300,
      FLAG8: 0x0080,
      FLAG9: 0x0040,
    }),
    code('protocol', 1, { NONE: 0, TLS: 1, EMAIL: 2, DNSSEC: 3, IPSEC: 4, ALL: 255 }),
    algorithm,
    base64('public key', 'any'),
  ],
  check: (rdata) =>
    rdata.length > 4 || rdata[0] << 8 >= NO_KEY
      ? undefined
      : new Malformed('public key may be left out only where the flags say NOKEY (49152)'),
};

/** A PSDN address has at least four digits (RFC 1183 §3.1). */
function checkX25(rdata: Uint8Array): Malformed | undefined {
  const isAddress = rdata.length > 4 && rdata.subarray(1).every((byte) => byte >= 0x30 && byte <= 0x39);
  return isAddress ? undefined : new Malformed('a PSDN address has at least four digits, and nothing else');
}

/** An address and perhaps a subaddress (RFC 1183 §3.2). */
function checkIsdn(rdata: Uint8Array): Malformed | undefined {
  let strings = 0;
  for (let at = 0; at < rdata.length; at += 1 + rdata[at]) strings += 1;
  return strings <= 2 ? undefined : new Malformed(`an address and a subaddress were expected, not ${strings} strings`);
}

export const rareFormats: { readonly [mnemonic in Mnemonic]?: Format } = {
  MD: oldName('mail host'),
  MF: oldName('mail host'),
  MB: oldName('mailbox host'),
  MG: oldName('group member'),
  MR: oldName('new mailbox'),
  NULL: generic('NULL'),
  WKS: {
    fields: [ipv4('address'), code('protocol', 1, { TCP: 6, UDP: 17, ICMP: 1 }), services],
    hasText: (rdata) => rdata.length === 5 || hasShortMap(rdata),
  },
  MINFO: { fields: [domainName('mailbox'), domainName('mailbox for errors')], compressible: true },
  X25: { fields: [characterString('address')], check: checkX25 },
  ISDN: { fields: [characterStrings('address and subaddress', false)], check: checkIsdn },
  RT: { fields: [uint16('preference'), domainName('intermediate host')] },
  NSAP: { fields: [nsap] },
  'NSAP-PTR': { fields: [domainName('target')] },
  SIG: signature,
  KEY: key,
  PX: { fields: [uint16('preference'), domainName('RFC 822 domain'), domainName('X.400 domain')] },
  GPOS: { fields: [characterString('longitude'), characterString('latitude'), characterString('altitude')] },
  NXT: { fields: [domainName('next owner'), nextTypes], hasText: hasNxtText },
  EID: { fields: [hex('endpoint identifier')] },
  NIMLOC: { fields: [hex('locator')] },
  ATMA: { fields: [atm], hasText: hasAtmText },
  A6: { fields: [chainedAddress] },
  SINK: { fields: [uint8('meaning'), uint8('coding'), uint8('subcoding'), base64('data', 'any')] },
  NINFO: text,
  RKEY: dnskey,
  TALINK: { fields: [domainName('start or previous'), domainName('end or next')] },
  UINFO: generic('UINFO'),
  UID: generic('UID'),
  GID: generic('GID'),
  UNSPEC: generic('UNSPEC'),
  AVC: text,
  DOA: {
    fields: [
      uint32('enterprise'),
      uint32('type'),
      uint8('location'),
      characterString('media type'),
      base64OrDash('data'),
    ],
  },
  CLA: text,
  IPN: { fields: [uint64('node number')] },
  TA: ds,
  DLV: ds,
};

/** An NXT whose map is empty ends in the root of its name, which is a zero byte too. */
function hasNxtText(rdata: Uint8Array): boolean {
  return nameLength(rdata) === rdata.length || hasShortMap(rdata);
}
