/** Which words of the arena are in use, found by walking all that can be reached. Each block has one owner. */
import { ARENA, CONTROL, VERSION } from '../layout.ts';
import { type ArenaView, sizeClass } from '../memory.ts';

/** What was found cannot be: the table is not to be trusted. The message says what. */
export class Doubt extends Error {}

/** Blocks begin and end at multiples of this. */
const UNIT_WORDS = 4;

export class Census {
  readonly view: ArenaView;
  /** Published versions that some reader may not have seen yet. */
  readonly unsettled: number[] = [];
  /** Words that led to a version which nobody had published, and lead to the one before it again. */
  takenBack = 0;
  readonly #generation: number;
  /** The end of what was ever taken. */
  readonly #end: number;
  /** A bit for each unit. */
  readonly #used: Uint32Array;

  constructor(view: ArenaView) {
    this.view = view;
    this.#generation = Atomics.load(view.control, CONTROL.GENERATION);
    this.#end = Atomics.load(view.control, CONTROL.ARENA_NEXT);
    if (this.#end < ARENA.FIRST_FREE || this.#end > view.words.length) throw new Doubt('its end lies outside');
    this.#used = new Uint32Array(Math.ceil(this.#end / UNIT_WORDS / 32) + 1);
  }

  /** That a block may be looked into. */
  mustLie(offset: number, words: number): void {
    if (offset >= ARENA.FIRST_FREE && offset % UNIT_WORDS === 0 && words > 0 && offset + words <= this.#end) return;
    throw new Doubt(`a block of ${words} words at ${offset}`);
  }

  /** That a block is in use, and by nobody else. */
  own(offset: number, words: number): void {
    const size = sizeClass(words);
    this.mustLie(offset, size);
    const used = this.#used;
    for (let unit = offset / UNIT_WORDS, end = unit + size / UNIT_WORDS; unit < end; unit++) {
      const bit = 1 << (unit & 31);
      if ((used[unit >>> 5] & bit) !== 0) throw new Doubt(`two things lie at ${unit * UNIT_WORDS}`);
      used[unit >>> 5] |= bit;
    }
  }

  isOwned(offset: number): boolean {
    if (offset < ARENA.FIRST_FREE || offset >= this.#end || offset % UNIT_WORDS !== 0) return false;
    const unit = offset / UNIT_WORDS;
    return (this.#used[unit >>> 5] & (1 << (unit & 31))) !== 0;
  }

  /**
   * The newest version behind a word that was published, or 0. Where an unpublished one came after it, the word leads to
   * it again: readers, who went on to it before, are answered the same.
   */
  newest(word: number): number {
    const { words } = this.view;
    const first = words[word];
    let version = first;
    while (version !== 0) {
      this.mustLie(version, VERSION.PREVIOUS + 1);
      const generation = words[version + VERSION.GENERATION];
      if (generation === 0 || ((this.#generation - generation) | 0) >= 0) break;
      version = words[version + VERSION.PREVIOUS];
    }
    if (version !== first) {
      Atomics.store(words, word, version);
      this.takenBack++;
    }
    if (version === 0) return 0;
    if (words[version + VERSION.GENERATION] !== 0) this.unsettled.push(version);
    // It was being settled.
    else if (words[version + VERSION.PREVIOUS] !== 0) Atomics.store(words, version + VERSION.PREVIOUS, 0);
    return version;
  }

  /** What lies between: starts and lengths. */
  gaps(): number[] {
    const pairs: number[] = [];
    const end = Math.floor(this.#end / UNIT_WORDS);
    let start = -1;
    for (let unit = ARENA.FIRST_FREE / UNIT_WORDS; unit < end; unit++) {
      const word = this.#used[unit >>> 5];
      // Most of a table that was just loaded is in use: 32 units in one look.
      if (word === 0xffffffff && (unit & 31) === 0 && start < 0) {
        unit += 31;
        continue;
      }
      const isUsed = (word & (1 << (unit & 31))) !== 0;
      if (!isUsed && start < 0) start = unit;
      if (isUsed && start >= 0) {
        pairs.push(start * UNIT_WORDS, (unit - start) * UNIT_WORDS);
        start = -1;
      }
    }
    if (start >= 0) pairs.push(start * UNIT_WORDS, (end - start) * UNIT_WORDS);
    return pairs;
  }
}
