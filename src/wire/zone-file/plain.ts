/**
 * Records that are written plainly, each on a line of its own with a name of letters, digits, hyphens and underscores:
 * nearly all of a large file. They are read from its bytes without an object each. What is not understood here at
 * once, right or wrong, is left to the reader of entries.
 */
import { ByteWriter } from '../byte-writer.ts';
import { MAX_LABEL_BYTES, MAX_NAME_BYTES, TYPE } from '../constants.ts';
import { writeLowerLabels } from '../name.ts';
import { isDigit } from '../text.ts';
import { endOfLine, isBlank, NOT_PLAIN, nameBytes, skipBlanks } from './plain-line.ts';
import { PlainRdata } from './plain-rdata.ts';

const ASTERISK = 0x2a;
const DOT = 0x2e;
const AT_SIGN = 0x40;

/** So many digits are below the largest TTL (RFC 2181 §8). */
const TTL_DIGITS_MAX = 9;
/** Text of the longest name of such bytes: one length byte less than in wire form, and no root (RFC 1035 §2.3.4). */
const TEXT_MAX_BYTES = MAX_NAME_BYTES - 2;

/** Class and types, by their letters. */
const LETTERS_MAX = 5;
const plainTypes = [
  ...([
    'A',
    'AAAA',
    'CAA',
    'CNAME',
    'DNAME',
    'DS',
    'HTTPS',
    'MX',
    'NAPTR',
    'NS',
    'NSEC',
    'PTR',
    'RRSIG',
    'SRV',
  ] as const),
  ...(['SSHFP', 'SVCB', 'TLSA', 'TXT'] as const),
];
const mnemonics = new Map(
  [['IN', 0] as const, ...plainTypes.map((name) => [name, TYPE[name]] as const)].map(([name, value]) => [
    keyOf(name),
    value,
  ]),
);

function keyOf(word: string): number {
  return [...word].reduce((key, letter) => (key << 5) | (letter.charCodeAt(0) & 0x1f), 0);
}

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
  /** Its RDATA ends with a name of plain bytes, and nothing but numbers stands before it. */
  hasPlainName = false;
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
  readonly #rdata = new PlainRdata();
  /** The line's own TTL, or none. */
  #ttlSeconds: number | undefined;

  /** Before each run of lines. */
  begin(origin: Uint8Array): void {
    this.#lastLength = NOT_PLAIN;
    if (origin === this.#origin) return;
    this.#origin = origin;
    this.#rdata.origin = origin;
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
    at = this.#rdata.read(record.type, bytes, at, record.rdata);
    record.hasPlainName = this.#rdata.hasPlainName;
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
}

function isLetter(byte: number): boolean {
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}
