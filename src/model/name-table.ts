/**
 * The names of a zone that is being read, in packed form: their canonical text, one behind the other, and a hash table
 * of numbers that leads to them. A million names are a few dozen megabytes, and no objects that the collector would have
 * to look at again and again.
 */
import { MAX_NAME_TEXT_BYTES } from '../wire/name.ts';

const SLOTS_MIN = 16;
/** Of a name, more or less. */
const NAME_BYTES_EXPECTED = 24;
/** Below so many names comparing them is quicker. */
const COMPARED_MAX = 24;
const BYTE_VALUES = 256;

/** Names of a list, from one place to before another, that agree in so many of their first bytes. */
interface Run {
  readonly from: number;
  readonly to: number;
  readonly depth: number;
}

export class NameTable {
  count = 0;
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

  /** `expected`: how many names there will be, as far as is known. */
  constructor(expected = 0) {
    const names = Math.max(expected, SLOTS_MIN);
    this.#bytes = new Uint8Array(NAME_BYTES_EXPECTED * names);
    this.#starts = new Uint32Array(names + 1);
    this.#hashes = new Int32Array(names);
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(SLOTS_MIN, (expected * 3) / 2))));
  }

  /** Brings near where the names of these hashes stand, or would. */
  lookAhead(hashes: Int32Array, count: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let seen = 0;
    for (let i = 0; i < count; i++) seen ^= slots[hashes[i] & mask];
    this.#seen ^= seen;
  }

  /** The number of the name whose text is `bytes[0..length)`; a new one gets the next. `hash`: its `hashText`. */
  add(bytes: Uint8Array, length: number, hash = hashText(bytes, length)): number {
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
      const bytes = new Uint8Array(2 * this.#bytes.length + length);
      bytes.set(this.#bytes);
      this.#bytes = bytes;
    }
    const { length: names } = this.#hashes;
    if (this.count <= names) return;
    const starts = new Uint32Array(2 * names + 1);
    starts.set(this.#starts);
    this.#starts = starts;
    const hashes = new Int32Array(2 * names);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
  }

  /** The number of a name by its canonical text, or -1. */
  find(text: string): number {
    const typed = this.#typed;
    const { length } = text;
    if (length > typed.length) return -1;
    for (let i = 0; i < length; i++) typed[i] = text.charCodeAt(i);
    return this.#slots[this.#slotOf(typed, length, hashText(typed, length))] - 1;
  }

  /** Writes a name's canonical text; where it ends. */
  write(number: number, into: Uint8Array, start: number): number {
    const own = this.#bytes;
    const end = this.#starts[number + 1];
    let to = start;
    for (let at = this.#starts[number]; at < end; at++) into[to++] = own[at];
    return to;
  }

  /** Bytes of its canonical text. */
  length(number: number): number {
    return this.#starts[number + 1] - this.#starts[number];
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
    const order = new Uint32Array(this.count);
    for (let i = 0; i < order.length; i++) order[i] = i;
    const spare = new Uint32Array(order.length);
    // Not by recursion: V8 would compile a call again and again that it has never seen the end of.
    const runs = [{ from: 0, to: order.length, depth: 0 }];
    for (let run = runs.pop(); run !== undefined; run = runs.pop()) this.#sort(order, run, spare, runs);
    return order;
  }

  /** Sorts a run by the byte that follows what its names agree in, and leaves what agrees in that one too in `left`. */
  #sort(order: Uint32Array, { from, to, depth }: Run, spare: Uint32Array, left: Run[]): void {
    if (to - from <= COMPARED_MAX) {
      this.#insertionSort(order, from, to, depth);
      return;
    }
    const ends = this.#counts(order, from, to, depth);
    // What all of them have in common is passed over.
    const common = ends.indexOf(to - from);
    if (common > 0) {
      left.push({ from, to, depth: depth + 1 });
      return;
    }
    for (let byte = 0, end = from; byte < BYTE_VALUES; byte++) {
      const count = ends[byte];
      ends[byte] = end;
      end += count;
    }
    // Each place goes up to its end while the names are put there.
    for (let i = from; i < to; i++) spare[ends[this.#byte(order[i], depth)]++] = order[i];
    for (let i = from; i < to; i++) order[i] = spare[i];
    // Of names that end here there is one.
    for (let byte = 1; byte < BYTE_VALUES; byte++) {
      if (ends[byte] - ends[byte - 1] > 1) left.push({ from: ends[byte - 1], to: ends[byte], depth: depth + 1 });
    }
  }

  /** How many names have which byte next. */
  #counts(order: Uint32Array, from: number, to: number, depth: number): Uint32Array {
    const counts = new Uint32Array(BYTE_VALUES);
    for (let i = from; i < to; i++) counts[this.#byte(order[i], depth)]++;
    return counts;
  }

  #insertionSort(order: Uint32Array, from: number, to: number, depth: number): void {
    for (let i = from + 1; i < to; i++) {
      const number = order[i];
      let at = i - 1;
      for (; at >= from && this.#compare(order[at], number, depth) > 0; at--) order[at + 1] = order[at];
      order[at + 1] = number;
    }
  }

  /** The next byte of a name; 0 stands behind its end, and in no text. */
  #byte(number: number, depth: number): number {
    const starts = this.#starts;
    const at = starts[number] + depth;
    return at < starts[number + 1] ? this.#bytes[at] : 0;
  }

  #compare(a: number, b: number, depth: number): number {
    const starts = this.#starts;
    const bytes = this.#bytes;
    let [atA, atB] = [starts[a] + depth, starts[b] + depth];
    const [endA, endB] = [starts[a + 1], starts[b + 1]];
    while (atA < endA && atB < endB && bytes[atA] === bytes[atB]) {
      atA++;
      atB++;
    }
    return (atA < endA ? bytes[atA] : -1) - (atB < endB ? bytes[atB] : -1);
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
    const slots = new Int32Array(2 * this.#slots.length);
    const mask = slots.length - 1;
    for (let number = 0; number < this.count; number++) {
      let slot = this.#hashes[number] & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = number + 1;
    }
    this.#slots = slots;
  }
}

/** FNV-1a, its low bits mixed with the high ones: they choose the slot. */
export function hashText(bytes: Uint8Array, length: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
