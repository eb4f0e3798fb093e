/**
 * A zone's names in canonical order: a B+-tree of entries whose pages never change once a worker can reach them. A page
 * is a head (count, level above it), then entries at level 0, or pairs of a child's first entry and the child. Its root
 * stands in the zone's version, and so each generation has an order of its own.
 */
import { ENTRY } from '../layout.ts';
import type { ArenaView } from '../memory.ts';
import { type NameOrder, type Place, SAME } from './compare.ts';

export const PAGE_LEVEL_SHIFT = 16;
export const PAGE_COUNT_MASK = 0xffff;
/** Words before the entries. */
export const PAGE_HEAD = 1;

/** Words of an item of a page at a level. */
export function itemWords(level: number): number {
  return level === 0 ? 1 : 2;
}

/** Searches orders; the fields say what was found. One for each thread. */
export class OrderSearch {
  /** The last entry that is not beyond the name; 0: none. */
  before = 0;
  /** The one after it; 0: none. */
  after = 0;
  /** Where `before` stands beside the name. */
  place: Place = SAME;
  readonly #view: ArenaView;
  readonly #names: NameOrder;

  constructor(view: ArenaView, names: NameOrder) {
    this.#view = view;
    this.#names = names;
  }

  /**
   * Finds, in the order with that root, the last entry whose place beside the name at `at` is not above `most`: SAME for
   * the name or its predecessor, BELOW for the last of all names at or below it. `shared`: bytes that all names end in.
   */
  find(root: number, bytes: Uint8Array, at: number, most: Place, shared = 1): void {
    const { words } = this.#view;
    this.before = 0;
    this.after = 0;
    if (root === 0) return;
    this.#names.lookFor(bytes, at, shared);
    let page = root;
    for (;;) {
      const head = words[page];
      const count = head & PAGE_COUNT_MASK;
      const isLeaf = head >>> PAGE_LEVEL_SHIFT === 0;
      const stride = isLeaf ? 1 : 2;
      const first = page + PAGE_HEAD;
      const i = this.#lastNotAbove(first, count, stride, most);
      if (i + 1 < count) this.after = words[first + (i + 1) * stride];
      if (i < 0) return;
      this.before = words[first + i * stride];
      if (isLeaf) return;
      page = words[first + i * stride + 1];
    }
  }

  /** The entry that comes first in an order, after which the last one goes on (RFC 5155 §3.1.7); 0: it is empty. */
  first(root: number): number {
    return root === 0 ? 0 : this.#view.words[root + PAGE_HEAD];
  }

  /** The last entry of an order; 0: it is empty. */
  last(root: number): number {
    const { words } = this.#view;
    if (root === 0) return 0;
    for (let page = root; ; ) {
      const head = words[page];
      const level = head >>> PAGE_LEVEL_SHIFT;
      const end = page + PAGE_HEAD + (head & PAGE_COUNT_MASK) * itemWords(level);
      if (level === 0) return words[end - 1];
      page = words[end - 1];
    }
  }

  #lastNotAbove(first: number, count: number, stride: number, most: Place): number {
    const { words, bytes } = this.#view;
    let low = -1;
    let high = count;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      const entry = words[first + middle * stride];
      const place = this.#names.placeOf(bytes, (entry + ENTRY.NAME_BYTES) * 4, words[entry + ENTRY.NAME] & 0xff);
      if (place <= most) {
        low = middle;
        this.place = place;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
