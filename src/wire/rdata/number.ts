/** Fields that are numbers: integers, codes with mnemonics, durations with units, and times of signatures. */
import { isDigit } from '../text.ts';
import type { Word } from '../words.ts';
import { type Field, fixed, unsignedAt } from './field.ts';

/** The decimal integer that a bare word is, -1 where it is not one or is above `max`. */
export function readInteger(word: Word, max: number): number {
  if (word.quoted) return -1;
  let value = 0;
  for (let at = word.start; at < word.end; at++) {
    const byte = word.source[at];
    if (!isDigit(byte)) return -1;
    value = 10 * value + byte - 0x30;
    if (value > max) return -1;
  }
  return value;
}

/** An unsigned integer in decimal, `bytes` long, big-endian. */
function unsigned(label: string, bytes: 1 | 2 | 4): Field {
  const max = 2 ** (8 * bytes) - 1;
  return {
    label,
    words: 'one',
    parse(words, index, out) {
      const word = words.at(index);
      const value = readInteger(word, max);
      if (value < 0) return word.malformed(`${label} must be an integer from 0 to ${max}, not ${word.shown}`);
      out.unsigned(value, bytes);
      return undefined;
    },
    measure: fixed(label, bytes),
    format: (rdata, start, end) => String(unsignedAt(rdata, start, end)),
  };
}

export const uint8 = (label: string): Field => unsigned(label, 1);
export const uint16 = (label: string): Field => unsigned(label, 2);
export const uint32 = (label: string): Field => unsigned(label, 4);

/** A number that may also be written as one of `mnemonics`, of any case; it is printed as a number. */
export function code(label: string, bytes: 1 | 2, mnemonics: Readonly<Record<string, number>>): Field {
  const number = unsigned(label, bytes);
  const codes = new Map(Object.entries(mnemonics));
  return {
    ...number,
    parse(words, index, out, origin) {
      const word = words.at(index);
      // No mnemonic begins with a digit.
      const isNumber = word.quoted || isDigit(word.source[word.start]);
      const known = isNumber ? undefined : codes.get(word.text.toUpperCase());
      if (known !== undefined) {
        out.unsigned(known, bytes);
        return undefined;
      }
      const bad = number.parse(words, index, out, origin);
      return bad && word.malformed(`${bad.reason}, and not a mnemonic such as ${Object.keys(mnemonics)[0]}`);
    },
  };
}

/** The same, printed as the mnemonic where there is one. */
export function namedCode(label: string, bytes: 1 | 2, mnemonics: Readonly<Record<string, number>>): Field {
  const names = new Map(Object.entries(mnemonics).map(([name, value]) => [value, name]));
  return {
    ...code(label, bytes, mnemonics),
    format(rdata, start, end) {
      const value = unsignedAt(rdata, start, end);
      return names.get(value) ?? String(value);
    },
  };
}

/** Flags as a number, or as mnemonics with `|` between them (RFC 2535 §7.1). */
export function flags(label: string, mnemonics: Readonly<Record<string, number>>): Field {
  const number = uint16(label);
  return {
    ...number,
    parse(words, index, out, origin) {
      const word = words.at(index);
      const values = word.quoted ? [] : word.text.split('|').map((name) => mnemonics[name.toUpperCase()] ?? -1);
      if (values.length === 0 || values.includes(-1)) return number.parse(words, index, out, origin);
      out.unsigned(
        values.reduce((all, value) => all | value, 0),
        2,
      );
      return undefined;
    },
  };
}

const UINT32_MAX = 0xffffffff;

/** Seconds of each unit that a duration may be written in. */
const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** What a duration looks like, for messages. */
export const DURATION_FORM = 'seconds, or a duration such as 1h30m';

/**
 * The seconds that a bare word stands for: a number, or numbers each with a unit (`1h30m`), as BIND introduced them
 * and every reader of zone files takes them. -1 where it is neither or does not fit in 32 bits.
 */
export function readSeconds(word: Word): number {
  const plain = readInteger(word, UINT32_MAX);
  if (plain >= 0 || word.quoted) return plain;
  let total = 0;
  for (let at = word.start; at < word.end; ) {
    const first = at;
    let value = 0;
    while (at < word.end && isDigit(word.source[at])) value = 10 * value + word.source[at++] - 0x30;
    const unit = at < word.end ? unitSeconds[String.fromCharCode(word.source[at] | 0x20)] : undefined;
    if (at === first || unit === undefined) return -1;
    total += value * unit;
    if (total > UINT32_MAX) return -1;
    at += 1;
  }
  return total;
}

/** A duration of 32 bits, printed in seconds. */
export function seconds(label: string): Field {
  return {
    ...uint32(label),
    parse(words, index, out) {
      const word = words.at(index);
      const value = readSeconds(word);
      if (value < 0) return word.malformed(`${label} must be ${DURATION_FORM}, not ${word.shown}`);
      out.unsigned(value, 4);
      return undefined;
    },
  };
}

/** The time of a signature: `YYYYMMDDHHmmSS` in UTC, or seconds since 1970 in at most ten digits (RFC 4034 §3.2). */
export function signatureTime(label: string): Field {
  return {
    label,
    words: 'one',
    parse(words, index, out) {
      const word = words.at(index);
      const value = word.end - word.start === 14 ? readDate(word.text) : readInteger(word, UINT32_MAX);
      if (value < 0 || word.quoted) {
        const expected = 'YYYYMMDDHHmmSS between 1970 and 2106, or seconds since 1970';
        return word.malformed(`${label} must be ${expected}, not ${word.shown}`);
      }
      out.unsigned(value, 4);
      return undefined;
    },
    measure: fixed(label, 4),
    format: (rdata, start, end) =>
      new Date(1000 * unsignedAt(rdata, start, end)).toISOString().replace(/[-:T]|\..*/g, ''),
  };
}

function readDate(text: string): number {
  const date = text.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/, '$1-$2-$3T$4:$5:$6Z');
  const value = Date.parse(date) / 1000;
  // Date.parse takes 30 February for 1 March, and 24:00:00: only what prints the same again is a date.
  const same = value >= 0 && value <= UINT32_MAX && new Date(1000 * value).toISOString().startsWith(date.slice(0, -1));
  return same ? value : -1;
}
