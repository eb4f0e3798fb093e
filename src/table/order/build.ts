/** The order of a zone that is built aside. */
import type { Blocks } from '../memory.ts';
import type { Retirer } from '../reclaim.ts';
import { OrderWriter } from './tree.ts';

/** The root of an order of these entries, which are in canonical order. Throws ArenaFull: then none of its pages is left. */
export function buildOrder(blocks: Blocks & Retirer, entries: readonly number[]): number {
  const made: { readonly offset: number; readonly words: number }[] = [];
  const noted = {
    get view() {
      return blocks.view;
    },
    allocate: (words: number): number => {
      const offset = blocks.allocate(words);
      made.push({ offset, words });
      return offset;
    },
    retire: () => {},
  };
  try {
    return new OrderWriter(noted).build(entries);
  } catch (error) {
    for (const { offset, words } of made) blocks.retire(offset, words);
    throw error;
  }
}
