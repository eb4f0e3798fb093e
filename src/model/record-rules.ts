/** What may stand beside and below what in a zone: one set of rules, for changes by the API and for zone files. */
import { HEADER_BYTES, MAX_MESSAGE_BYTES, MAX_NAME_BYTES, TYPE } from '../wire/constants.ts';
import { OPT_MAX_BYTES } from '../wire/edns.ts';
import { nameToWire } from './name.ts';

/** Of one owner there can be only one of these (RFC 2181 §10.1, RFC 6672 §2.4, RFC 1035 §3.3.13). */
export const singletons: ReadonlySet<number> = new Set([TYPE.CNAME, TYPE.DNAME, TYPE.SOA]);

/** Types that may stand beside a CNAME: those of DNSSEC that speak of the name itself (RFC 4034 §3, §4). */
export const besideCname: ReadonlySet<number> = new Set([TYPE.CNAME, TYPE.RRSIG, TYPE.NSEC]);

/**
 * Types that may stand below a DNAME. Nothing else may (RFC 6672 §2.4): it would never be answered. But where a signed
 * zone has a DNAME at its apex its hashed names stand below that, and nobody asks for those (RFC 5155 §7.1, §7.2.8).
 */
export const belowDname: ReadonlySet<number> = new Set([TYPE.NSEC3, TYPE.RRSIG]);

/** Types that the parent's side of a zone cut says, beside glue (RFC 4035 §2.4, §3.1.4.1). */
export const atDelegation: ReadonlySet<number> = new Set([TYPE.NS, TYPE.DS, TYPE.NSEC, TYPE.RRSIG]);

/** Types that glue consists of (RFC 1034 §4.2.1). */
export const glueTypes: ReadonlySet<number> = new Set([TYPE.A, TYPE.AAAA]);

/** Types that the parent's side of a zone cut answers, addresses, which may be glue, and DNAME, which has a check. */
export const atCut: ReadonlySet<number> = new Set([...atDelegation, ...glueTypes, TYPE.DNAME]);

/** Owner pointer, type, class, TTL, RDLENGTH (RFC 1035 §3.2.1, §4.1.4). */
const RECORD_HEADER_BYTES = 12;
/** Of the shortest: no message could carry more. */
export const RECORDS_MAX = Math.floor(MAX_MESSAGE_BYTES / RECORD_HEADER_BYTES);
/**
 * Types that a name may have records of: more than twice as many as IANA has given a number to (RFC 6895 §3.1). An answer and
 * a change look through those of their name, and a copy of all of them is made for each that is added.
 */
export const TYPES_MAX = 256;
/** Type and class of the question (RFC 1035 §4.1.2). */
const QUESTION_TAIL_BYTES = 4;

/** What a message has for its question's name and its records, beside what it may have to carry besides them. */
const NAME_AND_RECORDS_MAX_BYTES = MAX_MESSAGE_BYTES - HEADER_BYTES - QUESTION_TAIL_BYTES - OPT_MAX_BYTES;

/** Whether an RRset of so many records, with so many bytes of data together, fits in a message whatever its owner is. */
export function fitsAnyMessage(records: number, rdataBytes: number): boolean {
  return RECORD_HEADER_BYTES * records + rdataBytes <= NAME_AND_RECORDS_MAX_BYTES - MAX_NAME_BYTES;
}

/**
 * Whether an owner's RRset is so large that some question for it could never be answered, since a set is never cut in
 * half (RFC 2181 §9): how many bytes its records have, names in their data in full, and how many they may have.
 */
export function oversize(owner: string, rdata: readonly Uint8Array[]): { bytes: number; maxBytes: number } | undefined {
  const rdataBytes = rdata.reduce((sum, { length }) => sum + length, 0);
  if (fitsAnyMessage(rdata.length, rdataBytes)) return undefined;
  const bytes = RECORD_HEADER_BYTES * rdata.length + rdataBytes;
  // A name that a wildcard answers for can be as long as any name.
  const nameBytes = owner === '*' || owner.startsWith('*.') ? MAX_NAME_BYTES : nameToWire(owner).length;
  const maxBytes = NAME_AND_RECORDS_MAX_BYTES - nameBytes;
  return bytes > maxBytes ? { bytes, maxBytes } : undefined;
}
