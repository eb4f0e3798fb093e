/** Frees what an index holds that nobody reads any more, a little at a time, so that no zone is too large to drop. */
import { IndexWriter } from './index.ts';
import { ENTRY, entryWords, HASHED_NAME, NODE, nodeWords, RRSET } from './layout.ts';
import type { Arena } from './memory.ts';
import { countOf, entriesIn, levelOf, pageWords } from './order/page.ts';
import { OrderWriter } from './order/tree.ts';

export class Dismantler {
  readonly #arena: Arena;
  readonly #index: IndexWriter;
  readonly #order: OrderWriter;
  readonly #dropped: { readonly cell: number; readonly order: number; readonly left: Iterable<number> }[] = [];
  /** Of the first of them: the pages of its order, and its entries, that are left. */
  #pages: Iterator<number> | undefined;
  #entries: Generator<number> | undefined;

  constructor(arena: Arena) {
    this.#arena = arena;
    const retire = (offset: number, words: number): void => arena.free(offset, words);
    this.#index = new IndexWriter(arena, { retire });
    this.#order = new OrderWriter({ view: arena.view, allocate: (words) => arena.allocate(words), retire });
  }

  /**
   * An index, and the order of its names (0: none), that no worker can reach and nothing changes any more. `left`: entries that
   * never came into it.
   */
  add(cell: number, order = 0, left: Iterable<number> = []): void {
    // Another thread may have built it, and made the arena grow.
    this.#arena.view.refreshIfGrown();
    this.#dropped.push({ cell, order, left });
  }

  /** Frees at most so many names with their RRsets; true where there is more to do. */
  step(names: number): boolean {
    for (let left = names; left > 0; left--) {
      const first = this.#dropped[0];
      if (first === undefined) return false;
      const { cell, order, left: beside } = first;
      // Its pages name entries, and go before them.
      this.#pages ??= this.#order.pages(order);
      const page = this.#pages.next();
      if (!page.done) {
        // Each of the names in it counts, not the page alone.
        left -= this.#freePage(page.value);
        continue;
      }
      this.#entries ??= both(beside, this.#index.entries(cell));
      const next = this.#entries.next();
      if (!next.done) {
        this.#freeNode(next.value);
        continue;
      }
      this.#pages = undefined;
      this.#entries = undefined;
      this.#dropped.shift();
      this.#index.retire(cell);
      this.#arena.free(cell, 1);
    }
    return this.#dropped.length > 0;
  }

  /** With the hashed names in it, which are in no index; how many these were. */
  #freePage(page: number): number {
    const { words } = this.#arena.view;
    const head = words[page];
    const entries = page + entriesIn(head);
    let names = 0;
    for (let i = 0; i < countOf(head) && levelOf(head) === 0; i++) {
      const entry = words[entries + i];
      if (words[entry + ENTRY.CHILDREN] !== HASHED_NAME) break;
      const rrset = words[entry + ENTRY.VERSION_WORD];
      this.#arena.free(rrset, words[rrset + RRSET.WORDS]);
      this.#arena.free(entry, entryWords(words[entry + ENTRY.NAME] & 0xff));
      names++;
    }
    this.#arena.free(page, pageWords(head));
    return names;
  }

  #freeNode(node: number): void {
    const { words } = this.#arena.view;
    const version = words[node + ENTRY.VERSION_WORD];
    if (version !== 0) {
      const count = words[version + NODE.COUNT];
      for (let i = 0; i < count; i++) {
        const rrset = words[version + NODE.PAIRS + 2 * i + 1];
        this.#arena.free(rrset, words[rrset + RRSET.WORDS]);
      }
      this.#arena.free(version, nodeWords(count));
    }
    this.#arena.free(node, entryWords(words[node + ENTRY.NAME] & 0xff));
  }
}

function* both(first: Iterable<number>, rest: Iterable<number>): Generator<number> {
  yield* first;
  yield* rest;
}
