/** One worker's reading side of the table: the generation that it sees, and what the table's words say in it. */
import { finishHash, type HashedName } from './hash.ts';
import { findEntry } from './index.ts';
import { CONTROL, ENTRY, MARK_STRIDE_WORDS, NODE, NODE_EXISTS, RRSET, SERVICE, VERSION } from './layout.ts';
import { ArenaView, type SharedTable } from './memory.ts';

export class TableReader {
  readonly view: ArenaView;
  /** The generation that answers are given from. */
  generation = 0;
  readonly #mark: number;

  constructor(shared: SharedTable, reader: number) {
    this.view = new ArenaView(shared);
    this.#mark = CONTROL.MARKS + reader * MARK_STRIDE_WORDS;
  }

  /**
   * To be called after each receive and before the first answer to what it brought: that order is what makes a
   * cutover exact. Marks this reader online, then loads the generation; see reclaim.ts for why in this order.
   */
  enter(): void {
    const control = this.view.control;
    Atomics.store(control, this.#mark, Atomics.load(control, CONTROL.EPOCH));
    const generation = Atomics.load(control, CONTROL.GENERATION);
    if (generation === this.generation) return;
    this.generation = generation;
    this.view.refreshIfGrown();
  }

  /** To be called before blocking: nothing of the table is read until the next `enter`. */
  leave(): void {
    Atomics.store(this.view.control, this.#mark, 0);
  }

  /** The plan of the service of a node's version; 0: none. */
  planOf(version: number): number {
    const service = this.view.words[version + NODE.SERVICE];
    return service === 0 ? 0 : this.resolve(service + SERVICE.PLAN_WORD);
  }

  /** The RRset of a node's version; 0: none. */
  rrsetOf(version: number, type: number): number {
    const words = this.view.words;
    const end = version + NODE.PAIRS + 2 * words[version + NODE.COUNT];
    for (let at = version + NODE.PAIRS; at < end; at += 2) if (words[at] === type) return words[at + 1];
    return 0;
  }

  /** One RRset of a node's version, which is what ANY gets (RFC 8482 §4.1); 0: there is none. */
  anyOf(version: number): number {
    const words = this.view.words;
    return words[version + NODE.COUNT] === 0 ? 0 : words[version + NODE.PAIRS + 1];
  }

  /** Where in the view's bytes the first record of an RRset begins. */
  firstRecord(rrset: number): number {
    return (rrset + RRSET.DATA + this.view.words[rrset + RRSET.FIXUPS]) * 4;
  }

  /** The node of the name from its label `label` on in the index at a cell, or 0; it may not exist in this generation. */
  nodeOf(index: number, name: HashedName, label: number): number {
    const hash = finishHash(name.states[label]);
    return findEntry(this.view, index, hash, name.bytes, name.starts[label], name.length);
  }

  /** The version of a node, or 0 where the name does not exist in this generation. */
  existing(node: number): number {
    const version = this.resolve(node + ENTRY.VERSION_WORD);
    return version !== 0 && (this.view.words[version + NODE.FLAGS] & NODE_EXISTS) !== 0 ? version : 0;
  }

  /** The version behind a word that this generation may see, or 0. */
  resolve(word: number): number {
    let words = this.view.words;
    let version = words[word];
    for (;;) {
      if (version === 0) return 0;
      // A change that was prepared meanwhile may lie in memory that was added meanwhile.
      if (version + VERSION.PREVIOUS >= words.length) {
        this.view.refresh();
        words = this.view.words;
      }
      const generation = words[version + VERSION.GENERATION];
      // Serial arithmetic: the generation is a 32-bit counter that wraps.
      if (generation === 0 || ((this.generation - generation) | 0) >= 0) return version;
      version = words[version + VERSION.PREVIOUS];
    }
  }

  /** Bytes of the uncompressed name at an offset of the arena's bytes. */
  nameLengthAt(offset: number): number {
    const { bytes } = this.view;
    let at = offset;
    while (bytes[at] !== 0) at += 1 + bytes[at];
    return at + 1 - offset;
  }

  /** Whether the name at an offset of the arena's bytes is `name` from its label `label` on, or below it. */
  isAtOrBelow(offset: number, name: HashedName, label: number): boolean {
    const { bytes } = this.view;
    const start = name.starts[label];
    let at = offset;
    const last = offset + this.nameLengthAt(offset) - (name.length - start);
    while (at < last) at += 1 + bytes[at];
    if (at !== last) return false;
    for (let i = start; i < name.length; i++) if (bytes[at + i - start] !== name.bytes[i]) return false;
    return true;
  }

  /** Where the lower-case target of the CNAME or DNAME `rrset` starts in the arena's bytes. */
  aliasTarget(rrset: number): number {
    const words = this.view.words;
    return (rrset + RRSET.DATA + words[rrset + RRSET.FIXUPS]) * 4 + words[rrset + RRSET.TARGET];
  }
}
