/** A reply in the making: records from the table go into it, with the names in them pointing to where they must. */
import type { HashedName } from '../table/hash.ts';
import { ENTRY, RRSET, SIGNATURE_BYTES_MASK, SIGNATURE_COUNT_SHIFT } from '../table/layout.ts';
import type { ArenaView } from '../table/memory.ts';
import type { Random } from '../table/picking/pick.ts';
import { CLASS, FLAG, HEADER_BYTES, POINTER_OFFSET_LIMIT, TYPE, UDP_CLASSIC_BYTES } from '../wire/constants.ts';
import type { Query } from '../wire/message.ts';
import { lowerByte } from '../wire/name.ts';
import { copyBytes, copyWholeWords, copyWords, dataViewOf } from '../wire/word-copy.ts';

/** TTL, RDLENGTH and RDATA follow the owner pointer (2), type (2) and class (2) of a record. */
export const TTL_AT = 6;
export const RDATA_AT = 12;

/**
 * No longer reply is kept. One that is kept is written in whole words, up to three bytes behind its end, and every client
 * takes so much, so that every transport has the room (RFC 1035 §4.2.1).
 */
export const KEPT_BYTES_MAX = UDP_CLASSIC_BYTES - 3;

/** One for each responder, reused for every reply. Positions count from the start of the reply. */
export class Reply {
  bytes: Uint8Array = new Uint8Array(0);
  /** Where the reply starts in its memory. */
  start = 0;
  /** Where the next byte goes. */
  at = 0;
  /** No byte may be written at or after this. */
  limit = 0;
  flags = 0;
  rcode = 0;
  answers = 0;
  authorities = 0;
  additionals = 0;
  /** Over TCP there is no larger reply to ask for. */
  overTcp = false;
  /** Of `bytes`. */
  #data = dataViewOf(this.bytes);
  /** The client wants signatures, and what proves a denial (RFC 4035 §3.1). */
  dnssecOk = false;
  /** Where the records of the RRset that was appended last end, and its signatures begin. */
  recordsEnd = 0;
  readonly #view: ArenaView;
  readonly #random: Random;
  /** Where the sections start, behind the question. */
  #sections = 0;

  constructor(view: ArenaView, random: Random) {
    this.#view = view;
    this.#random = random;
  }

  /** Begins a reply at `at` and copies the question, with its case (and so its 0x20 bits) as it came. */
  begin(bytes: Uint8Array, at: number, limit: number, query: Query, request: Uint8Array, requestStart: number): void {
    this.viewOf(bytes);
    this.start = at;
    this.limit = limit;
    // AA, TC and the RCODE come as they are found; the opcode and RD are the client's (RFC 1035 §4.1.1).
    this.flags = FLAG.QR | (query.flags & (FLAG.OPCODE_MASK | FLAG.RD));
    this.rcode = 0;
    this.dnssecOk = query.edns.present && query.edns.dnssecOk;
    this.answers = 0;
    this.authorities = 0;
    this.additionals = 0;
    const to = at + HEADER_BYTES;
    const length = query.hasQuestion ? query.nameLength + 4 : 0;
    const from = requestStart + HEADER_BYTES;
    // Batches have their messages in one memory.
    if (request === bytes) copyBytes(this.#data, to, this.#data, from, length);
    else for (let i = 0; i < length; i++) bytes[to + i] = request[from + i];
    this.at = to + length;
    this.#sections = to + length;
  }

  /** The view of the memory that replies go into. */
  viewOf(bytes: Uint8Array): DataView {
    // Nearly always the same memory: to store it anew each time would cost the collector's barrier.
    if (this.bytes !== bytes) {
      this.bytes = bytes;
      this.#data = dataViewOf(bytes);
    }
    return this.#data;
  }

  /** Writes the header, once the sections stand; `options` counts an OPT record. */
  writeHeader(query: Query, options: number): void {
    const { start } = this;
    const data = this.#data;
    const questions = query.hasQuestion ? 1 : 0;
    data.setInt32(start, (query.id << 16) | this.flags | (this.rcode & FLAG.RCODE_MASK));
    data.setInt32(start + 4, (questions << 16) | this.answers);
    data.setInt32(start + 8, (this.authorities << 16) | (this.additionals + options));
  }

  /** No RRset is cut in half: what does not fit goes whole, and the client asks again over TCP (RFC 2181 §9). */
  truncate(): void {
    this.flags |= FLAG.TC;
    this.answers = 0;
    this.authorities = 0;
    this.additionals = 0;
    this.at = this.#sections;
  }

  /**
   * Appends an RRset whose owner is the name at `position` without its first `ownerSkip` bytes; its compression
   * pointers count from `suffixShift` bytes into that name. With its signatures, where the client wants them: both are of
   * one block, and cannot disagree. The number of records; 0: no room for all of them.
   */
  append(rrset: number, position: number, ownerSkip: number, suffixShift: number): number {
    const { words } = this.#view;
    const length = words[rrset + RRSET.LENGTH];
    const signatures = this.dnssecOk ? words[rrset + RRSET.SIGNATURES] : 0;
    const signed = length + (signatures & SIGNATURE_BYTES_MASK);
    const to = this.at;
    if (to + signed > this.limit) return 0;
    const count = words[rrset + RRSET.COUNT];
    const fixups = words[rrset + RRSET.FIXUPS];
    const stride = words[rrset + RRSET.STRIDE];
    if (stride !== 0 && count > 1 && fixups === 0) {
      this.#copyRotated((rrset + RRSET.DATA) * 4, length, stride, count);
      if (signed > length) this.#copyBehind((rrset + RRSET.DATA) * 4, length, signed);
    } else {
      this.#copy(to, words, rrset + RRSET.DATA + fixups, signed);
    }
    this.recordsEnd = to + length;
    this.at = to + signed;
    const all = count + (signatures >>> SIGNATURE_COUNT_SHIFT);
    // The prepared bytes are right as they are for an owner that is the question.
    if (position === HEADER_BYTES && ownerSkip === 0 && suffixShift === 0) return all;
    const owner = this.positionOf(position, ownerSkip);
    for (let at = to; at < this.at; at = this.recordEnd(at)) this.#pointTo(at, owner);
    for (let i = 0; i < fixups; i++) {
      const fixup = words[rrset + RRSET.DATA + i];
      this.#pointTo(to + (fixup >> 8), this.positionOf(position, suffixShift + (fixup & 0xff)));
    }
    return all;
  }

  /** Appends so many records to the authority section that stand in words as they are to be sent; false: no room. */
  appendReady(words: Int32Array, from: number, length: number, records: number): boolean {
    const { at } = this;
    if (at + length > this.limit) return false;
    this.#copy(at, words, from, length);
    this.at = at + length;
    this.authorities += records;
    return true;
  }

  /** Appends the signatures of an RRset alone, as `append` does; their number, -1: no room. */
  appendSignatures(rrset: number, position: number): number {
    const { words, bytes } = this.#view;
    const signatures = words[rrset + RRSET.SIGNATURES];
    const size = signatures & SIGNATURE_BYTES_MASK;
    if (this.at + size > this.limit) return -1;
    const from = (rrset + RRSET.DATA + words[rrset + RRSET.FIXUPS]) * 4 + words[rrset + RRSET.LENGTH];
    const start = this.at;
    for (let i = 0; i < size; i++) this.bytes[start + i] = bytes[from + i];
    this.at = start + size;
    for (let at = start; at < this.at; at = this.recordEnd(at)) this.#pointTo(at, position);
    return signatures >>> SIGNATURE_COUNT_SHIFT;
  }

  /**
   * Appends an RRset without pointers in its data, and its signatures, with the name of an entry of the table as the
   * owner: its first `prefix` bytes, and what stands at `suffix` behind them. The number of records; 0: no room.
   */
  appendOwned(rrset: number, entry: number, prefix: number, suffix: number): number {
    const { words, bytes } = this.#view;
    const signatures = words[rrset + RRSET.SIGNATURES];
    const end = words[rrset + RRSET.LENGTH] + (signatures & SIGNATURE_BYTES_MASK);
    const count = words[rrset + RRSET.COUNT] + (signatures >>> SIGNATURE_COUNT_SHIFT);
    const name = (entry + ENTRY.NAME_BYTES) * 4;
    const records = (rrset + RRSET.DATA + words[rrset + RRSET.FIXUPS]) * 4;
    const owner = prefix === 0 ? suffix : this.at - this.start;
    let at = this.at;
    if (this.canPointTo(owner)) {
      // The first owner stands whole, and the others point to it.
      if (at + prefix + end > this.limit) return 0;
      this.#copy(at, words, entry + ENTRY.NAME_BYTES, prefix);
      at += prefix;
      this.#copy(at, words, records >> 2, end);
      const after = at + end;
      this.#pointTo(at, suffix);
      for (at = this.recordEnd(at); at < after; at = this.recordEnd(at)) this.#pointTo(at, owner);
      this.at = after;
      return count;
    }
    // It lies too far behind: each stands whole.
    for (let from = 0; from < end; ) {
      const length = RDATA_AT + ((bytes[records + from + 10] << 8) | bytes[records + from + 11]);
      if (at + prefix + length > this.limit) return 0;
      for (let i = 0; i < prefix; i++) this.bytes[at++] = bytes[name + i];
      for (let i = 2; i < length; i++) this.bytes[at + i] = bytes[records + from + i];
      this.#pointTo(at, suffix);
      at += length;
      from += length;
    }
    this.at = at;
    return count;
  }

  /** Copies bytes that begin at a word: by whole words where there is room for the rest of the last one. */
  #copy(to: number, words: Int32Array, from: number, length: number): void {
    if (to + length + 3 <= this.limit) copyWholeWords(this.#data, to, words, from, length);
    else copyWords(this.#data, to, words, from, length);
  }

  /** Copies the bytes from `start` to `end` of a block's that begin at `from`: signatures, behind records. */
  #copyBehind(from: number, start: number, end: number): void {
    const { bytes } = this.#view;
    const reply = this.bytes;
    for (let i = start; i < end; i++) reply[this.at + i] = bytes[from + i];
  }

  /** Copies records of one length, starting with a random one, so that clients spread over the targets. */
  #copyRotated(from: number, length: number, stride: number, count: number): void {
    const { bytes } = this.#view;
    const reply = this.bytes;
    let source = from + Math.floor(((this.#random.next() >>> 0) / 2 ** 32) * count) * stride;
    const end = from + length;
    const to = this.at;
    for (let i = 0; i < length; i++) {
      if (source === end) source = from;
      reply[to + i] = bytes[source++];
    }
  }

  /**
   * Appends the CNAME that the DNAME record at `dname` makes of the name at `position` (RFC 6672 §3.1):
   * `name` up to the label that starts at `prefix`, then the DNAME's target, with its TTL. False: no room.
   */
  appendSynthesized(name: HashedName, prefix: number, position: number, dname: number): boolean {
    const { bytes, at } = this;
    if (at + RDATA_AT + prefix + 2 > this.limit) return false;
    this.#pointTo(at, position);
    bytes[at + 2] = 0;
    bytes[at + 3] = TYPE.CNAME;
    bytes[at + 4] = 0;
    bytes[at + 5] = CLASS.IN;
    for (let i = 0; i < 4; i++) bytes[at + TTL_AT + i] = bytes[this.start + dname + TTL_AT + i];
    bytes[at + 10] = 0;
    bytes[at + 11] = prefix + 2;
    for (let i = 0; i < prefix; i++) bytes[at + RDATA_AT + i] = name.bytes[i];
    this.#pointTo(at + RDATA_AT + prefix, dname + RDATA_AT);
    this.at = at + RDATA_AT + prefix + 2;
    return true;
  }

  #pointTo(at: number, position: number): void {
    this.bytes[at] = 0xc0 | (position >> 8);
    this.bytes[at + 1] = position & 0xff;
  }

  /** Where the record at memory offset `at`, with a pointer as its owner, ends. */
  recordEnd(at: number): number {
    return at + RDATA_AT + ((this.bytes[at + 10] << 8) | this.bytes[at + 11]);
  }

  /** A pointer has 14 bits: names from here on cannot be pointed to (RFC 1035 §4.1.4). */
  canPointTo(position: number): boolean {
    return position < POINTER_OFFSET_LIMIT;
  }

  /** Where the name at `position` has its byte `skip`, following the pointers that it may end in. */
  positionOf(position: number, skip: number): number {
    if (position === HEADER_BYTES) return position + skip;
    const { bytes, start } = this;
    let at = position;
    let left = skip;
    for (;;) {
      const size = bytes[start + at];
      if (size >= 0xc0) {
        at = ((size & 0x3f) << 8) | bytes[start + at + 1];
      } else if (left === 0) {
        return at;
      } else {
        left -= size + 1;
        at += size + 1;
      }
    }
  }

  /** Whether the name at `position` is `name`, whatever its case. */
  isName(position: number, name: HashedName): boolean {
    const { bytes, start } = this;
    let at = start + position;
    for (let i = 0; i < name.length; ) {
      const size = bytes[at];
      if (size >= 0xc0) {
        at = start + (((size & 0x3f) << 8) | bytes[at + 1]);
        continue;
      }
      if (size !== name.bytes[i]) return false;
      for (let left = size + 1; left > 0; left--) {
        if (lowerByte(bytes[at++]) !== name.bytes[i++]) return false;
      }
    }
    return true;
  }

  /** Reads the name at `position`, which we wrote ourselves, in lower case. */
  readName(position: number, name: HashedName): void {
    const { bytes, start } = this;
    let at = start + position;
    let length = 0;
    let labels = 0;
    for (;;) {
      const size = bytes[at];
      if (size >= 0xc0) {
        at = start + (((size & 0x3f) << 8) | bytes[at + 1]);
        continue;
      }
      name.starts[labels] = length;
      for (let i = 0; i <= size; i++) name.bytes[length++] = lowerByte(bytes[at++]);
      if (size === 0) break;
      labels++;
    }
    name.length = length;
    name.labels = labels;
    name.hash();
  }
}
