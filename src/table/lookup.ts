/** From a name and a type to what the table holds for it, as one generation sees it. */
import { TYPE } from '../wire/constants.ts';
import { finishHash, type HashedName, hashLabel } from './hash.ts';
import { findEntry, isNameOf, sameName } from './index.ts';
import { NO_ENTRY } from './index-ahead.ts';
import { LastZone } from './last-zone.ts';
import {
  ARENA,
  DEPTHS_EXACT,
  ENTRY,
  NODE,
  NODE_HAS_CNAME,
  NODE_HAS_DNAME,
  NODE_IS_CUT,
  NSEC_IN_CHAIN,
  SERVICE,
  ZONE,
  ZONE_HAS_BORDER,
  ZONE_HAS_WILDCARD,
  ZONE_IS_HASHED,
  ZONE_IS_LEFT_OUT,
} from './layout.ts';
import {
  ALIAS,
  DELEGATION,
  FOUND,
  type LookupResult,
  NO_DATA,
  NO_NAME,
  PICK,
  REFUSED,
  REWRITE,
  SIGNATURES,
  UNAVAILABLE,
} from './lookup-result.ts';
import type { OrderAhead } from './order/ahead.ts';
import { TableReader } from './reader.ts';

/** A worker's lookups. The fields have what the last one found; nothing is allocated. */
export class Lookup extends TableReader {
  rrset = 0;
  plan = 0;
  /** The label of the name where its zone's apex starts. */
  apexLabel = 0;
  /** The label of the name where the zone cut or the DNAME stands. */
  cutLabel = 0;
  /** The label where the closest encloser starts, where the name itself does not exist (RFC 4592 §3.3.1). */
  encloserLabel = 0;
  /** The node that was found last, a wildcard's or a border's where that decides, and its version. */
  node = 0;
  version = 0;
  /** The node of the closest encloser; see there. */
  encloserNode = 0;
  /** The root of the order of the zone's names, or of their hashes; 0: the zone is not signed. */
  order = 0;
  /** The answer comes from a wildcard (RFC 4592): its owner is the name that was asked. */
  wildcard = false;
  /** The name belongs to a service, whatever the result. */
  service = false;
  /** The host that was looked for last lies in a child of ours: what is found of it here is glue, and no service. */
  isHidden = false;
  /**
   * What looking ahead has found of the name that is searched next, since the last `enter`: most likely its node, or for
   * good that it has none (NO_ENTRY), and in which index; 0: nothing.
   */
  likelyNode = 0;
  likelyNodeIn = 0;
  /** And by which entry an order with that root would deny the name: for good, if this is the root; 0: that is not known. */
  knownCover = 0;
  knownCoverIn = 0;
  /** The same once it was seen to be that of the name, for one search. */
  #known = 0;
  #borderIsCut = false;
  /** Index, apex node and flags of the zone that was searched. */
  #index = 0;
  #apex = 0;
  /** Labels of its name. */
  #apexDepth = 0;
  #flags = 0;
  #entry = 0;
  readonly #last = new LastZone(this.view);
  /** `*` and a name behind it. */
  readonly #wild = Uint8Array.from({ length: 258 }, (_, i) => [1, 0x2a][i] ?? 0);
  readonly #wildView = new DataView(this.#wild.buffer);

  /** Looks a name up. The fields say what was found. */
  find(name: HashedName, type: number): LookupResult {
    const likely = this.likelyNode;
    this.likelyNode = 0;
    const known = likely > 0 && isNameOf(this.view.words, likely, name) ? likely : 0;
    this.#known = known;
    const zone = type === TYPE.DS ? this.#zoneOfDs(name) : this.#zoneOf(name, 0);
    this.#known = 0;
    if (zone === 0) return REFUSED;
    const words = this.view.words;
    const index = words[zone + ZONE.INDEX];
    this.#index = index;
    this.#apexDepth = name.labels - this.apexLabel;
    this.#flags = words[zone + ZONE.FLAGS];
    this.#apex = words[zone + ZONE.APEX];
    this.order = words[zone + ZONE.ORDER];
    this.wildcard = false;
    this.service = false;
    if ((this.#flags & ZONE_IS_LEFT_OUT) !== 0) return UNAVAILABLE;
    const isKnown = (known !== 0 || likely === NO_ENTRY) && this.likelyNodeIn === index;
    const node = isKnown ? known : this.nodeOf(index, name, 0);
    let version = node === 0 ? 0 : this.existing(node);
    if (version !== 0) {
      if ((this.#flags & ZONE_HAS_BORDER) !== 0) {
        const border = this.#borderAbove(node, name, 0, type);
        if (border !== 0) return border;
      }
      return this.#resultOf(node, version, type);
    }
    const encloser = this.#closestEncloser(index, name);
    this.encloserLabel = encloser;
    if ((this.#flags & ZONE_HAS_BORDER) !== 0) {
      const border = this.#borderAbove(this.encloserNode, name, encloser, type);
      if (border !== 0) return border;
    }
    if ((this.#flags & ZONE_HAS_WILDCARD) === 0) return NO_NAME;
    const wild = this.#wildcardBelow(index, name, encloser);
    version = wild === 0 ? 0 : this.existing(wild);
    if (version === 0) return NO_NAME;
    this.wildcard = true;
    return this.#resultOf(wild, version, type);
  }

  /**
   * The contents (a node's version) of a name in the zone that was searched last, a wildcard's where they answer for
   * it; 0: nothing there. Names at or below a zone cut count only where they are wanted as `glue`: they are not this
   * zone's to vouch for (RFC 2181 §5.4.1).
   */
  findAdditional(name: HashedName, glue: boolean): number {
    this.isHidden = false;
    let label = 0;
    let node = 0;
    // Of names outside the zone not even an ancestor is found.
    for (; label <= name.labels; label++) {
      node = this.nodeOf(this.#index, name, label);
      if (node !== 0 && this.existing(node) !== 0) break;
    }
    if (label > name.labels) return 0;
    this.isHidden = this.#isOfChild(name);
    if (this.isHidden && !(glue && label === 0)) return 0;
    if ((this.#flags & ZONE_HAS_BORDER) !== 0) {
      const border = this.#borderAbove(node, name, label, TYPE.A);
      if (border === REWRITE || (border === DELEGATION && !(glue && label === 0))) return 0;
    }
    if (label === 0) return this.existing(node);
    const wild = (this.#flags & ZONE_HAS_WILDCARD) === 0 ? 0 : this.#wildcardBelow(this.#index, name, label);
    return wild === 0 ? 0 : this.existing(wild);
  }

  /** Hashes a question's name: most end in the name of the zone that was found last. */
  hash(name: HashedName): void {
    this.#last.hash(name, this.generation);
  }

  /** The index that most likely holds the name, or 0: that of the zone that was found last, if it seems to be in there. */
  likelyIndex(name: HashedName): number {
    const last = this.#last;
    const label = last.labelOf(name, this.generation);
    if (label >= 0 && last.seemsToBe(name, label)) return last.index;
    const zone = this.#zoneOf(name, 0);
    return zone === 0 ? 0 : this.view.words[zone + ZONE.INDEX];
  }

  /**
   * The version of the zone that lacks the name for good, as looking ahead has found, where no wildcard nor border could say
   * otherwise; 0: there may be none such. `proves`: nor is it one that has proofs of that. Sets `apexLabel`.
   */
  missingFrom(name: HashedName, likelyNode: number, likelyNodeIn: number, proves: boolean): number {
    const { version, index } = this.#last;
    if (likelyNode !== NO_ENTRY || likelyNodeIn !== index) return 0;
    if (proves && this.view.words[version + ZONE.ORDER] !== 0) return 0;
    const flags = this.view.words[version + ZONE.FLAGS];
    return (flags & (ZONE_HAS_BORDER | ZONE_HAS_WILDCARD)) === 0 && this.#isInLastZone(name) ? version : 0;
  }

  /** Has a query's name looked for in the order of the zone that was found last, if `index`, which lacks it, is that zone's. */
  leadToCover(ahead: OrderAhead, query: number, name: HashedName, index: number): void {
    this.#last.leadToCover(ahead, query, name, index, this.generation);
  }

  /** Whether a zone of ours below the one that was searched last holds the name: what it says is what counts. */
  #isOfChild(name: HashedName): boolean {
    const depths = this.view.words[ARENA.ZONE_DEPTHS];
    for (let i = name.labels - this.#apexDepth; i-- > 0; ) if (this.#zoneAt(name, i, depths) !== 0) return true;
    return false;
  }

  /** SOA of the zone that was searched last. */
  soa(): number {
    return this.atApex(TYPE.SOA);
  }

  /** What its apex has of a type; 0: nothing. */
  atApex(type: number): number {
    return this.rrsetOf(this.resolve(this.#apex + ENTRY.VERSION_WORD), type);
  }

  /** Whether it proves by NSEC3. */
  get isHashed(): boolean {
    return (this.#flags & ZONE_IS_HASHED) !== 0;
  }

  /** What a name that exists has for the type. */
  #resultOf(node: number, version: number, type: number): LookupResult {
    const words = this.view.words;
    this.node = node;
    this.version = version;
    const service = words[version + NODE.SERVICE];
    if (service !== 0) {
      this.service = true;
      this.plan = this.resolve(service + SERVICE.PLAN_WORD);
    }
    const rrset = this.rrsetOf(version, type);
    if (rrset !== 0) {
      this.rrset = rrset;
      return FOUND;
    }
    if (this.order !== 0) {
      // Both stand beside CNAME too, and are not among those that an alias stands for (RFC 4035 §2.5).
      if (type === TYPE.RRSIG) return SIGNATURES;
      if (type === TYPE.NSEC) {
        this.rrset = this.rrsetOf(version, NSEC_IN_CHAIN);
        if (this.rrset !== 0) return FOUND;
      }
    }
    if (service !== 0) return PICK;
    if (type === TYPE.ANY) {
      this.rrset = this.anyOf(version);
      return this.rrset === 0 ? NO_DATA : FOUND;
    }
    if ((words[version + NODE.FLAGS] & NODE_HAS_CNAME) === 0) return NO_DATA;
    this.rrset = this.rrsetOf(version, TYPE.CNAME);
    return ALIAS;
  }

  /** The version of the closest zone that encloses the name from its label `first` on, or 0; sets `apexLabel`. */
  #zoneOf(name: HashedName, first: number): number {
    const { labels } = name;
    const depths = this.view.words[ARENA.ZONE_DEPTHS];
    if (first === 0 && this.#isInLastZone(name)) return this.#last.version;
    for (let label = first; label <= labels; label++) {
      const version = this.#zoneAt(name, label, depths);
      if (version === 0) continue;
      this.apexLabel = label;
      this.#last.keep(version, this.#entry, name, label, this.generation);
      return version;
    }
    return 0;
  }

  /** The version of the zone whose name starts at the label, or 0; `#entry` is its entry. */
  #zoneAt(name: HashedName, label: number, depths: number): number {
    const depth = name.labels - label;
    if ((depths & (1 << (depth < 31 ? depth : 31))) === 0) return 0;
    const hash = finishHash(name.states[label]);
    const start = name.starts[label];
    this.#entry = findEntry(this.view, ARENA.ZONES, hash, name.bytes, start, name.length);
    if (this.#entry === 0) return 0;
    const version = this.resolve(this.#entry + ENTRY.VERSION_WORD);
    return version === 0 || this.view.words[version + ZONE.INDEX] === 0 ? 0 : version;
  }

  /** Most ask for the zone of the query before. As a function of LastZone's, V8 joins less: an alias took 4% longer. */
  #isInLastZone(name: HashedName): boolean {
    const last = this.#last;
    const label = last.labelOf(name, this.generation);
    if (label < 0 || name.labels > DEPTHS_EXACT) return false;
    // A zone below it may be the closer one, where there is any between its depth and that of the name.
    const depths = this.view.words[ARENA.ZONE_DEPTHS];
    if ((((depths >>> last.depth) >>> 1) & ((1 << label) - 1)) !== 0) return false;
    // All that is in its index is at or below it.
    const isKnown = (this.#known !== 0 && this.likelyNodeIn === last.index) || name.zoneEntry === last.entry;
    if (!isKnown && !sameName(this.view, last.entry, name.bytes, name.starts[label], name.length)) return false;
    this.apexLabel = label;
    return true;
  }

  /**
   * DS belongs to the parent's side of a zone cut (RFC 4035 §3.1.4.1): where we hold both zones, the parent answers.
   * One that does not delegate the name, and is not left out, knows nothing: its NXDOMAIN would deny the whole child zone.
   */
  #zoneOfDs(name: HashedName): number {
    const zone = this.#zoneOf(name, 0);
    if (zone === 0 || this.apexLabel > 0 || name.labels === 0) return zone;
    const parent = this.#zoneOf(name, 1);
    if (parent !== 0) {
      if ((this.view.words[parent + ZONE.FLAGS] & ZONE_IS_LEFT_OUT) !== 0) return parent;
      const node = this.nodeOf(this.view.words[parent + ZONE.INDEX], name, 0);
      const version = node === 0 ? 0 : this.existing(node);
      if (version !== 0 && (this.view.words[version + NODE.FLAGS] & NODE_IS_CUT) !== 0) return parent;
    }
    this.apexLabel = 0;
    return zone;
  }

  /** The label where the closest encloser starts (RFC 4592 §3.3.1): the apex always exists. */
  #closestEncloser(index: number, name: HashedName): number {
    for (let label = 1; label < this.apexLabel; label++) {
      const node = this.nodeOf(index, name, label);
      if (node === 0 || this.existing(node) === 0) continue;
      this.encloserNode = node;
      return label;
    }
    this.encloserNode = this.#apex;
    return this.apexLabel;
  }

  /** The node of the wildcard below the closest encloser, or 0. */
  #wildcardBelow(index: number, name: HashedName, encloser: number): number {
    const wild = this.#wild;
    let length = 2;
    for (let i = name.starts[encloser]; i < name.length; i++) wild[length++] = name.bytes[i];
    const hash = finishHash(hashLabel(this.view.keys, name.states[encloser], this.#wildView, 0, length));
    return findEntry(this.view, index, hash, wild, 0, length);
  }

  /**
   * Whether a zone cut lies at or above the node that starts at `label`, or a DNAME above the name. The one next to
   * the apex counts: what lies beyond it is occluded (RFC 5936 §3.5, RFC 6672 §2.4), another border as well. Where a
   * node is both, the server meets the cut first (RFC 1034 §4.3.2 3b). At the cut itself DS is the parent's.
   */
  #borderAbove(node: number, name: HashedName, label: number, type: number): 0 | typeof DELEGATION | typeof REWRITE {
    let found = 0;
    let at = label;
    for (let up = node; up !== 0; up = this.view.words[up + ENTRY.PARENT], at++) {
      const version = this.resolve(up + ENTRY.VERSION_WORD);
      const flags = this.view.words[version + NODE.FLAGS];
      const isCut = (flags & NODE_IS_CUT) !== 0 && (at > 0 || type !== TYPE.DS || name.labels === 0);
      if (!isCut && ((flags & NODE_HAS_DNAME) === 0 || at === 0)) continue;
      found = version;
      this.node = up;
      this.version = version;
      this.cutLabel = at;
      this.#borderIsCut = isCut;
    }
    if (found === 0) return 0;
    this.rrset = this.rrsetOf(found, this.#borderIsCut ? TYPE.NS : TYPE.DNAME);
    return this.#borderIsCut ? DELEGATION : REWRITE;
  }
}
