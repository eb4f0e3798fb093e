/** The shared memory of the table: one growable arena, and the views that a thread keeps of it. */
import assert from 'node:assert/strict';
import { type BlockList, FreeBlocks } from './free-blocks.ts';
import { Gaps } from './gaps.ts';
import { ARENA, CONTROL, CONTROL_BYTES, KEY_WORDS } from './layout.ts';

/** What a worker is given to read the table. */
export interface SharedTable {
  readonly control: SharedArrayBuffer;
  readonly arena: SharedArrayBuffer;
  /** The byte of the buffer where the arena begins: 0, or where a huge page of mapped memory does. */
  readonly start: number;
  /** How long the arena may become. */
  readonly maxBytes: number;
  /** The buffer is memory that processes share: it is as long as it may become, and pages appear as they are used. */
  readonly isMapped: boolean;
}

/**
 * Views of the arena in one thread. They are of fixed length: a view that tracks the length of a growable buffer is
 * some thirty times slower to read (17 ns against 0.5 ns), so they are made anew when the arena has grown.
 */
export class ArenaView {
  words: Int32Array<SharedArrayBuffer>;
  bytes: Uint8Array<SharedArrayBuffer>;
  readonly control: Int32Array<SharedArrayBuffer>;
  /** What names are hashed by: they lie where they are however much the arena grows. */
  readonly keys: Int32Array<SharedArrayBuffer>;
  readonly #arena: SharedArrayBuffer;
  readonly #start: number;

  constructor(shared: SharedTable) {
    this.#arena = shared.arena;
    this.#start = shared.start;
    const length = this.#arena.byteLength - this.#start;
    this.control = new Int32Array(shared.control, 0, shared.control.byteLength >>> 2);
    this.keys = new Int32Array(this.#arena, this.#start + 4 * ARENA.KEYS, KEY_WORDS);
    this.words = new Int32Array(this.#arena, this.#start, length >>> 2);
    this.bytes = new Uint8Array(this.#arena, this.#start, length);
  }

  /** For a reader that met an offset beyond its views: the arena has grown since. */
  refresh(): void {
    assert(this.refreshIfGrown(), 'an offset lies outside the arena');
  }

  /** Makes the views as long as the arena is now; false where they are. */
  refreshIfGrown(): boolean {
    const length = this.#arena.byteLength - this.#start;
    if (length === this.bytes.length) return false;
    this.words = new Int32Array(this.#arena, this.#start, length >>> 2);
    this.bytes = new Uint8Array(this.#arena, this.#start, length);
    return true;
  }
}

/** The arena has reached its limit; thrown inside a prepare, which takes everything back and returns a Problem. */
export class ArenaFull extends Error {}

/** Hands out blocks of the arena to whoever compiles something. */
export interface Blocks {
  readonly view: ArenaView;
  /** A zeroed block of at least `words` words. Throws ArenaFull. */
  allocate(words: number): number;
}

/** Larger blocks are seldom asked for. */
const DRY_WORDS_MAX = 64;

/** Stands for the size in a list that travels: its offsets are starts and lengths of gaps. */
const GAPS = 0;

/** Address space is kept for `maxBytes`; memory is taken as the arena grows. Word offsets stay below 2^30. */
export const ARENA_MAX_BYTES = 2 ** 32 - 2 ** 16;
const ARENA_MIN_BYTES = 4096;

/** Bytes of an arena that was asked for with so many. */
export function arenaBytes(bytes: number): number {
  return Math.min(ARENA_MAX_BYTES, Math.max(ARENA_MIN_BYTES, Math.ceil(bytes / 4096) * 4096));
}

/** Memory of one process for a new table. `initialBytes` and `maxBytes` are bytes; both are rounded up to 4 KiB. */
export function createSharedTable(initialBytes: number, maxBytes: number): SharedTable {
  const max = arenaBytes(maxBytes);
  const initial = Math.min(max, arenaBytes(initialBytes));
  const shared = {
    control: new SharedArrayBuffer(CONTROL_BYTES),
    arena: new SharedArrayBuffer(initial, { maxByteLength: max }),
    start: 0,
    maxBytes: max,
    isMapped: false,
  };
  beginControl(shared.control);
  return shared;
}

/** The control words of a table that is empty. */
export function beginControl(memory: SharedArrayBuffer): void {
  const control = new Int32Array(memory);
  control[CONTROL.GENERATION] = 1;
  control[CONTROL.EPOCH] = 1;
  control[CONTROL.ARENA_NEXT] = ARENA.FIRST_FREE;
}

/**
 * Hands out blocks of the arena. The main thread has one of these, and so has the builder thread: each has its own
 * free blocks, and what neither has free is taken from the end of the arena by one atomic step. Blocks are of fixed
 * size classes, so that a block of a size that was freed is always found again and nothing fragments further.
 */
export class Arena {
  readonly view: ArenaView;
  /** Set while changes are made that must go through in a full table: shifts, and what gives memory back. */
  mayUseReserve = false;
  /** What is to be left besides the reserve, for what may use that: while a start does not know yet what all of it takes. */
  keptBytes = 0;
  readonly #shared: SharedTable;
  readonly #free = new FreeBlocks();
  readonly #gaps = new Gaps();
  /** Taken from the arena, not yet handed out: see `slabWords`. */
  #slabAt = 0;
  #slabEnd = 0;
  readonly #slabWords: number;
  /** By size: 1 where nothing free was of use, and nothing has come since. A large zone asks for a few sizes millions of times. */
  readonly #dry = new Uint8Array(DRY_WORDS_MAX + 1);
  /** What changes that may not use the reserve come to at most: what a shift took of it and gave back is no room for them. */
  readonly #plainBytes: number;

  /** `slabWords`: how much to take from the arena at a time, so that two threads do not share cache lines; 0: no more than asked. */
  constructor(shared: SharedTable, slabWords = 0) {
    this.#shared = shared;
    this.#slabWords = slabWords;
    this.#plainBytes = shared.maxBytes - reserveBytes(shared.maxBytes);
    this.view = new ArenaView(shared);
  }

  /** Bytes that some thread has taken, but for those that are free in this one. */
  get usedBytes(): number {
    return (Atomics.load(this.view.control, CONTROL.ARENA_NEXT) - this.#free.words - this.#gaps.words) * 4;
  }

  /** Bytes that changes which may not use the reserve can still take. */
  get roomBytes(): number {
    return Math.max(0, this.#limitBytes - this.usedBytes);
  }

  get #limitBytes(): number {
    return this.#plainBytes - this.keptBytes;
  }

  /** Bytes that the arena has taken from the system. */
  get sizeBytes(): number {
    if (!this.#shared.isMapped) return this.#shared.arena.byteLength;
    return Math.ceil((Atomics.load(this.view.control, CONTROL.ARENA_NEXT) * 4) / 4096) * 4096;
  }

  /** A zeroed block of at least `words` words, or 0 where the arena has reached its limit. */
  allocate(words: number): number {
    const size = sizeClass(words);
    if (this.#slabAt + size <= this.#slabEnd && this.#isDry(size)) {
      // It was taken, and zeroed, as a whole.
      const offset = this.#slabAt;
      this.#slabAt += size;
      return offset;
    }
    if (!this.mayUseReserve && this.usedBytes + size * 4 > this.#limitBytes) return 0;
    let offset = this.#free.pop(size) || this.#gaps.cut(size);
    if (offset === 0) {
      if (size <= DRY_WORDS_MAX) this.#dry[size] = 1;
      // A large block that does not fit would waste too much of a slab.
      if (size * 8 <= this.#slabWords && this.#hasSlab(size)) {
        // It was zeroed as a whole.
        offset = this.#slabAt;
        this.#slabAt += size;
        return offset;
      }
      offset = this.#takeFromEnd(size) || this.#cutLarger(size);
      if (offset === 0) return 0;
    }
    this.#clear(offset, size);
    return offset;
  }

  /** Where there is no end left, a free block of a larger size is cut for good: a large zone leaves few small ones behind. */
  #cutLarger(size: number): number {
    const larger = this.#free.popLarger(size);
    if (larger === undefined) return 0;
    this.giveGaps([larger.offset, larger.size]);
    return this.#gaps.cut(size);
  }

  /** Whether it is known that nothing free is of use for a block of this size. */
  #isDry(size: number): boolean {
    return size <= DRY_WORDS_MAX && this.#dry[size] === 1;
  }

  #clear(offset: number, size: number): void {
    if ((offset + size) * 4 > this.view.bytes.length) this.view.refreshIfGrown();
    this.view.words.fill(0, offset, offset + size);
  }

  /** No reader may be at the block any more: see reclaim.ts. */
  free(offset: number, words: number): void {
    const size = sizeClass(words);
    this.#free.push(size, offset);
    if (size <= DRY_WORDS_MAX) this.#dry[size] = 0;
  }

  /** Takes all free blocks out, for another thread's arena. */
  lend(): BlockList[] {
    const gaps = Int32Array.from(this.#gaps.take());
    const lists = this.#free.take();
    return gaps.length === 0 ? lists : [...lists, { size: GAPS, offsets: gaps, count: gaps.length }];
  }

  /** Takes over the free blocks of another thread's arena. */
  absorb(lists: readonly BlockList[]): void {
    for (const { size, offsets, count } of lists) if (size === GAPS) this.giveGaps(offsets.subarray(0, count));
    this.#free.give(lists.filter(({ size }) => size !== GAPS));
    this.#dry.fill(0);
  }

  /** Puts free blocks that lie side by side together: of many small ones, such as a zone leaves, none is of use for a large one. */
  join(): void {
    this.view.refreshIfGrown();
    const { words } = this.view;
    const lists = this.lend();
    // A gap is a start and a length.
    const stepOf = (size: number): number => (size === GAPS ? 2 : 1);
    const starts = new Uint32Array(lists.reduce((sum, { size, count }) => sum + count / stepOf(size), 0));
    let found = 0;
    for (const { size, offsets, count } of lists) {
      for (let i = 0; i < count; i += stepOf(size)) {
        starts[found++] = offsets[i];
        // Nobody looks at what is free: each block keeps its own length for now.
        words[offsets[i]] = size === GAPS ? offsets[i + 1] : size;
      }
    }
    const pairs: number[] = [];
    for (const start of starts.sort()) {
      const isBehind = pairs.length > 0 && pairs[pairs.length - 2] + pairs[pairs.length - 1] === start;
      if (isBehind) pairs[pairs.length - 1] += words[start];
      else pairs.push(start, words[start]);
    }
    this.giveGaps(pairs);
  }

  /** Takes over what lies free between blocks in use: starts and lengths. */
  giveGaps(pairs: Iterable<number>): void {
    this.#gaps.give(pairs);
    this.#dry.fill(0);
  }

  /** Whether a block of this size fits in the slab that is being cut, or in another one. */
  #hasSlab(size: number): boolean {
    if (this.#slabAt + size <= this.#slabEnd) return true;
    const slab = this.#takeFromEnd(this.#slabWords);
    if (slab === 0) return false;
    this.#slabAt = slab;
    this.#slabEnd = slab + this.#slabWords;
    this.#clear(slab, this.#slabWords);
    return true;
  }

  #takeFromEnd(size: number): number {
    const { control } = this.view;
    const { arena, start, maxBytes } = this.#shared;
    const limit = this.mayUseReserve ? maxBytes : this.#limitBytes;
    for (;;) {
      const offset = Atomics.load(control, CONTROL.ARENA_NEXT);
      if ((offset + size) * 4 > limit) return 0;
      if ((offset + size) * 4 > arena.byteLength - start && !this.#grow((offset + size) * 4)) return 0;
      if (Atomics.compareExchange(control, CONTROL.ARENA_NEXT, offset, offset + size) === offset) return offset;
    }
  }

  /**
   * Grows in place: the buffer keeps its address, so nothing is copied, no version moves, and no change made meanwhile
   * can be lost. A worker that meets an offset beyond its views makes longer ones.
   */
  #grow(neededBytes: number): boolean {
    const { arena } = this.#shared;
    if (neededBytes > arena.maxByteLength) return false;
    const step = Math.min(Math.max(arena.byteLength, ARENA_MIN_BYTES), GROWTH_STEP_MAX_BYTES);
    const target = Math.ceil(Math.max(neededBytes, arena.byteLength + step) / 4096) * 4096;
    try {
      arena.grow(Math.min(target, arena.maxByteLength));
    } catch (error) {
      // Another thread has grown it further meanwhile.
      if (!(error instanceof RangeError) || arena.byteLength < neededBytes) throw error;
    }
    return true;
  }
}

/** The end of the arena, which only some changes may use: a hundred shifts at once fit in a small table's. */
function reserveBytes(maxBytes: number): number {
  return Math.min(2 ** 20, Math.floor(maxBytes / 16));
}

/** Doubling up to here, then in steps: committing more at once would only hold memory that is not yet needed. */
const GROWTH_STEP_MAX_BYTES = 64 * 2 ** 20;

/** Words of the block that a request for `words` gets: steps of 4 up to 64, then eight steps to each doubling. */
export function sizeClass(words: number): number {
  if (words <= 64) return (words + 3) & ~3;
  const step = 1 << (31 - Math.clz32(words - 1) - 3);
  return Math.ceil(words / step) * step;
}
