/**
 * Records that are written plainly, each on a line of its own with a name of letters, digits, hyphens and underscores:
 * nearly all of a large file. They are read from its bytes without an object each. What is not understood here at
 * once, right or wrong, is left to the reader of entries.
 */
import { ByteWriter } from '../byte-writer.ts';
import { MAX_LABEL_BYTES, MAX_NAME_BYTES, TYPE } from '../constants.ts';
import { lowerByte, writeLowerLabels } from '../name.ts';
import { readRdata } from '../rdata.ts';
import { isDigit } from '../text.ts';
import { Words } from '../words.ts';

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const OPEN = 0x28;
const CLOSE = 0x29;
const ASTERISK = 0x2a;
const DOT = 0x2e;
const SEMICOLON = 0x3b;
const AT_SIGN = 0x40;

/** So many digits are below the largest TTL (RFC 2181 §8). */
const TTL_DIGITS_MAX = 9;
const OCTET_DIGITS_MAX = 3;
const IPV4_BYTES = 4;
/** More words are no plain record. */
const WORDS_MAX = 64;
/** Text of the longest name of such bytes: one length byte less than in wire form, and no root (RFC 1035 §2.3.4). */
const TEXT_MAX_BYTES = MAX_NAME_BYTES - 2;

/** What stands for itself in a name, in lower case; 0: anything else. */
const nameBytes = new Uint8Array(256);
for (const character of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_*') {
  nameBytes[character.charCodeAt(0)] = lowerByte(character.charCodeAt(0));
}

/** Class and types, by their letters. */
const LETTERS_MAX = 5;
const plainTypes = {
  ...{
    A: TYPE.A,
    AAAA: TYPE.AAAA,
    CAA: TYPE.CAA,
    CNAME: TYPE.CNAME,
    DNAME: TYPE.DNAME,
    DS: TYPE.DS,
    HTTPS: TYPE.HTTPS,
  },
  ...{ MX: TYPE.MX, NAPTR: TYPE.NAPTR, NS: TYPE.NS, NSEC: TYPE.NSEC, PTR: TYPE.PTR, RRSIG: TYPE.RRSIG, SRV: TYPE.SRV },
  ...{ SSHFP: TYPE.SSHFP, SVCB: TYPE.SVCB, TLSA: TYPE.TLSA, TXT: TYPE.TXT },
};
const mnemonics = new Map(Object.entries({ ...plainTypes, IN: 0 }).map(([name, value]) => [keyOf(name), value]));

function keyOf(word: string): number {
  return [...word].reduce((key, letter) => (key << 5) | (letter.charCodeAt(0) & 0x1f), 0);
}

/** Where reading goes on, where the line is none for this reader. */
export const NOT_PLAIN = -1;

/** The TTLs of records that give none; see `RecordMaker`. */
interface Ttls {
  readonly defaultTtlSeconds: number | undefined;
  lastTtlSeconds: number | undefined;
}

/** A record, in memory that another one is read into later. */
export class PlainRecord {
  /** Canonical text, `ownerLength` bytes of it; anything where `isSameOwner`. */
  owner = new Uint8Array(2 * MAX_NAME_BYTES);
  ownerLength = 0;
  /** The owner is that of the record before. */
  isSameOwner = false;
  /** A label of the owner has an asterisk. */
  hasAsterisk = false;
  type = 0;
  ttlSeconds = 0;
  readonly rdata = new ByteWriter();
  /** As in `ZoneRecord`. */
  file = '';
  line = 0;
}

export class PlainReader {
  /** What is read goes here. */
  record = new PlainRecord();
  /** The last owner that was taken: that of a record, where no other has been read into it since. */
  #last = this.record.owner;
  #lastLength = NOT_PLAIN;
  #lastHasAsterisk = false;
  #origin: Uint8Array | undefined;
  readonly #originText = new Uint8Array(4 * MAX_NAME_BYTES);
  #originLength = 0;
  readonly #words = new Words();
  /** The line's own TTL, or none. */
  #ttlSeconds: number | undefined;

  /** Before each run of lines. */
  begin(origin: Uint8Array): void {
    this.#lastLength = NOT_PLAIN;
    if (origin === this.#origin) return;
    this.#origin = origin;
    this.#originLength = writeLowerLabels(origin, this.#originText);
    for (let i = 0; i < this.#originLength; i++) {
      const byte = this.#originText[i];
      if (byte !== DOT && nameBytes[byte] === 0) this.#originLength = NOT_PLAIN;
    }
  }

  /** The last owner of the run in wire form; undefined: there was none. */
  get lastOwner(): Uint8Array | undefined {
    if (this.#lastLength < 0) return undefined;
    const length = this.#lastLength;
    const wire = new Uint8Array(length === 0 ? 1 : length + 2);
    let label = 0;
    for (let i = 0; i < length; i++) {
      if (this.#last[i] === DOT) {
        label = i + 1;
      } else {
        wire[i + 1] = this.#last[i];
        wire[label]++;
      }
    }
    return wire;
  }

  /** Reads the line at `start` into the record; where the next line begins, or NOT_PLAIN. */
  read(bytes: Uint8Array, start: number, ttls: Ttls): number {
    const { record } = this;
    let at = this.#readOwner(bytes, start);
    if (at < 0) return NOT_PLAIN;
    at = this.#readHeader(bytes, at);
    if (at < 0) return NOT_PLAIN;
    const ttlSeconds = this.#ttlSeconds ?? ttls.defaultTtlSeconds ?? ttls.lastTtlSeconds;
    if (ttlSeconds === undefined) return NOT_PLAIN;
    record.ttlSeconds = ttlSeconds;
    record.rdata.length = 0;
    at = record.type === TYPE.A ? this.#readIpv4(bytes, at) : this.#readWords(bytes, at);
    return at < 0 ? NOT_PLAIN : endOfLine(bytes, at);
  }

  /** The record was taken: what follows goes by it, and is read into another one, or the same. */
  take(ttls: Ttls, next: PlainRecord): void {
    const { record } = this;
    this.record = next;
    if (this.#ttlSeconds !== undefined) ttls.lastTtlSeconds = this.#ttlSeconds;
    if (record.isSameOwner) return;
    this.#last = record.owner;
    this.#lastLength = record.ownerLength;
    this.#lastHasAsterisk = record.hasAsterisk;
  }

  #readOwner(bytes: Uint8Array, start: number): number {
    const { record } = this;
    record.isSameOwner = isBlank(bytes[start]);
    if (record.isSameOwner) {
      record.ownerLength = this.#lastLength;
      record.hasAsterisk = this.#lastHasAsterisk;
      return this.#lastLength < 0 ? NOT_PLAIN : start;
    }
    if (record.owner === this.#last) record.owner = new Uint8Array(this.#last.length);
    record.hasAsterisk = false;
    if (bytes[start] === AT_SIGN) return this.#appendOrigin(0) ? start + 1 : NOT_PLAIN;
    const { owner } = record;
    let to = 0;
    let label = 0;
    let at = start;
    for (; to <= TEXT_MAX_BYTES; at++) {
      const byte = bytes[at];
      const lower = nameBytes[byte];
      if (byte === DOT) {
        if (label === 0 || label > MAX_LABEL_BYTES) return NOT_PLAIN;
        label = 0;
        owner[to++] = DOT;
      } else {
        // Beyond the end it is undefined.
        if (!(lower > 0)) break;
        if (lower === ASTERISK) record.hasAsterisk = true;
        label++;
        owner[to++] = lower;
      }
    }
    if (to === 0 || label > MAX_LABEL_BYTES) return NOT_PLAIN;
    if (label > 0) return this.#appendOrigin(to) ? at : NOT_PLAIN;
    // Its final dot stands there.
    record.ownerLength = to - 1;
    return to - 1 > TEXT_MAX_BYTES ? NOT_PLAIN : at;
  }

  /** The origin behind the labels that `to` bytes of the owner are; false: this is no plain name. */
  #appendOrigin(to: number): boolean {
    const { record } = this;
    const { owner } = record;
    const length = this.#originLength;
    let end = to;
    if (to > 0 && length > 0) owner[end++] = DOT;
    if (length < 0 || end + length > TEXT_MAX_BYTES) return false;
    const text = this.#originText;
    for (let i = 0; i < length; i++) {
      if (text[i] === ASTERISK) record.hasAsterisk = true;
      owner[end++] = text[i];
    }
    record.ownerLength = end;
    return true;
  }

  /** `[TTL] [class] type`, the first two in either order; where the RDATA begins. */
  #readHeader(bytes: Uint8Array, start: number): number {
    this.#ttlSeconds = undefined;
    let hasClass = false;
    let at = start;
    for (;;) {
      const before = at;
      at = skipBlanks(bytes, at);
      if (at === before) return NOT_PLAIN;
      if (isDigit(bytes[at])) {
        if (this.#ttlSeconds !== undefined) return NOT_PLAIN;
        const first = at;
        let value = 0;
        while (isDigit(bytes[at])) value = 10 * value + bytes[at++] - 0x30;
        if (at - first > TTL_DIGITS_MAX) return NOT_PLAIN;
        this.#ttlSeconds = value;
        continue;
      }
      const first = at;
      let key = 0;
      while (isLetter(bytes[at]) && at - first <= LETTERS_MAX) key = (key << 5) | (bytes[at++] & 0x1f);
      const value = at - first <= LETTERS_MAX ? mnemonics.get(key) : undefined;
      if (value === undefined || (value === 0 && hasClass)) return NOT_PLAIN;
      if (value !== 0) {
        this.record.type = value;
        const next = skipBlanks(bytes, at);
        return next === at ? NOT_PLAIN : next;
      }
      hasClass = true;
    }
  }

  #readIpv4(bytes: Uint8Array, start: number): number {
    const { rdata } = this.record;
    const out = rdata.bytes;
    let at = start;
    for (let index = 0; index < IPV4_BYTES; index++) {
      if (index > 0 && bytes[at++] !== DOT) return NOT_PLAIN;
      const first = at;
      let value = 0;
      while (isDigit(bytes[at])) value = 10 * value + bytes[at++] - 0x30;
      const digits = at - first;
      if (digits === 0 || digits > OCTET_DIGITS_MAX || value > 255) return NOT_PLAIN;
      if (digits > 1 && bytes[first] === 0x30) return NOT_PLAIN;
      out[index] = value;
    }
    rdata.length = IPV4_BYTES;
    return at;
  }

  /** RDATA of any other type. */
  #readWords(bytes: Uint8Array, start: number): number {
    const words = this.#words;
    words.clear();
    let at = start;
    for (;;) {
      const byte = bytes[at];
      if (isBlank(byte)) at++;
      else if (at >= bytes.length || byte === LINE_FEED || byte === CARRIAGE_RETURN || byte === SEMICOLON) break;
      else {
        if (byte === OPEN || byte === CLOSE || words.count === WORDS_MAX) return NOT_PLAIN;
        const next = words.read(bytes, at, bytes.length);
        if (typeof next !== 'number' || next === at) return NOT_PLAIN;
        at = next;
      }
    }
    // What is not ASCII may be doubtful.
    for (let i = start; i < at; i++) if (bytes[i] > 0x7e) return NOT_PLAIN;
    const bad = words.count === 0 || readRdata(this.record.type, words, 0, this.#origin, this.record.rdata);
    return bad ? NOT_PLAIN : at;
  }
}

/** Where the next line begins; NOT_PLAIN where something stands in between but blanks and a comment. */
export function endOfLine(bytes: Uint8Array, start: number): number {
  let at = skipBlanks(bytes, start);
  if (at >= bytes.length) return at;
  if (bytes[at] === SEMICOLON) {
    const end = bytes.indexOf(LINE_FEED, at);
    return end < 0 ? bytes.length : end + 1;
  }
  if (bytes[at] === CARRIAGE_RETURN) at++;
  return bytes[at] === LINE_FEED ? at + 1 : NOT_PLAIN;
}

function skipBlanks(bytes: Uint8Array, start: number): number {
  let at = start;
  while (isBlank(bytes[at])) at++;
  return at;
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}

function isLetter(byte: number): boolean {
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}
