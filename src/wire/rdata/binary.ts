/** Fields that are plain bytes, written in hex, base64, base32hex, or as hardware addresses. */
import type { ByteWriter } from '../byte-writer.ts';
import { Malformed } from '../malformed.ts';
import { hexDigits } from '../text.ts';
import type { Words } from '../words.ts';
import { counted, type Field, fixed, remaining, remainingOrNone } from './field.ts';

function hexOf(rdata: Uint8Array, start: number, end: number): string {
  return Buffer.from(rdata.subarray(start, end)).toString('hex');
}

/** The text of all words from `index` on; undefined where one is quoted. */
function joined(words: Words, index: number): string | undefined {
  let text = '';
  for (let i = index; i < words.count; i++) {
    if (words.at(i).quoted) return undefined;
    text += words.at(i).text;
  }
  return text;
}

/** The bytes of hex digits; undefined for anything else. */
export function fromHex(text: string | undefined): Uint8Array | undefined {
  if (text === undefined || text.length % 2 !== 0 || /[^0-9a-f]/i.test(text)) return undefined;
  return Buffer.from(text, 'hex');
}

/** Appends what the hex digits of all words from `index` on stand for; false: they are no pairs of such digits. */
function appendHex(words: Words, index: number, out: ByteWriter): boolean {
  let high = -1;
  for (let i = index; i < words.count; i++) {
    const { source, start, end, quoted } = words.at(i);
    if (quoted) return false;
    out.reserve(end - start);
    for (let at = start; at < end; at++) {
      const digit = hexDigits[source[at]];
      if (digit < 0) return false;
      if (high < 0) high = digit;
      else {
        out.bytes[out.length++] = (high << 4) | digit;
        high = -1;
      }
    }
  }
  return high < 0;
}

/** The rest of the RDATA in hex digits, which spaces may divide (RFC 4034 §5.3 and others). */
export function hex(label: string): Field {
  return {
    label,
    words: 'some',
    parse(words, index, out) {
      if (appendHex(words, index, out)) return undefined;
      return words.at(index).malformed(`${label} must be pairs of hex digits, not ${words.at(index).shown}`);
    },
    measure: remaining(label),
    format: hexOf,
  };
}

/** The bytes of base64 with its padding (RFC 4648 §4); undefined for anything else, stray last bits included (§3.5). */
export function fromBase64(text: string | undefined): Uint8Array | undefined {
  if (text === undefined || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return text.slice(-4) === bytes.toString('base64').slice(-4) ? bytes : undefined;
}

/**
 * The rest of the RDATA in base64, which spaces may divide at any character (RFC 4034 §2.2 and others); `any`: there
 * may be none. A field with another one behind it is one word, and has no spaces.
 */
export function base64(label: string, words: 'some' | 'any' = 'some'): Field {
  return {
    label,
    words,
    parse(list, index, out) {
      const bytes = fromBase64(joined(list, index));
      if (!bytes) {
        const found = list.at(index).shown;
        return list.at(index).malformed(`${label} must be base64 in groups of four characters, not ${found}`);
      }
      out.append(bytes);
      return undefined;
    },
    measure: words === 'some' ? remaining(label) : remainingOrNone,
    format: (rdata, start, end) => Buffer.from(rdata.subarray(start, end)).toString('base64'),
  };
}

/** The same, with `-` for no bytes at all (DOA). */
export function base64OrDash(label: string): Field {
  const some = base64(label);
  return {
    ...some,
    parse: (words, index, out, origin) =>
      words.count - index === 1 && words.at(index).is('-') ? undefined : some.parse(words, index, out, origin),
    measure: remainingOrNone,
    format: (rdata, start, end) => (start === end ? '-' : some.format(rdata, start, end)),
  };
}

/** Hex digits behind a length byte, `-` where there are none (the salt of NSEC3, RFC 5155 §3.3). */
export function salt(label: string): Field {
  return {
    label,
    words: 'one',
    parse(words, index, out) {
      const word = words.at(index);
      const bytes = word.is('-') ? new Uint8Array(0) : word.quoted ? undefined : fromHex(word.text);
      if (!bytes || bytes.length > 255 || (bytes.length === 0 && !word.is('-')))
        return word.malformed(`${label} must be - or up to 255 pairs of hex digits, not ${word.shown}`);
      out.unsigned(bytes.length, 1);
      out.append(bytes);
      return undefined;
    },
    measure: counted(label, 0),
    format: (rdata, start, end) => (end - start === 1 ? '-' : hexOf(rdata, start + 1, end)),
  };
}

const base32Digits = '0123456789abcdefghijklmnopqrstuv';

/** A hash behind a length byte, in base32hex without padding (the next owner of NSEC3, RFC 5155 §3.3). */
export function base32(label: string): Field {
  return {
    label,
    words: 'one',
    parse(words, index, out) {
      const word = words.at(index);
      const bytes = word.quoted ? undefined : fromBase32(word.text);
      if (!bytes || bytes.length === 0 || bytes.length > 255)
        return word.malformed(`${label} must be a hash in base32hex without padding, not ${word.shown}`);
      out.unsigned(bytes.length, 1);
      out.append(bytes);
      return undefined;
    },
    measure: counted(label, 1),
    format: (rdata, start, end) => toBase32(rdata.subarray(start + 1, end)),
  };
}

/** RFC 4648 §7, each character five bits; the last ones that make no byte must be zero. */
function fromBase32(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let bits = 0;
  let pending = 0;
  let at = 0;
  for (const character of text.toLowerCase()) {
    const digit = base32Digits.indexOf(character);
    if (digit < 0) return undefined;
    pending = (pending << 5) | digit;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = pending >> bits;
    pending &= (1 << bits) - 1;
  }
  return bits < 5 && pending === 0 ? bytes : undefined;
}

function toBase32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let pending = 0;
  for (const byte of bytes) {
    pending = (pending << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += base32Digits[(pending >> (bits - 5)) & 31];
    pending &= (1 << bits) - 1;
  }
  return bits > 0 ? text + base32Digits[(pending << (5 - bits)) & 31] : text;
}

/** A hardware address: so many bytes in hex with hyphens between them (RFC 7043 §3.2, §4.2). */
export function eui(label: string, bytes: 6 | 8): Field {
  const form = new RegExp(`^[0-9a-f]{2}(-[0-9a-f]{2}){${bytes - 1}}$`, 'i');
  const example = Array(bytes).fill('00').join('-');
  return {
    label,
    words: 'one',
    parse(words, index, out) {
      const word = words.at(index);
      if (word.quoted || !form.test(word.text))
        return word.malformed(`${label} must be written as ${example}, not ${word.shown}`);
      out.append(Buffer.from(word.text.replaceAll('-', ''), 'hex'));
      return undefined;
    },
    measure: fixed(label, bytes),
    format: (rdata, start, end) => Array.from(rdata.subarray(start, end), hexPair).join('-'),
  };
}

function hexPair(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

/** A check that the bytes from `from` on are as many as the algorithm in the byte at `algorithmAt` makes. */
export function digestLength(
  label: string,
  algorithmAt: number,
  from: number,
  lengths: Readonly<Record<number, number>>,
): (rdata: Uint8Array) => Malformed | undefined {
  return (rdata) => {
    const expected = lengths[rdata[algorithmAt]];
    const found = rdata.length - from;
    if (expected === undefined || found === expected) return undefined;
    return new Malformed(`${label} of type ${rdata[algorithmAt]} has ${expected} bytes, not ${found}`);
  };
}
