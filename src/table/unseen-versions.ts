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
    if (!hasType(words, old, type)) return this.#append(node, type, rrset, isApex);
    const pairs = new Map<number, number>();
    for (let i = 0; i < oldCount; i++) {
      pairs.set(words[old + NODE.PAIRS + 2 * i], words[old + NODE.PAIRS + 2 * i + 1]);
    }
    this.#rrsets.retire(pairs.get(type) as number);
    pairs.set(type, rrset);
    this.replace(node, pairs, isApex);
  }

  /** A copy of a node's version with one RRset more: a name of many types has as many versions, one after the other. */
  #append(node: number, type: number, rrset: number, isApex: boolean): void {
    const old = this.#blocks.view.words[node + ENTRY.VERSION_WORD];
    const oldCount = this.#blocks.view.words[old + NODE.COUNT];
    const version = this.#blocks.allocate(nodeWords(oldCount + 1));
    const { words } = this.#blocks.view;
    const from = old + NODE.PAIRS;
    const end = version + NODE.PAIRS + 2 * oldCount;
    words[version + NODE.FLAGS] = words[old + NODE.FLAGS] | flagOf(type, isApex);
    words[version + NODE.COUNT] = oldCount + 1;
    words.copyWithin(version + NODE.PAIRS, from, from + 2 * oldCount);
    words[end] = type;
    words[end + 1] = rrset;
    words[node + ENTRY.VERSION_WORD] = version;
    this.#loose.settle();
    this.#blocks.retire(old, nodeWords(oldCount));
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

function hasType(words: Int32Array, version: number, type: number): boolean {
  const end = version + NODE.PAIRS + 2 * words[version + NODE.COUNT];
  for (let pair = version + NODE.PAIRS; pair < end; pair += 2) if (words[pair] === type) return true;
  return false;
}
