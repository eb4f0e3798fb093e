/**
 * What proves to a validator that a name, or a type at it, is not there (RFC 4035 §3.1.3), or that a cut is not signed
 * (§3.1.4). It is noted while aliases are followed and written behind the answer section, each record once.
 */
import type { HashedName } from '../table/hash.ts';
import { ENTRY, NSEC_IN_CHAIN, NSEC_WITHOUT_A, NSEC_WITHOUT_AAAA } from '../table/layout.ts';
import type { Lookup } from '../table/lookup.ts';
import { NameOrder, SAME } from '../table/order/compare.ts';
import { OrderSearch } from '../table/order/search.ts';
import { FLAG, TYPE } from '../wire/constants.ts';
import type { Reply } from './reply.ts';

/** Aliases of one answer may each need one, and what ends it three. */
const NOTED_MAX = 24;
/** `*`, as a name. */
const WILDCARD = Uint8Array.of(1, 0x2a);

/** One for each responder. */
export class Proofs {
  readonly #lookup: Lookup;
  readonly #reply: Reply;
  readonly #search: OrderSearch;
  /** `*` below the closest encloser. */
  readonly #wild = new Uint8Array(258);
  #count = 0;
  /** Of each: the RRset, the entry that owns it, and the owner as `Reply.appendOwned` wants it. */
  readonly #rrsets = new Int32Array(NOTED_MAX);
  readonly #entries = new Int32Array(NOTED_MAX);
  readonly #prefixes = new Int32Array(NOTED_MAX);
  readonly #suffixes = new Int32Array(NOTED_MAX);

  constructor(lookup: Lookup, reply: Reply) {
    this.#lookup = lookup;
    this.#reply = reply;
    this.#search = new OrderSearch(lookup.view, new NameOrder());
    this.#wild.set(WILDCARD);
  }

  /** To be called for each question. */
  begin(): void {
    this.#count = 0;
  }

  /** Whether the zone that was searched last proves what it denies, to this client. */
  get areWanted(): boolean {
    return this.#reply.dnssecOk && this.#lookup.order !== 0;
  }

  /** The name was found, and has no such type. `name` was looked up last and stands at `position` in the reply. */
  noData(name: HashedName, position: number, type: number): void {
    const lookup = this.#lookup;
    const nsec = this.#nsecOf(lookup.version, type);
    // A name that has only names below it has no NSEC: one that spans it says so (RFC 4035 §3.1.3.1).
    if (!lookup.wildcard) {
      if (nsec === 0) this.#cover(name.bytes, name, position);
      else this.#note(nsec, lookup.node, 0, position, true);
      return;
    }
    if (nsec === 0) this.#cover(this.#wildOf(name), name, position);
    else this.#noteEntry(nsec, lookup.node, name, position, true);
    // RFC 4035 §3.1.3.4: and that the name itself is not there.
    this.#cover(name.bytes, name, position);
  }

  /** Neither the name nor a wildcard that would answer for it is there (RFC 4035 §3.1.3.2). */
  noName(name: HashedName, position: number): void {
    this.#cover(name.bytes, name, position);
    this.#cover(this.#wildOf(name), name, position);
  }

  /** What a wildcard answered for: no name closer to it is there (RFC 4035 §3.1.3.3). */
  expanded(name: HashedName, position: number): void {
    this.#cover(name.bytes, name, position);
  }

  /** The cut that was found last has no DS (RFC 4035 §3.1.4); `position`: where its name stands. */
  unsignedCut(position: number): void {
    const nsec = this.#lookup.rrsetOf(this.#lookup.version, NSEC_IN_CHAIN);
    if (nsec !== 0) this.#note(nsec, this.#lookup.node, 0, position, true);
  }

  /** Writes what was noted into the authority section; false where there is no room, and the reply is cut. */
  flush(): boolean {
    const reply = this.#reply;
    if ((reply.flags & FLAG.TC) !== 0) this.#count = 0;
    for (let i = 0; i < this.#count; i++) {
      const count = reply.appendOwned(this.#rrsets[i], this.#entries[i], this.#prefixes[i], this.#suffixes[i]);
      if (count === 0) {
        this.#count = 0;
        reply.truncate();
        return false;
      }
      reply.authorities += count;
    }
    this.#count = 0;
    return (reply.flags & FLAG.TC) === 0;
  }

  /** At a service the pool that was picked may lack what another one has: see NSEC_WITHOUT_A. */
  #nsecOf(version: number, type: number): number {
    const lookup = this.#lookup;
    let nsec = 0;
    if (lookup.service && type === TYPE.A) nsec = lookup.rrsetOf(version, NSEC_WITHOUT_A);
    if (lookup.service && type === TYPE.AAAA) nsec = lookup.rrsetOf(version, NSEC_WITHOUT_AAAA);
    return nsec === 0 ? lookup.rrsetOf(version, NSEC_IN_CHAIN) : nsec;
  }

  #wildOf(name: HashedName): Uint8Array {
    const start = name.starts[this.#lookup.encloserLabel];
    const wild = this.#wild;
    for (let i = start; i < name.length; i++) wild[WILDCARD.length + i - start] = name.bytes[i];
    return wild;
  }

  /** The NSEC that spans a name of the zone (`bytes`) that owns nothing. */
  #cover(bytes: Uint8Array, name: HashedName, position: number): void {
    const lookup = this.#lookup;
    this.#search.find(lookup.order, bytes, 0, SAME);
    for (let entry = this.#search.before; entry !== 0; entry = lookup.view.words[entry + ENTRY.PARENT]) {
      const version = lookup.existing(entry);
      const nsec = version === 0 ? 0 : lookup.rrsetOf(version, NSEC_IN_CHAIN);
      // What has none lies beyond a cut or a DNAME, which spans all that does.
      if (nsec !== 0) return this.#noteEntry(nsec, entry, name, position, false);
    }
  }

  /** `isDenied`: a type at the entry's own name is. */
  #noteEntry(rrset: number, entry: number, name: HashedName, position: number, isDenied: boolean): void {
    const apex = name.starts[this.#lookup.apexLabel];
    const prefix = (this.#lookup.view.words[entry + ENTRY.NAME] & 0xff) - (name.length - apex);
    this.#note(rrset, entry, prefix, this.#reply.positionOf(position, apex), isDenied);
  }

  #note(rrset: number, entry: number, prefix: number, suffix: number, isDenied: boolean): void {
    for (let i = 0; i < this.#count; i++) {
      if (this.#entries[i] !== entry) continue;
      // Two NSECs of one owner would be one RRset that nobody signed. Of a service's the one that denies more serves both.
      if (isDenied) this.#rrsets[i] = rrset;
      return;
    }
    this.#rrsets[this.#count] = rrset;
    this.#entries[this.#count] = entry;
    this.#prefixes[this.#count] = prefix;
    this.#suffixes[this.#count] = suffix;
    this.#count++;
  }
}
