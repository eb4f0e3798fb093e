/** From a name and a type to what the table holds for it, as one generation sees it. */

import { TYPE } from '../wire/constants.ts';
import { finishHash, type HashedName, hashLabel } from './hash.ts';
import { findEntry } from './index.ts';
import {
  ARENA,
  CONTROL,
  ENTRY,
  MARK_STRIDE_WORDS,
  NODE,
  NODE_EXISTS,
  NODE_HAS_CNAME,
  NODE_IS_CUT,
  RRSET,
  SERVICE,
  VERSION,
  ZONE,
  ZONE_HAS_CUT,
  ZONE_HAS_WILDCARD,
} from './layout.ts';
import { ArenaView, type SharedTable } from './memory.ts';

/** No zone of ours holds the name. */
export const REFUSED = 0;
/** The name does not exist (RFC 2308 §2.1). */
export const NO_NAME = 1;
/** The name exists but has no such type (RFC 2308 §2.2). */
export const NO_DATA = 2;
/** `rrset` answers. */
export const FOUND = 3;
/** `rrset` is a CNAME at the name, of another type than was asked. */
export const ALIAS = 4;
/** `plan` chooses the answer. */
export const CHOICE = 5;
/** `rrset` holds the NS records of a zone cut at or above the name; `cutLabel` tells where (RFC 1034 §4.3.2 3b). */
export const DELEGATION = 6;

export type LookupResult = 0 | 1 | 2 | 3 | 4 | 5 | 6;

/** One worker's reading side of the table. What it found stands in its fields; nothing is allocated. */
export class Lookup {
  readonly view: ArenaView;
  /** The generation that answers are given from. */
  generation = 0;
  rrset = 0;
  plan = 0;
  /** SOA of the zone that was searched. */
  soa = 0;
  /** The label of the name where its zone's apex starts. */
  apexLabel = 0;
  cutLabel = 0;
  /** The label where the closest encloser starts, where the name itself does not exist (RFC 4592 §3.3.1). */
  encloserLabel = 0;
  /** The answer comes from a wildcard (RFC 4592): its owner is the name that was asked. */
  wildcard = false;
  /** The name belongs to a service, whatever the result. */
  service = false;
  readonly #mark: number;
  #encloserNode = 0;
  /** Index of the zone that was searched. */
  #index = 0;
  /** `*` and a name behind it. */
  readonly #wild = new Uint8Array(258);

  constructor(shared: SharedTable, reader: number) {
    this.view = new ArenaView(shared);
    this.#mark = CONTROL.MARKS + reader * MARK_STRIDE_WORDS;
    this.#wild.set([1, 0x2a]);
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

  /** Looks a name up. The fields say what was found. */
  find(name: HashedName, type: number): LookupResult {
    const zone = this.#zoneOf(name);
    if (zone === 0) return REFUSED;
    const words = this.view.words;
    const index = words[zone + ZONE.INDEX] as number;
    const flags = words[zone + ZONE.FLAGS] as number;
    this.#index = index;
    this.soa = this.#soaOf(words[zone + ZONE.APEX] as number);
    this.wildcard = false;
    this.service = false;
    const node = this.#nodeOf(index, name, 0);
    let version = node === 0 ? 0 : this.#existing(node);
    if (version !== 0) {
      if ((flags & ZONE_HAS_CUT) !== 0 && this.#cutAbove(node, name, 0, type)) return DELEGATION;
      return this.#choose(version, type);
    }
    const encloser = this.#closestEncloser(index, name);
    this.encloserLabel = encloser;
    if ((flags & ZONE_HAS_CUT) !== 0 && this.#cutAbove(this.#encloserNode, name, encloser, type)) return DELEGATION;
    if ((flags & ZONE_HAS_WILDCARD) === 0) return NO_NAME;
    version = this.#wildcardBelow(index, name, encloser);
    if (version === 0) return NO_NAME;
    this.wildcard = true;
    return this.#choose(version, type);
  }

  /** The RRset of a name in the zone that was searched last, zone cuts disregarded; 0: none. For glue. */
  glue(name: HashedName, type: number): number {
    const node = this.#nodeOf(this.#index, name, 0);
    const version = node === 0 ? 0 : this.#existing(node);
    return version === 0 ? 0 : this.#rrsetOf(version, type);
  }

  /** What a name that exists has for the type. */
  #choose(version: number, type: number): LookupResult {
    const words = this.view.words;
    const service = words[version + NODE.SERVICE] as number;
    if (service !== 0) {
      this.service = true;
      this.plan = this.resolve(service + SERVICE.PLAN_WORD);
    }
    const end = version + NODE.PAIRS + 2 * (words[version + NODE.COUNT] as number);
    for (let at = version + NODE.PAIRS; at < end; at += 2) {
      if (words[at] !== type) continue;
      this.rrset = words[at + 1] as number;
      return FOUND;
    }
    if (service !== 0) return CHOICE;
    if (((words[version + NODE.FLAGS] as number) & NODE_HAS_CNAME) === 0) return this.#first(version, type);
    this.rrset = this.#rrsetOf(version, TYPE.CNAME);
    return ALIAS;
  }

  /** For ANY one RRset of those that are there (RFC 8482 §4.1); for other types there is none. */
  #first(version: number, type: number): LookupResult {
    const words = this.view.words;
    if (type !== TYPE.ANY || words[version + NODE.COUNT] === 0) return NO_DATA;
    this.rrset = words[version + NODE.PAIRS + 1] as number;
    return FOUND;
  }

  #rrsetOf(version: number, type: number): number {
    const words = this.view.words;
    const end = version + NODE.PAIRS + 2 * (words[version + NODE.COUNT] as number);
    for (let at = version + NODE.PAIRS; at < end; at += 2) if (words[at] === type) return words[at + 1] as number;
    return 0;
  }

  /** The version of the closest enclosing zone of the name, or 0; sets `apexLabel`. */
  #zoneOf(name: HashedName): number {
    const { labels, starts, states, bytes, length } = name;
    const depths = this.view.words[ARENA.ZONE_DEPTHS] as number;
    for (let label = 0; label <= labels; label++) {
      const depth = labels - label;
      if ((depths & (1 << (depth < 31 ? depth : 31))) === 0) continue;
      const hash = finishHash(states[label] as number);
      const entry = findEntry(this.view, ARENA.ZONES, hash, bytes, starts[label] as number, length);
      if (entry === 0) continue;
      const version = this.resolve(entry + ENTRY.VERSION_WORD);
      if (version === 0 || this.view.words[version + ZONE.INDEX] === 0) continue;
      this.apexLabel = label;
      return version;
    }
    return 0;
  }

  #soaOf(apex: number): number {
    return this.#rrsetOf(this.resolve(apex + ENTRY.VERSION_WORD), TYPE.SOA);
  }

  #nodeOf(index: number, name: HashedName, label: number): number {
    const hash = finishHash(name.states[label] as number);
    return findEntry(this.view, index, hash, name.bytes, name.starts[label] as number, name.length);
  }

  /** The version of a node, or 0 where the name does not exist in this generation. */
  #existing(node: number): number {
    const version = this.resolve(node + ENTRY.VERSION_WORD);
    return version !== 0 && ((this.view.words[version + NODE.FLAGS] as number) & NODE_EXISTS) !== 0 ? version : 0;
  }

  /** The label where the closest encloser starts (RFC 4592 §3.3.1): the apex always exists. */
  #closestEncloser(index: number, name: HashedName): number {
    for (let label = 1; ; label++) {
      const node = this.#nodeOf(index, name, label);
      if (node === 0 || this.#existing(node) === 0) continue;
      this.#encloserNode = node;
      return label;
    }
  }

  #wildcardBelow(index: number, name: HashedName, encloser: number): number {
    const start = name.starts[encloser] as number;
    const wild = this.#wild;
    for (let i = start; i < name.length; i++) wild[2 + i - start] = name.bytes[i] as number;
    const hash = finishHash(hashLabel(name.states[encloser] as number, wild, 0));
    const node = findEntry(this.view, index, hash, wild, 0, 2 + name.length - start);
    return node === 0 ? 0 : this.#existing(node);
  }

  /**
   * Whether a zone cut lies at or above the node that starts at `label`; the highest one counts, what is below it is
   * occluded. At the cut itself DS belongs to the parent's side (RFC 4035 §3.1.4.1).
   */
  #cutAbove(node: number, name: HashedName, label: number, type: number): boolean {
    let found = 0;
    let at = label;
    for (let up = node; up !== 0; up = this.view.words[up + ENTRY.PARENT] as number, at++) {
      const version = this.resolve(up + ENTRY.VERSION_WORD);
      if (((this.view.words[version + NODE.FLAGS] as number) & NODE_IS_CUT) === 0) continue;
      if (at === 0 && type === TYPE.DS && name.labels > 0) continue;
      found = version;
      this.cutLabel = at;
    }
    if (found === 0) return false;
    this.rrset = this.#rrsetOf(found, TYPE.NS);
    return true;
  }

  /** The version behind a word that this generation may see, or 0. */
  resolve(word: number): number {
    let words = this.view.words;
    let version = words[word] as number;
    for (;;) {
      if (version === 0) return 0;
      // What was prepared meanwhile may lie in memory that was added meanwhile.
      if (version + VERSION.PREVIOUS >= words.length) {
        this.view.refresh();
        words = this.view.words;
      }
      const generation = words[version + VERSION.GENERATION] as number;
      // Serial arithmetic: the generation is a 32-bit counter that wraps.
      if (generation === 0 || ((this.generation - generation) | 0) >= 0) return version;
      version = words[version + VERSION.PREVIOUS] as number;
    }
  }

  /** Where the lower-case target of the CNAME `rrset` starts in the arena's bytes. */
  aliasTarget(rrset: number): number {
    const words = this.view.words;
    return (rrset + RRSET.DATA + (words[rrset + RRSET.FIXUPS] as number)) * 4 + (words[rrset + RRSET.TARGET] as number);
  }
}
