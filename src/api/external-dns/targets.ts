/** Targets of endpoints as record data, and back: in one spelling, since ExternalDNS compares texts. */
import { Malformed } from '../../wire/malformed.ts';
import { formatRdata, parseRdata, parseType } from '../../wire/rdata.ts';

/** Those that ExternalDNS knows. */
const TYPES: ReadonlySet<string> = new Set(['A', 'AAAA', 'CNAME', 'TXT', 'SRV', 'NS', 'PTR', 'MX', 'NAPTR', 'DNAME']);
/** Their targets end in a name, which is written without its final dot; SRV's and NAPTR's is written with it. */
const DOTLESS: ReadonlySet<string> = new Set(['CNAME', 'DNAME', 'NS', 'PTR', 'MX']);
/** RFC 1035 §3.3. */
const STRING_MAX_BYTES = 255;
/** `\DDD` of a byte, or `\X` (RFC 1035 §5.1). */
const ESCAPE = /\\(?:([01]\d\d|2[0-4]\d|25[0-5])|(.))/gsu;
/** RDLENGTH has two bytes (RFC 1035 §3.2.1), and each byte of the data is four characters at most, `\DDD`. */
const TARGET_MAX_CHARS = 4 * 65_535;

/** The code of a type that ExternalDNS knows. */
export function typeCode(type: string): number | undefined {
  const code = TYPES.has(type) ? parseType(type) : undefined;
  return typeof code === 'number' ? code : undefined;
}

/** The target as it is shown; undefined: it is none. */
export function normalTarget(type: string, text: string): string | undefined {
  const code = typeCode(type);
  if (code === undefined || text.length > TARGET_MAX_CHARS) return undefined;
  const rdata = parseRdata(code, rdataText(type, text));
  return rdata instanceof Malformed ? undefined : shownTarget(type, rdata);
}

/** In presentation form, names with their final dot. */
export function rdataText(type: string, target: string): string {
  if (type === 'TXT') return txtText(target);
  return DOTLESS.has(type) && target !== '' && !target.endsWith('.') ? `${target}.` : target;
}

export function shownTarget(type: string, rdata: Uint8Array): string {
  if (type === 'TXT') return `"${escaped(Buffer.concat([...stringsOf(rdata)]))}"`;
  const text = formatRdata(typeCode(type) as number, rdata);
  return DOTLESS.has(type) && text.length > 1 ? text.replace(/\.$/, '') : text;
}

/** The text of a TXT record is one for ExternalDNS, however many strings it takes; in quotes, or as somebody typed it. */
function txtText(target: string): string {
  if (target.startsWith('"') && !(parseRdata(typeCode('TXT') as number, target) instanceof Malformed)) return target;
  const isQuoted = target.length > 1 && target.startsWith('"') && target.endsWith('"');
  const inner = isQuoted ? unescaped(target.slice(1, -1)) : Buffer.from(target);
  const strings: string[] = [];
  for (let at = 0; at === 0 || at < inner.length; at += STRING_MAX_BYTES) {
    strings.push(`"${escaped(inner.subarray(at, at + STRING_MAX_BYTES))}"`);
  }
  return strings.join(' ');
}

function* stringsOf(rdata: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < rdata.length; at += 1 + (rdata[at] as number)) {
    yield rdata.subarray(at + 1, at + 1 + (rdata[at] as number));
  }
}

/** RFC 1035 §5.1. */
function escaped(bytes: Uint8Array): string {
  return [...bytes]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      if (char === '"' || char === '\\') return `\\${char}`;
      return byte < 0x20 || byte > 0x7e ? `\\${String(byte).padStart(3, '0')}` : char;
    })
    .join('');
}

/** The bytes of a text: an escape is one, and a character what UTF-8 makes of it, whichever of them stand beside each other. */
function unescaped(text: string): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  for (const { 0: unit, 1: digits, 2: char = '', index } of text.matchAll(ESCAPE)) {
    parts.push(
      Buffer.from(text.slice(from, index)),
      digits === undefined ? Buffer.from(char) : Buffer.of(Number(digits)),
    );
    from = index + unit.length;
  }
  return Buffer.concat([...parts, Buffer.from(text.slice(from))]);
}
