/**
 * Builds the index of a whole zone aside, in any thread. No worker can reach it until a zone's version leads to it, so its
 * versions are settled from the start, and nothing of what is replaced has to wait for a reader.
 */
import { nameToWire } from '../model/name.ts';
import { PackedCursor } from '../model/packed-form.ts';
import { MAX_NAME_BYTES } from '../wire/constants.ts';
import type { StagedIndex } from './changes.ts';
import { Dismantler } from './dismantle.ts';
import { zoneFlags } from './flags.ts';
import { finishHash, HashedName, hashLabel } from './hash.ts';
import { HostsAside } from './hosts-aside.ts';
import { findEntry, IndexWriter } from './index.ts';
import { firstKnown, lookAtPlace } from './index-ahead.ts';
import { ENTRY, entryWords, NODE, VERSION, ZONE_IS_HASHED } from './layout.ts';
import { LooseBlocks } from './loose-blocks.ts';
import { type Arena, ArenaFull, type ArenaView, type Blocks } from './memory.ts';
import { NAMES_ASIDE_MIN, NamesAside } from './names-aside.ts';
import { NearNodes } from './near-nodes.ts';
import { writeWire } from './packed-owner.ts';
import { foldKept } from './proofs/kept.ts';
import { hasOwnRecords } from './proofs/nsec.ts';
import type { Retirer } from './reclaim.ts';
import { RRsetCompiler } from './rrset-compiler.ts';
import type { RRsetSigner } from './rrset-signer.ts';
import type { Owner } from './shared-suffix.ts';
import { begin, existsIn, unmake, writeName } from './unseen-nodes.ts';
import { UnseenVersions } from './unseen-versions.ts';
import { type SealedService, sealZone } from './zone-sealer.ts';

/** So many that their misses overlap, and what they bring near is still there afterwards. */
const AHEAD_RRSETS = 32;
const NAME_ROOM_BYTES = MAX_NAME_BYTES + 1;
const NO_NODES = new Int32Array(0);
/** Names of an index given back in one step, where nothing else waits. */
const DISMANTLED_AT_ONCE = 10_000;

export class ZoneBuilder implements Blocks, Retirer {
  /** The index's cell. */
  readonly cell: number;
  readonly view: ArenaView;
  readonly #arena: Arena;
  readonly #loose = new LooseBlocks(this);
  readonly #rrsets: RRsetCompiler;
  readonly #versions: UnseenVersions;
  readonly #index: IndexWriter;
  readonly #name: HashedName;
  /** In a piece in packed form: as far as was looked ahead, and what is put. */
  readonly #cursor = new PackedCursor();
  readonly #putting = new PackedCursor();
  /** Of the RRsets that were looked ahead to: their owners, the lengths of those (0: not known), hashes, and nodes above. */
  readonly #owners = new Uint8Array(AHEAD_RRSETS * NAME_ROOM_BYTES + 3);
  readonly #ownersView = new DataView(this.#owners.buffer);
  readonly #owner: Owner = { bytes: this.#owners, start: 0, end: 0 };
  readonly #ahead = {
    lengths: new Int32Array(AHEAD_RRSETS),
    hashes: new Int32Array(AHEAD_RRSETS),
    aboves: new Int32Array(AHEAD_RRSETS),
  };
  /** Means nothing, and keeps the compiler from leaving out a look. */
  #touched = 0;
  /** For names above those. */
  readonly #above: HashedName;
  /** Their nodes: the last is that above the last name. */
  readonly #near = new NearNodes();
  readonly #apexLength: number;
  #flags = 0;
  readonly #apexNode: number;
  /** What takes back what was made in an index that was there already, to be run in reverse. */
  readonly #undo: (() => void)[] = [];
  readonly #isOthers: boolean;
  #aside: NamesAside | undefined;
  #hosts: HostsAside | undefined;

  /**
   * An empty zone, or (`cell`) one whose index is there and that no worker can reach yet. `signer`: of a zone that is to be
   * sealed. `expected`: how many names it will have, as far as is known. Throws ArenaFull.
   */
  constructor(arena: Arena, apex: string, cell = 0, signer?: RRsetSigner, expected = 0) {
    this.#arena = arena;
    this.view = arena.view;
    this.#name = new HashedName(arena.view.keys);
    this.#above = new HashedName(arena.view.keys);
    const name = nameToWire(apex);
    this.#rrsets = new RRsetCompiler(this.#loose, name, signer);
    this.#versions = new UnseenVersions(this, this.#loose, this.#rrsets);
    this.#index = new IndexWriter(arena, this, cell === 0);
    this.#isOthers = cell !== 0;
    this.cell = cell === 0 ? this.#create(expected) : cell;
    this.#apexLength = name.length;
    this.#apexNode = this.#begin(name);
    this.#above.set(name, 0);
    this.#near.put(this.#above, this.#apexNode);
    if (cell !== 0 || expected < NAMES_ASIDE_MIN) return;
    const aside = new NamesAside(arena.view, this.#index, this.cell, name.length, expected);
    this.#aside = aside;
    // What it compiles there is a place for: it is never loose.
    const compiler = new RRsetCompiler(this, name, signer);
    this.#hosts = new HostsAside({ blocks: this, aside, compiler, apexNode: this.#apexNode }, name, apex);
  }

  /** The cell of an index without a name. */
  #create(expected: number): number {
    const cell = this.allocate(1);
    if (this.#index.create(cell, expected)) return cell;
    this.#arena.free(cell, 1);
    throw new ArenaFull();
  }

  /** The node of the apex; where there is no room for it, nothing is left. */
  #begin(apex: Uint8Array): number {
    try {
      return this.#ensureExists(apex);
    } catch (error) {
      if (this.#isOthers) this.takeBack();
      else this.dismantle();
      throw error;
    }
  }

  /** What the zone's version will say; see layout.ts. */
  get flags(): number {
    return this.#flags;
  }

  /** Adds an RRset, or replaces that of the same owner (lower-case wire form) and type. Throws ArenaFull. */
  put(owner: Uint8Array, type: number, ttlSeconds: number | readonly number[], rdata: readonly Uint8Array[]): void {
    const isApex = this.#rrsets.isApex(owner);
    if (!isApex && this.#aside?.mayGoOn(owner) === false) this.#endAside();
    const node = this.#ensureExists(owner);
    if (!isApex && this.#aside !== undefined) this.#aside.last = node;
    const rrset = this.#rrsets.compile(owner, type, ttlSeconds, rdata);
    this.#flags |= zoneFlags(owner, type, isApex);
    this.#versions.attach(node, type, rrset, isApex);
  }

  /** The same for all RRsets of a piece in packed form. */
  putPacked(piece: Uint8Array): void {
    const next = this.#cursor;
    next.begin(piece);
    for (let count = this.#lookAhead(next); count > 0; count = this.#lookAhead(next)) {
      for (let i = 0; i < count; i++) this.#putNext(i);
    }
  }

  /**
   * Puts hosts aside, then goes through the next few RRsets of a piece: their places in the index, each somewhere else, are
   * waited for together. How many RRsets there are.
   */
  #lookAhead(next: PackedCursor): number {
    if (this.#hosts !== undefined) this.#flags |= this.#hosts.putAll(next);
    const { lengths, hashes, aboves } = this.#ahead;
    this.#putting.begin(next.bytes, next.end);
    let count = 0;
    // Behind the name that is none of the hosts there may be more of those.
    const most = this.#hosts === undefined ? AHEAD_RRSETS : 1;
    for (; count < most && next.next(); count++) {
      const start = count * NAME_ROOM_BYTES;
      const length = next.hasTtls ? 0 : writeWire(next, this.#owners, start);
      lengths[count] = length;
      hashes[count] = 0;
      if (length === 0 || length === this.#apexLength) continue;
      aboves[count] = this.#nodeAbove(start, length);
      hashes[count] = finishHash(hashLabel(this.view.keys, this.#near.state, this.#ownersView, start, start + length));
    }
    if (this.#aside !== undefined) return count;
    for (let i = 0; i < count; i++) this.#touched ^= lookAtPlace(this.#arena.view.words, this.cell, hashes[i]);
    return count;
  }

  #putNext(ahead: number): void {
    const cursor = this.#putting;
    cursor.next();
    const { type } = cursor;
    const length = this.#ahead.lengths[ahead];
    if (length === 0) {
      const { name, ttlSeconds, recordTtlSeconds, rdata } = cursor.rrset;
      return this.put(nameToWire(name), type, recordTtlSeconds ?? ttlSeconds, rdata);
    }
    const isApex = length === this.#apexLength;
    const node = isApex ? this.#apexNode : this.#nodeAhead(ahead, length);
    const start = ahead * NAME_ROOM_BYTES;
    this.#owner.start = start;
    this.#owner.end = start + length;
    const rrset = this.#rrsets.compileNext(this.#owner, cursor);
    this.#flags |= zoneFlags(this.#owners, type, isApex, start);
    this.#versions.attach(node, type, rrset, isApex);
  }

  #nodeAhead(ahead: number, length: number): number {
    const start = ahead * NAME_ROOM_BYTES;
    const hash = this.#ahead.hashes[ahead];
    const aside = this.#aside;
    if (aside !== undefined) {
      if (aside.isLast(this.#owners, start, length)) return aside.last;
      if (aside.isNew(this.#owners, start)) return this.#makeAside(start, length, hash, aside);
      this.#endAside();
    }
    const found = findEntry(this.#arena.view, this.cell, hash, this.#owners, start, start + length);
    if (found !== 0) return found;
    return this.#make(this.#owners, start, length, hash, this.#ahead.aboves[ahead]);
  }

  /** The node above a name of `#owners`: names that follow each other mostly have it in common. */
  #nodeAbove(start: number, length: number): number {
    const owners = this.#owners;
    const above = start + 1 + owners[start];
    const near = this.#near;
    if (!near.goOn(this.view, owners, above, start + length)) {
      // A name above it may be among those aside.
      this.#endAside();
      this.#above.set(owners, above);
      if (!near.find(this.view, this.#above)) near.put(this.#above, this.#ensure(this.#above));
    }
    return near.node;
  }

  #makeAside(start: number, length: number, hash: number, aside: NamesAside): number {
    aside.makeRoom();
    const node = writeName(this, this.#owners, start, length, hash);
    aside.add(node, hash);
    begin(this, node, this.#apexNode);
    return node;
  }

  #endAside(): void {
    this.#aside?.putIn();
    this.#aside = undefined;
    this.#hosts = undefined;
  }

  /** Nodes that came to nothing, beside those that are in the index. */
  get left(): Int32Array {
    return this.#aside?.left ?? NO_NODES;
  }

  /** Signs and proves all that was put, SOA and keys of the apex too; the root of the order of its names. Throws ArenaFull. */
  seal(apex: Uint8Array, services: readonly SealedService[]): number {
    const unseen = {
      blocks: this,
      compiler: this.#rrsets,
      entries: () => this.#index.entries(this.cell),
      nodeOf: (name: Uint8Array) => this.#ensureExists(name),
      replace: (node: number, pairs: ReadonlyMap<number, number>) =>
        this.#versions.replace(node, pairs, node === this.#apexNode),
      keep: (rrset: number) => this.#loose.keep(rrset),
    };
    this.#endAside();
    const { order, isHashed } = sealZone(unseen, apex, services);
    if (isHashed) this.#flags |= ZONE_IS_HASHED;
    return order;
  }

  /** To be called after the last RRset: brings what the zone has of signatures to where answers look for it. Throws ArenaFull. */
  finish(): StagedIndex {
    this.#endAside();
    const unseen = { blocks: this, index: this.#index, cell: this.cell, compiler: this.#rrsets, loose: this.#loose };
    const kept = foldKept({ ...unseen, apex: this.#apexNode });
    return { index: this.cell, flags: this.flags | kept.flags, order: kept.order };
  }

  /**
   * Leads a name (lower-case wire form) to a service's cell, or to none where `cellAt`, told whether it has records,
   * says 0. False: the node is being changed already, or it (or one above) came and went in the same changes. Throws ArenaFull.
   */
  link(owner: Uint8Array, cellAt: (hasRecords: boolean) => number): boolean {
    this.#name.set(owner, 0);
    const { entry, label } = firstKnown(this.#arena.view, this.cell, this.#name, this.#apexLength);
    if (!existsIn(this.#arena.view, entry)) return false;
    const found = label === 0 ? entry : 0;
    const had = this.#versionOf(found);
    const cell = cellAt(had !== 0 && hasOwnRecords(this.#arena.view.words, had));
    // What was made for a service that has gone is for the names' keeper to take out.
    if (cell === 0 && (had === 0 || !this.#hasMore(found, had))) return had === 0;
    const version = had === 0 ? this.#versionOf(this.#ensureExists(owner)) : had;
    const { words } = this.#arena.view;
    const led = words[version + NODE.SERVICE];
    if (led === cell || led !== 0 || words[version + VERSION.GENERATION] !== 0) return led === cell;
    words[version + NODE.SERVICE] = cell;
    this.#undo.push(() => {
      this.#arena.view.words[version + NODE.SERVICE] = 0;
    });
    return true;
  }

  #hasMore(node: number, version: number, { words } = this.#arena.view): boolean {
    return words[node + ENTRY.CHILDREN] > 0 || node === this.#apexNode || hasOwnRecords(words, version);
  }

  /** After a failure: gives back all that was made, and the cell. Of an index that was not there already. */
  dismantle(): void {
    this.takeBack();
    const dismantler = new Dismantler(this.#arena);
    dismantler.add(this.cell, 0, this.left);
    while (dismantler.step(DISMANTLED_AT_ONCE));
  }

  /** After a failure: gives back what nothing leads to, and leaves an index that was there already as it was. */
  takeBack(): void {
    this.#hosts?.takeBack();
    this.#loose.takeBack();
    for (const action of this.#undo.reverse()) action();
    this.#undo.length = 0;
  }

  #versionOf(node: number): number {
    return node === 0 ? 0 : this.#arena.view.words[node + ENTRY.VERSION_WORD];
  }

  /** The node of a name; it and the names above it exist from now on (RFC 8020). */
  #ensureExists(name: Uint8Array): number {
    this.#name.set(name, 0);
    return this.#ensure(this.#name);
  }

  #ensure(name: HashedName): number {
    const { bytes, starts, states, length } = name;
    const known = firstKnown(this.#arena.view, this.cell, name, this.#apexLength);
    let node = known.entry;
    for (let i = known.label - 1; i >= 0; i--) {
      node = this.#make(bytes, starts[i], length - starts[i], finishHash(states[i]), node);
    }
    return node;
  }

  /** The node of a name that is not there: `length` bytes of `name` from `start` on. `parent`: 0 at the apex. */
  #make(name: Uint8Array, start: number, length: number, hash: number, parent: number): number {
    const node = writeName(this, name, start, length, hash);
    if (!this.#index.insert(this.cell, node)) {
      this.#arena.free(node, entryWords(length));
      throw new ArenaFull();
    }
    if (this.#isOthers) this.#undo.push(() => unmake(this, this.#index, this.cell, node));
    begin(this, node, parent);
    return node;
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
