/** What a field of RDATA is: each knows its text, its bytes, and where a name in it stands. */
import type { ByteWriter } from '../byte-writer.ts';
import { Malformed } from '../malformed.ts';
import type { Words } from '../words.ts';

/** One field of an RDATA format, in the order of the wire. */
export interface Field {
  /** What the RFC calls it, for messages. */
  readonly label: string;
  /** `one` word, or all that are left: `some` (at least one) or `any`. Then it is the last field. */
  readonly words: 'one' | 'some' | 'any';
  /** Where the field is one uncompressed name. `host`: the name of a host whose addresses an answer may add. */
  readonly name?: 'host' | 'other';
  /** The field is one text in one string or several, which whoever reads it joins. */
  readonly isText?: true;
  /** Where the names within the field `[start, end)` begin, in one that is no name as a whole but may hold some. */
  readonly names?: (rdata: Uint8Array, start: number, end: number) => readonly number[];
  /** Reads its word, or all from `index` on, and appends the bytes. A relative name belongs to `origin`. */
  readonly parse: (
    words: Words,
    index: number,
    out: ByteWriter,
    origin: Uint8Array | undefined,
  ) => Malformed | undefined;
  /** How many bytes the field takes at `offset`; Malformed where it does not fit before the end, or is not valid. */
  readonly measure: (rdata: Uint8Array, offset: number) => number | Malformed;
  /** Text of the field's bytes `[start, end)`, which were measured before. */
  readonly format: (rdata: Uint8Array, start: number, end: number) => string;
}

/** Measures a field of a fixed length. */
export function fixed(label: string, bytes: number): Field['measure'] {
  return (rdata, offset) =>
    rdata.length - offset >= bytes
      ? bytes
      : new Malformed(`${label} needs ${bytes} bytes, ${Math.max(0, rdata.length - offset)} are left`);
}

/** Measures a field that takes everything that is left, at least one byte. */
export function remaining(label: string): Field['measure'] {
  return (rdata, offset) =>
    rdata.length > offset ? rdata.length - offset : new Malformed(`${label} needs at least one byte`);
}

/** Measures a field of one length byte and so many bytes behind it. */
export function counted(label: string, leastBytes: number): Field['measure'] {
  return (rdata, offset) => {
    if (offset >= rdata.length) return new Malformed(`${label} is missing`);
    const length = rdata[offset];
    if (length < leastBytes) return new Malformed(`${label} needs at least ${leastBytes} bytes`);
    if (offset + 1 + length > rdata.length) return new Malformed(`${label} runs past the end`);
    return 1 + length;
  };
}

/** Measures a field that takes everything that is left, which may be nothing. */
export function remainingOrNone(rdata: Uint8Array, offset: number): number {
  return Math.max(0, rdata.length - offset);
}

/** The unsigned integer of the bytes `[start, end)`, big-endian. */
export function unsignedAt(rdata: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) value = 256 * value + rdata[at];
  return value;
}
