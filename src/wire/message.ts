/** Reading a query and writing the frame of a reply: header and question (RFC 1035 §4.1). */
import { EDNS_VERSION, FLAG, HEADER_BYTES, MAX_NAME_BYTES, OPCODE, OPCODE_SHIFT, RCODE, TYPE } from './constants.ts';
import { EdnsQuery } from './edns.ts';
import { lowerByte } from './name.ts';
import { copyLowered, knownViewOf } from './word-copy.ts';

/** No reply at all: too short to have an ID, or a response itself (answering one could start a loop). */
export const DROP = -1;
/** The query is well formed. */
export const ACCEPT = 0;
/** No question but a cookie: the client wants a server cookie and nothing else (RFC 7873 §5.4). */
export const COOKIE_ONLY = -2;
/** Anything above 0 is the RCODE of the reply. */
type ParseResult = number;

/** A query, taken apart into fields that are reused for the next one. Nothing is allocated. */
export class Query {
  id = 0;
  /** The 16 bits after the ID. */
  flags = 0;
  /** The name in lower case; `starts[i]` is where label i starts, `starts[labels]` the root. */
  readonly name: Uint8Array;
  readonly starts: Uint8Array;
  nameLength = 0;
  labels = 0;
  type = 0;
  class = 0;
  /** The question could be read, so a reply can echo it. */
  hasQuestion = false;
  readonly edns = new EdnsQuery();
  /** `name` in words; what stands in the last one behind the name means nothing. */
  readonly #words: Int32Array;
  /** The memory of the last message, and its view. */
  #request: Uint8Array = new Uint8Array(0);
  #view: DataView | undefined;

  /** `name` and `starts` are where the question's name goes: at least 256 bytes from a word on, and 129. */
  constructor(name: Uint8Array, starts: Uint8Array) {
    this.name = name;
    this.starts = starts;
    this.#words = new Int32Array(name.buffer, name.byteOffset, name.length >> 2);
  }

  /** Reads the message at `bytes[start..end)`. */
  parse(bytes: Uint8Array, start: number, end: number): ParseResult {
    this.hasQuestion = false;
    this.edns.present = false;
    if (end - start < HEADER_BYTES) return DROP;
    this.id = (bytes[start] << 8) | bytes[start + 1];
    this.flags = (bytes[start + 2] << 8) | bytes[start + 3];
    if ((this.flags & FLAG.QR) !== 0) return DROP;
    if ((this.flags & FLAG.OPCODE_MASK) >>> OPCODE_SHIFT !== OPCODE.QUERY) return this.#parseOther(bytes, start, end);
    const questions = word16(bytes, start + 4);
    const authority = word16(bytes, start + 8);
    // One question at most (RFC 9619 §4), and nothing in the answer section of a query.
    if (questions > 1 || word16(bytes, start + 6) !== 0) return RCODE.FORMERR;
    let at = start + HEADER_BYTES;
    if (questions === 1) {
      at = this.#parseQuestion(bytes, at, end);
      if (at < 0) return RCODE.FORMERR;
      this.hasQuestion = true;
    }
    // Nor in the authority section, but for the SOA of who wants what has changed since (RFC 1995 §3).
    if (authority !== 0 && (questions === 0 || this.type !== TYPE.IXFR)) return RCODE.FORMERR;
    at = this.#parseRecords(bytes, at, end, authority + word16(bytes, start + 10));
    if (at !== end) return RCODE.FORMERR;
    if (this.edns.present && this.edns.version !== EDNS_VERSION) return RCODE.BADVERS;
    if (questions === 0) return this.edns.present && this.edns.cookieAt !== 0 ? COOKIE_ONLY : RCODE.FORMERR;
    // OPT is a part of messages and never asked for (RFC 6891 §6.1.1).
    return this.type === TYPE.OPT ? RCODE.FORMERR : ACCEPT;
  }

  /** Of an operation that we do not know only the frame is read, as far as it looks like one, to be echoed. */
  #parseOther(bytes: Uint8Array, start: number, end: number): ParseResult {
    if (word16(bytes, start + 4) !== 1) return RCODE.NOTIMP;
    const question = this.#parseQuestion(bytes, start + HEADER_BYTES, end);
    if (question < 0) return RCODE.NOTIMP;
    this.hasQuestion = true;
    const records = word16(bytes, start + 6) + word16(bytes, start + 8) + word16(bytes, start + 10);
    if (this.#parseRecords(bytes, question, end, records) !== end) this.edns.present = false;
    return RCODE.NOTIMP;
  }

  /** Where the question ends, or -1. Compression makes no sense in the first name of a message and is refused. */
  #parseQuestion(bytes: Uint8Array, start: number, end: number): number {
    const { starts } = this;
    let at = start;
    let labels = 0;
    for (;;) {
      if (at >= end) return -1;
      const size = bytes[at];
      if (size > 63 || at - start + size + 1 > MAX_NAME_BYTES || at + size + 1 > end) return -1;
      starts[labels] = at - start;
      at += size + 1;
      if (size === 0) break;
      labels++;
    }
    if (at + 4 > end) return -1;
    this.nameLength = at - start;
    this.labels = labels;
    this.#copyName(bytes, start, at - start);
    this.type = word16(bytes, at);
    this.class = word16(bytes, at + 2);
    return at + 4;
  }

  /** Length bytes are below `A`, so that they stay as they are. Type and class follow, so there is no end within a word. */
  #copyName(bytes: Uint8Array, start: number, length: number): void {
    if (this.#request !== bytes) {
      this.#request = bytes;
      this.#view = knownViewOf(bytes);
    }
    const view = this.#view;
    if (view !== undefined) return copyLowered(this.#words, view, start, length);
    const { name } = this;
    for (let i = 0; i < length; i++) name[i] = lowerByte(bytes[start + i]);
  }

  /** Reads `count` records; where they end, or -1. OPT is kept (one at most, RFC 6891 §6.1.1), others are passed over. */
  #parseRecords(bytes: Uint8Array, start: number, end: number, count: number): number {
    let at = start;
    for (let i = 0; i < count; i++) {
      const isRoot = at < end && bytes[at] === 0;
      at = skipName(bytes, at, end);
      if (at < 0 || at + 10 > end) return -1;
      const length = word16(bytes, at + 8);
      const data = at + 10;
      if (data + length > end) return -1;
      if (word16(bytes, at) === TYPE.OPT) {
        if (!isRoot || this.edns.present || !this.edns.read(bytes, at, data + length)) return -1;
      }
      at = data + length;
    }
    return at;
  }
}

function word16(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}

/** The end of a name that may end in a compression pointer, or -1. Pointers are not followed. */
function skipName(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; ) {
    const size = bytes[at];
    if (size === 0) return at + 1;
    if (size >= 0xc0) return at + 2;
    if (size > 63) return -1;
    at += size + 1;
  }
  return -1;
}
