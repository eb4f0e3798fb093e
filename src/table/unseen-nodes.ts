/** Nodes of an index that nobody reads yet: their versions are settled from the start. */
import { nodeFlags } from './flags.ts';
import type { IndexWriter } from './index.ts';
import { ENTRY, entryWords, NODE, NODE_EXISTS, NODE_IS_APEX, nodeWords } from './layout.ts';
import type { ArenaView, Blocks } from './memory.ts';
import type { Retirer } from './reclaim.ts';

/** A node with its name: `length` bytes of `name` from `start` on. Throws ArenaFull. */
export function writeName(blocks: Blocks, name: Uint8Array, start: number, length: number, hash: number): number {
  const node = blocks.allocate(entryWords(length));
  const { words, bytes } = blocks.view;
  words[node + ENTRY.HASH] = hash;
  words[node + ENTRY.NAME] = length;
  const first = (node + ENTRY.NAME_BYTES) * 4;
  for (let i = 0; i < length; i++) bytes[first + i] = name[start + i];
  return node;
}

/** Its first version, without any RRset. `parent`: 0 at the apex. Throws ArenaFull. */
export function begin(blocks: Blocks, node: number, parent: number): void {
  // Room for one RRset: the allocator's steps are of four words.
  const version = blocks.allocate(nodeWords(1));
  const { words } = blocks.view;
  words[version + NODE.FLAGS] = parent === 0 ? NODE_EXISTS | NODE_IS_APEX : NODE_EXISTS;
  words[node + ENTRY.VERSION_WORD] = version;
  if (parent === 0) return;
  words[node + ENTRY.PARENT] = parent;
  words[parent + ENTRY.CHILDREN] = words[parent + ENTRY.CHILDREN] + 1;
}

/** Whether the newest version of a node says that its name exists. */
export function existsIn({ words }: ArenaView, node: number): boolean {
  const version = words[node + ENTRY.VERSION_WORD];
  return version !== 0 && (words[version + NODE.FLAGS] & NODE_EXISTS) !== 0;
}

/** A version with these types and RRsets in place of what the node has, which is the caller's to give back. Throws ArenaFull. */
export function writeVersion(blocks: Blocks, node: number, pairs: ReadonlyMap<number, number>, isApex: boolean): void {
  // A block of no pair has room for one all the same: the allocator's steps are of four words.
  const version = blocks.allocate(nodeWords(Math.max(1, pairs.size)));
  const { words } = blocks.view;
  words[version + NODE.FLAGS] = nodeFlags(pairs.keys(), true, isApex);
  words[version + NODE.COUNT] = pairs.size;
  let at = version + NODE.PAIRS;
  for (const [type, rrset] of pairs) {
    words[at++] = type;
    words[at++] = rrset;
  }
  words[node + ENTRY.VERSION_WORD] = version;
}

/** Takes a node out that has no name below it, and no RRset. The names above it are still there: they were made before it, or with it. */
export function unmake(blocks: Blocks & Retirer, index: IndexWriter, cell: number, node: number): void {
  const { words } = blocks.view;
  index.remove(cell, node);
  const parent = words[node + ENTRY.PARENT];
  if (parent !== 0) words[parent + ENTRY.CHILDREN] = words[parent + ENTRY.CHILDREN] - 1;
  const version = words[node + ENTRY.VERSION_WORD];
  if (version !== 0) blocks.retire(version, nodeWords(words[version + NODE.COUNT]));
  blocks.retire(node, entryWords(words[node + ENTRY.NAME] & 0xff));
}
