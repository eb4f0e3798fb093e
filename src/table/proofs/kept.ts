/**
 * Zones that bring signatures of their own and are served as they are: what a file has as records of their own (RRSIG,
 * NSEC, NSEC3) comes to stand where answers look for it, in an index that nobody reads yet. Such a zone is told by its apex.
 */
import { TYPE } from '../../wire/constants.ts';
import { readSignature } from '../../wire/dnssec/rrsig.ts';
import type { IndexWriter } from '../index.ts';
import { ENTRY, entryWords, NODE, NSEC_IN_CHAIN, nodeWords, ZONE_IS_HASHED } from '../layout.ts';
import type { LooseBlocks } from '../loose-blocks.ts';
import { ArenaFull, type ArenaView, type Blocks } from '../memory.ts';
import { buildOrder } from '../order/build.ts';
import { compareNames } from '../order/compare.ts';
import type { Retirer } from '../reclaim.ts';
import type { RRsetCompiler } from '../rrset-compiler.ts';
import { lowestTtlOf, rdataOf } from '../rrset-reader.ts';
import { writeVersion } from '../unseen-nodes.ts';
import { HASHED_LABEL_BYTES } from './digest.ts';
import { makeHashedName, retireHashedName } from './hashed-names.ts';

/**
 * A query may hash three names, each so often and once more: 150 are 0.2 ms of a worker. Validators take zones of more than
 * 50 to 150 for unsigned or refuse them (RFC 9276 §3.2), so nobody is well served by more.
 */
export const KEPT_ITERATIONS_MAX = 150;
/** Of NSEC3PARAM (RFC 5155 §4.2). */
const ITERATIONS_AT = 2;

/** An index that no worker can reach: what is replaced in it is free at once. */
interface UnseenIndex {
  readonly blocks: Blocks & Retirer;
  readonly index: IndexWriter;
  readonly cell: number;
  readonly compiler: RRsetCompiler;
  /** What the compiler makes and replaces. */
  readonly loose: LooseBlocks;
  /** The node of the apex. */
  readonly apex: number;
}

interface Order {
  /** Its root; 0: the zone brings no signatures. */
  readonly order: number;
  /** ZONE_* that it adds. */
  readonly flags: number;
}

const NO_ORDER: Order = { order: 0, flags: 0 };

/** The RDATA of RRSIG records by the type that they cover; of an RRset of those (0: none). */
export function signaturesIn(view: ArenaView, rrset: number | undefined, owner: Uint8Array): Map<number, Uint8Array[]> {
  const byType = new Map<number, Uint8Array[]>();
  for (const rdata of rrset ? rdataOf(view, rrset, owner) : []) {
    const { typeCovered } = readSignature(rdata);
    const same = byType.get(typeCovered);
    if (same === undefined) byType.set(typeCovered, [rdata]);
    else same.push(rdata);
  }
  return byType;
}

/** Folds signatures into what they cover, and makes the zone's order. Throws ArenaFull. */
export function foldKept(unseen: UnseenIndex): Order {
  const fold = new Fold(unseen);
  const kind = fold.kindOf();
  if (kind === 0) return NO_ORDER;
  try {
    return { order: fold.run(kind), flags: kind === TYPE.NSEC3 ? ZONE_IS_HASHED : 0 };
  } catch (error) {
    if (error instanceof ArenaFull) fold.giveBack();
    throw error;
  }
}

class Fold {
  readonly #unseen: UnseenIndex;
  /** Entries of the order to be: nodes, or hashed names. */
  readonly #ordered: number[] = [];
  #isHashed = false;

  constructor(unseen: UnseenIndex) {
    this.#unseen = unseen;
  }

  /** By what the zone proves: NSEC, NSEC3, or 0 where it is not signed, or not so that it could be answered from. */
  kindOf(): number {
    const { apex } = this.#unseen;
    const pairs = this.#pairsOf(apex);
    if (!pairs.has(TYPE.RRSIG)) return 0;
    if (pairs.has(TYPE.NSEC)) return TYPE.NSEC;
    const parameters = pairs.get(TYPE.NSEC3PARAM);
    if (parameters === undefined) return 0;
    const [rdata] = rdataOf(this.#view, parameters, this.#nameOf(apex));
    const iterations = (rdata[ITERATIONS_AT] << 8) | rdata[ITERATIONS_AT + 1];
    return iterations <= KEPT_ITERATIONS_MAX ? TYPE.NSEC3 : 0;
  }

  /** The root of the order. */
  run(kind: number): number {
    const { blocks, index, cell } = this.#unseen;
    this.#isHashed = kind === TYPE.NSEC3;
    // What is taken out of an index while it is gone through would be met or not, as it happens.
    for (const entry of [...index.entries(cell)]) this.#take(entry);
    const { bytes } = this.#view;
    const at = (entry: number): number => (entry + ENTRY.NAME_BYTES) * 4;
    this.#ordered.sort((a, b) => compareNames(bytes, at(a), bytes, at(b)));
    return buildOrder(blocks, this.#ordered);
  }

  /** Hashed names are in no index that would be dismantled. */
  giveBack(): void {
    if (!this.#isHashed) return;
    for (const entry of this.#ordered) retireHashedName(this.#unseen.blocks, entry);
  }

  #take(node: number): void {
    const pairs = this.#pairsOf(node);
    const rrsig = pairs.get(TYPE.RRSIG);
    const owner = this.#nameOf(node);
    const signatures = signaturesIn(this.#view, rrsig, owner);
    const isApex = node === this.#unseen.apex;
    const hashed = this.#isHashed && !isApex ? pairs.get(TYPE.NSEC3) : undefined;
    if (hashed !== undefined) this.#addHashed(owner, hashed, signatures.get(TYPE.NSEC3) ?? []);
    const after = new Map<number, number>();
    const replaced: number[] = [];
    for (const [type, rrset] of pairs) {
      const own = signatures.get(type);
      if (type === TYPE.RRSIG || rrset === hashed) {
        if (!isApex) replaced.push(rrset);
      } else if (own === undefined) {
        after.set(type, rrset);
      } else {
        after.set(type, this.#signed(owner, type, rrset, own));
        replaced.push(rrset);
      }
    }
    // Those at the apex cover SOA and NS as well, which come with the zone. Last, as whoever asks for anything gets a record.
    if (isApex && rrsig !== undefined) after.set(TYPE.RRSIG, rrsig);
    const nsec = this.#isHashed ? undefined : after.get(TYPE.NSEC);
    if (nsec !== undefined) {
      after.delete(TYPE.NSEC);
      after.set(NSEC_IN_CHAIN, nsec);
      this.#ordered.push(node);
    }
    if (replaced.length === 0 && nsec === undefined) return;
    if (after.size === 0 && this.#view.words[node + ENTRY.CHILDREN] === 0 && !isApex) this.#remove(node);
    else this.#write(node, after, isApex);
    for (const rrset of replaced) this.#unseen.compiler.retire(rrset);
    this.#unseen.loose.settle();
  }

  #signed(owner: Uint8Array, type: number, rrset: number, signatures: readonly Uint8Array[]): number {
    const rdata = rdataOf(this.#view, rrset, owner);
    return this.#unseen.compiler.compileKept(owner, type, lowestTtlOf(this.#view, rrset), rdata, signatures);
  }

  #addHashed(owner: Uint8Array, rrset: number, signatures: readonly Uint8Array[]): void {
    // Anything else is no hash, and proves nothing (RFC 5155 §3).
    if (owner[0] !== HASHED_LABEL_BYTES - 2) return;
    const made = this.#signed(owner, TYPE.NSEC3, rrset, signatures);
    const label = new Uint8Array(HASHED_LABEL_BYTES);
    label.set(owner.subarray(0, HASHED_LABEL_BYTES - 1));
    this.#ordered.push(makeHashedName(this.#unseen.blocks, label, 0, made));
    this.#unseen.loose.keep(made);
  }

  /** Takes out a name that had nothing but a proof: nobody is to find it (RFC 5155 §7.2.8). */
  #remove(node: number): void {
    const { blocks, index, cell } = this.#unseen;
    const { words } = this.#view;
    index.remove(cell, node);
    words[words[node + ENTRY.PARENT] + ENTRY.CHILDREN]--;
    const version = words[node + ENTRY.VERSION_WORD];
    blocks.retire(version, nodeWords(Math.max(1, words[version + NODE.COUNT])));
    blocks.retire(node, entryWords(words[node + ENTRY.NAME] & 0xff));
  }

  #write(node: number, pairs: ReadonlyMap<number, number>, isApex: boolean): void {
    const { blocks } = this.#unseen;
    const old = this.#view.words[node + ENTRY.VERSION_WORD];
    writeVersion(blocks, node, pairs, isApex);
    const { words } = this.#view;
    blocks.retire(old, nodeWords(Math.max(1, words[old + NODE.COUNT])));
  }

  #pairsOf(node: number): Map<number, number> {
    const { words } = this.#view;
    const version = words[node + ENTRY.VERSION_WORD];
    const pairs = new Map<number, number>();
    for (let i = 0; i < words[version + NODE.COUNT]; i++)
      pairs.set(words[version + NODE.PAIRS + 2 * i], words[version + NODE.PAIRS + 2 * i + 1]);
    return pairs;
  }

  #nameOf(entry: number): Uint8Array {
    const start = (entry + ENTRY.NAME_BYTES) * 4;
    return this.#view.bytes.slice(start, start + (this.#view.words[entry + ENTRY.NAME] & 0xff));
  }

  get #view(): ArenaView {
    return this.#unseen.blocks.view;
  }
}
