/**
 * Names of a large zone that are not in its index yet. Where a name stands there is somewhere else each time, and each time
 * in no cache near by. So they are kept here, and put in many at once, one part of the index after the other.
 *
 * That holds for names one label below the apex, which come in order: such a name can be there already only if it is the
 * one before. What comes otherwise ends it.
 */
import { isLarge, roomFor } from '../model/column.ts';
import { type IndexWriter, sameName } from './index.ts';
import { ENTRY } from './layout.ts';
import { ArenaFull, type ArenaView } from './memory.ts';

/** Fewer names than that have their index near by. */
export const NAMES_ASIDE_MIN = 2 ** 16;

/**
 * 8 MiB of numbers, and as many while they are put in order; each of the parts gets some 250 names at a time, so that most of
 * what one of them brings near is there for four others.
 */
const AT_ONCE = 2 ** 20;
/** The first bits of a hash choose its place in the index, as far as it is large enough. */
const PARTS_BITS = 12;
const DOT = 0x2e;

export class NamesAside {
  readonly #view: ArenaView;
  readonly #index: IndexWriter;
  readonly #cell: number;
  readonly #apexLength: number;
  readonly #atOnce: number;
  readonly #entries: Int32Array;
  readonly #hashes: Int32Array;
  #count = 0;
  /** The first of them that are in the index. */
  #done = 0;
  /** The entry of the last name below the apex, aside or not. */
  last = 0;

  /** `cell`: of the index, of a zone whose name has so many bytes in wire form. `expected`: how many names there will be, as far as is known. */
  constructor(view: ArenaView, index: IndexWriter, cell: number, apexLength: number, expected = AT_ONCE) {
    this.#view = view;
    this.#index = index;
    this.#cell = cell;
    this.#apexLength = apexLength;
    this.#atOnce = Math.min(expected, AT_ONCE);
    this.#entries = roomFor(Int32Array, this.#atOnce, isLarge(expected));
    this.#hashes = roomFor(Int32Array, this.#atOnce, isLarge(expected));
  }

  /** Whether it is the last name once more. */
  isLast(name: Uint8Array, start: number, length: number): boolean {
    return this.last !== 0 && sameName(this.#view, this.last, name, start, start + length);
  }

  /** Whether it cannot be there yet: it comes after the last one. */
  isNew(name: Uint8Array, start: number): boolean {
    return this.last === 0 || comesAfter(this.#view, this.last, name, start);
  }

  /** Before another owner is looked for in the index; false where nothing may be aside any more. Throws ArenaFull. */
  mayGoOn(owner: Uint8Array): boolean {
    if (owner.length - 1 - owner[0] !== this.#apexLength) return false;
    if (!this.isLast(owner, 0, owner.length)) return this.isNew(owner, 0);
    this.#putInLast();
    return true;
  }

  /** Before an entry is made that is to be kept. Throws ArenaFull. */
  makeRoom(): void {
    if (this.#count === this.#atOnce) this.putIn();
  }

  /** Keeps an entry whose name is in place. */
  add(entry: number, hash: number): void {
    this.#entries[this.#count] = entry;
    this.#hashes[this.#count++] = hash;
    this.last = entry;
  }

  #putInLast(): void {
    if (this.#count === 0) return;
    this.#insert(this.#count - 1);
    this.#count--;
  }

  /** Puts all of them in. Throws ArenaFull. */
  putIn(): void {
    const count = this.#count;
    this.#sort();
    for (; this.#done < count; this.#done++) this.#insert(this.#done);
    this.#done = 0;
    this.#count = 0;
  }

  #insert(i: number): void {
    if (!this.#index.insert(this.#cell, this.#entries[i], this.#hashes[i])) throw new ArenaFull();
  }

  /** Those that have come to nothing: they are in no index. */
  get left(): Int32Array {
    return this.#entries.subarray(this.#done, this.#count);
  }

  /** By the parts of the index, and in each as they came. */
  #sort(): void {
    const shift = 32 - PARTS_BITS;
    const entries = this.#entries.slice(0, this.#count);
    const hashes = this.#hashes.slice(0, this.#count);
    const places = new Int32Array((1 << PARTS_BITS) + 1);
    for (let i = 0; i < hashes.length; i++) places[(hashes[i] >>> shift) + 1]++;
    for (let i = 1; i < places.length; i++) places[i] += places[i - 1];
    for (let i = 0; i < hashes.length; i++) {
      const place = places[hashes[i] >>> shift]++;
      this.#entries[place] = entries[i];
      this.#hashes[place] = hashes[i];
    }
  }
}

/** Whether a name (wire form, from `start`) comes after that of an entry, both one label below the same apex. */
function comesAfter({ words, bytes }: ArenaView, entry: number, name: Uint8Array, start: number): boolean {
  const before = (entry + ENTRY.NAME_BYTES) * 4;
  if (before >= words.length * 4) return false;
  const length = bytes[before];
  const own = name[start];
  const common = Math.min(length, own);
  for (let i = 1; i <= common; i++) {
    const difference = name[start + i] - bytes[before + i];
    if (difference !== 0) return difference > 0;
  }
  // A dot follows the shorter one in their text.
  if (own > common) return name[start + common + 1] > DOT;
  return length > common && DOT > bytes[before + common + 1];
}
