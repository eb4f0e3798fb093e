/** Zones and nodes in the arena, changed through versions: see preparation.ts. */
import assert from 'node:assert/strict';
import { Dismantler } from './dismantle.ts';
import { nodeFlags } from './flags.ts';
import { finishHash, HashedName } from './hash.ts';
import { findEntry, IndexWriter } from './index.ts';
import { ARENA, ENTRY, entryWords, NODE, nodeWords, ZONE } from './layout.ts';
import { type Arena, ArenaFull } from './memory.ts';
import type { Preparation } from './preparation.ts';
import { isProof, ownsRecords } from './proofs/nsec.ts';
import type { Reclaimer } from './reclaim.ts';
import { existsIn } from './unseen-nodes.ts';

/** Contents of a node's newest version, as the writer edits them. */
export interface NodeContent {
  service: number;
  /** RRset offsets by type, in the order in which they were added. */
  readonly rrsets: Map<number, number>;
}

/** Contents of a zone's version. */
interface ZoneContent {
  /** The cell of its index; 0: the zone is gone. */
  readonly index: number;
  readonly apex: number;
  /** ZONE_HAS_* */
  readonly flags: number;
  /** The root of the order of its names; 0: it is not signed. */
  readonly order: number;
}

export const NO_ZONE: ZoneContent = { index: 0, apex: 0, flags: 0, order: 0 };

/** The writer's side of zones and nodes: each change is a part of the preparation that is pending. */
export class NodeWriter {
  readonly #arena: Arena;
  readonly #reclaimer: Reclaimer;
  readonly #preparation: Preparation;
  readonly #index: IndexWriter;
  readonly #name: HashedName;
  readonly #dismantler: Dismantler;
  /** Which index lives at a cell; a cell may serve another one later. */
  readonly #indexes = new Map<number, object>();

  /** `isFresh`: there is nothing in the arena yet. */
  constructor(arena: Arena, reclaimer: Reclaimer, preparation: Preparation, isFresh: boolean) {
    this.#arena = arena;
    this.#name = new HashedName(arena.view.keys);
    this.#reclaimer = reclaimer;
    this.#preparation = preparation;
    this.#index = new IndexWriter(arena, reclaimer);
    this.#dismantler = new Dismantler(arena);
    if (isFresh) assert(this.#index.create(ARENA.ZONES), 'a new arena has room for an empty index');
  }

  /** A new index; its cell. */
  makeIndex(): number {
    const cell = this.#preparation.allocate(1);
    if (!this.#index.create(cell)) throw new ArenaFull();
    this.#indexes.set(cell, {});
    this.#preparation.undo(() => {
      this.#indexes.delete(cell);
      this.#index.retire(cell);
    });
    return cell;
  }

  /** The entry of a name (lower-case wire form) in the index at `cell`, or 0. */
  find(cell: number, name: Uint8Array): number {
    this.#name.set(name, 0);
    return findEntry(this.#arena.view, cell, finishHash(this.#name.states[0]), this.#name.bytes, 0, name.length);
  }

  /** The entry of a name, made where it is not there. */
  findOrMake(cell: number, name: Uint8Array): number {
    const found = this.find(cell, name);
    if (found !== 0) return found;
    const size = entryWords(name.length);
    const entry = this.#arena.allocate(size);
    if (entry === 0) throw new ArenaFull();
    const { words, bytes } = this.#arena.view;
    words[entry + ENTRY.HASH] = finishHash(this.#name.states[0]);
    words[entry + ENTRY.NAME] = name.length;
    bytes.set(name, (entry + ENTRY.NAME_BYTES) * 4);
    if (!this.#index.insert(cell, entry)) {
      this.#arena.free(entry, size);
      throw new ArenaFull();
    }
    this.#preparation.undo(() => this.#removeEntry(cell, entry));
    return entry;
  }

  #removeEntry(cell: number, entry: number): void {
    this.#index.remove(cell, entry);
    this.#reclaimer.retire(entry, entryWords(this.#nameLength(entry)));
  }

  #nameLength(entry: number): number {
    return this.#arena.view.words[entry + ENTRY.NAME] & 0xff;
  }

  /** The newest contents of a node. */
  content(node: number): NodeContent {
    const { words } = this.#arena.view;
    const version = words[node + ENTRY.VERSION_WORD];
    const rrsets = new Map<number, number>();
    if (version === 0) return { service: 0, rrsets };
    const count = words[version + NODE.COUNT];
    for (let i = 0; i < count; i++) {
      rrsets.set(words[version + NODE.PAIRS + 2 * i], words[version + NODE.PAIRS + 2 * i + 1]);
    }
    return { service: words[version + NODE.SERVICE], rrsets };
  }

  /** Gives a node of the zone new contents, and its ancestors their existence (RFC 8020). */
  update(cell: number, apex: Uint8Array, name: Uint8Array, edit: (content: NodeContent) => void): void {
    const node = this.findOrMake(cell, name);
    const content = this.content(node);
    edit(content);
    this.#write(cell, apex, node, name, content);
  }

  #write(cell: number, apex: Uint8Array, node: number, name: Uint8Array, content: NodeContent): void {
    const isApex = name.length === apex.length;
    const children = this.#arena.view.words[node + ENTRY.CHILDREN];
    const existed = existsIn(this.#arena.view, node);
    const exists = isApex || children > 0 || content.service !== 0 || ownsRecords(content.rrsets);
    const version = this.#preparation.allocate(nodeWords(content.rrsets.size));
    const { words } = this.#arena.view;
    words[version + NODE.FLAGS] = nodeFlags(content.rrsets.keys(), exists, isApex);
    words[version + NODE.SERVICE] = content.service;
    words[version + NODE.COUNT] = content.rrsets.size;
    let at = version + NODE.PAIRS;
    for (const [type, rrset] of recordsFirst(content.rrsets)) {
      words[at++] = type;
      words[at++] = rrset;
    }
    this.#preparation.setVersion(node + ENTRY.VERSION_WORD, version, (old) => this.#versionWords(old));
    if (!isApex && existed !== exists) this.#tellParent(cell, apex, node, name, exists ? 1 : -1);
    if (!exists) this.#removeLater(cell, node, version, this.#versionWords(version));
  }

  /** A name came into being or went: the name above exists through it, and may come or go itself. */
  #tellParent(cell: number, apex: Uint8Array, node: number, name: Uint8Array, difference: number): void {
    const above = name.subarray(1 + name[0]);
    const parent = this.findOrMake(cell, above);
    const { words } = this.#arena.view;
    if (difference > 0) Atomics.store(words, node + ENTRY.PARENT, parent);
    Atomics.add(words, parent + ENTRY.CHILDREN, difference);
    this.#preparation.undo(() => {
      Atomics.sub(this.#arena.view.words, parent + ENTRY.CHILDREN, difference);
    });
    const existed = existsIn(this.#arena.view, parent);
    const children = words[parent + ENTRY.CHILDREN];
    if (existed && children > 0) return;
    const content = this.content(parent);
    if (existed && (content.service !== 0 || ownsRecords(content.rrsets) || above.length === apex.length)) return;
    this.#write(cell, apex, parent, above, content);
  }

  /** Takes an entry out of the index once no worker can want its older versions, unless it has come back by then. */
  #removeLater(cell: number, entry: number, version: number, versionWords: number): void {
    this.#preparation.whenSeen(this.#removal(cell, entry, version, versionWords));
  }

  #removal(cell: number, entry: number, version: number, versionWords: number): () => void {
    const index = this.#indexes.get(cell);
    return () => {
      if (this.#indexes.get(cell) !== index) return;
      if (this.#arena.view.words[entry + ENTRY.VERSION_WORD] !== version) return;
      this.#removeEntry(cell, entry);
      if (version !== 0) this.#reclaimer.retire(version, versionWords);
    };
  }

  #versionWords(version: number): number {
    return nodeWords(this.#arena.view.words[version + NODE.COUNT]);
  }

  /** Gives the zone of a name an index, an apex and an order of its names (0: none), or (with `index` 0) ends it. */
  setZone(name: Uint8Array, { index, apex, flags, order }: ZoneContent): void {
    const entry = this.findOrMake(ARENA.ZONES, name);
    const version = this.#preparation.allocate(ZONE.WORDS);
    const { words } = this.#arena.view;
    words[version + ZONE.INDEX] = index;
    words[version + ZONE.APEX] = apex;
    words[version + ZONE.FLAGS] = flags;
    words[version + ZONE.ORDER] = order;
    this.#preparation.setVersion(entry + ENTRY.VERSION_WORD, version, () => ZONE.WORDS);
    if (index === 0) this.#removeLater(ARENA.ZONES, entry, version, ZONE.WORDS);
    this.#name.set(name, 0);
    // Bits are only ever added: a look too many is cheap, one too few would hide a zone.
    Atomics.or(words, ARENA.ZONE_DEPTHS, 1 << Math.min(this.#name.labels, 31));
  }

  /** The newest version of a zone, or 0 where there is none. */
  zone(name: Uint8Array): number {
    const entry = this.find(ARENA.ZONES, name);
    if (entry === 0) return 0;
    const { words } = this.#arena.view;
    const version = words[entry + ENTRY.VERSION_WORD];
    return version !== 0 && words[version + ZONE.INDEX] !== 0 ? version : 0;
  }

  /** The newest contents of a zone that is there. */
  zoneContent(version: number): ZoneContent {
    const { words } = this.#arena.view;
    return {
      index: words[version + ZONE.INDEX],
      apex: words[version + ZONE.APEX],
      flags: words[version + ZONE.FLAGS],
      order: words[version + ZONE.ORDER],
    };
  }

  /** All entries of an index. */
  hasMore(cell: number, most: number): boolean {
    return this.#index.hasMore(cell, most);
  }

  entries(cell: number): Iterable<number> {
    return this.#index.entries(cell);
  }

  /** Takes over an index that was built aside; see zone-builder.ts. */
  adoptIndex(cell: number): void {
    // The thread that built it may have made the arena grow.
    this.#arena.view.refreshIfGrown();
    // It was caught up before.
    if (this.#indexes.has(cell)) return;
    this.#indexes.set(cell, {});
    this.#preparation.undo(() => this.#indexes.delete(cell));
  }

  /** Goes on with an index that another writer left. */
  keepIndex(cell: number): void {
    this.#indexes.set(cell, {});
  }

  /** Takes an entry that another writer left out of its index, as `#removeLater` would; `versionWords`: see there. */
  removeLeft(cell: number, entry: number, version: number, versionWords: number): void {
    this.#reclaimer.afterwards(this.#removal(cell, entry, version, versionWords));
  }

  /** Drops an index and an order with all its nodes, their versions and RRsets, once the changes are published and no worker reads it. */
  dropIndex(cell: number, order: number): void {
    this.#preparation.onPublishLast(() => {
      this.#indexes.delete(cell);
      this.#reclaimer.afterwards(() => this.#dismantler.add(cell, order));
    });
  }

  /** The same for an index that no worker has ever been able to reach: only what it was caught up by may have to wait. */
  discardIndex(cell: number, order: number): void {
    const wasAdopted = this.#indexes.delete(cell);
    if (wasAdopted) this.#reclaimer.afterwards(() => this.#dismantler.add(cell, order));
    else this.#dismantler.add(cell, order);
  }

  /** Frees some of what was dropped; true where there is more. */
  dismantle(names: number): boolean {
    return this.#dismantler.step(names);
  }
}

/** Whoever asks for anything gets a record that somebody put there, not what proves it. */
function recordsFirst(rrsets: ReadonlyMap<number, number>): [number, number][] {
  const pairs = [...rrsets];
  return pairs.some(([type]) => isProof(type))
    ? [...pairs.filter(([type]) => !isProof(type)), ...pairs.filter(([type]) => isProof(type))]
    : pairs;
}
