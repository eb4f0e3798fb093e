/** Versions of the nodes of an index that nobody reads yet: what is replaced in one is free once the other is there. */
import { flagOf } from './flags.ts';
import { ENTRY, NODE, nodeWords } from './layout.ts';
import type { LooseBlocks } from './loose-blocks.ts';
import type { Blocks } from './memory.ts';
import type { Retirer } from './reclaim.ts';
import type { RRsetCompiler } from './rrset-compiler.ts';
import { writeVersion } from './unseen-nodes.ts';

export class UnseenVersions {
  readonly #blocks: Blocks & Retirer;
  readonly #loose: LooseBlocks;
  readonly #rrsets: RRsetCompiler;

  /** `loose`: of what the compiler makes. */
  constructor(blocks: Blocks & Retirer, loose: LooseBlocks, rrsets: RRsetCompiler) {
    this.#blocks = blocks;
    this.#loose = loose;
    this.#rrsets = rrsets;
  }

  /** Gives a node an RRset, in the place of one of the same type that it may have. Throws ArenaFull. */
  attach(node: number, type: number, rrset: number, isApex: boolean): void {
    const { words } = this.#blocks.view;
    const old = words[node + ENTRY.VERSION_WORD];
    const oldCount = words[old + NODE.COUNT];
    if (oldCount === 0) {
      // So it is with nearly all names of a large zone, and there is room for one: see writeVersion.
      words[old + NODE.FLAGS] |= flagOf(type, isApex);
      words[old + NODE.COUNT] = 1;
      words[old + NODE.PAIRS] = type;
      words[old + NODE.PAIRS + 1] = rrset;
      this.#loose.settle();
      return;
    }
    const pairs = new Map<number, number>();
    for (let i = 0; i < oldCount; i++) {
      pairs.set(words[old + NODE.PAIRS + 2 * i], words[old + NODE.PAIRS + 2 * i + 1]);
    }
    const replaced = pairs.get(type);
    if (replaced !== undefined) this.#rrsets.retire(replaced);
    pairs.set(type, rrset);
    this.replace(node, pairs, isApex);
  }

  /** Gives a node other RRsets, by type; what stood there is among them, or was retired. Throws ArenaFull. */
  replace(node: number, pairs: ReadonlyMap<number, number>, isApex: boolean): void {
    const { words } = this.#blocks.view;
    const old = words[node + ENTRY.VERSION_WORD];
    const oldWords = nodeWords(Math.max(1, words[old + NODE.COUNT]));
    writeVersion(this.#blocks, node, pairs, isApex);
    this.#loose.settle();
    this.#blocks.retire(old, oldWords);
  }
}
