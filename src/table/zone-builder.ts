/**
 * Builds the index of a whole zone aside, in any thread. No worker can reach it until a zone's version leads to it, so
 * its versions are settled from the start, and nothing of what is replaced in it has to wait for a reader.
 */
import { nameToWire } from '../model/name.ts';
import type { StagedIndex } from './changes.ts';
import { nodeFlags, zoneFlags } from './flags.ts';
import { finishHash, HashedName } from './hash.ts';
import { findEntry, IndexWriter } from './index.ts';
import { ENTRY, entryWords, NODE, NODE_EXISTS, nodeWords, VERSION, ZONE_IS_HASHED } from './layout.ts';
import { type Arena, ArenaFull, type ArenaView, type Blocks } from './memory.ts';
import { foldKept } from './proofs/kept.ts';
import { hasOwnRecords } from './proofs/nsec.ts';
import type { Retirer } from './reclaim.ts';
import { RRsetCompiler } from './rrset-compiler.ts';
import type { RRsetSigner } from './rrset-signer.ts';
import { type SealedService, sealZone } from './zone-sealer.ts';

const NO_PAIRS: ReadonlyMap<number, number> = new Map();

export class ZoneBuilder implements Blocks, Retirer {
  /** The index's cell. */
  readonly cell: number;
  readonly #arena: Arena;
  readonly #rrsets: RRsetCompiler;
  readonly #index: IndexWriter;
  readonly #name = new HashedName();
  #flags = 0;
  readonly #apexNode: number;
  /** What takes back what was made in an index that was there already, to be run in reverse. */
  readonly #undo: (() => void)[] = [];
  readonly #isOthers: boolean;

  /**
   * An empty zone, or (`cell`) one whose index is there and that no worker can reach yet. `signer`: of a zone that is to be
   * sealed. Throws ArenaFull.
   */
  constructor(arena: Arena, apex: string, cell = 0, signer?: RRsetSigner) {
    this.#arena = arena;
    const name = nameToWire(apex);
    this.#rrsets = new RRsetCompiler(this, name, signer);
    this.#index = new IndexWriter(arena, this);
    this.#isOthers = cell !== 0;
    this.cell = cell === 0 ? this.allocate(1) : cell;
    if (cell === 0 && !this.#index.create(this.cell)) throw new ArenaFull();
    this.#apexNode = this.#ensureExists(name);
  }

  /** What the zone's version will say; see layout.ts. */
  get flags(): number {
    return this.#flags;
  }

  /** Adds an RRset, or replaces that of the same owner (lower-case wire form) and type. Throws ArenaFull. */
  put(owner: Uint8Array, type: number, ttlSeconds: number | readonly number[], rdata: readonly Uint8Array[]): void {
    const isApex = this.#rrsets.isApex(owner);
    const node = this.#ensureExists(owner);
    const rrset = this.#rrsets.compile(owner, type, ttlSeconds, rdata);
    const { words } = this.#arena.view;
    const old = words[node + ENTRY.VERSION_WORD];
    const oldCount = words[old + NODE.COUNT];
    this.#flags |= zoneFlags(owner, type, isApex);
    if (oldCount === 0) {
      // So it is with nearly all names of a large zone, and there is room for one: see #writeVersion.
      words[old + NODE.FLAGS] = nodeFlags([type], true, isApex);
      words[old + NODE.COUNT] = 1;
      words[old + NODE.PAIRS] = type;
      words[old + NODE.PAIRS + 1] = rrset;
      return;
    }
    const pairs = new Map<number, number>();
    for (let i = 0; i < oldCount; i++) {
      pairs.set(words[old + NODE.PAIRS + 2 * i], words[old + NODE.PAIRS + 2 * i + 1]);
    }
    const replaced = pairs.get(type);
    if (replaced !== undefined) this.#rrsets.retire(replaced);
    pairs.set(type, rrset);
    this.#writeVersion(node, pairs, nodeFlags(pairs.keys(), true, isApex));
    this.#arena.free(old, nodeWords(oldCount));
  }

  /** Signs and proves all that was put, SOA and keys of the apex too; the root of the order of its names. Throws ArenaFull. */
  seal(apex: Uint8Array, services: readonly SealedService[]): number {
    const unseen = {
      blocks: this,
      compiler: this.#rrsets,
      entries: () => this.#index.entries(this.cell),
      nodeOf: (name: Uint8Array) => this.#ensureExists(name),
      replace: (node: number, pairs: ReadonlyMap<number, number>) => this.#replace(node, pairs, node === atApex),
    };
    const atApex = this.#find(apex);
    const { order, isHashed } = sealZone(unseen, apex, services);
    if (isHashed) this.#flags |= ZONE_IS_HASHED;
    return order;
  }

  /** What stood at a name is in `pairs`, or was retired. */
  #replace(node: number, pairs: ReadonlyMap<number, number>, isApex: boolean): void {
    const old = this.#versionOf(node);
    const oldWords = nodeWords(Math.max(1, this.#arena.view.words[old + NODE.COUNT]));
    this.#writeVersion(node, pairs, nodeFlags(pairs.keys(), true, isApex));
    this.#arena.free(old, oldWords);
  }

  /** To be called after the last RRset: brings what the zone has of signatures to where answers look for it. Throws ArenaFull. */
  finish(): StagedIndex {
    const { cell, flags } = this;
    const kept = foldKept({ blocks: this, index: this.#index, cell, compiler: this.#rrsets, apex: this.#apexNode });
    return { index: cell, flags: flags | kept.flags, order: kept.order };
  }

  /**
   * Leads a name (lower-case wire form) to a service's cell, or to none where `cellAt`, told whether it has records,
   * says 0. False: that takes a version of its own, since the node is being changed already. Throws ArenaFull.
   */
  link(owner: Uint8Array, cellAt: (hasRecords: boolean) => number): boolean {
    const found = this.#find(owner);
    const had = this.#versionOf(found);
    const cell = cellAt(had !== 0 && hasOwnRecords(this.#arena.view.words, had));
    if (cell === 0 && had === 0) return true;
    const version = had === 0 ? this.#versionOf(this.#ensureExists(owner)) : had;
    const { words } = this.#arena.view;
    if (words[version + VERSION.GENERATION] !== 0 || words[version + NODE.SERVICE] !== 0) return false;
    words[version + NODE.SERVICE] = cell;
    this.#undo.push(() => {
      this.#arena.view.words[version + NODE.SERVICE] = 0;
    });
    return true;
  }

  /** Leaves an index that was there already as it was. */
  takeBack(): void {
    for (const action of this.#undo.reverse()) action();
    this.#undo.length = 0;
  }

  #find(name: Uint8Array): number {
    this.#name.set(name, 0);
    const hash = finishHash(this.#name.states[0]);
    return findEntry(this.#arena.view, this.cell, hash, this.#name.bytes, 0, name.length);
  }

  #versionOf(node: number): number {
    return node === 0 ? 0 : this.#arena.view.words[node + ENTRY.VERSION_WORD];
  }

  /** The node of a name; it and the names above it exist from now on (RFC 8020). */
  #ensureExists(name: Uint8Array): number {
    const found = this.#find(name);
    if (found !== 0) return found;
    const hash = finishHash(this.#name.states[0]);
    const isApex = this.#rrsets.isApex(name);
    const parent = isApex ? 0 : this.#ensureExists(name.subarray(1 + name[0]));
    const node = this.allocate(entryWords(name.length));
    const { words, bytes } = this.#arena.view;
    words[node + ENTRY.HASH] = hash;
    words[node + ENTRY.NAME] = name.length;
    bytes.set(name, (node + ENTRY.NAME_BYTES) * 4);
    if (!this.#index.insert(this.cell, node)) {
      this.#arena.free(node, entryWords(name.length));
      throw new ArenaFull();
    }
    if (this.#isOthers) this.#undo.push(() => this.#unmake(node));
    if (!isApex) {
      words[node + ENTRY.PARENT] = parent;
      words[parent + ENTRY.CHILDREN] = words[parent + ENTRY.CHILDREN] + 1;
    }
    this.#writeVersion(node, NO_PAIRS, nodeFlags([], true, isApex));
    return node;
  }

  /** The names above it are still there: they were made before it, or with it. */
  #unmake(node: number): void {
    const { words } = this.#arena.view;
    this.#index.remove(this.cell, node);
    const parent = words[node + ENTRY.PARENT];
    if (parent !== 0) words[parent + ENTRY.CHILDREN] = words[parent + ENTRY.CHILDREN] - 1;
    const version = words[node + ENTRY.VERSION_WORD];
    if (version !== 0) this.#arena.free(version, nodeWords(words[version + NODE.COUNT]));
    this.#arena.free(node, entryWords(words[node + ENTRY.NAME] & 0xff));
  }

  #writeVersion(node: number, pairs: ReadonlyMap<number, number>, flags: number): void {
    // A block of no pair has room for one all the same: the allocator's steps are of four words.
    const version = this.allocate(nodeWords(Math.max(1, pairs.size)));
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

  /** Nobody reads this index: what is replaced is free at once. */
  retire(offset: number, words: number): void {
    this.#arena.free(offset, words);
  }
}
