/** The shared memory of the table: one growable arena, and the views that a thread keeps of it. */
import assert from 'node:assert/strict';
import { ARENA, CONTROL, CONTROL_BYTES } from './layout.ts';

/** What a worker is given to read the table. */
export interface SharedTable {
  readonly control: SharedArrayBuffer;
  readonly arena: SharedArrayBuffer;
}

/**
 * Views of the arena in one thread. They are of fixed length: a view that tracks the length of a growable buffer is
 * some thirty times slower to read (17 ns against 0.5 ns), so they are made anew when the arena has grown.
 */
export class ArenaView {
  words: Int32Array<SharedArrayBuffer>;
  bytes: Uint8Array<SharedArrayBuffer>;
  readonly control: Int32Array<SharedArrayBuffer>;
  readonly #arena: SharedArrayBuffer;

  constructor(shared: SharedTable) {
    this.#arena = shared.arena;
    this.control = new Int32Array(shared.control);
    this.words = new Int32Array(shared.arena, 0, shared.arena.byteLength >>> 2);
    this.bytes = new Uint8Array(shared.arena, 0, shared.arena.byteLength);
  }

  /** For a reader that met an offset beyond its views: the arena has grown since. */
  refresh(): void {
    assert(this.refreshIfGrown(), 'an offset lies outside the arena');
  }

  /** Makes the views as long as the arena is now; false where they are. */
  refreshIfGrown(): boolean {
    const length = this.#arena.byteLength;
    if (length === this.bytes.length) return false;
    this.words = new Int32Array(this.#arena, 0, length >>> 2);
    this.bytes = new Uint8Array(this.#arena, 0, length);
    return true;
  }
}

/** Address space is kept for `maxBytes`; memory is taken as the arena grows. Word offsets stay below 2^30. */
export const ARENA_MAX_BYTES = 2 ** 32 - 2 ** 16;
const ARENA_MIN_BYTES = 4096;

/** Memory for a new table. `initialBytes` and `maxBytes` are bytes; both are rounded up to 4 KiB. */
export function createSharedTable(initialBytes: number, maxBytes: number): SharedTable {
  const round = (bytes: number): number => Math.max(ARENA_MIN_BYTES, Math.ceil(bytes / 4096) * 4096);
  const max = Math.min(ARENA_MAX_BYTES, round(maxBytes));
  const initial = Math.min(max, round(initialBytes));
  const shared = {
    control: new SharedArrayBuffer(CONTROL_BYTES),
    arena: new SharedArrayBuffer(initial, { maxByteLength: max }),
  };
  const control = new Int32Array(shared.control);
  control[CONTROL.GENERATION] = 1;
  control[CONTROL.EPOCH] = 1;
  return shared;
}

/**
 * Hands out blocks of the arena; only the main thread does. Blocks are of fixed size classes and go back to the free
 * list of their class, so that a block of a size that was freed is always found again and nothing fragments further.
 */
export class Arena {
  readonly view: ArenaView;
  readonly #shared: SharedTable;
  readonly #free = new Map<number, number[]>();
  #next: number = ARENA.FIRST_FREE;
  #usedWords: number = ARENA.FIRST_FREE;

  constructor(shared: SharedTable) {
    this.#shared = shared;
    this.view = new ArenaView(shared);
  }

  /** Bytes handed out and not given back. */
  get usedBytes(): number {
    return this.#usedWords * 4;
  }

  /** Bytes that the arena has taken from the system. */
  get sizeBytes(): number {
    return this.#shared.arena.byteLength;
  }

  /** A zeroed block of at least `words` words, or 0 where the arena has reached its limit. */
  allocate(words: number): number {
    const size = sizeClass(words);
    const free = this.#free.get(size)?.pop();
    if (free !== undefined) {
      this.view.words.fill(0, free, free + size);
      this.#usedWords += size;
      return free;
    }
    const offset = this.#next;
    if ((offset + size) * 4 > this.view.bytes.length && !this.#grow((offset + size) * 4)) return 0;
    this.#next = offset + size;
    this.#usedWords += size;
    return offset;
  }

  /** Gives a block back. No reader may hold it any more: see reclaim.ts. */
  free(offset: number, words: number): void {
    const size = sizeClass(words);
    const list = this.#free.get(size);
    if (list === undefined) this.#free.set(size, [offset]);
    else list.push(offset);
    this.#usedWords -= size;
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
    arena.grow(Math.min(target, arena.maxByteLength));
    this.view.refreshIfGrown();
    return true;
  }
}

/** Doubling up to here, then in steps: committing more at once would only hold memory that is not yet needed. */
const GROWTH_STEP_MAX_BYTES = 64 * 2 ** 20;

/** Words of the block that a request for `words` gets: steps of 4 up to 64, then eight steps to each doubling. */
export function sizeClass(words: number): number {
  if (words <= 64) return (words + 3) & ~3;
  const step = 1 << (31 - Math.clz32(words - 1) - 3);
  return Math.ceil(words / step) * step;
}
