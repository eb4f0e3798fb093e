/**
 * Finds out by trying whether waits make those who ask ask less. Time goes by in windows, and a cycle of windows begins with
 * some that have no wait: what came in these is held against what came in the others.
 */
import { BATCH } from './memory.ts';

/** A window's length, or more where queries come slowly. */
export const WINDOW_MS = 10;
/** Windows of a cycle, and how many of them have no wait. */
const CYCLE = 32;
const FREE = 2;
/**
 * There is no wait where turns without one have so many queries: then there is little sleep to be spared, and what waits in
 * the socket meanwhile leaves the caches.
 */
const MANY = BATCH / 4;
/** Who asks for less than this share with waits is held back by them. By chance alone it is less in one of a hundred cycles. */
const HELD_BACK = 7 / 8;
/** Where that is seen so many times in a row, load that comes and goes does not explain it. */
const DOUBTS = 2;
/** Then there is no wait for so many windows, twice as many each time in a row. */
const PAUSE_MIN = 100;
const PAUSE_MAX = 6400;
/** Who asked nothing for so long has stopped, and is not held back. */
const GAP_MS = 2 * WINDOW_MS;

export class WaitTrial {
  /** The place of the window in its cycle; below 0: in a pause before it. */
  #window = 0;
  /** What came in the windows of the cycle without waits, and with them. */
  readonly #free = new Windows();
  readonly #held = new Windows();
  /** Whether the window has waits. */
  #waits = false;
  /** How long the last pause was, in windows, since waits were last seen to hold nobody back; 0: there was none. */
  #pause = 0;
  /** How many times in a row it looked as if waits held somebody back. */
  #doubts = 0;

  /**
   * Ends a window in which so many queries came, in so many turns that had any. `isFast`: fast enough for waits. Whether the
   * next one has waits.
   */
  endWindow(queries: number, turns: number, elapsedMs: number, isFast: boolean): boolean {
    if (this.#window < 0) {
      this.#window++;
    } else if (isFast) {
      (this.#window < FREE ? this.#free : this.#held).add(queries, turns, elapsedMs);
      this.#window++;
      if (this.#window === CYCLE) this.#endCycle();
    } else if (this.#waits && elapsedMs > 0 && elapsedMs < GAP_MS) {
      // They came fast until there were waits; or come more slowly, which is as good a reason for none.
      this.#doubt();
    } else {
      this.#beginCycle(0);
    }
    this.#waits = this.#window >= FREE && this.#free.queries < MANY * this.#free.turns;
    return this.#waits;
  }

  #endCycle(): void {
    if (this.#held.queries / this.#held.ms < HELD_BACK * (this.#free.queries / this.#free.ms)) {
      this.#doubt();
    } else {
      this.#pause = 0;
      this.#doubts = 0;
      this.#beginCycle(0);
    }
  }

  /** It looks as if waits made somebody ask less. After a pause that is believed at once. */
  #doubt(): void {
    this.#doubts++;
    if (this.#doubts < DOUBTS && this.#pause === 0) return this.#beginCycle(0);
    this.#doubts = 0;
    this.#pause = Math.min(Math.max(2 * this.#pause, PAUSE_MIN), PAUSE_MAX);
    this.#beginCycle(-this.#pause);
  }

  #beginCycle(window: number): void {
    this.#window = window;
    this.#free.clear();
    this.#held.clear();
  }
}

/** What came in some windows. */
class Windows {
  queries = 0;
  /** Those that had queries. */
  turns = 0;
  ms = 0;

  add(queries: number, turns: number, ms: number): void {
    this.queries += queries;
    this.turns += turns;
    this.ms += ms;
  }

  clear(): void {
    this.queries = 0;
    this.turns = 0;
    this.ms = 0;
  }
}
