/** RDATA of every type: text to wire form and back, what is valid, and where names stand in it. */
import { ByteWriter } from './byte-writer.ts';
import { MAX_RDATA_BYTES, TYPE } from './constants.ts';
import { Malformed } from './malformed.ts';
import { lowerName, nameLength } from './name.ts';
import type { Field } from './rdata/field.ts';
import { formatGeneric } from './rdata/generic.ts';
import { readInteger } from './rdata/number.ts';
import { type Format, formatOf } from './rdata/registry.ts';
import { formatType } from './rdata/type.ts';
import { encodeText, isMalformed, quote } from './text.ts';
import { type Words, wordsOfLine } from './words.ts';

export { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from './address.ts';
export { formatType, isMetaType, parseType, whyNotStored } from './rdata/type.ts';

/** RDATA text of a type, in its own form or the generic one, to wire form with names uncompressed. */
export function parseRdata(type: number, text: string): Uint8Array | Malformed {
  return parseRdataWithin(type, text, undefined);
}

/** The same where a name without its final dot is relative to an `origin`, as in a zone file. */
export function parseRdataWithin(type: number, text: string, origin: Uint8Array | undefined): Uint8Array | Malformed {
  if (!text.isWellFormed()) return new Malformed(`the text ${quote(text)} is not well-formed Unicode`);
  const words = wordsOfLine(encodeText(text));
  if (isMalformed(words)) return words;
  const out = new ByteWriter();
  return readRdata(type, words, 0, origin, out) ?? out.slice();
}

/**
 * Reads the RDATA that the words from `first` on stand for and appends it. With an `origin` names may be relative to
 * it; without one every name is absolute. After a mistake `out` is as long as before.
 */
export function readRdata(
  type: number,
  words: Words,
  first: number,
  origin: Uint8Array | undefined,
  out: ByteWriter,
): Malformed | undefined {
  const start = out.length;
  const bad = appendRdata(type, words, first, origin, out);
  const tooLong = bad ? undefined : checkLength(out.length - start);
  if (bad || tooLong) out.length = start;
  return bad ?? (tooLong && words.at(first).malformed(tooLong.reason));
}

function appendRdata(
  type: number,
  words: Words,
  first: number,
  origin: Uint8Array | undefined,
  out: ByteWriter,
): Malformed | undefined {
  if (first < words.count && words.at(first).is('\\#')) return readGeneric(type, words, first, out);
  const format = formatOf(type);
  if (!format) return new Malformed(`${formatType(type)} is written in the generic form: \\# length hex (RFC 3597)`);
  const wrongCount = checkWordCount(type, format.fields, words, first);
  if (wrongCount) return wrongCount;
  if (words.firstPair >= first && !format.pairs) {
    const pair = words.at(words.firstPair);
    return pair.malformed(
      `key="value" has no meaning in ${formatType(type)}, put quotes around the whole: ${pair.shown}`,
    );
  }
  const start = out.length;
  for (let index = 0; index < format.fields.length; index++) {
    const bad = format.fields[index].parse(words, first + index, out, origin);
    if (bad) return bad;
  }
  const bad = format.check?.(out.bytes.subarray(start, out.length));
  return bad && words.at(first).malformed(bad.reason);
}

function checkWordCount(type: number, fields: readonly Field[], words: Words, first: number): Malformed | undefined {
  const { words: rest } = fields[fields.length - 1];
  const least = rest === 'any' ? fields.length - 1 : fields.length;
  const given = words.count - first;
  if (given >= least && (rest !== 'one' || given === fields.length)) return undefined;
  const usage = fields.map((field) => `<${field.label}>`).join(' ') + (rest === 'one' ? '' : ' …');
  const fewOrMany = given < least ? 'few' : 'many';
  const reason = `${formatType(type)} is written as ${usage}, too ${fewOrMany} words were given (${given})`;
  if (words.count === 0) return new Malformed(reason);
  return words.at(given > fields.length ? first + fields.length : words.count - 1).malformed(reason);
}

/** `\# length hex…` (RFC 3597 §5), for known types too, whose bytes must then be right. */
function readGeneric(type: number, words: Words, first: number, out: ByteWriter): Malformed | undefined {
  const marker = words.at(first);
  const length = first + 1 < words.count ? words.at(first + 1) : undefined;
  const bytes = length ? readInteger(length, MAX_RDATA_BYTES) : -1;
  if (bytes < 0) {
    const found = length?.shown ?? 'the end';
    return (length ?? marker).malformed(`\\# must be followed by a length in bytes up to 65535, not ${found}`);
  }
  let hex = '';
  for (let index = first + 2; index < words.count; index++) {
    if (words.at(index).quoted) return words.at(index).malformed('the hex digits after \\# have no quotes');
    hex += words.at(index).text;
  }
  if (!/^([0-9a-f]{2})*$/i.test(hex))
    return marker.malformed(`\\# must be followed by pairs of hex digits, not ${quote(hex)}`);
  if (hex.length / 2 !== bytes) return marker.malformed(`\\# announces ${bytes} bytes, ${hex.length / 2} are given`);
  const rdata = Buffer.from(hex, 'hex');
  const bad = validateRdata(type, rdata);
  if (bad) return marker.malformed(bad.reason);
  out.append(rdata);
  return undefined;
}

/** Text of RDATA in wire form; generic for types without a form of their own, and for bytes that are not valid. */
export function formatRdata(type: number, rdata: Uint8Array): string {
  const format = formatOf(type);
  const places = format && walk(format, rdata);
  if (!places || isMalformed(places) || format.hasText?.(rdata) === false) return formatGeneric(rdata);
  const words = places.map(({ field, start, end }) => field.format(rdata, start, end));
  // Only the generic form can say that there is nothing.
  return words.filter((word) => word !== '').join(' ') || formatGeneric(rdata);
}

/** What is wrong with RDATA in wire form, names uncompressed: undefined for nothing. Unknown types take any bytes. */
export function validateRdata(type: number, rdata: Uint8Array): Malformed | undefined {
  const tooLong = checkLength(rdata.length);
  if (tooLong) return tooLong;
  const format = formatOf(type);
  const places = format && walk(format, rdata);
  return isMalformed(places) ? new Malformed(`not the RDATA of ${formatType(type)}: ${places.reason}`) : undefined;
}

/** Of the types that a large zone has many of (RFC 1035 §3.3): what there is to know of each record is known. */
const AT_START = [0] as const;
const BEHIND_PREFERENCE = [2] as const;

/** Offsets within the RDATA of the names that an answer may compress (RFC 3597 §4). The RDATA must be valid. */
export function compressibleNames(type: number, rdata: Uint8Array): readonly number[] {
  return formatOf(type)?.compressible ? rdataNames(type, rdata) : [];
}

/** Whether RDATA of the type may have such names. */
export function isCompressible(type: number): boolean {
  return formatOf(type)?.compressible === true;
}

/**
 * Offsets within the RDATA of the names of hosts whose addresses an answer may add: of NS, MX, SRV, SVCB and HTTPS
 * (RFC 1035 §3.3, RFC 2782, RFC 9460 §4.1). The RDATA must be valid.
 */
export function hostNames(type: number, rdata: Uint8Array): readonly number[] {
  if (type === TYPE.NS) return AT_START;
  if (type === TYPE.MX) return BEHIND_PREFERENCE;
  return namesIn(type, rdata, (field) => field.name === 'host');
}

/** Whether RDATA of the type may have names in it. */
export function hasNames(type: number): boolean {
  return formatOf(type)?.fields.some(holdsName) ?? false;
}

/** Offsets within the RDATA of every name in it. The RDATA must be valid. */
export function rdataNames(type: number, rdata: Uint8Array): readonly number[] {
  if (type === TYPE.NS || type === TYPE.CNAME || type === TYPE.PTR) return AT_START;
  if (type === TYPE.MX) return BEHIND_PREFERENCE;
  return namesIn(type, rdata, holdsName);
}

/**
 * Types whose records are one where they differ only in the case of names (RFC 4343 §3): those that RFC 4034 §6.2 lists
 * but for NSEC (RFC 6840 §5.1). In every younger type, SVCB for one, and in every type that we do not know, bytes are
 * compared (RFC 3597 §6), so that all servers agree whether they know the type or not. BIND does the same.
 */
const caseless = new Set<number>([
  ...[TYPE.NS, TYPE.CNAME, TYPE.SOA, TYPE.PTR, TYPE.MX, TYPE.RP, TYPE.AFSDB, TYPE.NAPTR, TYPE.SRV, TYPE.DNAME],
  ...[TYPE.MD, TYPE.MF, TYPE.MB, TYPE.MG, TYPE.MR, TYPE.MINFO, TYPE.RT, TYPE.SIG, TYPE.PX, TYPE.NXT, TYPE.KX, TYPE.A6],
  TYPE.RRSIG,
]);

/** Two records of a type are one where this is equal (RFC 2181 §5). The RDATA must be valid. */
export function rdataKey(type: number, rdata: Uint8Array): string {
  return Buffer.from(canonicalRdata(type, rdata)).toString('latin1');
}

/** The data in canonical form (RFC 4034 §6.2 as RFC 6840 §5.1 has it): itself where there is nothing to lower. */
export function canonicalRdata(type: number, rdata: Uint8Array): Uint8Array {
  return caseless.has(type) ? lowerNames(type, rdata) : rdata;
}

/**
 * A copy with the names in it in lower case, so that records that differ by case only have equal bytes (RFC 4343 §3).
 * That is more than the canonical form of DNSSEC lowers, which knows a list of types (RFC 6840 §5.1).
 */
export function lowerNames(type: number, rdata: Uint8Array): Uint8Array {
  const copy = rdata.slice();
  for (const start of namesIn(type, rdata, holdsName)) {
    const end = start + nameLength(rdata, start);
    copy.set(lowerName(rdata.subarray(start, end)), start);
  }
  return copy;
}

function namesIn(type: number, rdata: Uint8Array, wanted: (field: Field) => boolean): number[] {
  const format = formatOf(type);
  if (!format?.fields.some(wanted)) return [];
  const places = walk(format, rdata);
  if (isMalformed(places)) return [];
  return places
    .filter(({ field }) => wanted(field))
    .flatMap(({ field, start, end }) => field.names?.(rdata, start, end) ?? [start]);
}

function holdsName(field: Field): boolean {
  return field.name !== undefined || field.names !== undefined;
}

/** Where each field stands. */
function walk(format: Format, rdata: Uint8Array): { field: Field; start: number; end: number }[] | Malformed {
  const places: { field: Field; start: number; end: number }[] = [];
  let start = 0;
  for (const field of format.fields) {
    const bytes = field.measure(rdata, start);
    if (typeof bytes !== 'number') return bytes;
    places.push({ field, start, end: start + bytes });
    start += bytes;
  }
  if (start < rdata.length) return new Malformed(`${rdata.length - start} bytes too many`);
  return format.check?.(rdata) ?? places;
}

function checkLength(bytes: number): Malformed | undefined {
  if (bytes <= MAX_RDATA_BYTES) return undefined;
  return new Malformed(`RDATA has at most ${MAX_RDATA_BYTES} bytes, not ${bytes}`);
}
