/**
 * What proves to a validator that a name, or a type at it, is not there (RFC 4035 §3.1.3), or that a cut is not signed
 * (§3.1.4). It is noted while aliases are followed and written behind the answer section, each record once.
 */
import type { HashedName } from '../table/hash.ts';
import { ENTRY, NSEC_IN_CHAIN, NSEC_WITHOUT_A, NSEC_WITHOUT_AAAA } from '../table/layout.ts';
import type { Lookup } from '../table/lookup.ts';
import { NameOrder, SAME } from '../table/order/compare.ts';
import { OrderSearch } from '../table/order/search.ts';
import { HEADER_BYTES, TYPE } from '../wire/constants.ts';
import { HashedProofs } from './hashed-proofs.ts';
import { Noted } from './noted.ts';
import type { Reply } from './reply.ts';

/** `*`, as a name. */
const WILDCARD = Uint8Array.of(1, 0x2a);

/** One for each responder. */
export class Proofs {
  readonly #lookup: Lookup;
  readonly #reply: Reply;
  readonly #search: OrderSearch;
  /** `*` below the closest encloser. */
  readonly #wild = new Uint8Array(258);
  readonly #noted: Noted;
  readonly #hashed: HashedProofs;
  /** What `#cover` found last; 0: nothing. */
  #coverEntry = 0;

  constructor(lookup: Lookup, reply: Reply) {
    this.#lookup = lookup;
    this.#reply = reply;
    this.#search = new OrderSearch(lookup.view, new NameOrder());
    this.#wild.set(WILDCARD);
    this.#noted = new Noted(reply);
    this.#hashed = new HashedProofs(lookup, reply, this.#noted);
  }

  /** To be called for each question. */
  begin(): void {
    this.#noted.begin();
  }

  /** Whether the zone that was searched last proves what it denies, to this client. */
  get areWanted(): boolean {
    return this.#reply.dnssecOk && this.#lookup.order !== 0;
  }

  /** The name was found, and has no such type. `name` was looked up last and stands at `position` in the reply. */
  noData(name: HashedName, position: number, type: number): void {
    const lookup = this.#lookup;
    if (lookup.isHashed) return this.#hashed.noData(name, position, this.#formOf(lookup.version, type));
    const nsec = this.#nsecOf(lookup.version, type);
    // A name that has only names below it has no NSEC: one that spans it says so (RFC 4035 §3.1.3.1).
    if (!lookup.wildcard) {
      if (nsec === 0) this.#cover(name.bytes, name, position);
      else this.#noted.add(nsec, lookup.node, 0, position, true);
      return;
    }
    if (nsec === 0) this.#cover(this.#wildOf(name), name, position);
    else this.#noteEntry(nsec, lookup.node, name, position, true);
    // RFC 4035 §3.1.3.4: and that the name itself is not there.
    this.#cover(name.bytes, name, position);
  }

  /** Neither the name nor a wildcard that would answer for it is there (RFC 4035 §3.1.3.2). */
  noName(name: HashedName, position: number): void {
    if (this.#lookup.isHashed) return this.#hashed.noName(name, position);
    this.#cover(name.bytes, name, position);
    this.#cover(this.#wildOf(name), name, position);
  }

  /** No name between the one that was denied and the apex is there, and the zone proves it by NSEC. */
  get areOfApex(): boolean {
    const lookup = this.#lookup;
    return lookup.encloserLabel === lookup.apexLabel && !lookup.isHashed;
  }

  /**
   * Writes what proves that the question's apex has no wildcard, nothing having been noted before; the entry whose NSEC
   * it is, -1 where there is no room, and the reply is cut.
   */
  appendApexWildcard(name: HashedName): number {
    this.#cover(this.#wildOf(name), name, HEADER_BYTES);
    return this.#noted.flush() ? this.#coverEntry : -1;
  }

  /** As `noName` of the question, where what denies the apex's wildcard, the NSEC of an entry, was written before. */
  noNameBelowApex(name: HashedName, written: number): void {
    const { knownCover, knownCoverIn, order } = this.#lookup;
    if (knownCover === 0 || knownCoverIn !== order) return this.#cover(name.bytes, name, HEADER_BYTES, written);
    this.#coverFrom(knownCover, name, HEADER_BYTES, written);
  }

  /** What a wildcard answered for: no name closer to it is there (RFC 4035 §3.1.3.3). */
  expanded(name: HashedName, position: number): void {
    if (this.#lookup.isHashed) return this.#hashed.expanded(name, position);
    this.#cover(name.bytes, name, position);
  }

  /** The cut that was found last, of the name, has no DS (RFC 4035 §3.1.4). */
  unsignedCut(name: HashedName, position: number): void {
    const lookup = this.#lookup;
    if (lookup.isHashed) return this.#hashed.unsignedCut(name, position);
    const nsec = lookup.rrsetOf(lookup.version, NSEC_IN_CHAIN);
    if (nsec === 0) return;
    const cut = this.#reply.positionOf(position, name.starts[lookup.cutLabel]);
    this.#noted.add(nsec, lookup.node, 0, cut, true);
  }

  /** Writes what was noted into the authority section; false where there is no room, and the reply is cut. */
  flush(): boolean {
    return this.#noted.flush();
  }

  /** At a service the pool that was picked may lack what another one has: see NSEC_WITHOUT_A. */
  #formOf(version: number, type: number): number {
    const lookup = this.#lookup;
    if (!lookup.service) return 0;
    if (type === TYPE.A) return lookup.rrsetOf(version, NSEC_WITHOUT_A);
    return type === TYPE.AAAA ? lookup.rrsetOf(version, NSEC_WITHOUT_AAAA) : 0;
  }

  #nsecOf(version: number, type: number): number {
    const form = this.#formOf(version, type);
    return form === 0 ? this.#lookup.rrsetOf(version, NSEC_IN_CHAIN) : form;
  }

  #wildOf(name: HashedName): Uint8Array {
    const start = name.starts[this.#lookup.encloserLabel];
    const wild = this.#wild;
    for (let i = start; i < name.length; i++) wild[WILDCARD.length + i - start] = name.bytes[i];
    return wild;
  }

  /** Notes the NSEC that spans a name of the zone (`bytes`) that owns nothing, unless it is that of the entry `written`. */
  #cover(bytes: Uint8Array, name: HashedName, position: number, written = 0): void {
    const lookup = this.#lookup;
    this.#search.find(lookup.order, bytes, 0, SAME, name.length - name.starts[lookup.apexLabel]);
    this.#coverFrom(this.#search.before, name, position, written);
  }

  /** The same where the last entry that is not beyond the name is known. */
  #coverFrom(before: number, name: HashedName, position: number, written: number): void {
    const lookup = this.#lookup;
    for (let entry = before; entry !== 0; entry = lookup.view.words[entry + ENTRY.PARENT]) {
      const version = lookup.existing(entry);
      const nsec = version === 0 ? 0 : lookup.rrsetOf(version, NSEC_IN_CHAIN);
      // What has none lies beyond a cut or a DNAME, which spans all that does.
      if (nsec === 0) continue;
      this.#coverEntry = entry;
      if (entry !== written) this.#noteEntry(nsec, entry, name, position, false);
      return;
    }
    this.#coverEntry = 0;
  }

  /** `isDenied`: a type at the entry's own name is. */
  #noteEntry(rrset: number, entry: number, name: HashedName, position: number, isDenied: boolean): void {
    const apex = name.starts[this.#lookup.apexLabel];
    const prefix = (this.#lookup.view.words[entry + ENTRY.NAME] & 0xff) - (name.length - apex);
    this.#noted.add(rrset, entry, prefix, this.#reply.positionOf(position, apex), isDenied);
  }
}
