/**
 * What proves the names of signed zones: keeps each zone's order, its NSEC records and the signatures of its RRsets true
 * to what the zone holds. Changes of a preparation are noted one by one and followed up together at its end, so that a
 * name beside many that come is proved once.
 */
import { nameToWire } from '../../model/name.ts';
import { TYPE } from '../../wire/constants.ts';
import { ENTRY, NODE, NSEC_IN_CHAIN, NSEC_WITHOUT_A, NSEC_WITHOUT_AAAA, VERSION, ZONE_IS_HASHED } from '../layout.ts';
import type { ArenaView } from '../memory.ts';
import type { NodeContent, NodeWriter } from '../nodes.ts';
import { BELOW, compareNames, SAME } from '../order/compare.ts';
import { OrderWriter } from '../order/tree.ts';
import type { Preparation } from '../preparation.ts';
import type { RRsetCompiler } from '../rrset-compiler.ts';
import type { ServiceRegistry } from '../services.ts';
import { borderAbove, existsNow, isBorder, isBorderVersion } from './borders.ts';
import { HashedChain } from './hashed-chain.ts';
import { denialTtl, isProof, ownsRecords, type Proof, proofsFor } from './nsec.ts';
import { ownedAt } from './owned.ts';
import { proofEdit, signatureEdits } from './sealing.ts';

/** A zone while its changes are followed up. */
interface Chained {
  readonly apex: Uint8Array;
  readonly name: string;
  /** The cell of its index. */
  readonly index: number;
  readonly compiler: RRsetCompiler;
  /** Of its NSEC records, seconds. */
  readonly ttlSeconds: number;
  /** Of its order. */
  root: number;
  /** Entries whose proofs are to be looked at. */
  readonly entries: Set<number>;
  /** Everything is signed anew, whatever is there. */
  readonly isAnew: boolean;
  /** It proves by NSEC3; the order is that of hashes, and what is proved by them is seen to in hashed-chain.ts. */
  readonly isHashed: boolean;
  /** Entries that are, though nothing else is. */
  readonly renewed: ReadonlySet<number>;
}

/** A zone that was signed as it was built aside. */
type SealedAside = Pick<Chained, 'name' | 'index' | 'compiler' | 'root' | 'isHashed'>;

export class ChainWriter {
  readonly #preparation: Preparation;
  readonly #nodes: NodeWriter;
  readonly #services: ServiceRegistry;
  readonly #order: OrderWriter;
  readonly #hashed: HashedChain;
  /** By zone, then by the bytes of the name. */
  readonly #touched = new Map<string, Map<string, Uint8Array>>();
  /** Zones of which everything is to be made anew. */
  readonly #anew = new Set<string>();
  /** Zones of which what proves their names is not, though it is to have another TTL: others do that. */
  readonly #left = new Set<string>();
  /** By zone, names of which all is. */
  readonly #renewed = new Map<string, readonly Uint8Array[]>();

  constructor(preparation: Preparation, nodes: NodeWriter, services: ServiceRegistry) {
    this.#preparation = preparation;
    this.#nodes = nodes;
    this.#services = services;
    this.#order = new OrderWriter(preparation);
    this.#hashed = new HashedChain(preparation, nodes, services, this.#order);
  }

  /** To be called before the first change of a preparation. */
  begin(): void {
    this.#touched.clear();
    this.#anew.clear();
    this.#left.clear();
    this.#renewed.clear();
  }

  /** Something of a name (lower-case wire form) has changed, or of a service that stands there. */
  touch(zone: string, owner: Uint8Array): void {
    const names = this.#touched.get(zone) ?? new Map<string, Uint8Array>();
    this.#touched.set(zone, names);
    names.set(Buffer.from(owner).toString('latin1'), owner);
  }

  /** All that the zone has is to be proved anew, or not any more. */
  touchAll(zone: string): void {
    this.#anew.add(zone);
    this.touch(zone, nameToWire(zone));
  }

  /** The TTL of its proofs changes, and they are left to who makes them anew. */
  leaveProofs(zone: string): void {
    this.#left.add(zone);
  }

  /** The TTL of the proofs of a zone (lower-case wire form), by what it has in an index; -1: none. */
  ttlIn(index: number, apex: Uint8Array): number {
    return this.#denialTtl(apex, this.#words[this.#nodes.find(index, apex) + ENTRY.VERSION_WORD]);
  }

  /** What signs and proves these names (lower-case wire form) is to be made anew. */
  renew(zone: string, owners: readonly Uint8Array[]): void {
    this.#renewed.set(zone, owners);
    for (const owner of owners) this.touch(zone, owner);
  }

  /** To be called after the last change; `compilerOf`: see there; `isHashed`: a zone proves by NSEC3. Throws ArenaFull. */
  finish(compilerOf: (zone: string) => RRsetCompiler, isHashed: (zone: string) => boolean): void {
    for (const [zone, owners] of this.#touched) {
      const compiler = compilerOf(zone);
      this.#finishZone(zone, [...owners.values()], compiler, compiler.signs && isHashed(zone));
    }
    this.begin();
  }

  #finishZone(name: string, owners: readonly Uint8Array[], compiler: RRsetCompiler, isHashed: boolean): void {
    const apex = nameToWire(name);
    const version = this.#nodes.zone(apex);
    if (version === 0) return;
    const { index, order, flags } = this.#nodes.zoneContent(version);
    const wasHashed = (flags & ZONE_IS_HASHED) !== 0;
    const isAnew = this.#anew.has(name) || (compiler.signs && (order === 0 || wasHashed !== isHashed));
    if (!compiler.signs && !isAnew) return;
    const renewed = new Set((this.#renewed.get(name) ?? []).map((owner) => this.#nodes.find(index, owner)));
    const zone = { apex, name, index, root: order, compiler, isAnew, isHashed, renewed };
    const root = this.#follow(zone, owners, wasHashed);
    const content = this.#nodes.zoneContent(this.#nodes.zone(apex));
    if (content.order === root) return;
    const kind = isHashed ? ZONE_IS_HASHED : 0;
    this.#nodes.setZone(apex, { ...content, flags: (content.flags & ~ZONE_IS_HASHED) | kind, order: root });
  }

  /**
   * Brings what proves some names (lower-case wire form) up to them in an index that was sealed aside, and that nobody is
   * answered from yet. The root of its order from then on. Throws ArenaFull.
   */
  followAside(aside: SealedAside, owners: readonly Uint8Array[]): number {
    const { name, isHashed } = aside;
    return this.#follow({ ...aside, apex: nameToWire(name), isAnew: false, renewed: NO_ENTRIES }, owners, isHashed);
  }

  /**
   * Takes those of the names (lower-case wire form) that own nothing any more out of an index that was sealed aside, with what
   * proved them; all else that proves is left as it is, since it will be made anew. The root of its order from then on.
   */
  letGoAside({ name, index, compiler, root, isHashed }: SealedAside, owners: readonly Uint8Array[]): number {
    const apex = nameToWire(name);
    let left = root;
    for (const owner of owners) {
      const node = this.#nodes.find(index, owner);
      if (node === 0 || this.#isOwner({ compiler }, node)) continue;
      // Hashes are in no index: they go with their order.
      if (!isHashed) {
        this.#order.search.find(left, owner, 0, SAME);
        if (this.#order.search.before === node) left = this.#order.remove(left, node);
      }
      this.#strip({ index, apex, compiler }, node, owner);
    }
    return left;
  }

  /** The root of the zone's order from then on. */
  #follow(how: Omit<Chained, 'ttlSeconds' | 'entries'>, owners: readonly Uint8Array[], wasHashed: boolean): number {
    const { apex, index, isAnew, isHashed } = how;
    const ttlSeconds = this.ttlIn(index, apex);
    const zone: Chained = { ...how, ttlSeconds, entries: new Set() };
    if (isAnew) this.#takeAll(zone, wasHashed);
    else for (const owner of owners) isHashed ? this.#takeHashed(zone, owner) : this.#takeIn(zone, owner);
    // A set goes on through what is added to it meanwhile.
    for (const entry of zone.entries) this.#prove(zone, entry);
    if (isHashed) this.#hashed.follow(zone);
    return zone.root;
  }

  #denialTtl(apex: Uint8Array, apexVersion: number): number {
    const soa = this.#rrsetOf(apexVersion, TYPE.SOA);
    return soa === 0 ? -1 : denialTtl(this.#view, soa, apex);
  }

  #rrsetOf(version: number, type: number): number {
    const words = this.#words;
    const end = version === 0 ? 0 : version + NODE.PAIRS + 2 * words[version + NODE.COUNT];
    for (let at = version + NODE.PAIRS; at < end; at += 2) if (words[at] === type) return words[at + 1];
    return 0;
  }

  /** Every name, in an order that is built anew. */
  #takeAll(zone: Chained, wasHashed: boolean): void {
    const { index, compiler } = zone;
    if (wasHashed) this.#hashed.retireAll(zone.root);
    else this.#order.retireAll(zone.root);
    zone.root = 0;
    const all = [...this.#nodes.entries(index)];
    const isIn = (entry: number): boolean =>
      zone.isHashed ? existsNow(this.#words, entry) : this.#isOwner(zone, entry);
    // What has gone in the same change still has what proved it.
    for (const entry of all) if (!isIn(entry)) this.#strip(zone, entry, this.#nameOf(entry));
    const entries = all.filter(isIn);
    for (const entry of entries) zone.entries.add(entry);
    if (zone.isHashed) return;
    const { bytes } = this.#view;
    const at = (entry: number): number => (entry + ENTRY.NAME_BYTES) * 4;
    entries.sort((a, b) => compareNames(bytes, at(a), bytes, at(b)));
    zone.root = compiler.signs ? this.#order.build(entries) : 0;
  }

  /** The same as `#takeIn` of a zone that proves by NSEC3: names above exist, or not any more, through this one. */
  #takeHashed(zone: Chained, owner: Uint8Array): void {
    const node = this.#nodes.find(zone.index, owner);
    if (node === 0) return;
    for (let at = 0; owner.length - at >= zone.apex.length; at += 1 + owner[at]) {
      const above = this.#nodes.find(zone.index, owner.subarray(at));
      if (above !== 0) zone.entries.add(above);
    }
    const borderHasMoved = isBorder(this.#words, node) !== this.#wasBorder(node);
    if (!borderHasMoved && !this.#denialHasChanged(zone, owner, node)) return;
    // In no order that would tell those below.
    for (const entry of this.#nodes.entries(zone.index)) zone.entries.add(entry);
  }

  #denialHasChanged({ compiler, apex, ttlSeconds, name }: Chained, owner: Uint8Array, node: number): boolean {
    if (this.#left.has(name)) return false;
    return compiler.isApex(owner) && this.#denialTtl(apex, this.#before(node)) !== ttlSeconds;
  }

  /** Brings the order up to one name, and notes whose proofs that touches. */
  #takeIn(zone: Chained, owner: Uint8Array): void {
    const node = this.#nodes.find(zone.index, owner);
    if (node === 0) return;
    const { search } = this.#order;
    search.find(zone.root, owner, 0, SAME);
    const wasIn = search.before === node;
    const isIn = this.#isOwner(zone, node);
    if (isIn && !wasIn) {
      zone.entries.add(search.before);
      zone.root = this.#order.insert(zone.root, node);
    }
    if (!isIn && wasIn) {
      zone.root = this.#order.remove(zone.root, node);
      search.find(zone.root, owner, 0, SAME);
      zone.entries.add(search.before);
      zone.entries.delete(node);
      this.#strip(zone, node, owner);
    }
    if (isIn) zone.entries.add(node);
    const borderHasMoved = isBorder(this.#words, node) !== this.#wasBorder(node);
    if (this.#denialHasChanged(zone, owner, node))
      for (const entry of this.#order.entries(zone.root)) zone.entries.add(entry);
    else if (borderHasMoved) for (const entry of this.#below(zone.root, owner)) zone.entries.add(entry);
  }

  #isOwner({ compiler }: Pick<Chained, 'compiler'>, node: number): boolean {
    const { service, rrsets } = this.#nodes.content(node);
    return service !== 0 || ownsRecords(rrsets) || compiler.isApex(this.#nameOf(node));
  }

  /** The names below one, in order. */
  *#below(root: number, owner: Uint8Array): Generator<number> {
    const { search } = this.#order;
    search.find(root, owner, 0, BELOW);
    const last = search.place === BELOW ? search.before : 0;
    search.find(root, owner, 0, SAME);
    for (let entry = search.after; last !== 0; entry = search.after) {
      yield entry;
      if (entry === last) return;
      search.find(root, this.#nameOf(entry), 0, SAME);
    }
  }

  /** Whether it was one before the changes that are pending. */
  #wasBorder(node: number): boolean {
    return isBorderVersion(this.#words, this.#before(node));
  }

  /** The newest version of a node that is published; 0: there is none. */
  #before(node: number): number {
    const version = this.#words[node + ENTRY.VERSION_WORD];
    return version !== 0 && this.#preparation.isOfNow(version) ? this.#words[version + VERSION.PREVIOUS] : version;
  }

  /** Makes what proves a name, where it is not what it should be. */
  #prove(zone: Chained, entry: number): void {
    const border = borderAbove(this.#words, entry);
    // What stands beyond it is proved by it.
    if (border !== 0) zone.entries.add(border);
    const owner = this.#nameOf(entry);
    const content = this.#nodes.content(entry);
    const sealing = { compiler: zone.compiler, isAnew: zone.isAnew, isRenewed: zone.renewed.has(entry) };
    const name = { view: this.#view, sealing, owner, content };
    const edits = signatureEdits(name, border === 0 && zone.compiler.signs);
    const isProved = border === 0 && zone.compiler.signs;
    const wanted = isProved && !zone.isHashed ? this.#proofsOf(zone, entry, owner, content) : NO_PROOFS;
    const isHashed = isProved && zone.isHashed && !zone.isAnew && existsNow(this.#words, entry);
    for (const type of isHashed ? [NSEC_IN_CHAIN] : [NSEC_IN_CHAIN, NSEC_WITHOUT_A, NSEC_WITHOUT_AAAA]) {
      const edit = proofEdit(name, type, wanted.get(type));
      if (edit !== undefined) edits.push(edit);
    }
    if (edits.length === 0) return;
    this.#nodes.update(zone.index, zone.apex, owner, (edited) => {
      for (const edit of edits) edit(edited);
    });
  }

  /** The RDATA of each NSEC that a name is to have. */
  #proofsOf(zone: Chained, entry: number, owner: Uint8Array, content: NodeContent): Map<number, Proof> {
    this.#order.search.find(zone.root, owner, 0, isBorder(this.#words, entry) ? BELOW : SAME);
    const { after } = this.#order.search;
    const next = after === 0 ? zone.apex : this.#nameOf(after);
    return proofsFor(next, zone.ttlSeconds, ownedAt(this.#services, zone, owner, content));
  }

  /** A name that owns nothing any more proves nothing. */
  #strip(
    { index, apex, compiler }: Pick<Chained, 'index' | 'apex' | 'compiler'>,
    node: number,
    owner: Uint8Array,
  ): void {
    const proofs = [...this.#nodes.content(node).rrsets].filter(([type]) => isProof(type));
    if (proofs.length === 0) return;
    this.#nodes.update(index, apex, owner, ({ rrsets }) => {
      for (const [type, rrset] of proofs) {
        rrsets.delete(type);
        compiler.retire(rrset);
      }
    });
  }

  #nameOf(entry: number): Uint8Array {
    const start = (entry + ENTRY.NAME_BYTES) * 4;
    return this.#view.bytes.slice(start, start + (this.#words[entry + ENTRY.NAME] & 0xff));
  }

  get #view(): ArenaView {
    return this.#preparation.view;
  }

  get #words(): Int32Array<SharedArrayBuffer> {
    return this.#preparation.view.words;
  }
}

const NO_ENTRIES: ReadonlySet<number> = new Set();
const NO_PROOFS: ReadonlyMap<number, Proof> = new Map();
