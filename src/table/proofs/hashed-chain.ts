/**
 * NSEC3 (RFC 5155 §7.1) of zones that are signed here: an order of the hashes of all names that exist, each with its
 * record. The names that something has happened to are told; their neighbours by hash are found here.
 */
import { TYPE } from '../../wire/constants.ts';
import { ENTRY, NSEC_IN_CHAIN, NSEC_WITHOUT_A, NSEC_WITHOUT_AAAA } from '../layout.ts';
import type { ArenaView } from '../memory.ts';
import type { NodeContent, NodeWriter } from '../nodes.ts';
import { compareNames, SAME } from '../order/compare.ts';
import type { OrderWriter } from '../order/tree.ts';
import type { Preparation } from '../preparation.ts';
import type { RRsetCompiler } from '../rrset-compiler.ts';
import { rdataOf, ttlOf } from '../rrset-reader.ts';
import type { ServiceRegistry } from '../services.ts';
import { borderAbove, existsNow } from './borders.ts';
import { HASHED_LABEL_BYTES, NameDigest } from './digest.ts';
import { makeHashedName, retireHashedName } from './hashed-names.ts';
import { hashedProofsFor, type Proof } from './nsec.ts';
import { ownedAt } from './owned.ts';

/** A zone while its changes are followed up. */
interface HashedZone {
  readonly apex: Uint8Array;
  readonly name: string;
  readonly index: number;
  readonly compiler: RRsetCompiler;
  readonly ttlSeconds: number;
  /** Of the order of its hashes. */
  root: number;
  /** Its nodes to which something has happened, or all of them. */
  readonly entries: ReadonlySet<number>;
  readonly isAnew: boolean;
}

export class HashedChain {
  readonly #preparation: Preparation;
  readonly #nodes: NodeWriter;
  readonly #services: ServiceRegistry;
  readonly #order: OrderWriter;
  readonly #digest = new NameDigest();

  constructor(preparation: Preparation, nodes: NodeWriter, services: ServiceRegistry, order: OrderWriter) {
    this.#preparation = preparation;
    this.#nodes = nodes;
    this.#services = services;
    this.#order = order;
  }

  /** Brings the order and its records up to the zone. Throws ArenaFull. */
  follow(zone: HashedZone): void {
    const stale = new Set<number>();
    if (zone.root === 0) this.#begin(zone, stale);
    else for (const node of zone.entries) this.#take(zone, node, stale);
    for (const entry of stale) this.#prove(zone, entry);
  }

  /** Retires an order with its entries and their records. */
  retireAll(root: number): void {
    for (const entry of this.#order.entries(root)) this.#retire(entry);
    this.#order.retireAll(root);
  }

  /** The whole order at once. */
  #begin(zone: HashedZone, stale: Set<number>): void {
    const nodes = [...zone.entries].filter((node) => this.#isChained(node));
    const entries = nodes.map((node) => this.#make(this.#hash(node), node));
    const { bytes } = this.#view;
    const at = (entry: number): number => (entry + ENTRY.NAME_BYTES) * 4;
    entries.sort((a, b) => compareNames(bytes, at(a), bytes, at(b)));
    zone.root = this.#order.build(entries);
    for (const entry of entries) stale.add(entry);
  }

  /** Every name that exists has one, empty non-terminals too, as nothing is opted out (RFC 5155 §7.1). */
  #isChained(node: number): boolean {
    return existsNow(this.#words, node) && borderAbove(this.#words, node) === 0;
  }

  #take(zone: HashedZone, node: number, stale: Set<number>): void {
    const label = this.#hash(node);
    const { search } = this.#order;
    search.find(zone.root, label, 0, SAME);
    const there = search.before !== 0 && search.place === SAME ? search.before : 0;
    if (this.#isChained(node)) {
      if (there !== 0) {
        stale.add(there);
        return;
      }
      stale.add(search.before === 0 ? search.last(zone.root) : search.before);
      const made = this.#make(label, node);
      zone.root = this.#order.insert(zone.root, made);
      stale.add(made);
    } else if (there !== 0) {
      zone.root = this.#order.remove(zone.root, there);
      stale.delete(there);
      this.#retire(there);
      search.find(zone.root, label, 0, SAME);
      const before = search.before === 0 ? search.last(zone.root) : search.before;
      if (before !== 0) stale.add(before);
    }
  }

  #hash(node: number): Uint8Array {
    const start = (node + ENTRY.NAME_BYTES) * 4;
    this.#digest.hash(this.#view.bytes, start, start + (this.#words[node + ENTRY.NAME] & 0xff));
    return this.#digest.label;
  }

  #make(label: Uint8Array, node: number, rrset = 0): number {
    return makeHashedName(this.#preparation, label, node, rrset);
  }

  #retire(entry: number): void {
    retireHashedName(this.#preparation, entry);
  }

  /** Makes an entry's record, and the forms of it at its node, where they are not what they should be. */
  #prove(zone: HashedZone, entry: number): void {
    const label = this.#view.bytes.slice(
      (entry + ENTRY.NAME_BYTES) * 4,
      (entry + ENTRY.NAME_BYTES) * 4 + HASHED_LABEL_BYTES,
    );
    const { search } = this.#order;
    search.find(zone.root, label, 0, SAME);
    const next = search.after === 0 ? search.first(zone.root) : search.after;
    this.#hashAgain(next);
    const nextHash = this.#digest.bytes;
    const node = this.#hashAgain(entry);
    const nameAt = (node + ENTRY.NAME_BYTES) * 4;
    const owner = this.#view.bytes.slice(nameAt, nameAt + (this.#words[node + ENTRY.NAME] & 0xff));
    const content = this.#nodes.content(node);
    const hashed = new Uint8Array(Buffer.concat([label.subarray(0, -1), zone.apex]));
    const wanted = hashedProofsFor(nextHash, zone.ttlSeconds, ownedAt(this.#services, zone, owner, content));
    const proof = wanted.get(NSEC_IN_CHAIN) as Proof;
    if (!this.#isSame(zone, this.#words[entry + ENTRY.VERSION_WORD], hashed, proof))
      this.#give(zone, entry, this.#compile(zone, hashed, proof));
    const edits = new Map<number, number>();
    for (const form of [NSEC_WITHOUT_A, NSEC_WITHOUT_AAAA]) {
      const there = content.rrsets.get(form) ?? 0;
      const proof = wanted.get(form);
      if (proof === undefined ? there === 0 : this.#isSame(zone, there, hashed, proof)) continue;
      if (there !== 0) zone.compiler.retire(there);
      edits.set(form, proof === undefined ? 0 : this.#compile(zone, hashed, proof));
    }
    if (edits.size === 0) return;
    this.#nodes.update(zone.index, zone.apex, owner, ({ rrsets }: NodeContent) => {
      for (const [form, rrset] of edits) rrset === 0 ? rrsets.delete(form) : rrsets.set(form, rrset);
    });
  }

  /** Hashes the name of an entry's node; the node. */
  #hashAgain(entry: number): number {
    const node = this.#words[entry + ENTRY.PARENT];
    this.#hash(node);
    return node;
  }

  #isSame(zone: HashedZone, rrset: number, owner: Uint8Array, { ttlSeconds, rdata }: Proof): boolean {
    if (rrset === 0 || zone.isAnew || ttlOf(this.#view, rrset) !== ttlSeconds) return false;
    return Buffer.compare(rdataOf(this.#view, rrset, owner)[0], rdata) === 0;
  }

  #compile({ compiler }: HashedZone, owner: Uint8Array, { ttlSeconds, rdata }: Proof): number {
    return compiler.compileSigned(owner, TYPE.NSEC3, ttlSeconds, [rdata]);
  }

  /** Workers may have reached an entry that has a record: another one takes its place. */
  #give(zone: HashedZone, entry: number, rrset: number): void {
    const words = this.#words;
    if (words[entry + ENTRY.VERSION_WORD] === 0) {
      words[entry + ENTRY.VERSION_WORD] = rrset;
      return;
    }
    const at = (entry + ENTRY.NAME_BYTES) * 4;
    const label = this.#view.bytes.slice(at, at + HASHED_LABEL_BYTES);
    const made = this.#make(label, words[entry + ENTRY.PARENT], rrset);
    zone.root = this.#order.replace(zone.root, entry, made);
    this.#retire(entry);
  }

  get #view(): ArenaView {
    return this.#preparation.view;
  }

  get #words(): Int32Array<SharedArrayBuffer> {
    return this.#preparation.view.words;
  }
}
