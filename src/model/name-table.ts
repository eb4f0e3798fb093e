/**
 * The names of a zone that is being read, in packed form: their canonical text, one behind the other, and a hash table
 * of numbers that leads to them. A million names are a few dozen megabytes, and no objects that the collector would have
 * to look at again and again.
 */
import { MAX_NAME_TEXT_BYTES } from '../wire/name.ts';
import { Column } from './column.ts';

const SLOTS_MIN = 16;
/** Below so many names comparing them is quicker. */
const COMPARED_MAX = 24;
const BYTE_VALUES = 256;

export class NameTable {
  count = 0;
  readonly #bytes = new Column(Uint8Array);
  /** Where each name begins, and where the last one ends. */
  readonly #starts = new Column(Uint32Array);
  readonly #hashes = new Column(Int32Array);
  /** Numbers of names, each with 1 added. */
  #slots = new Int32Array(SLOTS_MIN);
  readonly #typed = new Uint8Array(MAX_NAME_TEXT_BYTES);

  constructor() {
    this.#starts.push(0);
  }

  /** The number of the name whose text is `bytes[0..length)`; a new one gets the next. */
  add(bytes: Uint8Array, length: number): number {
    const hash = hashBytes(bytes, length);
    const slot = this.#slotOf(bytes, length, hash);
    const found = this.#slots[slot];
    if (found !== 0) return found - 1;
    const number = this.count++;
    this.#slots[slot] = number + 1;
    this.#hashes.push(hash);
    const at = this.#bytes.reserve(length);
    const { values } = this.#bytes;
    for (let i = 0; i < length; i++) values[at + i] = bytes[i];
    this.#starts.push(at + length);
    // At most two thirds are taken.
    if (this.count * 3 > this.#slots.length * 2) this.#grow();
    return number;
  }

  /** The number of a name by its canonical text, or -1. */
  find(text: string): number {
    const typed = this.#typed;
    const { length } = text;
    if (length > typed.length) return -1;
    for (let i = 0; i < length; i++) typed[i] = text.charCodeAt(i);
    return this.#slots[this.#slotOf(typed, length, hashBytes(typed, length))] - 1;
  }

  /** Writes a name's canonical text; where it ends. */
  write(number: number, into: Uint8Array, start: number): number {
    const own = this.#bytes.values;
    const end = this.#starts.values[number + 1];
    let to = start;
    for (let at = this.#starts.values[number]; at < end; at++) into[to++] = own[at];
    return to;
  }

  /** Bytes of its canonical text. */
  length(number: number): number {
    return this.#starts.values[number + 1] - this.#starts.values[number];
  }

  /** Canonical text. */
  text(number: number): string {
    const { values } = this.#starts;
    const { buffer, byteOffset } = this.#bytes.values;
    const start = values[number];
    return Buffer.from(buffer, byteOffset + start, values[number + 1] - start).toString('latin1');
  }

  /** The numbers of all names in the order of their text, by bytes. */
  sorted(): Uint32Array {
    const order = new Uint32Array(this.count);
    for (let i = 0; i < order.length; i++) order[i] = i;
    this.#sort(order, 0, order.length, 0, new Uint32Array(order.length));
    return order;
  }

  /** Sorts `order[from..to)`, whose names agree in their first `depth` bytes: by the next byte, and then what agrees in it. */
  #sort(order: Uint32Array, from: number, to: number, depth: number, spare: Uint32Array): void {
    if (to - from <= COMPARED_MAX) {
      this.#insertionSort(order, from, to, depth);
      return;
    }
    const ends = this.#counts(order, from, to, depth);
    // What all of them have in common is passed over.
    const common = ends.indexOf(to - from);
    if (common > 0) {
      this.#sort(order, from, to, depth + 1, spare);
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
      if (ends[byte] - ends[byte - 1] > 1) this.#sort(order, ends[byte - 1], ends[byte], depth + 1, spare);
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
    const starts = this.#starts.values;
    const at = starts[number] + depth;
    return at < starts[number + 1] ? this.#bytes.values[at] : 0;
  }

  #compare(a: number, b: number, depth: number): number {
    const starts = this.#starts.values;
    const bytes = this.#bytes.values;
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
      if (found === 0 || (this.#hashes.values[found - 1] === hash && this.#is(found - 1, bytes, length))) return slot;
    }
  }

  #is(number: number, bytes: Uint8Array, length: number): boolean {
    const start = this.#starts.values[number];
    if (this.#starts.values[number + 1] - start !== length) return false;
    const own = this.#bytes.values;
    for (let i = 0; i < length; i++) if (own[start + i] !== bytes[i]) return false;
    return true;
  }

  #grow(): void {
    const slots = new Int32Array(2 * this.#slots.length);
    const mask = slots.length - 1;
    for (let number = 0; number < this.count; number++) {
      let slot = this.#hashes.values[number] & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = number + 1;
    }
    this.#slots = slots;
  }
}

/** FNV-1a, its low bits mixed with the high ones: they choose the slot. */
function hashBytes(bytes: Uint8Array, length: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
