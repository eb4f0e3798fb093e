/** Domain names: presentation text to uncompressed wire form and back, their length, and their canonical order. */
import assert from 'node:assert/strict';
import { MAX_LABEL_BYTES, MAX_NAME_BYTES } from './constants.ts';
import { Malformed } from './malformed.ts';
import { BACKSLASH, byteTexts, encodeText, escapedByte, escapeLength, quoteBytes, quoteCharacter } from './text.ts';

/** Characters that a zone file gives a meaning of their own (RFC 1035 §5.1): in a name they must be escaped. */
const mustBeEscaped = '"();@';

/** How each byte of a label is written: with `\X` those above, the dot, the backslash, and `$` of `$ORIGIN`. */
const labelTexts = byteTexts(`${mustBeEscaped}.\\$`, '!');

const DOT = 0x2e;
const AT_SIGN = 0x40;
const ROOT = new Uint8Array(1);

/** 1 for the bytes that stand for themselves within a label. */
const plainByte = new Uint8Array(256).fill(1, 0x21, 0x7f);
for (const character of `${mustBeEscaped}.\\`) plainByte[character.charCodeAt(0)] = 0;

/**
 * Presentation text to an uncompressed wire name, the root's zero byte included (RFC 1035 §3.1 and §5.1, escapes as
 * in RFC 4343 §2.1). The name is absolute with or without the final dot; the empty text and `.` are the root. Case is
 * kept.
 */
export function parseName(text: string): Uint8Array | Malformed {
  const bytes = asciiBytes(text) ?? encodeText(text);
  const length = readName(bytes, 0, bytes.length, undefined, parsedName, 0);
  return typeof length === 'number' ? parsedName.slice(0, length) : length;
}

/** Where names are read before their length is known: memory for each would cost more than the reading. */
const parsedName = new Uint8Array(MAX_NAME_BYTES);
/** The longest name with each byte written as \DDD, and more. */
const asciiText = new Uint8Array(1024);

/** The bytes of a short ASCII text, until the next call; undefined: it is another one. */
function asciiBytes(text: string): Uint8Array | undefined {
  const { length } = text;
  if (length > asciiText.length) return undefined;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return undefined;
    asciiText[i] = code;
  }
  return asciiText.subarray(0, length);
}

/**
 * Reads the name that the text `[start, end)` stands for into `out` at `at`, where 255 bytes must be free, and returns
 * its length. With an `origin`, a name without the final dot is relative to it, and `@` is the origin itself (RFC 1035
 * §5.1); without one every name is absolute.
 */
export function readName(
  text: Uint8Array,
  start: number,
  end: number,
  origin: Uint8Array | undefined,
  out: Uint8Array,
  at: number,
): number | Malformed {
  if (end - start === 1 && text[start] === AT_SIGN && origin)
    return appendOrigin(text, start, end, origin, out, at, at);
  if (end === start || (end - start === 1 && text[start] === DOT)) {
    out[at] = 0;
    return 1;
  }
  let labelAt = at;
  let to = at + 1;
  for (let from = start; from < end; ) {
    const byte = text[from];
    if (plainByte[byte] === 1) {
      out[to++] = byte;
      from += 1;
    } else if (byte === DOT) {
      const label = to - labelAt - 1;
      if (label === 0 || label > MAX_LABEL_BYTES) return badLabel(label, text, start, end);
      out[labelAt] = label;
      labelAt = to++;
      from += 1;
    } else {
      if (byte !== BACKSLASH) return badNameByte(text, from, start, end);
      const escaped = escapedByte(text, from, end);
      if (typeof escaped !== 'number') return escaped;
      out[to++] = escaped;
      from += escapeLength(text, from);
    }
  }
  const label = to - labelAt - 1;
  // Only the final dot of an absolute name leaves an empty label: it is the root's.
  if (label === 0) return appendOrigin(text, start, end, ROOT, out, at, labelAt);
  if (label > MAX_LABEL_BYTES) return badLabel(label, text, start, end);
  out[labelAt] = label;
  return appendOrigin(text, start, end, origin ?? ROOT, out, at, to);
}

/** Completes the name that began at `at` with the origin, from `to` on. */
function appendOrigin(
  text: Uint8Array,
  start: number,
  end: number,
  origin: Uint8Array,
  out: Uint8Array,
  at: number,
  to: number,
): number | Malformed {
  const length = to - at + origin.length;
  if (length > MAX_NAME_BYTES) {
    const found = `${quoteBytes(text, start, end)}${origin.length > 1 ? ' with its origin' : ''} has ${length}`;
    return new Malformed(`a name has at most ${MAX_NAME_BYTES} bytes in wire form, ${found}`, start);
  }
  out.set(origin, to);
  return length;
}

function badLabel(bytes: number, text: Uint8Array, start: number, end: number): Malformed {
  const name = quoteBytes(text, start, end);
  return new Malformed(
    bytes === 0
      ? `a label cannot be empty: ${name} has two dots in a row or begins with one`
      : `a label has at most ${MAX_LABEL_BYTES} bytes, one of ${name} has ${bytes}`,
    start,
  );
}

/** Why the byte at `at` cannot stand in the name `[start, end)`. */
function badNameByte(text: Uint8Array, at: number, start: number, end: number): Malformed {
  const byte = text[at];
  const name = quoteBytes(text, start, end);
  if (byte > 0x7f) {
    const hint = 'write an international name as A-labels (punycode, xn--…), other bytes as \\DDD';
    return new Malformed(`a name is written in ASCII, not ${quoteCharacter(text, at)} in ${name}: ${hint}`, at);
  }
  if (byte <= 0x20 || byte === 0x7f)
    return new Malformed(`a space or control character in ${name} must be written as \\DDD`, at);
  const character = String.fromCharCode(byte);
  const hint = character === '@' ? '; write the origin in full, and a mailbox with a dot for its @' : '';
  return new Malformed(`${JSON.stringify(character)} in the name ${name} must be written as \\${character}${hint}`, at);
}

/** The presentation text of the uncompressed wire name at `offset`, with the final dot; the root is `.`. */
export function formatName(wire: Uint8Array, offset = 0): string {
  return `${formatLabels(wire, offset)}.`;
}

/** A byte of a label is written with at most four characters, and a dot takes the place of each length byte. */
export const MAX_NAME_TEXT_BYTES = 4 * MAX_NAME_BYTES;
const scratch = Buffer.alloc(MAX_NAME_TEXT_BYTES);

/** The same without the final dot; the root is the empty text. */
export function formatLabels(wire: Uint8Array, offset = 0): string {
  assert(nameLength(wire, offset) > 0, 'a well-formed uncompressed name is needed');
  return scratch.toString('latin1', 0, writeLabels(wire, offset, scratch));
}

/** Writes that text of a well-formed name to the start of `out`, which has room for MAX_NAME_TEXT_BYTES; its length. */
function writeLabels(wire: Uint8Array, offset: number, out: Uint8Array): number {
  let to = 0;
  for (let at = offset; wire[at] !== 0; ) {
    if (at > offset) out[to++] = DOT;
    const end = at + 1 + wire[at];
    for (at += 1; at < end; at++) {
      const text = labelTexts[wire[at]];
      if (text.length === 1) out[to++] = wire[at];
      else for (let i = 0; i < text.length; i++) out[to++] = text.charCodeAt(i);
    }
  }
  return to;
}

/** The same in lower case: canonical text. Its escapes have no letters. */
export function writeLowerLabels(wire: Uint8Array, out: Uint8Array): number {
  const length = writeLabels(wire, 0, out);
  for (let i = 0; i < length; i++) out[i] = lowerByte(out[i]);
  return length;
}

/** Whether a well-formed uncompressed name is `ancestor` or below it, whatever their case. */
export function isWireAtOrBelow(name: Uint8Array, ancestor: Uint8Array): boolean {
  let at = 0;
  while (name.length - at > ancestor.length) at += 1 + name[at];
  if (name.length - at !== ancestor.length) return false;
  for (let i = 0; i < ancestor.length; i++) if (lowerByte(name[at + i]) !== lowerByte(ancestor[i])) return false;
  return true;
}

/**
 * Bytes of the uncompressed name at `offset`, the root's zero byte included; 0 where no well-formed one stands there
 * (it runs past the end, is longer than 255 bytes, or has a pointer or another label type).
 */
export function nameLength(wire: Uint8Array, offset = 0): number {
  let at = offset;
  while (at < wire.length) {
    const labelBytes = wire[at];
    if (labelBytes > MAX_LABEL_BYTES) return 0;
    at += labelBytes + 1;
    if (at - offset > MAX_NAME_BYTES) return 0;
    if (labelBytes === 0) return at - offset;
  }
  return 0;
}

/** How many labels the uncompressed name at `offset` has, the root not counted. */
export function labelCount(wire: Uint8Array, offset = 0): number {
  return labelStarts(wire, offset).length;
}

/** A copy with A–Z lowered and every other byte as it was (RFC 4343 §3). Length bytes are below `A` and stay. */
export function lowerName(wire: Uint8Array): Uint8Array {
  return wire.map(lowerByte);
}

/** By a list: resolvers write letters in either case at random (0x20), so that a branch on it would be guessed wrongly. */
const LOWER_BYTES = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte));

/** ASCII letters to lower case, everything else as it is (RFC 4343 §3). */
export function lowerByte(byte: number): number {
  return LOWER_BYTES[byte];
}

/** Canonical order (RFC 4034 §6.1): labels from the right, without case, as unsigned bytes. Negative: `a` is first. */
export function compareNames(a: Uint8Array, b: Uint8Array): number {
  const startsA = labelStarts(a, 0);
  const startsB = labelStarts(b, 0);
  for (let back = 1; back <= Math.min(startsA.length, startsB.length); back++) {
    const order = compareLabels(a, startsA[startsA.length - back], b, startsB[startsB.length - back]);
    if (order !== 0) return order;
  }
  return startsA.length - startsB.length;
}

function compareLabels(a: Uint8Array, startA: number, b: Uint8Array, startB: number): number {
  const shared = Math.min(a[startA], b[startB]);
  for (let index = 1; index <= shared; index++) {
    const order = lowerByte(a[startA + index]) - lowerByte(b[startB + index]);
    if (order !== 0) return order;
  }
  return a[startA] - b[startB];
}

/** Offsets of the length bytes of every label but the root. */
function labelStarts(wire: Uint8Array, offset: number): number[] {
  assert(nameLength(wire, offset) > 0, 'a well-formed uncompressed name is needed');
  const starts: number[] = [];
  for (let at = offset; wire[at] !== 0; at += wire[at] + 1) starts.push(at);
  return starts;
}
