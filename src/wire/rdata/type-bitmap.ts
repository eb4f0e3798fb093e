/** Fields that say record types: one type, and the bitmap of types of NSEC, NSEC3 and CSYNC. */
import { Malformed } from '../malformed.ts';
import { isMalformed } from '../text.ts';
import { type Field, fixed, unsignedAt } from './field.ts';
import { formatType, parseType } from './type.ts';

/** A window block holds 256 types in at most 32 bytes (RFC 4034 §4.1.2). */
const WINDOW_BYTES_MAX = 32;

/** One type as its mnemonic (the type covered by an RRSIG, RFC 4034 §3.2). */
export function recordType(label: string): Field {
  return {
    label,
    words: 'one',
    parse(words, index, out) {
      const word = words.at(index);
      const type = parseType(word.text);
      if (isMalformed(type) || word.quoted)
        return word.malformed(`${label} must be a record type such as A or TYPE257, not ${word.shown}`);
      out.unsigned(type, 2);
      return undefined;
    },
    measure: fixed(label, 2),
    format: (rdata, start, end) => formatType(unsignedAt(rdata, start, end)),
  };
}

/**
 * The rest of the RDATA as a list of types, which may be empty (RFC 4034 §4.1.2): window blocks in growing order, none empty, none with a
 * zero byte at its end, so that a set of types has one encoding only.
 */
export function typeBitmap(label: string): Field {
  return {
    label,
    words: 'any',
    parse(list, index, out) {
      const types: number[] = [];
      for (let i = index; i < list.count; i++) {
        const word = list.at(i);
        const type = parseType(word.text);
        if (isMalformed(type) || word.quoted)
          return word.malformed(`${label} must be record types such as A or TYPE257, not ${word.shown}`);
        types.push(type);
      }
      out.append(bitmapOf(types));
      return undefined;
    },
    measure(rdata, offset) {
      return checkWindows(label, rdata, offset) ?? rdata.length - offset;
    },
    format: (rdata, start, end) => typesOf(rdata, start, end).map(formatType).join(' '),
  };
}

/** The bitmap of a set of types, in any order. */
export function bitmapOf(types: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  const windows = Map.groupBy(
    types.toSorted((a, b) => a - b),
    (type) => type >> 8,
  );
  for (const [window, inWindow] of windows) {
    const bitmap = new Uint8Array((((inWindow.at(-1) as number) & 0xff) >> 3) + 1);
    for (const type of inWindow) bitmap[(type & 0xff) >> 3] |= 0x80 >> (type & 7);
    bytes.push(window, bitmap.length, ...bitmap);
  }
  return Uint8Array.from(bytes);
}

function checkWindows(label: string, rdata: Uint8Array, offset: number): Malformed | undefined {
  let lastWindow = -1;
  for (let at = offset; at < rdata.length; ) {
    const length = rdata[at + 1] ?? 0;
    const end = at + 2 + length;
    if (length === 0 || length > WINDOW_BYTES_MAX || end > rdata.length)
      return new Malformed(`a window of ${label} must have 1 to ${WINDOW_BYTES_MAX} bytes before the end`);
    if (rdata[at] <= lastWindow) return new Malformed(`the windows of ${label} must be in growing order`);
    if (rdata[end - 1] === 0) return new Malformed(`a window of ${label} must not end in a zero byte`);
    lastWindow = rdata[at];
    at = end;
  }
  return undefined;
}

/** The types of a valid bitmap, in growing order. */
export function typesOf(rdata: Uint8Array, start: number, end: number): number[] {
  const types: number[] = [];
  for (let at = start; at < end; at += 2 + rdata[at + 1]) {
    for (let bit = 0; bit < 8 * rdata[at + 1]; bit++) {
      if (rdata[at + 2 + (bit >> 3)] & (0x80 >> (bit & 7))) types.push((rdata[at] << 8) | bit);
    }
  }
  return types;
}
