/** Domain names: presentation text to uncompressed wire form and back, their length, and their canonical order. */
import assert from 'node:assert/strict';
import { MAX_LABEL_BYTES, MAX_NAME_BYTES } from './constants.ts';
import { Malformed } from './malformed.ts';
import { charAt, escapedByte, isMalformed, quote } from './text.ts';

/** Characters that a zone file gives a meaning of their own (RFC 1035 §5.1): in a name they must be escaped. */
const mustBeEscaped = '"();@';

/** Printable characters that are written as `\X`: those above, the dot, the backslash, and `$` of `$ORIGIN`. */
const escapedOnOutput = `${mustBeEscaped}.\\$`;

const DOT = 0x2e;

/**
 * Presentation text to an uncompressed wire name, the root's zero byte included (RFC 1035 §3.1 and §5.1, escapes as
 * in RFC 4343 §2.1). The name is absolute with or without the final dot; the empty text and `.` are the root. Case is
 * kept.
 */
export function parseName(text: string): Uint8Array | Malformed {
  if (text === '' || text === '.') return new Uint8Array(1);
  const wire: number[] = [0];
  let labelStart = 0;
  for (let at = 0; at < text.length; ) {
    if (text.charCodeAt(at) === DOT) {
      const bad = checkLabel(wire.length - labelStart - 1, text);
      if (bad) return bad;
      wire[labelStart] = wire.length - labelStart - 1;
      labelStart = wire.length;
      wire.push(0);
      at += 1;
      continue;
    }
    const byte = nameByte(text, at);
    if (isMalformed(byte)) return byte;
    wire.push(byte.byte);
    at += byte.chars;
  }
  const lastLabelBytes = wire.length - labelStart - 1;
  if (lastLabelBytes > 0) {
    const bad = checkLabel(lastLabelBytes, text);
    if (bad) return bad;
    wire[labelStart] = lastLabelBytes;
    wire.push(0);
  }
  if (wire.length > MAX_NAME_BYTES) {
    return new Malformed(`a name has at most ${MAX_NAME_BYTES} bytes in wire form, ${quote(text)} has ${wire.length}`);
  }
  return Uint8Array.from(wire);
}

function checkLabel(bytes: number, text: string): Malformed | undefined {
  if (bytes === 0)
    return new Malformed(`a label cannot be empty: ${quote(text)} has two dots in a row or begins with one`);
  if (bytes > MAX_LABEL_BYTES) {
    return new Malformed(`a label has at most ${MAX_LABEL_BYTES} bytes, one of ${quote(text)} has ${bytes}`);
  }
  return undefined;
}

/** The byte of a label that the character or escape at `at` stands for, and how many characters that took. */
function nameByte(text: string, at: number): { byte: number; chars: number } | Malformed {
  const code = text.charCodeAt(at);
  if (code === 0x5c) return escapedByte(text, at);
  if (code > 0x7f) {
    const hint = 'write an international name as A-labels (punycode, xn--…), other bytes as \\DDD';
    return new Malformed(`a name is written in ASCII, not ${quote(charAt(text, at))} in ${quote(text)}: ${hint}`);
  }
  if (code <= 0x20 || code === 0x7f)
    return new Malformed(`a space or control character in ${quote(text)} must be written as \\DDD`);
  if (mustBeEscaped.includes(text.charAt(at))) {
    const hint = text.charAt(at) === '@' ? '; write the origin in full, and a mailbox with a dot for its @' : '';
    return new Malformed(
      `${quote(text.charAt(at))} in the name ${quote(text)} must be written as \\${text.charAt(at)}${hint}`,
    );
  }
  return { byte: code, chars: 1 };
}

/** The presentation text of the uncompressed wire name at `offset`, with the final dot; the root is `.`. */
export function formatName(wire: Uint8Array, offset = 0): string {
  assert(nameLength(wire, offset) > 0, 'formatName needs a well-formed uncompressed name');
  if (wire[offset] === 0) return '.';
  let text = '';
  for (let at = offset; wire[at] !== 0; at += wire[at] + 1) {
    for (let index = at + 1; index <= at + wire[at]; index++) text += formatNameByte(wire[index]);
    text += '.';
  }
  return text;
}

function formatNameByte(byte: number): string {
  if (byte <= 0x20 || byte > 0x7e) return `\\${String(byte).padStart(3, '0')}`;
  const char = String.fromCharCode(byte);
  return escapedOnOutput.includes(char) ? `\\${char}` : char;
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

function lowerByte(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
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
