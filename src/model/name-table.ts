/**
 * The names of a zone that is being read, in packed form: their canonical text, one behind the other, and a hash table
 * of numbers that leads to them. A million names are a few dozen megabytes, and no objects that the collector would have
 * to look at again and again.
 */
import { MAX_NAME_TEXT_BYTES } from '../wire/name.ts';
import { isLarge, type Make, roomFor } from './column.ts';
import { orderOf } from './name-order.ts';
import { seededHash } from './seeded-hash.ts';

const SLOTS_MIN = 16;
const DOT = 0x2e;
/** Of a name, more or less. */
const NAME_BYTES_EXPECTED = 24;

export class NameTable {
  count = 0;
  readonly #isLarge: boolean;
  #bytes: Uint8Array;
  #used = 0;
  /** Where each name begins, and where the last one ends. */
  #starts: Uint32Array;
  #hashes: Int32Array;
  /** Numbers of names, each with 1 added. */
  #slots: Int32Array;
  /** Means nothing, and keeps the compiler from leaving out a look. */
  #seen = 0;
  readonly #typed = new Uint8Array(MAX_NAME_TEXT_BYTES);
  /** What was found last, when there were so many names. */
  readonly #sought = { text: '', count: -1, number: -1 };

  readonly #seed: number;

  /** `expected`: how many names there will be, as far as is known. `seed`: see seeded-hash.ts. */
  constructor(expected = 0, seed = 0) {
    this.#seed = seed;
    const names = Math.max(expected, SLOTS_MIN);
    this.#isLarge = isLarge(expected);
    this.#bytes = this.#room(Uint8Array, NAME_BYTES_EXPECTED * names);
    this.#starts = this.#room(Uint32Array, names + 1);
    this.#hashes = this.#room(Int32Array, names);
    this.#slots = this.#room(Int32Array, 2 ** Math.ceil(Math.log2(Math.max(SLOTS_MIN, (expected * 3) / 2))));
  }

  /** Of a name's text. */
  hash(bytes: Uint8Array, length: number): number {
    return seededHash(bytes, length, this.#seed);
  }

  /** Brings near where the names of these hashes stand, or would. */
  lookAhead(hashes: Int32Array, count: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let seen = 0;
    for (let i = 0; i < count; i++) seen ^= slots[hashes[i] & mask];
    this.#seen ^= seen;
  }

  /** The number of the name whose text is `bytes[0..length)`; a new one gets the next. `hash`: see `hash`. */
  add(bytes: Uint8Array, length: number, hash = this.hash(bytes, length)): number {
    const slot = this.#slotOf(bytes, length, hash);
    const found = this.#slots[slot];
    if (found !== 0) return found - 1;
    const number = this.count++;
    this.#slots[slot] = number + 1;
    if (number === this.#hashes.length || this.#used + length > this.#bytes.length) this.#makeRoom(length);
    this.#hashes[number] = hash;
    const own = this.#bytes;
    let to = this.#used;
    for (let i = 0; i < length; i++) own[to++] = bytes[i];
    this.#used = to;
    this.#starts[number + 1] = to;
    // At most two thirds are taken.
    if (this.count * 3 > this.#slots.length * 2) this.#grow();
    return number;
  }

  /** For one more name. */
  #makeRoom(length: number): void {
    if (this.#used + length > this.#bytes.length) {
      const bytes = this.#room(Uint8Array, 2 * this.#bytes.length + length);
      bytes.set(this.#bytes);
      this.#bytes = bytes;
    }
    const { length: names } = this.#hashes;
    if (this.count <= names) return;
    const starts = this.#room(Uint32Array, 2 * names + 1);
    starts.set(this.#starts);
    this.#starts = starts;
    const hashes = this.#room(Int32Array, 2 * names);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
  }

  /** The number of a name by its canonical text, or -1. */
  find(text: string): number {
    const sought = this.#sought;
    // Whoever asks of a name what it has asks of one thing after the other.
    if (sought.count === this.count && sought.text === text) return sought.number;
    const typed = this.#typed;
    const { length } = text;
    if (length > typed.length) return -1;
    for (let i = 0; i < length; i++) typed[i] = text.charCodeAt(i);
    sought.text = text;
    sought.count = this.count;
    sought.number = this.#slots[this.#slotOf(typed, length, this.hash(typed, length))] - 1;
    return sought.number;
  }

  /** The number of the name whose canonical text is `bytes[start..end)`, or -1. */
  findBytes(bytes: Uint8Array, start: number, end: number): number {
    const typed = this.#typed;
    const length = end - start;
    for (let i = 0; i < length; i++) typed[i] = bytes[start + i];
    return this.#slots[this.#slotOf(typed, length, this.hash(typed, length))] - 1;
  }

  /** Writes a name's canonical text; where it ends. */
  write(number: number, into: Uint8Array, start: number): number {
    const own = this.#bytes;
    const end = this.#starts[number + 1];
    let to = start;
    for (let at = this.#starts[number]; at < end; at++) into[to++] = own[at];
    return to;
  }

  /** Brings a name's text near; what it says means nothing. */
  look(number: number): number {
    return this.#bytes[this.#starts[number]];
  }

  /** Bytes of its canonical text. */
  length(number: number): number {
    return this.#starts[number + 1] - this.#starts[number];
  }

  /** Bytes of its first label, where no escape is in that. */
  labelLength(number: number): number {
    const own = this.#bytes;
    const start = this.#starts[number];
    const end = this.#starts[number + 1];
    let at = start;
    while (at < end && own[at] !== DOT) at++;
    return at - start;
  }

  /** Whether the name in wire form that begins at `start` is this one, as far as it is lower case without escapes. */
  isWire(number: number, bytes: Uint8Array, start: number): boolean {
    const own = this.#bytes;
    const first = this.#starts[number];
    const end = this.#starts[number + 1];
    let to = first;
    let at = start;
    for (let label = bytes[at++]; label > 0; label = bytes[at++]) {
      if (to > first && own[to++] !== DOT) return false;
      for (const next = at + label; at < next; at++) if (bytes[at] !== own[to++]) return false;
    }
    return to === end;
  }

  /** Canonical text. */
  text(number: number): string {
    const values = this.#starts;
    const { buffer, byteOffset } = this.#bytes;
    const start = values[number];
    return Buffer.from(buffer, byteOffset + start, values[number + 1] - start).toString('latin1');
  }

  /** The numbers of all names in the order of their text, by bytes. */
  sorted(): Uint32Array {
    return orderOf({ bytes: this.#bytes, starts: this.#starts, count: this.count, isLarge: this.#isLarge });
  }

  #room<Values extends Uint8Array | Uint32Array | Int32Array>(make: Make<Values>, length: number): Values {
    return roomFor(make, length, this.#isLarge);
  }

  /** Where the name stands among the slots, or would. */
  #slotOf(bytes: Uint8Array, length: number, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const found = slots[slot];
      if (found === 0 || (this.#hashes[found - 1] === hash && this.#is(found - 1, bytes, length))) return slot;
    }
  }

  #is(number: number, bytes: Uint8Array, length: number): boolean {
    const start = this.#starts[number];
    if (this.#starts[number + 1] - start !== length) return false;
    const own = this.#bytes;
    for (let i = 0; i < length; i++) if (own[start + i] !== bytes[i]) return false;
    return true;
  }

  #grow(): void {
    const slots = this.#room(Int32Array, 2 * this.#slots.length);
    const mask = slots.length - 1;
    for (let number = 0; number < this.count; number++) {
      let slot = this.#hashes[number] & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = number + 1;
    }
    this.#slots = slots;
  }
}
