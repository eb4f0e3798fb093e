/**
 * Builds the index of a whole zone aside, in any thread. No worker can reach it until a zone's version leads to it, so
 * its versions are settled from the start, and nothing of what is replaced in it has to wait for a reader.
 */
import { nameToWire } from '../model/name.ts';
import { compileRRset } from './compile.ts';
import { nodeFlags, zoneFlags } from './flags.ts';
import { finishHash, HashedName } from './hash.ts';
import { findEntry, IndexWriter } from './index.ts';
import { ENTRY, entryWords, NODE, NODE_EXISTS, nodeWords, RRSET } from './layout.ts';
import { type Arena, ArenaFull, type ArenaView, type Blocks } from './memory.ts';

export class ZoneBuilder implements Blocks {
  /** The index's cell. */
  readonly cell: number;
  readonly #arena: Arena;
  readonly #apex: Uint8Array;
  readonly #index: IndexWriter;
  readonly #name = new HashedName();
  #flags = 0;

  /** An empty zone: its apex is there. Throws ArenaFull. */
  constructor(arena: Arena, apex: string) {
    this.#arena = arena;
    this.#apex = nameToWire(apex);
    // Nobody reads this index: what its growth replaces is free at once.
    this.#index = new IndexWriter(arena, { retire: (offset, words) => arena.free(offset, words) });
    this.cell = this.allocate(1);
    if (!this.#index.create(this.cell)) throw new ArenaFull();
    this.#ensureExists(this.#apex);
  }

  /** What the zone's version will say; see layout.ts. */
  get flags(): number {
    return this.#flags;
  }

  /** Adds an RRset, or replaces that of the same owner (lower-case wire form) and type. Throws ArenaFull. */
  put(owner: Uint8Array, type: number, ttlSeconds: number | readonly number[], rdata: readonly Uint8Array[]): void {
    const isApex = owner.length === this.#apex.length;
    const node = this.#ensureExists(owner);
    const rrset = compileRRset(this, owner, type, ttlSeconds, rdata);
    const { words } = this.#arena.view;
    const old = words[node + ENTRY.VERSION_WORD];
    const oldCount = words[old + NODE.COUNT];
    const pairs = new Map<number, number>();
    for (let i = 0; i < oldCount; i++) {
      pairs.set(words[old + NODE.PAIRS + 2 * i], words[old + NODE.PAIRS + 2 * i + 1]);
    }
    const replaced = pairs.get(type);
    if (replaced !== undefined) this.#arena.free(replaced, words[replaced + RRSET.WORDS]);
    pairs.set(type, rrset);
    this.#writeVersion(node, pairs, nodeFlags(pairs.keys(), true, isApex));
    this.#arena.free(old, nodeWords(oldCount));
    this.#flags |= zoneFlags(owner, type, isApex);
  }

  /** The node of a name; it and the names above it exist from now on (RFC 8020). */
  #ensureExists(name: Uint8Array): number {
    this.#name.set(name, 0);
    const hash = finishHash(this.#name.states[0]);
    const found = findEntry(this.#arena.view, this.cell, hash, this.#name.bytes, 0, name.length);
    if (found !== 0) return found;
    const node = this.allocate(entryWords(name.length));
    const { words, bytes } = this.#arena.view;
    words[node + ENTRY.HASH] = hash;
    words[node + ENTRY.NAME] = name.length;
    bytes.set(name, (node + ENTRY.NAME_BYTES) * 4);
    if (!this.#index.insert(this.cell, node)) throw new ArenaFull();
    const isApex = name.length === this.#apex.length;
    this.#writeVersion(node, new Map(), nodeFlags([], true, isApex));
    if (isApex) return node;
    const parent = this.#ensureExists(name.subarray(1 + name[0]));
    const now = this.#arena.view.words;
    now[node + ENTRY.PARENT] = parent;
    now[parent + ENTRY.CHILDREN] = now[parent + ENTRY.CHILDREN] + 1;
    return node;
  }

  #writeVersion(node: number, pairs: ReadonlyMap<number, number>, flags: number): void {
    const version = this.allocate(nodeWords(pairs.size));
    const { words } = this.#arena.view;
    words[version + NODE.FLAGS] = flags | NODE_EXISTS;
    words[version + NODE.COUNT] = pairs.size;
    let at = version + NODE.PAIRS;
    for (const [type, rrset] of pairs) {
      words[at++] = type;
      words[at++] = rrset;
    }
    words[node + ENTRY.VERSION_WORD] = version;
  }

  get view(): ArenaView {
    return this.#arena.view;
  }

  /** A block of the arena. Throws ArenaFull. */
  allocate(words: number): number {
    const offset = this.#arena.allocate(words);
    if (offset === 0) throw new ArenaFull();
    return offset;
  }
}
