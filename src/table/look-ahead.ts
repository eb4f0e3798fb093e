/**
 * Looks at what the answers of a batch will read, for all of them at once. What one answer reads leads from one place of
 * the memory to the next, so that each step waits for the one before: mostly for a line that is in no cache near by. The
 * same step of many answers waits for all of their lines at the same time (touch.ts).
 *
 * It is a guess: where it is wrong the answer only takes longer. So nothing here is compared to the end, and what lies beyond
 * the view is left alone: the word 0 is looked at in its place. Only that a name is not in an index is found out for good.
 */
import { finishHash, type HashedName } from './hash.ts';
import { firstSlot, likelyEntry, linkOf, NO_ENTRY } from './index-ahead.ts';
import { ENTRY, NODE, PLAN, POOL, RRSET, SERVICE } from './layout.ts';
import type { Lookup } from './lookup.ts';
import { QUERIES_AT_ONCE, touch, touchBoth } from './touch.ts';

/**
 * The last words that matter of most: of an entry's name, of a node with one RRset, of a plan's first two pools, of an RRset
 * of one address. A block begins anywhere in a line of the processor's caches, so its first word may be of the line before.
 */
const LAST = {
  ENTRY: ENTRY.NAME_BYTES + 6,
  NODE: NODE.PAIRS + 1,
  PLAN: PLAN.FIRST_POOL + 2 * POOL.WORDS - 1,
  RRSET: RRSET.DATA + 3,
} as const;

/** One for each responder. */
export class LookAhead {
  /**
   * What most likely is each name's entry (NO_ENTRY: there is none), the index that this is of, and the plan that it leads
   * to; 0: that is not known.
   */
  readonly entries = new Int32Array(QUERIES_AT_ONCE);
  readonly indexes = new Int32Array(QUERIES_AT_ONCE);
  readonly plans = new Int32Array(QUERIES_AT_ONCE);
  /** Whether any leads to a plan. */
  hasPlans = false;
  /** What was read, so that the compiler does not leave the reading out. */
  seen = 0;
  readonly #lookup: Lookup;
  /** Of each name: its hash, and the place that the step before led to; 0: to none. */
  readonly #hashes = new Int32Array(QUERIES_AT_ONCE);
  readonly #places = new Int32Array(QUERIES_AT_ONCE);
  /** The segment of the index that each name would be in. */
  readonly #links = new Int32Array(QUERIES_AT_ONCE);
  /** RRsets of the answers: of a plan those of the first pool and of the second. */
  readonly #first = new Int32Array(QUERIES_AT_ONCE);
  readonly #second = new Int32Array(QUERIES_AT_ONCE);

  constructor(lookup: Lookup) {
    this.#lookup = lookup;
  }

  /** To be called after `Lookup.enter`, and before the answers. Those names are left alone whose `kept` is not 0. */
  run(names: readonly HashedName[], count: number, kept: Int32Array): void {
    this.hasPlans = false;
    this.#toSlots(names, count, kept);
    // What no name of the batch leads to is not gone to.
    if (!this.#toEntries(count)) return;
    this.#follow(count, ENTRY.VERSION_WORD, LAST.NODE);
    this.hasPlans = this.#toContents(count);
    if (this.hasPlans) {
      this.#follow(count, SERVICE.PLAN_WORD, LAST.PLAN);
      this.#toPlans(count);
    }
    this.#toRRsets(count);
  }

  /** To the slots of the index. */
  #toSlots(names: readonly HashedName[], count: number, kept: Int32Array): void {
    const { words } = this.#lookup.view;
    const places = this.#places;
    for (let i = 0; i < count; i++) {
      this.entries[i] = 0;
      this.plans[i] = 0;
      this.#leadTo(i, 0, 0);
      places[i] = 0;
      if (kept[i] !== 0) continue;
      const name = names[i];
      const hash = finishHash(name.states[0]);
      const index = this.#lookup.likelyIndex(name);
      this.#hashes[i] = hash;
      this.indexes[i] = index;
      const link = index === 0 ? 0 : linkOf(words, index, hash);
      this.#links[i] = link;
      if (link !== 0) places[i] = firstSlot(link, hash);
    }
    this.seen = touch(words, places, count, 0);
  }

  /** Whether there are any. */
  #toEntries(count: number): boolean {
    const { words } = this.#lookup.view;
    const places = this.#places;
    let any = 0;
    for (let i = 0; i < count; i++) {
      if (places[i] === 0) continue;
      const entry = likelyEntry(words, this.#links[i], this.#hashes[i]);
      this.entries[i] = entry;
      const place = entry !== NO_ENTRY && entry + LAST.ENTRY < words.length ? entry : 0;
      places[i] = place;
      any |= place;
    }
    if (any !== 0) this.seen = touchBoth(words, places, count, ENTRY.VERSION_WORD, LAST.ENTRY);
    return any !== 0;
  }

  /** From a node's version to its service, or else its first RRset. Whether there is a service. */
  #toContents(count: number): boolean {
    const { words } = this.#lookup.view;
    const places = this.#places;
    let any = 0;
    this.seen = touchBoth(words, places, count, NODE.SERVICE, LAST.NODE);
    for (let i = 0; i < count; i++) {
      const version = places[i];
      const service = version === 0 ? 0 : words[version + NODE.SERVICE];
      places[i] = service < words.length ? service : 0;
      any |= service;
      if (service === 0 && version !== 0) this.#leadTo(i, words[version + LAST.NODE], 0);
    }
    return any !== 0;
  }

  /** To the RRsets of a plan's first pools. */
  #toPlans(count: number): void {
    const { words } = this.#lookup.view;
    const places = this.#places;
    // A plan with two pools may be of three lines.
    this.seen = touchBoth(words, places, count, PLAN.FLAGS, LAST.PLAN) | touch(words, places, count, PLAN.FIRST_POOL);
    for (let i = 0; i < count; i++) {
      const plan = places[i];
      if (plan === 0) continue;
      this.plans[i] = plan;
      const pool = plan + PLAN.FIRST_POOL + POOL.FIRST;
      this.#leadTo(i, words[pool], words[plan + PLAN.POOLS] > 1 ? words[pool + POOL.WORDS] : 0);
    }
  }

  #toRRsets(count: number): void {
    const { words } = this.#lookup.view;
    this.seen =
      touchBoth(words, this.#first, count, 0, LAST.RRSET) | touchBoth(words, this.#second, count, 0, LAST.RRSET);
  }

  /** The RRsets that are looked at in the end. */
  #leadTo(i: number, first: number, second: number): void {
    const end = this.#lookup.view.words.length - LAST.RRSET;
    this.#first[i] = first >>> 0 < end ? first : 0;
    this.#second[i] = second >>> 0 < end ? second : 0;
  }

  /** From each place to the one that its word `word` leads to, where so many words behind that one may be looked at. */
  #follow(count: number, word: number, behind: number): void {
    const { words } = this.#lookup.view;
    const places = this.#places;
    const end = words.length - behind;
    for (let i = 0; i < count; i++) {
      const place = places[i];
      const next = place === 0 ? 0 : words[place + word];
      places[i] = next < end ? next : 0;
    }
  }
}
