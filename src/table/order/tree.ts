/**
 * Changes the order of a zone's names: every page on the way to a change is written anew, so that workers of an older
 * generation go on in the pages of before. See page.ts for what a page holds.
 */
import { ENTRY } from '../layout.ts';
import type { Blocks } from '../memory.ts';
import type { Retirer } from '../reclaim.ts';
import { NameOrder, SAME } from './compare.ts';
import { NameCodes } from './keys.ts';
import { childrenIn, countOf, entriesIn, keysIn, levelOf, PAGE_HEAD, pageHead, pageWords } from './page.ts';
import { OrderSearch } from './search.ts';

/** Some eight lines of the cache, of which a search reads three or four, and little to copy. */
const LEAF_ITEMS_MAX = 63;
const INNER_ITEMS_MAX = 63;
/** A page with less is joined with one beside it. */
const LEAF_ITEMS_MIN = 16;
const INNER_ITEMS_MIN = 16;
/** How full pages are built, so that the first insertions need no split. */
const LEAF_ITEMS_BUILT = 48;
const INNER_ITEMS_BUILT = 48;

/** A page as it is edited: entries, or pairs of a child's first entry and the child. */
interface Page {
  readonly level: number;
  items: number[];
}

/** Words of an item of a page at a level as it is edited. */
function itemWords(level: number): number {
  return level === 0 ? 1 : 2;
}

export class OrderWriter {
  readonly search: OrderSearch;
  readonly #blocks: Blocks & Retirer;
  readonly #names = new NameOrder();
  /** Of the first item of a page, and of another one. */
  readonly #first = new NameCodes();
  readonly #other = new NameCodes();

  /** `blocks` frees what is retired when its readers let it. */
  constructor(blocks: Blocks & Retirer) {
    this.#blocks = blocks;
    this.search = new OrderSearch(blocks.view, this.#names);
  }

  /** The root of an order of these entries, which are in canonical order already; 0 where there are none. Throws ArenaFull. */
  build(entries: readonly number[]): number {
    if (entries.length === 0) return 0;
    let level = 0;
    let items = [...entries];
    for (;;) {
      const pages = this.#writeAll(level, items, level === 0 ? LEAF_ITEMS_BUILT : INNER_ITEMS_BUILT);
      if (pages.length === 2) return pages[1];
      items = pages;
      level++;
    }
  }

  /** The root after an entry has come that was not there. Throws ArenaFull. */
  insert(root: number, entry: number): number {
    if (root === 0) return this.#write({ level: 0, items: [entry] });
    this.#names.lookFor(this.#blocks.view.bytes, (entry + ENTRY.NAME_BYTES) * 4);
    return this.#rootOf(this.#insertInto(root, entry), this.#levelOf(root));
  }

  /** The root after an entry has gone that was there; 0 where it was the last. Throws ArenaFull. */
  remove(root: number, entry: number): number {
    this.#names.lookFor(this.#blocks.view.bytes, (entry + ENTRY.NAME_BYTES) * 4);
    const page = this.#removeFrom(root, entry);
    this.#retire(root);
    if (page.items.length === 0) return 0;
    // An inner page of one child leads nowhere else.
    if (page.level > 0 && page.items.length === 2) return page.items[1];
    return this.#write(page);
  }

  /** The root after another entry of the same name has taken the place of one that was there. Throws ArenaFull. */
  replace(root: number, entry: number, by: number): number {
    this.#names.lookFor(this.#blocks.view.bytes, (entry + ENTRY.NAME_BYTES) * 4);
    return this.#replaceIn(root, entry, by);
  }

  #replaceIn(page: number, entry: number, by: number): number {
    const { level, items } = this.#read(page);
    this.#retire(page);
    const at = this.#placeIn(items, level) * itemWords(level);
    if (level > 0) items[at + 1] = this.#replaceIn(items[at + 1], entry, by);
    else if (items[at] !== entry) throw new Error('the entry to replace is in the order');
    if (items[at] === entry) items[at] = by;
    return this.#write({ level, items });
  }

  /** Retires every page. */
  retireAll(root: number): void {
    for (const page of this.pages(root)) this.#retire(page);
  }

  /** The pages of an order, children before their parents. */
  *pages(root: number): Generator<number> {
    if (root === 0) return;
    const { level, items } = this.#read(root);
    if (level > 0) for (let i = 1; i < items.length; i += 2) yield* this.pages(items[i]);
    yield root;
  }

  /** The entries of an order. */
  *entries(root: number): Generator<number> {
    if (root === 0) return;
    const { level, items } = this.#read(root);
    if (level === 0) yield* items;
    else for (let i = 1; i < items.length; i += 2) yield* this.entries(items[i]);
  }

  /** Pages in the place of one that an entry was put into, as pairs. */
  #insertInto(page: number, entry: number): number[] {
    const { level, items } = this.#read(page);
    this.#retire(page);
    const at = this.#placeIn(items, level);
    if (level === 0) {
      items.splice(at + 1, 0, entry);
      return this.#writeAll(0, items, LEAF_ITEMS_MAX);
    }
    const child = Math.max(at, 0);
    items.splice(2 * child, 2, ...this.#insertInto(items[2 * child + 1], entry));
    return this.#writeAll(level, items, INNER_ITEMS_MAX);
  }

  /** The page without the entry, not yet written; the caller retires what it replaces. */
  #removeFrom(page: number, entry: number): Page {
    const read = this.#read(page);
    const { level, items } = read;
    const at = this.#placeIn(items, level);
    if (level === 0) {
      if (items[at] !== entry) throw new Error('the entry to remove is in the order');
      items.splice(at, 1);
      return read;
    }
    const child = this.#removeFrom(items[2 * at + 1], entry);
    this.#retire(items[2 * at + 1]);
    const least = level === 1 ? LEAF_ITEMS_MIN : 2 * INNER_ITEMS_MIN;
    if (child.items.length >= least || items.length === 2) {
      items.splice(2 * at, 2, ...(child.items.length === 0 ? [] : [child.items[0], this.#write(child)]));
      return read;
    }
    // Joined with the page beside it, and cut in two again where that is too much for one.
    const other = at === 0 ? 1 : at - 1;
    const beside = this.#read(items[2 * other + 1]);
    this.#retire(items[2 * other + 1]);
    const both = other < at ? [...beside.items, ...child.items] : [...child.items, ...beside.items];
    const most = child.level === 0 ? LEAF_ITEMS_MAX : INNER_ITEMS_MAX;
    items.splice(2 * Math.min(at, other), 4, ...this.#writeAll(child.level, both, most));
    return read;
  }

  /** The last item whose entry is not beyond the name that is looked for; -1: none. */
  #placeIn(items: readonly number[], level: number): number {
    const stride = itemWords(level);
    const { bytes, words } = this.#blocks.view;
    let low = -1;
    let high = items.length / stride;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      const entry = items[middle * stride];
      const length = words[entry + ENTRY.NAME] & 0xff;
      if (this.#names.placeOf(bytes, (entry + ENTRY.NAME_BYTES) * 4, length) <= SAME) low = middle;
      else high = middle;
    }
    return low;
  }

  #rootOf(pages: number[], level: number): number {
    return pages.length === 2 ? pages[1] : this.#write({ level: level + 1, items: pages });
  }

  /** Writes items as pages of at most so many, evenly filled; pairs of first entry and page. */
  #writeAll(level: number, items: readonly number[], most: number): number[] {
    const stride = itemWords(level);
    const count = items.length / stride;
    const pages = Math.ceil(count / most);
    const pairs: number[] = [];
    for (let i = 0; i < pages; i++) {
      const start = Math.floor((count * i) / pages);
      const end = Math.floor((count * (i + 1)) / pages);
      pairs.push(items[start * stride], this.#write({ level, items: items.slice(start * stride, end * stride) }));
    }
    return pairs;
  }

  #write({ level, items }: Page): number {
    const stride = itemWords(level);
    const count = items.length / stride;
    this.#readCodes(this.#first, items[0]);
    this.#readCodes(this.#other, items[(count - 1) * stride]);
    // What the first and the last begin with all between them do.
    const shared = this.#first.commonWith(this.#other);
    const head = pageHead(level, shared, count);
    const page = this.#blocks.allocate(pageWords(head));
    const { words, bytes } = this.#blocks.view;
    words[page] = head;
    bytes.set(this.#first.codes.subarray(0, shared), (page + PAGE_HEAD) * 4);
    for (let i = 0; i < count; i++) {
      const entry = items[i * stride];
      this.#readCodes(this.#other, entry);
      words[page + keysIn(head) + i] = this.#other.keyAt(shared);
      words[page + entriesIn(head) + i] = entry;
      if (level > 0) words[page + childrenIn(head) + i] = items[i * stride + 1];
    }
    return page;
  }

  #readCodes(codes: NameCodes, entry: number): void {
    const { words, bytes } = this.#blocks.view;
    codes.read(bytes, (entry + ENTRY.NAME_BYTES) * 4, (words[entry + ENTRY.NAME] & 0xff) - 1);
  }

  #read(page: number): Page {
    const { words } = this.#blocks.view;
    const head = words[page];
    const level = levelOf(head);
    const count = countOf(head);
    const entries = page + entriesIn(head);
    if (level === 0) return { level, items: [...words.subarray(entries, entries + count)] };
    const items: number[] = [];
    for (let i = 0; i < count; i++) items.push(words[entries + i], words[entries + count + i]);
    return { level, items };
  }

  #levelOf(page: number): number {
    return levelOf(this.#blocks.view.words[page]);
  }

  #retire(page: number): void {
    this.#blocks.retire(page, pageWords(this.#blocks.view.words[page]));
  }
}
