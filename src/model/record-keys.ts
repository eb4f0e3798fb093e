/**
 * Which records large RRsets have, in packed form: a million records in RRsets of a dozen as keys in sets would take
 * hundreds of megabytes.
 */
import { canonicalRdata } from '../wire/rdata.ts';
import { Column } from './column.ts';
import { seededHash } from './seeded-hash.ts';

const SLOTS_MIN = 64;
/** Odd, so that each RRset has a seed of its own. */
const RRSET_FACTOR = 0x9e3779b1;

/** Equal but for the case of names in it (RFC 4034 §6.2). */
export function sameRdata(type: number, a: Uint8Array, b: Uint8Array): boolean {
  if (!isNearlySame(a, a.length, b, 0, b.length)) return false;
  return Buffer.compare(a, b) === 0 || Buffer.compare(canonicalRdata(type, a), canonicalRdata(type, b)) === 0;
}

/** Whether the first `length` bytes are those of `b` from `start` to `end` but for what letters of either case differ in. */
export function isNearlySame(a: Uint8Array, length: number, b: Uint8Array, start: number, end: number): boolean {
  if (length !== end - start) return false;
  // Letters of either case differ in one bit; anything else that differs cannot be a matter of case.
  for (let at = 0; at < length; at++) if ((a[at] | 0x20) !== (b[start + at] | 0x20)) return false;
  return true;
}

export class RecordKeys {
  readonly #rdataOf: (record: number) => Uint8Array;
  /** Places in the columns, each with 1 added. */
  #slots = new Int32Array(SLOTS_MIN);
  readonly #hashes = new Column(Int32Array);
  readonly #rrsets = new Column(Uint32Array);
  readonly #records = new Column(Uint32Array);

  readonly #seed: number;

  /** `rdataOf`: a record's RDATA by its number. `seed`: see seeded-hash.ts. */
  constructor(rdataOf: (record: number) => Uint8Array, seed = 0) {
    this.#rdataOf = rdataOf;
    this.#seed = seed;
  }

  /** Whether the RRset, of the type, has a record like it among those that were added. */
  has(rrset: number, type: number, rdata: Uint8Array): boolean {
    const hash = this.#hash(rrset, type, rdata);
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const place = this.#slots[slot] - 1;
      if (this.#hashes.values[place] !== hash || this.#rrsets.values[place] !== rrset) continue;
      if (sameRdata(type, rdata, this.#rdataOf(this.#records.values[place]))) return true;
    }
    return false;
  }

  /** Adds a record of an RRset, which has none like it. */
  add(rrset: number, type: number, record: number): void {
    this.#hashes.push(this.#hash(rrset, type, this.#rdataOf(record)));
    this.#rrsets.push(rrset);
    this.#records.push(record);
    // At most two thirds are taken.
    if (this.#records.length * 3 > this.#slots.length * 2) this.#grow();
    else this.#put(this.#records.length - 1);
  }

  #grow(): void {
    this.#slots = new Int32Array(2 * this.#slots.length);
    for (let place = 0; place < this.#records.length; place++) this.#put(place);
  }

  #put(place: number): void {
    const mask = this.#slots.length - 1;
    let slot = this.#hashes.values[place] & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = place + 1;
  }

  #hash(rrset: number, type: number, rdata: Uint8Array): number {
    const bytes = canonicalRdata(type, rdata);
    return seededHash(bytes, bytes.length, this.#seed ^ Math.imul(rrset, RRSET_FACTOR));
  }
}
