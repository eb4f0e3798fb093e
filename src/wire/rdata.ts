/** Record types and their RDATA: a registry with one entry a type, and everything that reads it. */
import { MAX_RDATA_BYTES, TYPE } from './constants.ts';
import { Malformed } from './malformed.ts';
import { characterStrings, domainName, type Field, ipv4, ipv6, uint16, uint32 } from './rdata-fields.ts';
import { isMalformed, quote, type Token, tokens } from './text.ts';

export { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from './address.ts';

interface Format {
  readonly fields: readonly Field[];
  /** Names in it may be compressed in answers: only types of RFC 1035 itself (RFC 3597 §4). */
  readonly compressible: boolean;
}

type Mnemonic = keyof typeof TYPE;

/** The formats we know by mnemonic; every other type is written in the generic form (RFC 3597 §5). */
const formats: { readonly [mnemonic in Mnemonic]?: Format } = {
  A: { fields: [ipv4('address')], compressible: false },
  NS: { fields: [domainName('name server')], compressible: true },
  CNAME: { fields: [domainName('target')], compressible: true },
  SOA: {
    fields: [
      domainName('primary server'),
      domainName('mailbox'),
      uint32('serial'),
      uint32('refresh'),
      uint32('retry'),
      uint32('expire'),
      uint32('minimum'),
    ],
    compressible: true,
  },
  PTR: { fields: [domainName('target')], compressible: true },
  MX: { fields: [uint16('preference'), domainName('exchange')], compressible: true },
  TXT: { fields: [characterStrings('text')], compressible: false },
  AAAA: { fields: [ipv6('address')], compressible: false },
  SRV: { fields: [uint16('priority'), uint16('weight'), uint16('port'), domainName('target')], compressible: false },
};

const mnemonicOf = new Map<number, Mnemonic>(
  Object.entries(TYPE).map(([mnemonic, code]) => [code, mnemonic as Mnemonic]),
);
const codeOf = new Map<string, number>(Object.entries(TYPE));

const TYPE_CODE_MAX = 0xffff;

function formatOf(type: number): Format | undefined {
  const mnemonic = mnemonicOf.get(type);
  return mnemonic && formats[mnemonic];
}

/** A mnemonic of any case, or `TYPEnnn` (RFC 3597 §5), to its code. */
export function parseType(text: string): number | Malformed {
  const upper = text.toUpperCase();
  const known = codeOf.get(upper);
  if (known !== undefined) return known;
  const generic = /^TYPE(\d{1,5})$/.exec(upper);
  if (generic && Number(generic[1]) <= TYPE_CODE_MAX) return Number(generic[1]);
  return new Malformed(`a record type such as A or TYPE257 was expected, not ${quote(text)}`);
}

/** The mnemonic of a type, `TYPEnnn` where it has none here. */
export function formatType(code: number): string {
  return mnemonicOf.get(code) ?? `TYPE${code}`;
}

/** True for types that belong to a message or a question and cannot be stored (RFC 6895 §3.1: 128..255, OPT, and 0). */
export function isMetaType(code: number): boolean {
  return code === 0 || code === TYPE.OPT || (code >= 128 && code <= 255);
}

/** RDATA text of a type, in its own form or the generic one, to wire form with names uncompressed. */
export function parseRdata(type: number, text: string): Uint8Array | Malformed {
  const words = tokens(text);
  if (isMalformed(words)) return words;
  if (words[0]?.text === '\\#' && !words[0].quoted) return parseGeneric(type, words);
  const format = formatOf(type);
  if (!format) return new Malformed(`${formatType(type)} is written in the generic form: \\# length hex (RFC 3597)`);
  const parts = parseFields(type, format.fields, words);
  if (isMalformed(parts)) return parts;
  const rdata = concat(parts);
  return tooLong(rdata) ?? rdata;
}

function parseFields(type: number, fields: readonly Field[], words: readonly Token[]): Uint8Array[] | Malformed {
  const last = fields[fields.length - 1];
  const wrongCount = last.takesRest ? words.length < fields.length : words.length !== fields.length;
  if (wrongCount) {
    const usage = fields.map((field) => `<${field.label}>`).join(' ') + (last.takesRest ? ' …' : '');
    const fewOrMany = words.length < fields.length ? 'few' : 'many';
    return new Malformed(
      `${formatType(type)} is written as ${usage}, too ${fewOrMany} words were given (${words.length})`,
    );
  }
  const parts: Uint8Array[] = [];
  for (const [index, word] of words.entries()) {
    const part = fields[Math.min(index, fields.length - 1)].parse(word);
    if (isMalformed(part)) return part;
    parts.push(part);
  }
  return parts;
}

/** `\# length hex…` (RFC 3597 §5), for known types too, whose bytes must then be right. */
function parseGeneric(type: number, words: readonly Token[]): Uint8Array | Malformed {
  const length = words[1]?.text ?? '';
  if (!/^\d{1,5}$/.test(length))
    return new Malformed(`\\# must be followed by a length in bytes, not ${quote(length)}`);
  const hex = words
    .slice(2)
    .map((word) => word.text)
    .join('');
  if (!/^([0-9a-f]{2})*$/i.test(hex))
    return new Malformed(`\\# must be followed by pairs of hex digits, not ${quote(hex)}`);
  if (hex.length / 2 !== Number(length))
    return new Malformed(`\\# announces ${length} bytes, ${hex.length / 2} are given`);
  const rdata = Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  return validateRdata(type, rdata) ?? rdata;
}

/** Text of RDATA in wire form; generic for types without a form of their own, and for bytes that are not valid. */
export function formatRdata(type: number, rdata: Uint8Array): string {
  const fields = walk(type, rdata);
  if (!fields || isMalformed(fields)) return formatGeneric(rdata);
  return fields.map(({ field, start, end }) => field.format(rdata.subarray(start, end))).join(' ');
}

function formatGeneric(rdata: Uint8Array): string {
  const hex = Array.from(rdata, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex === '' ? '\\# 0' : `\\# ${rdata.length} ${hex}`;
}

/** What is wrong with RDATA in wire form, names uncompressed: undefined for nothing. Unknown types take any bytes. */
export function validateRdata(type: number, rdata: Uint8Array): Malformed | undefined {
  const fields = walk(type, rdata);
  return (
    tooLong(rdata) ??
    (isMalformed(fields) ? new Malformed(`not the RDATA of ${formatType(type)}: ${fields.reason}`) : undefined)
  );
}

/** Offsets within the RDATA of the names that an answer may compress (RFC 3597 §4). The RDATA must be valid. */
export function compressibleNames(type: number, rdata: Uint8Array): number[] {
  const fields = formatOf(type)?.compressible ? walk(type, rdata) : undefined;
  if (!fields || isMalformed(fields)) return [];
  return fields.filter(({ field }) => field.isName).map(({ start }) => start);
}

/** Where each field stands; undefined for a type without a format. */
function walk(type: number, rdata: Uint8Array): { field: Field; start: number; end: number }[] | Malformed | undefined {
  const format = formatOf(type);
  if (!format) return undefined;
  const found: { field: Field; start: number; end: number }[] = [];
  let start = 0;
  for (const field of format.fields) {
    const bytes = field.measure(rdata, start);
    if (isMalformed(bytes)) return bytes;
    found.push({ field, start, end: start + bytes });
    start += bytes;
  }
  return start === rdata.length ? found : new Malformed(`${rdata.length - start} bytes too many`);
}

function tooLong(rdata: Uint8Array): Malformed | undefined {
  if (rdata.length <= MAX_RDATA_BYTES) return undefined;
  return new Malformed(`RDATA has at most ${MAX_RDATA_BYTES} bytes, not ${rdata.length}`);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
