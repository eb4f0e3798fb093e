/** What all presentation text shares (RFC 1035 §5.1): escapes, character-strings, and quoting in messages. */
import type { ByteWriter } from './byte-writer.ts';
import { MAX_CHARACTER_STRING_BYTES } from './constants.ts';
import { Malformed } from './malformed.ts';

/** Longest piece of the user's text that a message repeats: enough to find it, too little to flood a log. */
const QUOTED_PIECE_CHARS = 80;

/** No character takes more bytes in UTF-8 (RFC 3629 §3). */
const UTF8_CHARACTER_BYTES_MAX = 4;

export const BACKSLASH = 0x5c;
export const DOUBLE_QUOTE = 0x22;

// A byte order mark is a character like another here: left out, nothing might be left to show.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

/** Narrows a result to the bad case. */
export function isMalformed(value: unknown): value is Malformed {
  return value instanceof Malformed;
}

/** The user's text as a JSON string, shortened, for use in a `Malformed.reason`. */
export function quote(text: string): string {
  return JSON.stringify(text.length > QUOTED_PIECE_CHARS ? `${text.slice(0, QUOTED_PIECE_CHARS)}…` : text);
}

/** Text as bytes, in UTF-8. */
export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Up to here, adding character to character beats calling the decoder. */
const SHORT_TEXT_BYTES = 16;

/** The bytes `[start, end)` as text; what is not UTF-8 shows as U+FFFD, which no format accepts. */
export function decodeText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > SHORT_TEXT_BYTES) return decoder.decode(bytes.subarray(start, end));
  let text = '';
  for (let at = start; at < end; at++) {
    if (bytes[at] > 0x7e) return decoder.decode(bytes.subarray(start, end));
    text += String.fromCharCode(bytes[at]);
  }
  return text;
}

/** The bytes `[start, end)` for use in a `Malformed.reason`. */
export function quoteBytes(bytes: Uint8Array, start: number, end: number): string {
  return quote(decodeText(bytes, start, Math.min(end, start + UTF8_CHARACTER_BYTES_MAX * (QUOTED_PIECE_CHARS + 1))));
}

/** The whole character at `at`, of one byte or several. */
export function quoteCharacter(bytes: Uint8Array, at: number): string {
  const text = decodeText(bytes, at, Math.min(bytes.length, at + UTF8_CHARACTER_BYTES_MAX));
  return quote(String.fromCodePoint(text.codePointAt(0) as number));
}

export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** The value of each byte that is a hex digit, of either case; -1: it is none. */
export const hexDigits = new Int8Array(256).fill(-1);
for (let value = 0; value < 16; value++) {
  hexDigits[value.toString(16).charCodeAt(0)] = value;
  hexDigits[value.toString(16).toUpperCase().charCodeAt(0)] = value;
}

/** The byte that the escape at `at` stands for: `\DDD` (three decimal digits up to 255) or `\X`. */
export function escapedByte(bytes: Uint8Array, at: number, end: number): number | Malformed {
  if (at + 1 >= end)
    return new Malformed(
      `a backslash must be followed by three digits or a character: ${quoteBytes(bytes, at, end)}`,
      at,
    );
  const next = bytes[at + 1];
  if (!isDigit(next)) {
    if (next >= 0x20 && next <= 0x7e) return next;
    const found = quoteCharacter(bytes, at + 1);
    return new Malformed(`only a printable ASCII character can follow a backslash, not ${found}`, at);
  }
  if (at + 3 >= end || !isDigit(bytes[at + 2]) || !isDigit(bytes[at + 3])) {
    const found = quoteBytes(bytes, at, Math.min(end, at + 4));
    return new Malformed(`an escape with digits has three of them: ${found}`, at);
  }
  const value = 100 * (next - 0x30) + 10 * (bytes[at + 2] - 0x30) + (bytes[at + 3] - 0x30);
  return value <= 255 ? value : new Malformed(`an escape is at most \\255, not \\${value}`, at);
}

/** How many bytes the well-formed escape at `at` takes. */
export function escapeLength(bytes: Uint8Array, at: number): number {
  return isDigit(bytes[at + 1]) ? 4 : 2;
}

/** Appends the bytes that the text `[start, end)` stands for, escapes decoded, characters beyond ASCII as they are. */
export function appendUnescaped(bytes: Uint8Array, start: number, end: number, out: ByteWriter): Malformed | undefined {
  out.reserve(end - start);
  const to = out.bytes;
  let { length } = out;
  for (let at = start; at < end; ) {
    const byte = bytes[at];
    if (byte !== BACKSLASH) {
      to[length++] = byte;
      at += 1;
      continue;
    }
    const escaped = escapedByte(bytes, at, end);
    if (isMalformed(escaped)) return escaped;
    to[length++] = escaped;
    at += escapeLength(bytes, at);
  }
  out.length = length;
  return undefined;
}

/** Appends the text `[start, end)` as a <character-string>: a length byte, then the bytes (RFC 1035 §3.3). */
export function appendCharacterString(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: ByteWriter,
): Malformed | undefined {
  const lengthAt = out.length;
  out.unsigned(0, 1);
  const bad = appendUnescaped(bytes, start, end, out);
  if (bad) return bad;
  const length = out.length - lengthAt - 1;
  if (length > MAX_CHARACTER_STRING_BYTES) {
    const limit = `a string has at most ${MAX_CHARACTER_STRING_BYTES} bytes`;
    return new Malformed(`${limit}, ${quoteBytes(bytes, start, end)} has ${length}`, start);
  }
  out.bytes[lengthAt] = length;
  return undefined;
}

/**
 * How each byte is written: `special` characters with a backslash, printable ASCII from `firstPrintable` on as itself,
 * everything else as \DDD.
 */
export function byteTexts(special: string, firstPrintable: string): readonly string[] {
  return Array.from({ length: 256 }, (_, byte) => {
    const character = String.fromCharCode(byte);
    if (special.includes(character)) return `\\${character}`;
    return character >= firstPrintable && character <= '~' ? character : `\\${String(byte).padStart(3, '0')}`;
  });
}

const quotedTexts = byteTexts('"\\', ' ');

/** The bytes `[start, end)` as a quoted character-string. */
export function formatString(bytes: Uint8Array, start: number, end: number): string {
  let text = '"';
  for (let at = start; at < end; at++) text += quotedTexts[bytes[at]];
  return `${text}"`;
}
