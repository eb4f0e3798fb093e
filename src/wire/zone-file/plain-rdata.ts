/** RDATA of records that are written plainly, from its bytes: see plain.ts. */
import { IPV4_BYTES } from '../address.ts';
import type { ByteWriter } from '../byte-writer.ts';
import { MAX_CHARACTER_STRING_BYTES, MAX_LABEL_BYTES, MAX_NAME_BYTES, MAX_RDATA_BYTES, TYPE } from '../constants.ts';
import { readRdata } from '../rdata.ts';
import { isDigit } from '../text.ts';
import { Words } from '../words.ts';
import { isBlank, isEndOfWord, NOT_PLAIN, nameBytes, skipBlanks } from './plain-line.ts';

const DOUBLE_QUOTE = 0x22;
const OPEN = 0x28;
const CLOSE = 0x29;
const DOT = 0x2e;

const OCTET_DIGITS_MAX = 3;
const UINT16_DIGITS_MAX = 5;
/** More words are no plain record. */
const WORDS_MAX = 64;

/** What stands for itself in a quoted string. */
const plainText = new Uint8Array(256).fill(1, 0x20, 0x7f);
for (const character of '"\\') plainText[character.charCodeAt(0)] = 0;

/** By type, how many numbers of 16 bits stand before the name that its RDATA ends with. */
const NO_NAME = 0xff;
const numbersBefore = new Uint8Array(64).fill(NO_NAME);
for (const type of [TYPE.NS, TYPE.CNAME, TYPE.PTR, TYPE.DNAME]) numbersBefore[type] = 0;
numbersBefore[TYPE.MX] = 1;
numbersBefore[TYPE.SRV] = 3;

export class PlainRdata {
  /** What relative names belong to. */
  origin: Uint8Array = new Uint8Array(1);
  /** Of what was read last: see `PlainRecord`. */
  hasPlainName = false;
  readonly #words = new Words();

  /** Reads the RDATA of a type that the text from `start` on stands for into `out`; where it ends, or NOT_PLAIN. */
  read(type: number, bytes: Uint8Array, start: number, out: ByteWriter): number {
    out.length = 0;
    this.hasPlainName = false;
    if (type === TYPE.A) return readIpv4(bytes, start, out);
    const numbers = type < numbersBefore.length ? numbersBefore[type] : NO_NAME;
    let at = NOT_PLAIN;
    if (numbers !== NO_NAME) at = this.#readName(bytes, start, numbers, out);
    else if (type === TYPE.TXT) at = readStrings(bytes, start, out);
    return at < 0 ? this.#readWords(type, bytes, start, out) : at;
  }

  /** So many numbers of 16 bits and a name without escapes; NOT_PLAIN: it is another one, or none. */
  #readName(bytes: Uint8Array, start: number, numbers: number, rdata: ByteWriter): number {
    const out = rdata.bytes;
    let at = start;
    let to = 0;
    for (let i = 0; i < numbers; i++) {
      const first = at;
      let value = 0;
      while (isDigit(bytes[at])) value = 10 * value + bytes[at++] - 0x30;
      if (at === first || at - first > UINT16_DIGITS_MAX || value > 0xffff) return NOT_PLAIN;
      out[to++] = value >> 8;
      out[to++] = value & 0xff;
      const next = skipBlanks(bytes, at);
      if (next === at) return NOT_PLAIN;
      at = next;
    }
    const name = to;
    const last = name + MAX_NAME_BYTES;
    let label = to++;
    for (; to < last; at++) {
      const byte = bytes[at];
      if (byte === DOT) {
        if (to - label === 1 || to - label - 1 > MAX_LABEL_BYTES) return NOT_PLAIN;
        out[label] = to - label - 1;
        label = to++;
      } else {
        // Beyond the end it is undefined.
        if (!(nameBytes[byte] > 0)) break;
        out[to++] = byte;
      }
    }
    // The root alone has no label before its dot, and nothing is no name.
    if (to === name + 1 || !isEndOfWord(bytes, at)) return NOT_PLAIN;
    out[label] = to - label - 1;
    if (out[label] > MAX_LABEL_BYTES) return NOT_PLAIN;
    // Behind the final dot stands the root, and what has none is relative.
    if (out[label] > 0) {
      const origin = this.origin;
      if (to + origin.length > last) return NOT_PLAIN;
      for (let i = 0; i < origin.length; i++) out[to++] = origin[i];
    }
    rdata.length = to;
    this.hasPlainName = true;
    return at;
  }

  /** RDATA of any type, word by word. */
  #readWords(type: number, bytes: Uint8Array, start: number, out: ByteWriter): number {
    out.length = 0;
    const words = this.#words;
    words.clear();
    let at = start;
    for (;;) {
      const byte = bytes[at];
      if (isBlank(byte)) at++;
      else if (isEndOfWord(bytes, at)) break;
      else {
        if (byte === OPEN || byte === CLOSE || words.count === WORDS_MAX) return NOT_PLAIN;
        const next = words.read(bytes, at, bytes.length);
        if (typeof next !== 'number' || next === at) return NOT_PLAIN;
        at = next;
      }
    }
    // What is not ASCII may be doubtful.
    for (let i = start; i < at; i++) if (bytes[i] > 0x7e) return NOT_PLAIN;
    const bad = words.count === 0 || readRdata(type, words, 0, this.origin, out);
    return bad ? NOT_PLAIN : at;
  }
}

function readIpv4(bytes: Uint8Array, start: number, rdata: ByteWriter): number {
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

/** Quoted strings of ASCII without escapes; NOT_PLAIN: they are others, or more than a record holds. */
function readStrings(bytes: Uint8Array, start: number, rdata: ByteWriter): number {
  let at = start;
  do {
    if (bytes[at] !== DOUBLE_QUOTE) return NOT_PLAIN;
    rdata.reserve(1 + MAX_CHARACTER_STRING_BYTES);
    const out = rdata.bytes;
    const first = rdata.length + 1;
    let to = first;
    for (at++; plainText[bytes[at]] === 1 && to - first < MAX_CHARACTER_STRING_BYTES; at++) out[to++] = bytes[at];
    if (bytes[at] !== DOUBLE_QUOTE) return NOT_PLAIN;
    out[first - 1] = to - first;
    if (to > MAX_RDATA_BYTES) return NOT_PLAIN;
    rdata.length = to;
    at = skipBlanks(bytes, at + 1);
  } while (!isEndOfWord(bytes, at));
  return at;
}
