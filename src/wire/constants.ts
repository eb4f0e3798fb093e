/** The numbers of the DNS protocol: types, classes, codes, flags, and the limits of names and messages. */

/** RR type codes by mnemonic (RFC 1035 §3.2.2 and the IANA registry "Resource Record (RR) TYPEs"). */
export const TYPE = {
  A: 1,
  NS: 2,
  /** Obsolete, MX took its place (RFC 1035 §3.3.4); likewise MF. */
  MD: 3,
  MF: 4,
  CNAME: 5,
  SOA: 6,
  /** Experimental (RFC 1035 §3.3.3, §3.3.6, §3.3.8). */
  MB: 7,
  MG: 8,
  MR: 9,
  /** Any bytes (RFC 1035 §3.3.10). */
  NULL: 10,
  /** RFC 1035 §3.4.2. */
  WKS: 11,
  PTR: 12,
  HINFO: 13,
  /** RFC 1035 §3.3.7. */
  MINFO: 14,
  MX: 15,
  TXT: 16,
  /** RFC 1183 §2.2. */
  RP: 17,
  /** RFC 1183 §1. */
  AFSDB: 18,
  /** RFC 1183 §3.1. */
  X25: 19,
  /** RFC 1183 §3.2. */
  ISDN: 20,
  /** RFC 1183 §3.3. */
  RT: 21,
  /** RFC 1706 §5. */
  NSAP: 22,
  /** RFC 1706 §6. */
  'NSAP-PTR': 23,
  /** RFC 2535 §4; RRSIG took its place (RFC 3755 §3), but for SIG(0), which belongs to a message (RFC 2931). */
  SIG: 24,
  /** RFC 2535 §3; DNSKEY took its place in zones (RFC 3755 §3). */
  KEY: 25,
  /** RFC 2163 §4. */
  PX: 26,
  /** RFC 1712. */
  GPOS: 27,
  /** RFC 3596 §2.1. */
  AAAA: 28,
  /** RFC 1876. */
  LOC: 29,
  /** RFC 2535 §5; NSEC took its place (RFC 3755 §3). */
  NXT: 30,
  /** Nimrod (draft-ietf-nimrod-dns). */
  EID: 31,
  NIMLOC: 32,
  /** RFC 2782. */
  SRV: 33,
  /** ATM Forum, af-dans-0152.000. */
  ATMA: 34,
  /** RFC 3403 §4. */
  NAPTR: 35,
  /** RFC 2230. */
  KX: 36,
  /** RFC 4398. */
  CERT: 37,
  /** RFC 2874, given up by RFC 6563. */
  A6: 38,
  /** RFC 6672. */
  DNAME: 39,
  /** draft-eastlake-kitchen-sink. */
  SINK: 40,
  /** RFC 6891 §6.1.1: never stored, it belongs to one message. */
  OPT: 41,
  /** RFC 3123. */
  APL: 42,
  /** RFC 4034 §5: the one type that the parent's side of a zone cut answers. */
  DS: 43,
  /** RFC 4255. */
  SSHFP: 44,
  /** RFC 4025. */
  IPSECKEY: 45,
  /** RFC 4034 §3. */
  RRSIG: 46,
  /** RFC 4034 §4. */
  NSEC: 47,
  /** RFC 4034 §2. */
  DNSKEY: 48,
  /** RFC 4701. */
  DHCID: 49,
  /** RFC 5155 §3. */
  NSEC3: 50,
  /** RFC 5155 §4. */
  NSEC3PARAM: 51,
  /** RFC 6698. */
  TLSA: 52,
  /** RFC 8162. */
  SMIMEA: 53,
  /** RFC 8005. */
  HIP: 55,
  /** draft-reid-dnsext-zs. */
  NINFO: 56,
  /** draft-reid-dnsext-rkey. */
  RKEY: 57,
  /** draft-ietf-dnsop-dnssec-trust-history. */
  TALINK: 58,
  /** RFC 7344 §3.1. */
  CDS: 59,
  /** RFC 7344 §3.2. */
  CDNSKEY: 60,
  /** RFC 7929. */
  OPENPGPKEY: 61,
  /** RFC 7477. */
  CSYNC: 62,
  /** RFC 8976. */
  ZONEMD: 63,
  /** RFC 9460. */
  SVCB: 64,
  /** RFC 9460 §9. */
  HTTPS: 65,
  /** RFC 9859. */
  DSYNC: 66,
  /** RFC 9886. */
  HHIT: 67,
  BRID: 68,
  /** RFC 4408 §3.1.1, given up by RFC 7208 §3.1; still stored in old zones. */
  SPF: 99,
  /** Reserved by IANA, without a form of their own. */
  UINFO: 100,
  UID: 101,
  GID: 102,
  UNSPEC: 103,
  /** RFC 6742 §2. */
  NID: 104,
  L32: 105,
  L64: 106,
  LP: 107,
  /** RFC 7043 §3. */
  EUI48: 108,
  /** RFC 7043 §4. */
  EUI64: 109,
  /** RFC 9824 §3.5: stands in the types of NSEC only; a meta type. */
  NXNAME: 128,
  /** RFC 2930; a meta type. */
  TKEY: 249,
  /** RFC 8945; a meta type. */
  TSIG: 250,
  /** RFC 1995; a question type. */
  IXFR: 251,
  /** RFC 5936; a question type. */
  AXFR: 252,
  /** RFC 1035 §3.2.3; question types. */
  MAILB: 253,
  MAILA: 254,
  /** RFC 1035 §3.2.3, written `*` there; RFC 8482 on how to answer it. */
  ANY: 255,
  /** RFC 7553. */
  URI: 256,
  /** RFC 8659. */
  CAA: 257,
  /** draft-wolfgang-avc. */
  AVC: 258,
  /** draft-durand-doa-over-dns. */
  DOA: 259,
  /** RFC 8777. */
  AMTRELAY: 260,
  /** RFC 9606. */
  RESINFO: 261,
  /** IANA, template WALLET/wallet-completed-template. */
  WALLET: 262,
  /** Bundle protocol addresses (draft-johnson-dns-ipn-cla). */
  CLA: 263,
  IPN: 264,
  /** IANA, template TA/ta-completed-template: DNSSEC trust authorities. */
  TA: 32768,
  /** RFC 4431, given up by RFC 8749. */
  DLV: 32769,
} as const;

/** Classes (RFC 1035 §3.2.4, RFC 2136 §1.3). */
export const CLASS = { IN: 1, CH: 3, NONE: 254, ANY: 255 } as const;

/** Operation codes (RFC 1035 §4.1.1, RFC 1996, RFC 2136). */
export const OPCODE = { QUERY: 0, IQUERY: 1, STATUS: 2, NOTIFY: 4, UPDATE: 5 } as const;

/**
 * Response codes (RFC 1035 §4.1.1, RFC 2136 §2.2, RFC 6891 §9). Those above 15 need EDNS: their upper 8 bits are in
 * the OPT record.
 */
export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  NOTAUTH: 9,
  BADVERS: 16,
  /** RFC 7873 §8. */
  BADCOOKIE: 23,
} as const;

/** Masks over the 16 bits that follow the ID in the header (RFC 1035 §4.1.1; AD and CD: RFC 4035 §3.1.6, §3.2.2). */
export const FLAG = {
  QR: 0x8000,
  OPCODE_MASK: 0x7800,
  AA: 0x0400,
  TC: 0x0200,
  RD: 0x0100,
  RA: 0x0080,
  AD: 0x0020,
  CD: 0x0010,
  RCODE_MASK: 0x000f,
} as const;

/** The opcode stands above 11 lower bits of the flags word (RFC 1035 §4.1.1). */
export const OPCODE_SHIFT = 11;

/** A header is always this long (RFC 1035 §4.1.1). */
export const HEADER_BYTES = 12;

/** Longest name in wire form, length bytes and the root's zero byte included (RFC 1035 §3.1, RFC 2181 §11). */
export const MAX_NAME_BYTES = 255;

/** Longest label: its length byte has six bits (RFC 1035 §3.1). */
export const MAX_LABEL_BYTES = 63;

/** A compression pointer's offset has 14 bits, so nothing from here on can be pointed at (RFC 1035 §4.1.4). */
export const POINTER_OFFSET_LIMIT = 0x4000;

/** A <character-string> has one length byte (RFC 1035 §3.3). */
export const MAX_CHARACTER_STRING_BYTES = 255;

/** RDLENGTH has 16 bits (RFC 1035 §3.2.1). */
export const MAX_RDATA_BYTES = 65535;

/** The TCP length prefix has 16 bits (RFC 1035 §4.2.2, RFC 7766 §8). */
export const MAX_MESSAGE_BYTES = 65535;

/** Longest UDP message without EDNS (RFC 1035 §4.2.1); EDNS sizes below count as this (RFC 6891 §6.2.3). */
export const UDP_CLASSIC_BYTES = 512;

/** The one EDNS version there is (RFC 6891 §6.1.3). */
export const EDNS_VERSION = 0;

/** Codes of EDNS options (IANA registry "DNS EDNS0 Option Codes (OPT)"). */
export const EDNS_OPTION = {
  /** RFC 5001. */
  NSID: 3,
  /** RFC 7871. */
  SUBNET: 8,
  /** RFC 7873. */
  COOKIE: 10,
  /** RFC 7828. */
  KEEPALIVE: 11,
  /** RFC 8914. */
  ERROR: 15,
} as const;

/** Extended errors (RFC 8914 §4) that we send. */
export const EXTENDED_ERROR = {
  /** §4.15: not fully functional. */
  NOT_READY: 14,
  /** §4.19: the operator does not allow it. */
  PROHIBITED: 18,
  /** §4.21: no zone of ours holds the name. */
  NOT_AUTHORITATIVE: 20,
  /** §4.22: the operation or query is not supported. */
  NOT_SUPPORTED: 21,
} as const;

/** Longest TTL: the top bit must be zero (RFC 2181 §8). */
export const MAX_TTL_SECONDS = 0x7fffffff;
