/**
 * Looks at what the answers of a batch will read, for all of them at once. What one answer reads leads from one place of
 * the memory to the next, so that each step waits for the one before: mostly for a line that is in no cache near by. The
 * same step of many answers waits for all of their lines at the same time.
 *
 * It is a guess that finds nothing out: where it is wrong the answer only takes longer. So nothing here is compared to
 * the end, and what lies beyond the view is left alone.
 */
import { finishHash, type HashedName } from './hash.ts';
import { firstSlot, likelyEntry } from './index.ts';
import { ENTRY, NODE, PLAN, POOL, RRSET, SERVICE } from './layout.ts';
import type { Lookup } from './lookup.ts';

/** Words of a cache line. */
const LINE_WORDS = 16;

/** One for each responder. */
export class LookAhead {
  /** What most likely is each name's entry, and below the plan that it leads to; 0: there is none. */
  readonly entries: Int32Array;
  /** The index that this is in. */
  readonly indexes: Int32Array;
  readonly plans: Int32Array;
  /** What was read, so that the compiler does not leave the reading out. */
  seen = 0;
  readonly #lookup: Lookup;
  /** Of each name: its hash, and the place that the step before led to; 0: to none. */
  readonly #hashes: Int32Array;
  readonly #places: Int32Array;

  constructor(lookup: Lookup, namesMax: number) {
    this.#lookup = lookup;
    this.#hashes = new Int32Array(namesMax);
    this.#places = new Int32Array(namesMax);
    this.entries = new Int32Array(namesMax);
    this.indexes = new Int32Array(namesMax);
    this.plans = new Int32Array(namesMax);
  }

  /** To be called after `Lookup.enter`, and before the answers. */
  run(names: readonly HashedName[], count: number): void {
    this.#toSlots(names, count);
    this.#toEntries(count);
    this.#toVersions(count);
    this.#toContents(count);
    this.#toPlans(count);
    this.#toRRsets(count);
  }

  #toSlots(names: readonly HashedName[], count: number): void {
    const { words } = this.#lookup.view;
    for (let i = 0; i < count; i++) {
      const name = names[i];
      const hash = finishHash(name.states[0]);
      const index = this.#lookup.likelyIndex(name);
      this.#hashes[i] = hash;
      this.indexes[i] = index;
      this.#places[i] = index === 0 ? 0 : firstSlot(words, index, hash);
    }
  }

  #toEntries(count: number): void {
    const { words } = this.#lookup.view;
    for (let i = 0; i < count; i++) {
      const slot = this.#places[i];
      const entry = slot === 0 ? 0 : likelyEntry(words, slot, this.#hashes[i]);
      this.entries[i] = entry;
      this.#places[i] = entry;
    }
  }

  #toVersions(count: number): void {
    this.#follow(count, ENTRY.VERSION_WORD);
  }

  /** From a node's version to its service, or else its first RRset. */
  #toContents(count: number): void {
    const { words } = this.#lookup.view;
    for (let i = 0; i < count; i++) {
      const version = this.#places[i];
      const isThere = version !== 0 && version + NODE.PAIRS + 1 < words.length;
      const service = isThere ? words[version + NODE.SERVICE] : 0;
      this.#places[i] = service;
      this.plans[i] = 0;
      if (service === 0 && isThere) this.#touchRRset(words, words[version + NODE.PAIRS + 1]);
    }
  }

  #toPlans(count: number): void {
    this.#follow(count, SERVICE.PLAN_WORD);
  }

  /** From a plan to the RRsets of its first pools. */
  #toRRsets(count: number): void {
    const { words } = this.#lookup.view;
    for (let i = 0; i < count; i++) {
      const plan = this.#places[i];
      if (plan === 0 || plan + PLAN.FIRST_POOL + 2 * POOL.WORDS >= words.length) continue;
      this.plans[i] = plan;
      const pool = plan + PLAN.FIRST_POOL;
      this.#touchRRset(words, words[pool + POOL.FIRST]);
      if (words[plan + PLAN.POOLS] > 1) this.#touchRRset(words, words[pool + POOL.WORDS + POOL.FIRST]);
    }
  }

  /** From each place to the one that its word `word` leads to. */
  #follow(count: number, word: number): void {
    const { words } = this.#lookup.view;
    for (let i = 0; i < count; i++) {
      const place = this.#places[i];
      if (place !== 0) this.#places[i] = place + word < words.length ? words[place + word] : 0;
    }
  }

  #touchRRset(words: Int32Array, rrset: number): void {
    if (rrset + LINE_WORDS < words.length) this.seen = (words[rrset] + words[rrset + RRSET.DATA + 3]) | 0;
  }
}
