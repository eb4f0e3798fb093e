/** Blocks of the arena that nobody uses, by size: one stack a size, in memory that can be handed to another thread. */

/** The blocks of one size, as they travel between threads. */
export interface BlockList {
  /** Words of each block; 0: see `Arena.lend`. */
  readonly size: number;
  readonly offsets: Int32Array<ArrayBuffer>;
  readonly count: number;
}

const FIRST_CAPACITY = 16;

export class FreeBlocks {
  readonly #bySize = new Map<number, { offsets: Int32Array<ArrayBuffer>; count: number }>();
  #words = 0;

  /** Words of all blocks. */
  get words(): number {
    return this.#words;
  }

  push(size: number, offset: number): void {
    let list = this.#bySize.get(size);
    if (list === undefined) {
      list = { offsets: new Int32Array(FIRST_CAPACITY), count: 0 };
      this.#bySize.set(size, list);
    }
    if (list.count === list.offsets.length) list.offsets = grown(list.offsets, list.count * 2);
    list.offsets[list.count++] = offset;
    this.#words += size;
  }

  /** A block of exactly this size, or 0. */
  pop(size: number): number {
    if (this.#words < size) return 0;
    const list = this.#bySize.get(size);
    if (list === undefined || list.count === 0) return 0;
    this.#words -= size;
    return list.offsets[--list.count];
  }

  /** The smallest that is larger; undefined: there is none. Looks at every size. */
  popLarger(size: number): { readonly offset: number; readonly size: number } | undefined {
    let best = Number.POSITIVE_INFINITY;
    for (const [each, { count }] of this.#bySize) if (count > 0 && each > size && each < best) best = each;
    return best === Number.POSITIVE_INFINITY ? undefined : { offset: this.pop(best), size: best };
  }

  /** Takes every block out, to be given to another thread's list. */
  take(): BlockList[] {
    const lists = [...this.#bySize].map(([size, { offsets, count }]) => ({ size, offsets, count }));
    this.#bySize.clear();
    this.#words = 0;
    return lists.filter(({ count }) => count > 0);
  }

  /** Takes over what another thread's list gave. Costs what the shorter of two lists holds. */
  give(lists: readonly BlockList[]): void {
    for (const { size, offsets, count } of lists) {
      const mine = this.#bySize.get(size) ?? { offsets: new Int32Array(0), count: 0 };
      const [long, short] = mine.count > count ? [mine, { offsets, count }] : [{ offsets, count }, mine];
      const all =
        long.count + short.count <= long.offsets.length ? long.offsets : grown(long.offsets, long.count + short.count);
      all.set(short.offsets.subarray(0, short.count), long.count);
      this.#bySize.set(size, { offsets: all, count: long.count + short.count });
      this.#words += size * count;
    }
  }
}

function grown(offsets: Int32Array<ArrayBuffer>, capacity: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.max(capacity, FIRST_CAPACITY));
  larger.set(offsets);
  return larger;
}
