/**
 * A zone's names in canonical order: a B+-tree of entries whose pages (page.ts) never change once a worker can reach them.
 * An item of a page above level 0 is a child's first entry and the child. The root stands in the zone's version, and so each
 * generation has an order of its own.
 */
import { ENTRY } from '../layout.ts';
import type { ArenaView } from '../memory.ts';
import { BEFORE, BELOW, type NameOrder, type Place, SAME } from './compare.ts';
import { NameCodes } from './keys.ts';
import { childrenIn, countOf, entriesIn, keysIn, levelOf, PAGE_HEAD, sharedOf } from './page.ts';

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
  readonly #own = new NameCodes();
  /** What is searched for: see `find`. */
  #codes = this.#own;
  #bytes: Uint8Array = new Uint8Array(1);
  #at = 0;
  #shared = 1;
  #most: Place = SAME;

  constructor(view: ArenaView, names: NameOrder) {
    this.#view = view;
    this.#names = names;
  }

  /**
   * Finds, in the order with that root, the last entry whose place beside the name at `at` is not above `most`: SAME for
   * the name or its predecessor, BELOW for the last of all names at or below it. `shared`: bytes that all names end in.
   */
  find(root: number, bytes: Uint8Array, at: number, most: Place, shared = 1): void {
    if (root === 0) {
      this.before = 0;
      this.after = 0;
      return;
    }
    let end = at;
    while (bytes[end] !== 0) end += 1 + bytes[end];
    this.#own.read(bytes, at, end + 1 - at - shared);
    this.lookFor(this.#own, bytes, at, shared);
    this.#most = most;
    for (let page = root; page !== 0; ) page = this.step(page);
  }

  /** Begins a search in steps, as that for SAME, of the name at `at`; `codes`: its own, without those of what is shared. */
  lookFor(codes: NameCodes, bytes: Uint8Array, at: number, shared: number): void {
    this.before = 0;
    this.after = 0;
    if (this.#codes !== codes) this.#codes = codes;
    if (this.#bytes !== bytes) this.#bytes = bytes;
    this.#at = at;
    this.#shared = shared;
    this.#most = SAME;
  }

  /** Goes through a page; the one that comes next, 0 where it is the last. */
  step(page: number): number {
    const { words } = this.#view;
    const head = words[page];
    const i = this.#lastNotAbove(page, head);
    const entries = page + entriesIn(head);
    if (i + 1 < countOf(head)) this.after = words[entries + i + 1];
    if (i < 0) return 0;
    this.before = words[entries + i];
    return levelOf(head) === 0 ? 0 : words[page + childrenIn(head) + i];
  }

  /** The entry that comes first in an order, after which the last one goes on (RFC 5155 §3.1.7); 0: it is empty. */
  first(root: number): number {
    const { words } = this.#view;
    return root === 0 ? 0 : words[root + entriesIn(words[root])];
  }

  /** The last entry of an order; 0: it is empty. */
  last(root: number): number {
    const { words } = this.#view;
    if (root === 0) return 0;
    for (let page = root; ; ) {
      const head = words[page];
      const last = countOf(head) - 1;
      if (levelOf(head) === 0) return words[page + entriesIn(head) + last];
      page = words[page + childrenIn(head) + last];
    }
  }

  /** The last item of a page that is not above the name; -1: all are. */
  #lastNotAbove(page: number, head: number): number {
    const { words } = this.#view;
    const codes = this.#codes;
    const count = countOf(head);
    // The codes of what all names of the order end in stand in its pages, and not in ours.
    const from = sharedOf(head) - this.#shared + 1;
    // Names that lie below one with the same codes need not lie below this one; or what all end in has no codes to its end.
    if (this.#most === BELOW || from < 0) return this.#lastAmong(page, head, -1, count);
    this.place = BEFORE;
    const side = this.#besideShared(page, head);
    if (side !== 0) return side < 0 ? -1 : count - 1;
    const key = codes.keyAt(from);
    const first = page + keysIn(head);
    let at = first;
    // Without a jump that would have to be guessed: the sign of the difference is the mask of the step.
    for (let left = count; left > 1; ) {
      const half = left >>> 1;
      at = (at + (half & ~((key - words[at + half]) >> 31))) | 0;
      left -= half;
    }
    if (words[at] > key) return at - first - 1;
    if (words[at] < key) return at - first;
    let low = at - first;
    while (low >= 0 && words[first + low] === key) low--;
    return this.#lastAmong(page, head, low, at - first + 1);
  }

  /** Where the name's codes stand beside those that all names of a page begin with: below 0 before, above 0 after. */
  #besideShared(page: number, head: number): number {
    const { bytes } = this.#view;
    const { codes } = this.#codes;
    const known = this.#shared - 1;
    const first = (page + PAGE_HEAD) * 4;
    for (let i = known; i < sharedOf(head); i++) {
      const difference = codes[i - known] - bytes[first + i];
      if (difference !== 0) return difference;
    }
    return 0;
  }

  /** The last item that is not above the name, of those between two, which are compared with it; `low`: none of them. */
  #lastAmong(page: number, head: number, low: number, high: number): number {
    const { words, bytes } = this.#view;
    const entries = page + entriesIn(head);
    this.#names.lookFor(this.#bytes, this.#at, this.#shared);
    let last = low;
    let above = high;
    while (above - last > 1) {
      const middle = (last + above) >>> 1;
      const entry = words[entries + middle];
      const place = this.#names.placeOf(bytes, (entry + ENTRY.NAME_BYTES) * 4, words[entry + ENTRY.NAME] & 0xff);
      if (place <= this.#most) {
        last = middle;
        this.place = place;
      } else {
        above = middle;
      }
    }
    return last;
  }
}
