/**
 * The hash of names, by a secret of each table: whoever may write records chooses names, and with a hash that anybody can
 * calculate makes all of them one.
 *
 * It is a sum of four bytes of a label at a time, each half of them multiplied by the secret word for its place, counted
 * from the end of the name: Multilinear (Lemire and Kaser, "Strongly universal string hashing is fast", 2014). Whichever two
 * names somebody writes, they agree in the upper 17 bits of their sums under one secret of 131,072: docs/decisions/0081. The
 * sum of a name is that of the name above it and of one label, so that one pass gives every suffix its hash. The mixer of
 * MurmurHash3 finishes it: places in an index are chosen by its high bits and its low ones.
 */

import { isSame } from '../wire/word-copy.ts';
import { ENTRY } from './layout.ts';

/**
 * State of a name that ends before `end`, from the state of the name without its first label, which starts at `labelStart`
 * (its length byte). `keys`: the table's secret. Up to three bytes behind the label are read, and make no difference.
 */
export function hashLabel(keys: Int32Array, state: number, name: DataView, labelStart: number, end: number): number {
  let left = (name.getUint8(labelStart) + 1) | 0;
  let h = state;
  // One loop, and short: what is longer takes the room in which V8 would join another function of an answer's way.
  for (let at = labelStart | 0; left > 0; at = (at + 4) | 0) {
    let word = name.getInt32(at, true);
    if (left < 4) word &= (1 << (8 * left)) - 1;
    const key = (end - at) | 0;
    // What each half of the word is multiplied by in all is any number, whatever that of the other half is.
    h = (h + Math.imul(word, keys[key]) + Math.imul((word >>> 16) | (word << 16), keys[(key - 1) | 0])) | 0;
    left = (left - 4) | 0;
  }
  return h;
}

const FNV_BASIS = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;

/** The longest name (RFC 1035 §2.3.4), and the zeros behind it. */
const NAME_ROOM_BYTES = 260;

/** The hash of a name from its state. */
export function finishHash(state: number): number {
  return mix32(state);
}

/** The hash of bytes by themselves, FNV-1a: the same in every process, for what harms nobody where it is the same for two. */
export function hashBytes(bytes: Uint8Array): number {
  let h = FNV_BASIS;
  for (const byte of bytes) h = Math.imul(h ^ byte, FNV_PRIME);
  return mix32(h);
}

/** The finisher of MurmurHash3: every bit of the input changes half of the output's. */
export function mix32(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * A name taken apart: lower-case wire form, where its labels start, and the hash state of each suffix. Reused for
 * every query; nothing is allocated.
 */
export class HashedName {
  /** Lower-case wire form, root byte included. */
  readonly bytes = new Uint8Array(NAME_ROOM_BYTES);
  /** The same in words, the last one filled up with zeros. */
  readonly words = new Int32Array(this.bytes.buffer);
  length = 0;
  /** Labels without the root. */
  labels = 0;
  /** Where label i starts; the entry after the last is the root's. */
  readonly starts = new Uint8Array(129);
  /** Hash state of the suffix that starts at label i; the entry after the last is the root's. */
  readonly states = new Int32Array(129);
  /** The entry of a zone at whose name this one was seen to be, or below it, since the last `enter`; 0: none was. */
  zoneEntry = 0;
  readonly #view = new DataView(this.bytes.buffer);
  readonly #keys: Int32Array;

  /** `keys`: of the table whose states it is to have; see ArenaView. */
  constructor(keys: Int32Array) {
    this.#keys = keys;
  }

  /** Takes a whole uncompressed lower-case name from `source` at `offset`. */
  set(source: Uint8Array, offset: number): void {
    this.setJoined(this, 0, source, offset);
  }

  /** Takes the labels of `other` before its label `count`, and behind them the name at `offset` of `source`. */
  setJoined(other: HashedName, count: number, source: Uint8Array, offset: number): void {
    const { bytes, starts } = this;
    let at = count === 0 ? 0 : other.starts[count];
    // `other` may be this name itself: what precedes the label stays in place.
    for (let i = 0; i < at; i++) bytes[i] = other.bytes[i];
    for (let i = 0; i < count; i++) starts[i] = other.starts[i];
    let labels = count;
    for (let from = offset; ; labels++) {
      const size = source[from];
      starts[labels] = at;
      for (const end = at + 1 + size; at < end; at++) bytes[at] = source[from++];
      if (size === 0) break;
    }
    this.length = at;
    this.labels = labels;
    this.hash();
  }

  /** The hash of a name that is one label longer: of `name`, from the label's start to `end`. */
  hashOfNext(name: DataView, labelStart: number, end: number): number {
    return finishHash(hashLabel(this.#keys, this.states[0], name, labelStart, end));
  }

  /** Computes the states once `bytes`, `length`, `labels` and `starts` are in place. */
  hash(): void {
    this.#fill();
    this.zoneEntry = 0;
    this.states[this.labels] = this.#keys[0];
    this.#hashBefore(this.labels);
  }

  /**
   * The same where the name is most likely at or below that of a zone, whose entry and the states of whose labels, the
   * root's included, are known: then only what is before it is hashed.
   */
  hashBelow(words: Int32Array, entry: number, states: Int32Array, labels: number): void {
    const first = this.labels - labels;
    if (first < 0) return this.hash();
    const start = this.starts[first];
    const length = words[entry + ENTRY.NAME] & 0xff;
    if (this.length - start !== length) return this.hash();
    this.#fill();
    if (!isSame(this.#view, start, words, entry + ENTRY.NAME_BYTES, length)) return this.hash();
    this.zoneEntry = entry;
    for (let i = 0; i <= labels; i++) this.states[first + i] = states[i];
    this.#hashBefore(first);
  }

  /** Fills up the last word. */
  #fill(): void {
    const { bytes, length } = this;
    bytes[length] = 0;
    bytes[length + 1] = 0;
    bytes[length + 2] = 0;
  }

  /** Computes the states of the labels before one whose state is in place. */
  #hashBefore(label: number): void {
    const { length, starts, states } = this;
    const keys = this.#keys;
    let h = states[label];
    for (let i = label - 1; i >= 0; i--) {
      h = hashLabel(keys, h, this.#view, starts[i], length);
      states[i] = h;
    }
  }
}
