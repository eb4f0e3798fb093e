/** What a zone of hashed names proves (RFC 5155 §7.2): found among its NSEC3 records by the hashes of names. */
import type { HashedName } from '../table/hash.ts';
import { ENTRY } from '../table/layout.ts';
import type { Lookup } from '../table/lookup.ts';
import { NameOrder, SAME } from '../table/order/compare.ts';
import { OrderSearch } from '../table/order/search.ts';
import { HASHED_LABEL_BYTES, NameDigest } from '../table/proofs/digest.ts';
import { TYPE } from '../wire/constants.ts';
import type { Noted } from './noted.ts';
import { RDATA_AT, type Reply } from './reply.ts';

/** The owner of an NSEC3 is its hash before the zone's apex: the label without the root behind it. */
const OWNER_PREFIX_BYTES = HASHED_LABEL_BYTES - 1;
/** `*`, as a name. */
const WILDCARD = Uint8Array.of(1, 0x2a);
/** In NSEC3PARAM (RFC 5155 §4.2): algorithm and flags stand before the iterations, then the salt's length, then the salt. */
const ITERATIONS_AT = 2;
const SALT_LENGTH_AT = 4;

/** One for each responder. */
export class HashedProofs {
  readonly #lookup: Lookup;
  readonly #reply: Reply;
  readonly #noted: Noted;
  readonly #search: OrderSearch;
  readonly #digest = new NameDigest();
  /** `*` below an encloser. */
  readonly #wild = new Uint8Array(258);
  /** Where the apex of the zone that was searched last stands in the reply. */
  #apexPosition = 0;

  constructor(lookup: Lookup, reply: Reply, noted: Noted) {
    this.#lookup = lookup;
    this.#reply = reply;
    this.#noted = noted;
    this.#search = new OrderSearch(lookup.view, new NameOrder());
    this.#wild.set(WILDCARD);
  }

  /** Neither the name nor a wildcard that would answer for it is there (§7.2.2). `name` stands at `position` in the reply. */
  noName(name: HashedName, position: number): void {
    this.#begin(name, position);
    const encloser = this.#prove(name, this.#lookup.encloserLabel);
    const length = this.#wildBelow(name, encloser);
    this.#cover(this.#wild, 0, length);
  }

  /**
   * The name was found, and has no such type (§7.2.3 to 7.2.5); `form`: the record that says so where it is another one
   * than that of the chain, or 0.
   */
  noData(name: HashedName, position: number, form: number): void {
    this.#begin(name, position);
    if (!this.#lookup.wildcard) {
      // One that was opted out, or has only such names below it, has none (§7.2.4).
      if (!this.#match(name.bytes, 0, name.length, form)) this.#prove(name, 1);
      return;
    }
    const encloser = this.#prove(name, this.#lookup.encloserLabel);
    const length = this.#wildBelow(name, encloser);
    // A wildcard that has only names below it that were opted out.
    if (!this.#match(this.#wild, 0, length, form)) this.#cover(this.#wild, 0, length);
  }

  /** What a wildcard answered for: no name closer to it is there (§7.2.6). */
  expanded(name: HashedName, position: number): void {
    this.#begin(name, position);
    this.#coverCloser(name, this.#lookup.encloserLabel);
  }

  /** The cut that was found last, of the name, has no DS (§7.2.7). */
  unsignedCut(name: HashedName, position: number): void {
    this.#begin(name, position);
    const { cutLabel } = this.#lookup;
    if (!this.#match(name.bytes, name.starts[cutLabel], name.length, 0)) this.#prove(name, cutLabel + 1);
  }

  #begin(name: HashedName, position: number): void {
    const lookup = this.#lookup;
    this.#apexPosition = this.#reply.positionOf(position, name.starts[lookup.apexLabel]);
    const { bytes } = lookup.view;
    const parameters = lookup.atApex(TYPE.NSEC3PARAM);
    if (parameters === 0) return this.#digest.useNothing();
    const at = lookup.firstRecord(parameters) + RDATA_AT;
    const iterations = (bytes[at + ITERATIONS_AT] << 8) | bytes[at + ITERATIONS_AT + 1];
    this.#digest.use(iterations, bytes, at + SALT_LENGTH_AT + 1, bytes[at + SALT_LENGTH_AT]);
  }

  /**
   * The closest encloser proof (§7.2.1) from the label on: the next name above that has an NSEC3, and that the one below
   * it has none. The label of the former.
   */
  #prove(name: HashedName, from: number): number {
    const { apexLabel } = this.#lookup;
    let label = from;
    while (!this.#match(name.bytes, name.starts[label], name.length, 0) && label < apexLabel) label++;
    this.#coverCloser(name, label);
    return label;
  }

  /** Covers the next closer name to an encloser, which has one label more (§1.3). */
  #coverCloser(name: HashedName, encloser: number): void {
    this.#cover(name.bytes, name.starts[encloser - 1], name.length);
  }

  /** Notes the NSEC3 of the name from `start` to `end`, or in its place a form of it; false where it has none. */
  #match(bytes: Uint8Array, start: number, end: number, form: number): boolean {
    this.#find(bytes, start, end);
    const entry = this.#search.before;
    if (entry === 0 || this.#search.place !== SAME) return false;
    this.#note(entry, form);
    return true;
  }

  /** Notes the NSEC3 that spans the hash of a name that has none: the last one goes on before the first (§3.1.7). */
  #cover(bytes: Uint8Array, start: number, end: number): void {
    this.#find(bytes, start, end);
    this.#note(this.#search.before === 0 ? this.#search.last(this.#lookup.order) : this.#search.before, 0);
  }

  #find(bytes: Uint8Array, start: number, end: number): void {
    this.#digest.hash(bytes, start, end);
    this.#search.find(this.#lookup.order, this.#digest.label, 0, SAME);
  }

  #note(entry: number, form: number): void {
    const rrset = form === 0 ? this.#lookup.view.words[entry + ENTRY.VERSION_WORD] : form;
    this.#noted.add(rrset, entry, OWNER_PREFIX_BYTES, this.#apexPosition, form !== 0);
  }

  /** Makes `*` below the name from the label on; its length. */
  #wildBelow(name: HashedName, label: number): number {
    const start = name.starts[label];
    for (let i = start; i < name.length; i++) this.#wild[WILDCARD.length + i - start] = name.bytes[i];
    return WILDCARD.length + name.length - start;
  }
}
