/**
 * Finds what proves that names are not there for many of them at a time, page by page: what one search waits for, all wait
 * for together (touch.ts). What is found is no guess, since pages never change.
 */
import { ENTRY, NODE } from '../layout.ts';
import type { ArenaView } from '../memory.ts';
import { QUERIES_AT_ONCE, touch } from '../touch.ts';
import { NameOrder } from './compare.ts';
import { NameCodes } from './keys.ts';
import { OrderSearch } from './search.ts';

const LINE_WORDS = 16;
/** Lines that are looked at: of a page its head and the keys of most, of an RRset one NSEC with its signature. */
const PAGE_LINES = 4;
const RRSET_LINES = 3;

/** One for each responder. */
export class OrderAhead {
  /** By query, what was found: the last entry that is not beyond its name; whoever takes it leaves 0. */
  readonly entries = new Int32Array(QUERIES_AT_ONCE);
  /** And the root of the order that was searched. */
  readonly roots = new Int32Array(QUERIES_AT_ONCE);
  /** What was read, so that the compiler does not leave the reading out. */
  seen = 0;
  readonly #view: ArenaView;
  readonly #search: OrderSearch;
  #count = 0;
  /** Of each search: the query, and of its name what `OrderSearch.lookFor` wants. */
  readonly #queries = new Int32Array(QUERIES_AT_ONCE);
  readonly #names: Uint8Array[] = Array.from({ length: QUERIES_AT_ONCE }, () => new Uint8Array(0));
  readonly #shared = new Int32Array(QUERIES_AT_ONCE);
  readonly #codes = Array.from({ length: QUERIES_AT_ONCE }, () => new NameCodes());
  /** The page that comes next; 0: the search is at its end. */
  readonly #pages = new Int32Array(QUERIES_AT_ONCE);
  readonly #places = new Int32Array(QUERIES_AT_ONCE);

  constructor(view: ArenaView) {
    this.#view = view;
    this.#search = new OrderSearch(view, new NameOrder());
  }

  /** Adds a query whose name (of so many bytes, of which the order's all end in the last `shared`) is to be looked for. */
  add(query: number, root: number, name: Uint8Array, length: number, shared: number): void {
    const i = this.#count++;
    this.#queries[i] = query;
    if (this.#names[i] !== name) this.#names[i] = name;
    this.#shared[i] = shared;
    this.#codes[i].read(name, 0, length - shared);
    this.#pages[i] = root;
    this.roots[query] = root;
  }

  /** Searches for all that were added since it was called last; false where there were none. */
  run(): boolean {
    const count = this.#count;
    if (count === 0) return false;
    this.#count = 0;
    for (let isOn = true; isOn; ) {
      this.#look(this.#pages, count, PAGE_LINES);
      isOn = false;
      for (let i = 0; i < count; i++) if (this.#pages[i] !== 0 && this.#step(i)) isOn = true;
    }
    this.#lookAtProofs(count);
    return true;
  }

  /** False where the search is at its end. */
  #step(i: number): boolean {
    const search = this.#search;
    search.lookFor(this.#codes[i], this.#names[i], 0, this.#shared[i]);
    const next = search.step(this.#pages[i]);
    this.#pages[i] = next;
    if (next !== 0) return true;
    this.entries[this.#queries[i]] = search.before;
    return false;
  }

  /** Looks at the entries that were found, their versions, and what those hold last, which mostly is the NSEC. */
  #lookAtProofs(count: number): void {
    const { words } = this.#view;
    const places = this.#places;
    for (let i = 0; i < count; i++) places[i] = this.entries[this.#queries[i]];
    this.#look(places, count, 1);
    for (let i = 0; i < count; i++) places[i] = words[places[i] + ENTRY.VERSION_WORD];
    this.#look(places, count, 1);
    for (let i = 0; i < count; i++) {
      const last = places[i] + NODE.PAIRS + 2 * words[places[i] + NODE.COUNT] - 1;
      places[i] = places[i] === 0 || last >>> 0 >= words.length ? 0 : words[last];
    }
    this.#look(places, count, RRSET_LINES);
  }

  /** Looks at so many lines from each place on; a place too far behind becomes 0. */
  #look(places: Int32Array, count: number, lines: number): void {
    const { words } = this.#view;
    const end = words.length - lines * LINE_WORDS;
    for (let i = 0; i < count; i++) if (places[i] >>> 0 >= end) places[i] = 0;
    for (let line = 0; line < lines; line++) this.seen |= touch(words, places, count, line * LINE_WORDS);
  }
}
