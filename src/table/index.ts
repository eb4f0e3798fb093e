/**
 * The hash index from names to entries: extendible hashing (Fagin et al., 1979). A directory, chosen by the top bits
 * of the hash, leads to small segments of open addressing. A full segment is built aside as a larger one, or as two,
 * and swapped in by one store; the directory doubles the same way. So an insert costs one segment at most, however
 * many names there are, and a worker that looks a name up meanwhile reads either the old or the new segment, both true.
 */
import assert from 'node:assert/strict';
import type { HashedName } from './hash.ts';
import { DIRECTORY, ENTRY, SEGMENT, TOMBSTONE } from './layout.ts';
import type { Arena, ArenaView } from './memory.ts';
import type { Retirer } from './reclaim.ts';

/** A segment of 512 slots is 4 KiB: a page, split in microseconds. */
const SEGMENT_SLOTS_LOG2_MAX = 9;
const SEGMENT_SLOTS_LOG2_MIN = 2;
/** Of slots, in an index made for as many entries as it gets: chance brings some segments more, and none is split. */
const EXPECTED_SHARE = 0.6;
/** The low bits of a directory's word. */
export const LINK_LOG2_MASK = 15;
/** Beyond this depth names whose hashes agree in so many bits get a larger segment instead of a split. */
export const DIRECTORY_BITS_MAX = 24;

/** Which directory entry a hash belongs to. The shift by two steps keeps `bits` 0 right: JavaScript shifts modulo 32. */
export function directorySlot(hash: number, bits: number): number {
  return (hash >>> 1) >>> (31 - bits);
}

/**
 * The entry of a name in the index at `cell`, or 0. `name` holds the lower-case wire form from `start` to `end`
 * (exclusive, root byte included). May make the view longer: hold no copy of `view.words` across the call.
 */
export function findEntry(
  view: ArenaView,
  cell: number,
  hash: number,
  name: Uint8Array,
  start: number,
  end: number,
): number {
  let words = view.words;
  const directory = words[cell];
  if (directory >= words.length) words = refreshed(view);
  let at = directory + DIRECTORY.SEGMENTS + directorySlot(hash, words[directory + DIRECTORY.BITS]);
  if (at >= words.length) words = refreshed(view);
  const link = words[at];
  const mask = (1 << (link & LINK_LOG2_MASK)) - 1;
  const slots = segmentAt(link) + SEGMENT.SLOTS;
  if (slots + 2 * mask >= words.length) words = refreshed(view);
  for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
    at = slots + 2 * slot;
    const entry = words[at + 1];
    if (entry === 0) return 0;
    if (entry === TOMBSTONE || words[at] !== hash) continue;
    if (entry >= words.length) words = refreshed(view);
    if (sameName(view, entry, name, start, end)) return entry;
  }
}

/** A directory's word for a segment: where it is and how many slots it has, so that a lookup need not read its head. */
function linkTo(segment: number, log2: number): number {
  assert((segment & 3) === 0 && log2 <= LINK_LOG2_MASK, 'blocks are four words apart, segments of bounded size');
  return (segment << 2) | log2;
}

export function segmentAt(link: number): number {
  return (link >>> 2) & ~3;
}

function bitsFor(entries: number): number {
  const room = EXPECTED_SHARE * (1 << SEGMENT_SLOTS_LOG2_MAX);
  return entries <= room ? 0 : Math.min(DIRECTORY_BITS_MAX, Math.ceil(Math.log2(entries / room)));
}

function refreshed(view: ArenaView): Int32Array<SharedArrayBuffer> {
  view.refresh();
  return view.words;
}

/** Whether `name` holds, from `start` to `end`, the entry's name. May make the view longer. */
export function sameName(view: ArenaView, entry: number, name: Uint8Array, start: number, end: number): boolean {
  const length = view.words[entry + ENTRY.NAME] & 0xff;
  if (length !== end - start) return false;
  const bytes = view.bytes;
  const base = (entry + ENTRY.NAME_BYTES) * 4;
  if (base + length > bytes.length) view.refresh();
  for (let i = 0; i < length; i++) if (bytes[base + i] !== name[start + i]) return false;
  return true;
}

/** The same for the whole of a name, by words, as both are filled up with zeros. Nothing beyond the view is looked at. */
export function isNameOf(words: Int32Array, entry: number, name: HashedName): boolean {
  const first = entry + ENTRY.NAME_BYTES;
  const count = (name.length + 3) >> 2;
  if (first + count > words.length || (words[entry + ENTRY.NAME] & 0xff) !== name.length) return false;
  const own = name.words;
  for (let i = 0; i < count; i++) if (words[first + i] !== own[i]) return false;
  return true;
}

/** Changes an index; only the main thread does. Every allocation may fail: false means that the arena is full. */
export class IndexWriter {
  readonly #arena: Arena;
  readonly #reclaimer: Retirer;
  readonly #isAside: boolean;

  /** `isAside`: nobody reads the index while it is changed. */
  constructor(arena: Arena, reclaimer: Retirer, isAside = false) {
    this.#isAside = isAside;
    this.#arena = arena;
    this.#reclaimer = reclaimer;
  }

  /** A new empty index behind the word at `cell`, with the room that so many entries would get it little by little. */
  create(cell: number, expected = 0): boolean {
    const bits = bitsFor(expected);
    const log2 = bits === 0 ? SEGMENT_SLOTS_LOG2_MIN : SEGMENT_SLOTS_LOG2_MAX;
    const directory = this.#arena.allocate(DIRECTORY.SEGMENTS + (1 << bits));
    if (directory === 0) return false;
    this.#words[directory + DIRECTORY.BITS] = bits;
    for (let i = 0; i < 1 << bits; i++) {
      const segment = this.#segment(log2, bits);
      if (segment === 0) {
        this.#giveBack(directory, i, log2);
        return false;
      }
      this.#words[directory + DIRECTORY.SEGMENTS + i] = linkTo(segment, log2);
    }
    Atomics.store(this.#words, cell, directory);
    return true;
  }

  /** A directory that came to nothing, with its first segments. */
  #giveBack(directory: number, segments: number, log2: number): void {
    for (let i = 0; i < segments; i++) {
      const segment = segmentAt(this.#words[directory + DIRECTORY.SEGMENTS + i]);
      this.#arena.free(segment, SEGMENT.SLOTS + 2 * (1 << log2));
    }
    this.#arena.free(directory, DIRECTORY.SEGMENTS + (1 << this.#words[directory + DIRECTORY.BITS]));
  }

  /** Adds an entry whose HASH and name are in place. The name must not be there yet. */
  insert(cell: number, entry: number, hash = this.#words[entry + ENTRY.HASH]): boolean {
    for (;;) {
      const segment = this.#segmentOf(cell, hash);
      const log2 = this.#words[segment + SEGMENT.SLOTS_LOG2];
      // At least a quarter of the slots stays empty: a search ends soon, and always.
      if ((this.#words[segment + SEGMENT.USED] + 1) * 4 <= (1 << log2) * 3) {
        this.#place(segment, hash, entry);
        return true;
      }
      if (!this.#makeRoom(cell, segment, hash)) return false;
    }
  }

  /** Takes an entry out; the caller retires the entry itself. */
  remove(cell: number, entry: number): void {
    const words = this.#words;
    const hash = words[entry + ENTRY.HASH];
    const segment = this.#segmentOf(cell, hash);
    const mask = (1 << words[segment + SEGMENT.SLOTS_LOG2]) - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const at = segment + SEGMENT.SLOTS + 2 * slot;
      assert(words[at + 1] !== 0, 'the entry to remove is in its index');
      if (words[at + 1] !== entry) continue;
      Atomics.store(words, at + 1, TOMBSTONE);
      return;
    }
  }

  /** Every entry of the index. */
  *entries(cell: number): Generator<number> {
    for (const segment of this.#segments(cell)) {
      const slots = 1 << this.#words[segment + SEGMENT.SLOTS_LOG2];
      for (let slot = 0; slot < slots; slot++) {
        const entry = this.#words[segment + SEGMENT.SLOTS + 2 * slot + 1];
        if (entry !== 0 && entry !== TOMBSTONE) yield entry;
      }
    }
  }

  /** Whether there are more than so many entries: of a million that is a matter of milliseconds, mostly of none. */
  hasMore(cell: number, most: number): boolean {
    let used = 0;
    // What segments say of themselves counts those that are gone, too.
    for (const segment of this.#segments(cell)) used += this.#words[segment + SEGMENT.USED];
    if (used <= most) return false;
    let live = 0;
    for (const segment of this.#segments(cell)) live += this.#countLive(segment);
    return live > most;
  }

  /** Retires the index's own blocks: directory and segments, not the entries nor the cell. */
  retire(cell: number): void {
    for (const segment of this.#segments(cell)) this.#retireSegment(segment);
    const directory = this.#words[cell];
    const bits = this.#words[directory + DIRECTORY.BITS];
    this.#reclaimer.retire(directory, DIRECTORY.SEGMENTS + (1 << bits));
  }

  get #words(): Int32Array<SharedArrayBuffer> {
    return this.#arena.view.words;
  }

  *#segments(cell: number): Generator<number> {
    const directory = this.#words[cell];
    const bits = this.#words[directory + DIRECTORY.BITS];
    let last = 0;
    for (let i = 0; i < 1 << bits; i++) {
      const segment = segmentAt(this.#words[directory + DIRECTORY.SEGMENTS + i]);
      // The directory entries of one segment stand side by side.
      if (segment !== last) yield segment;
      last = segment;
    }
  }

  #segmentOf(cell: number, hash: number): number {
    const words = this.#words;
    const directory = words[cell];
    const bits = words[directory + DIRECTORY.BITS];
    return segmentAt(words[directory + DIRECTORY.SEGMENTS + directorySlot(hash, bits)]);
  }

  #segment(log2: number, depth: number): number {
    const segment = this.#arena.allocate(SEGMENT.SLOTS + 2 * (1 << log2));
    if (segment === 0) return 0;
    this.#words[segment + SEGMENT.SLOTS_LOG2] = log2;
    this.#words[segment + SEGMENT.DEPTH] = depth;
    return segment;
  }

  #place(segment: number, hash: number, entry: number): void {
    const words = this.#words;
    const mask = (1 << words[segment + SEGMENT.SLOTS_LOG2]) - 1;
    let slot = hash & mask;
    while (words[segment + SEGMENT.SLOTS + 2 * slot + 1] !== 0) slot = (slot + 1) & mask;
    const at = segment + SEGMENT.SLOTS + 2 * slot;
    words[at] = hash;
    if (this.#isAside) {
      words[at + 1] = entry;
      words[segment + SEGMENT.USED] = words[segment + SEGMENT.USED] + 1;
      return;
    }
    // The entry last: a worker that sees it sees the hash and the entry's contents too.
    Atomics.store(words, at + 1, entry);
    Atomics.add(words, segment + SEGMENT.USED, 1);
  }

  /** Replaces a full segment: by one of the same or twice the size, or by two halves. */
  #makeRoom(cell: number, segment: number, hash: number): boolean {
    const words = this.#words;
    const log2 = words[segment + SEGMENT.SLOTS_LOG2];
    const depth = words[segment + SEGMENT.DEPTH];
    const live = this.#countLive(segment);
    if (live * 4 < (1 << log2) * 2) return this.#replace(cell, segment, hash, log2);
    if (log2 < SEGMENT_SLOTS_LOG2_MAX) return this.#replace(cell, segment, hash, log2 + 1);
    if (depth < DIRECTORY_BITS_MAX) return this.#split(cell, segment, hash);
    // Nobody has so many names that agree by chance: they were made to slow lookups down, and are refused.
    return log2 < LINK_LOG2_MASK && this.#replace(cell, segment, hash, log2 + 1);
  }

  #countLive(segment: number): number {
    let live = 0;
    const slots = 1 << this.#words[segment + SEGMENT.SLOTS_LOG2];
    for (let slot = 0; slot < slots; slot++) {
      const entry = this.#words[segment + SEGMENT.SLOTS + 2 * slot + 1];
      if (entry !== 0 && entry !== TOMBSTONE) live++;
    }
    return live;
  }

  #replace(cell: number, old: number, hash: number, log2: number): boolean {
    const depth = this.#words[old + SEGMENT.DEPTH];
    const segment = this.#segment(log2, depth);
    if (segment === 0) return false;
    this.#copy(old, segment, segment, depth);
    this.#point(cell, hash, depth, segment);
    this.#retireSegment(old);
    return true;
  }

  #split(cell: number, old: number, hash: number): boolean {
    const depth = this.#words[old + SEGMENT.DEPTH];
    if (depth === this.#words[this.#words[cell] + DIRECTORY.BITS] && !this.#doubleDirectory(cell)) return false;
    const log2 = this.#words[old + SEGMENT.SLOTS_LOG2];
    const low = this.#segment(log2, depth + 1);
    const high = low === 0 ? 0 : this.#segment(log2, depth + 1);
    if (high === 0) {
      if (low !== 0) this.#arena.free(low, SEGMENT.SLOTS + 2 * (1 << log2));
      return false;
    }
    this.#copy(old, low, high, depth);
    const bit = 0x80000000 >>> depth;
    this.#point(cell, hash & ~bit, depth + 1, low);
    this.#point(cell, hash | bit, depth + 1, high);
    this.#retireSegment(old);
    return true;
  }

  /** Copies the live slots of `old`: by the hash bit after `depth` into `low` or `high` (which may be the same). */
  #copy(old: number, low: number, high: number, depth: number): void {
    const words = this.#words;
    const bit = 0x80000000 >>> depth;
    const slots = 1 << words[old + SEGMENT.SLOTS_LOG2];
    for (let slot = 0; slot < slots; slot++) {
      const at = old + SEGMENT.SLOTS + 2 * slot;
      const entry = words[at + 1];
      if (entry === 0 || entry === TOMBSTONE) continue;
      const hash = words[at];
      this.#place((hash & bit) === 0 ? low : high, hash, entry);
    }
  }

  /** Points every directory entry whose top `depth` bits are those of `hash` to `segment`. */
  #point(cell: number, hash: number, depth: number, segment: number): void {
    const words = this.#words;
    const directory = words[cell];
    const bits = words[directory + DIRECTORY.BITS];
    const run = 1 << (bits - depth);
    const first = directorySlot(hash, depth) * run;
    const link = linkTo(segment, words[segment + SEGMENT.SLOTS_LOG2]);
    for (let i = first; i < first + run; i++) Atomics.store(words, directory + DIRECTORY.SEGMENTS + i, link);
  }

  #doubleDirectory(cell: number): boolean {
    const old = this.#words[cell];
    const bits = this.#words[old + DIRECTORY.BITS];
    const directory = this.#arena.allocate(DIRECTORY.SEGMENTS + (2 << bits));
    if (directory === 0) return false;
    const words = this.#words;
    words[directory + DIRECTORY.BITS] = bits + 1;
    for (let i = 0; i < 2 << bits; i++) {
      words[directory + DIRECTORY.SEGMENTS + i] = words[old + DIRECTORY.SEGMENTS + (i >> 1)];
    }
    Atomics.store(words, cell, directory);
    this.#reclaimer.retire(old, DIRECTORY.SEGMENTS + (1 << bits));
    return true;
  }

  #retireSegment(segment: number): void {
    const log2 = this.#words[segment + SEGMENT.SLOTS_LOG2];
    this.#reclaimer.retire(segment, SEGMENT.SLOTS + 2 * (1 << log2));
  }
}
