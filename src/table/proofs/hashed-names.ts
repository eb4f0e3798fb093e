/** Entries of an order of hashed names (RFC 5155): see HASHED_NAME. */
import { ENTRY, entryWords, HASHED_NAME, RRSET } from '../layout.ts';
import type { Blocks } from '../memory.ts';
import { compareNames } from '../order/compare.ts';
import type { Retirer } from '../reclaim.ts';
import { HASHED_LABEL_BYTES, NameDigest } from './digest.ts';

/**
 * An entry whose name is a hash. `label`: it, in wire form; `node`: whose name it is of (0: that is not known); `rrset`: its
 * NSEC3 (0: there is none yet). Throws ArenaFull.
 */
export function makeHashedName(blocks: Blocks, label: Uint8Array, node: number, rrset: number): number {
  const entry = blocks.allocate(entryWords(HASHED_LABEL_BYTES));
  const { words, bytes } = blocks.view;
  words[entry + ENTRY.VERSION_WORD] = rrset;
  words[entry + ENTRY.PARENT] = node;
  words[entry + ENTRY.CHILDREN] = HASHED_NAME;
  words[entry + ENTRY.HASH] = 0;
  words[entry + ENTRY.NAME] = HASHED_LABEL_BYTES;
  bytes.set(label, (entry + ENTRY.NAME_BYTES) * 4);
  return entry;
}

/** The entry is no longer wanted, nor its NSEC3. */
export function retireHashedName(blocks: Blocks & Retirer, entry: number): void {
  const { words } = blocks.view;
  const rrset = words[entry + ENTRY.VERSION_WORD];
  if (rrset !== 0) blocks.retire(rrset, words[rrset + RRSET.WORDS]);
  blocks.retire(entry, entryWords(HASHED_LABEL_BYTES));
}

/** The hashed names of a zone that is built aside. */
export class HashedNames {
  /** In order; each with its NSEC3 once it was given. */
  readonly entries: readonly number[];
  readonly #blocks: Blocks & Retirer;
  readonly #digest = new NameDigest();
  /** Of each node, where its entry stands among them. */
  readonly #places = new Map<number, number>();

  /** Throws ArenaFull. */
  constructor(blocks: Blocks & Retirer, nodes: readonly number[]) {
    this.#blocks = blocks;
    const made: number[] = [];
    this.entries = made;
    try {
      for (const node of nodes) made.push(makeHashedName(blocks, this.#hash(node).label, node, 0));
    } catch (error) {
      this.giveBack();
      throw error;
    }
    const { bytes, words } = blocks.view;
    const at = (entry: number): number => (entry + ENTRY.NAME_BYTES) * 4;
    made.sort((a, b) => compareNames(bytes, at(a), bytes, at(b)));
    for (const [place, entry] of made.entries()) this.#places.set(words[entry + ENTRY.PARENT], place);
  }

  /** The hash that comes after that of a node. */
  nextOf(node: number): Uint8Array {
    const place = this.#places.get(node) as number;
    const next = this.entries[place + 1 === this.entries.length ? 0 : place + 1];
    return this.#hash(this.#blocks.view.words[next + ENTRY.PARENT]).bytes;
  }

  /** The owner of a node's NSEC3. */
  ownerOf(node: number, apex: Uint8Array): Uint8Array {
    return new Uint8Array(Buffer.concat([this.#hash(node).label.subarray(0, -1), apex]));
  }

  give(node: number, rrset: number): void {
    this.#blocks.view.words[this.entries[this.#places.get(node) as number] + ENTRY.VERSION_WORD] = rrset;
  }

  /** They are in no index that would be dismantled. */
  giveBack(): void {
    for (const entry of this.entries) retireHashedName(this.#blocks, entry);
  }

  #hash(node: number): NameDigest {
    const { words, bytes } = this.#blocks.view;
    const start = (node + ENTRY.NAME_BYTES) * 4;
    this.#digest.hash(bytes, start, start + (words[node + ENTRY.NAME] & 0xff));
    return this.#digest;
  }
}
