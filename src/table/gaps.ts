/**
 * What lies free between blocks in use, after a writer that died: nobody knows any more in which sizes it was freed, so
 * it is cut as it is wanted. What is freed from then on goes where it always does; see free-blocks.ts.
 */

/** A stretch of free words. */
interface Gap {
  start: number;
  words: number;
}

/** Gaps up to here are kept by their exact length: blocks up to here come in every multiple of four. */
const SMALL_WORDS = 64;
const STEP_WORDS = 4;

export class Gaps {
  /** Starts, by length in steps. */
  readonly #small: number[][] = Array.from({ length: SMALL_WORDS / STEP_WORDS + 1 }, () => []);
  /** Shorter ones first. */
  #large: Gap[] = [];
  /** The one that is being cut. */
  #open: Gap = { start: 0, words: 0 };
  #words = 0;

  /** Words of all gaps. */
  get words(): number {
    return this.#words;
  }

  /** `pairs`: starts and lengths. */
  give(pairs: Iterable<number>): void {
    let start: number | undefined;
    for (const value of pairs) {
      if (start === undefined) {
        start = value;
        continue;
      }
      this.#words += value;
      if (value <= SMALL_WORDS) this.#small[value / STEP_WORDS].push(start);
      else this.#large.push({ start, words: value });
      start = undefined;
    }
    this.#large.sort((a, b) => a.words - b.words);
  }

  /** Takes every gap out, as `give` wants them. */
  take(): number[] {
    const pairs = this.#small.flatMap((starts, steps) => starts.flatMap((start) => [start, steps * STEP_WORDS]));
    for (const { start, words } of [...this.#large, this.#open]) if (words > 0) pairs.push(start, words);
    for (const starts of this.#small) starts.length = 0;
    this.#large = [];
    this.#open = { start: 0, words: 0 };
    this.#words = 0;
    return pairs;
  }

  /** Words in a row of exactly this size, a multiple of four; 0: there are none. */
  cut(size: number): number {
    if (this.#words < size) return 0;
    const start = this.#cutSmall(size) || this.#cutLarge(size);
    if (start !== 0) this.#words -= size;
    return start;
  }

  #cutSmall(size: number): number {
    for (let steps = size / STEP_WORDS; steps < this.#small.length; steps++) {
      const start = this.#small[steps].pop();
      if (start === undefined) continue;
      const rest = steps * STEP_WORDS - size;
      if (rest > 0) this.#small[rest / STEP_WORDS].push(start + size);
      return start;
    }
    return 0;
  }

  #cutLarge(size: number): number {
    if (this.#open.words < size) {
      this.#putBack(this.#open);
      this.#open = this.#large.pop() ?? { start: 0, words: 0 };
      // The longest of all, and too short.
      if (this.#open.words < size) return 0;
    }
    const { start } = this.#open;
    this.#open.start += size;
    this.#open.words -= size;
    return start;
  }

  #putBack(gap: Gap): void {
    if (gap.words === 0) return;
    if (gap.words <= SMALL_WORDS) {
      this.#small[gap.words / STEP_WORDS].push(gap.start);
      return;
    }
    let low = 0;
    let high = this.#large.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#large[middle].words < gap.words) low = middle + 1;
      else high = middle;
    }
    this.#large.splice(low, 0, gap);
  }
}
