/** The RDATA of LOC: a place on earth, its size and the precision of both (RFC 1876). */
import { Malformed } from '../malformed.ts';
import type { Word, Words } from '../words.ts';
import { type Field, fixed, unsignedAt } from './field.ts';

const LOC_BYTES = 16;
/** Latitude and longitude count thousandths of a second of arc from the equator and the prime meridian (§2). */
const ORIGIN = 2 ** 31;
const UNITS_PER_DEGREE = 3_600_000;
/** Altitude counts centimetres from 100,000 m below the reference spheroid (§2). */
const ALTITUDE_BASE_CM = 10_000_000;
const UINT32_MAX = 0xffffffff;
/** What is not written is this (§3). */
const SIZE_DEFAULT_CM = 100;
const HORIZONTAL_DEFAULT_CM = 1_000_000;
const VERTICAL_DEFAULT_CM = 1_000;
/** A size is one decimal digit times a power of ten (§2). */
const SIZE_MAX_CM = 9e9;

const FORM = 'd1 [m1 [s1]] N|S d2 [m2 [s2]] E|W altitude[m] [size[m] [hp[m] [vp[m]]]] (RFC 1876 §3)';

export const location: Field = {
  label: FORM,
  words: 'some',
  parse(words, index, out) {
    const reader = new Reader(words, index);
    const latitude = reader.angle('latitude', 90, 'N', 'S');
    const longitude = reader.angle('longitude', 180, 'E', 'W');
    const altitude = reader.centimetres('altitude', undefined, -ALTITUDE_BASE_CM, UINT32_MAX - ALTITUDE_BASE_CM);
    const size = reader.centimetres('size', SIZE_DEFAULT_CM, 0, SIZE_MAX_CM);
    const horizontal = reader.centimetres('horizontal precision', HORIZONTAL_DEFAULT_CM, 0, SIZE_MAX_CM);
    const vertical = reader.centimetres('vertical precision', VERTICAL_DEFAULT_CM, 0, SIZE_MAX_CM);
    const bad = reader.finish();
    if (bad) return bad;
    out.unsigned(0, 1);
    for (const length of [size, horizontal, vertical]) out.unsigned(packSize(length), 1);
    out.unsigned(ORIGIN + latitude, 4);
    out.unsigned(ORIGIN + longitude, 4);
    out.unsigned(ALTITUDE_BASE_CM + altitude, 4);
    return undefined;
  },
  measure(rdata, offset) {
    // Of the format of another version nothing is known (RFC 1876 §2): it is kept as it is.
    if (offset < rdata.length && !hasLocationText(rdata)) return rdata.length - offset;
    const bytes = fixed('location', LOC_BYTES)(rdata, offset);
    if (typeof bytes !== 'number') return bytes;
    return checkLocation(rdata, offset) ?? bytes;
  },
  format(rdata, start) {
    const latitude = formatAngle(unsignedAt(rdata, start + 4, start + 8) - ORIGIN, 'N', 'S');
    const longitude = formatAngle(unsignedAt(rdata, start + 8, start + 12) - ORIGIN, 'E', 'W');
    const altitude = formatMetres(unsignedAt(rdata, start + 12, start + 16) - ALTITUDE_BASE_CM);
    const sizes = [1, 2, 3].map((at) => formatMetres(unpackSize(rdata[start + at])));
    return [latitude, longitude, altitude, ...sizes].join(' ');
  },
};

/** False for versions of the future. */
export function hasLocationText(rdata: Uint8Array): boolean {
  return rdata[0] === 0;
}

function checkLocation(rdata: Uint8Array, offset: number): Malformed | undefined {
  for (let at = offset + 1; at <= offset + 3; at++) {
    const digit = rdata[at] >> 4;
    const power = rdata[at] & 0x0f;
    if (digit > 9 || power > 9 || (digit === 0 && power > 0))
      return new Malformed('a size must be a digit from 1 to 9 and a power of ten up to 9, or zero');
  }
  const beyond = (at: number, degrees: number): boolean =>
    Math.abs(unsignedAt(rdata, at, at + 4) - ORIGIN) > degrees * UNITS_PER_DEGREE;
  if (beyond(offset + 4, 90)) return new Malformed('a latitude is at most 90 degrees');
  if (beyond(offset + 8, 180)) return new Malformed('a longitude is at most 180 degrees');
  return undefined;
}

/** Reads words from left to right; after the first mistake it reads no more and `finish` returns it. */
class Reader {
  readonly #words: Words;
  #at: number;
  #bad: Malformed | undefined;

  constructor(words: Words, at: number) {
    this.#words = words;
    this.#at = at;
  }

  /** Thousandths of a second, negative for `west`: one to three numbers and a letter. */
  angle(label: string, degreesMax: number, east: string, west: string): number {
    const scales = [UNITS_PER_DEGREE, 60_000, 1_000];
    let units = 0;
    for (let part = 0; ; part++) {
      const word = this.#next(label);
      if (!word) return 0;
      const text = word.text.toUpperCase();
      if (part > 0 && (text === east || text === west)) {
        if (units > degreesMax * UNITS_PER_DEGREE) this.#fail(word, `${label} is at most ${degreesMax} degrees`);
        return text === east ? units : -units;
      }
      const form = part === 2 ? /^\d{1,2}(\.\d{1,3})?$/ : /^\d{1,3}$/;
      if (part > 2 || word.quoted || !form.test(text) || Number(text) >= (part === 0 ? degreesMax + 1 : 60)) {
        this.#fail(word, `${label} must be degrees, minutes and seconds, then ${east} or ${west}, not ${word.shown}`);
        return 0;
      }
      units += Math.round(Number(text) * scales[part]);
    }
  }

  /** Metres with up to two decimals, `m` or not, as centimetres. */
  centimetres(label: string, otherwise: number | undefined, least: number, most: number): number {
    if (otherwise !== undefined && this.#at === this.#words.count) return otherwise;
    const word = this.#next(label);
    if (!word) return 0;
    const parts = word.quoted ? null : /^(-?)(\d{1,8})(?:\.(\d{1,2}))?m?$/i.exec(word.text);
    const absolute = parts ? 100 * Number(parts[2]) + Number((parts[3] ?? '').padEnd(2, '0')) : Number.NaN;
    const value = parts?.[1] === '-' ? -absolute : absolute;
    if (value >= least && value <= most) return value;
    this.#fail(word, `${label} must be metres from ${least / 100} to ${most / 100}, not ${word.shown}`);
    return 0;
  }

  finish(): Malformed | undefined {
    if (!this.#bad && this.#at < this.#words.count) {
      const word = this.#words.at(this.#at);
      this.#fail(word, `LOC is written as ${FORM}, ${word.shown} is too much`);
    }
    return this.#bad;
  }

  #next(label: string): Word | undefined {
    if (this.#bad) return undefined;
    if (this.#at < this.#words.count) return this.#words.at(this.#at++);
    this.#fail(this.#words.at(this.#words.count - 1), `LOC is written as ${FORM}, ${label} is missing or cut short`);
    return undefined;
  }

  #fail(word: Word, reason: string): void {
    this.#bad ??= word.malformed(reason);
  }
}

/** The leading digit and the power of ten of a size in centimetres; lower digits cannot be said (§2). */
function packSize(centimetres: number): number {
  let digit = centimetres;
  let power = 0;
  for (; digit >= 10; power++) digit = Math.floor(digit / 10);
  return (digit << 4) | power;
}

function unpackSize(packed: number): number {
  return (packed >> 4) * 10 ** (packed & 0x0f);
}

function formatAngle(units: number, east: string, west: string): string {
  const absolute = Math.abs(units);
  const degrees = Math.floor(absolute / UNITS_PER_DEGREE);
  const minutes = Math.floor((absolute % UNITS_PER_DEGREE) / 60_000);
  const seconds = ((absolute % 60_000) / 1_000).toFixed(3);
  return `${degrees} ${minutes} ${seconds} ${units >= 0 ? east : west}`;
}

function formatMetres(centimetres: number): string {
  return `${(centimetres / 100).toFixed(2)}m`;
}
