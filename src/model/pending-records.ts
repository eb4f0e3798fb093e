/**
 * Records that were read and are not taken yet. Where a name stands among a million others is somewhere else each time, in
 * no cache near by: for a few dozen of them it is looked for at once, so that all of them are waited for together.
 */
import { PlainRecord } from '../wire/zone-file/plain.ts';
import type { NameTable } from './name-table.ts';

/** So many that their misses overlap, and what they bring near is still there afterwards. */
const PENDING_MAX = 32;

export class PendingRecords {
  readonly #names: NameTable;
  readonly #take: (record: PlainRecord, hash: number) => void;
  readonly #records = Array.from({ length: PENDING_MAX }, () => new PlainRecord());
  readonly #hashes = new Int32Array(PENDING_MAX);
  #count = 0;

  /** `take` is given each record, and the hash of its owner, in the order of `add`. */
  constructor(names: NameTable, take: (record: PlainRecord, hash: number) => void) {
    this.#names = names;
    this.#take = take;
  }

  /** The record waits; the one that is returned does not any more. */
  add(record: PlainRecord): PlainRecord {
    const free = this.#records[this.#count];
    this.#records[this.#count] = record;
    this.#hashes[this.#count++] = record.isSameOwner ? 0 : this.#names.hash(record.owner, record.ownerLength);
    if (this.#count === PENDING_MAX) this.settle();
    return free;
  }

  /** Gives on what waits: before anything else is said or asked of the zone. */
  settle(): void {
    const count = this.#count;
    this.#names.lookAhead(this.#hashes, count);
    this.#count = 0;
    for (let i = 0; i < count; i++) this.#take(this.#records[i], this.#hashes[i]);
  }
}
