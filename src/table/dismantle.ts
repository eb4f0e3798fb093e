/** Frees what an index holds that nobody reads any more, a little at a time, so that no zone is too large to drop. */
import { IndexWriter } from './index.ts';
import { ENTRY, entryWords, NODE, nodeWords, RRSET } from './layout.ts';
import type { Arena } from './memory.ts';

export class Dismantler {
  readonly #arena: Arena;
  readonly #index: IndexWriter;
  readonly #cells: number[] = [];
  /** The entries of the first cell that are left. */
  #entries: Generator<number> | undefined;

  constructor(arena: Arena) {
    this.#arena = arena;
    this.#index = new IndexWriter(arena, { retire: (offset, words) => arena.free(offset, words) });
  }

  /** An index that no worker can reach, and that nothing changes any more. */
  add(cell: number): void {
    // Another thread may have built it, and made the arena grow.
    this.#arena.view.refreshIfGrown();
    this.#cells.push(cell);
  }

  /** Frees at most so many names with their RRsets; true where there is more to do. */
  step(names: number): boolean {
    for (let left = names; left > 0; left--) {
      const cell = this.#cells[0];
      if (cell === undefined) return false;
      this.#entries ??= this.#index.entries(cell);
      const next = this.#entries.next();
      if (!next.done) {
        this.#freeNode(next.value);
        continue;
      }
      this.#entries = undefined;
      this.#cells.shift();
      this.#index.retire(cell);
      this.#arena.free(cell, 1);
    }
    return this.#cells.length > 0;
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
