/**
 * Lets queries gather before they are received, where they come fast. A worker that waits in its receive is woken by the
 * first query, and at 50,000 a second finds two or three: going to sleep, being woken and finding the caches cold costs
 * more than the answers. A short wait before the receive has several queries share that, as network cards do with their
 * interrupts. It is bounded, and left out where it would delay somebody for nothing: where queries come slowly, where a
 * batch is large anyway, and where those who ask wait for their answers before they ask again, so that a wait makes them
 * ask less. The last is found out by trying: now and then there is no wait for a moment.
 */
import { LINUX, type Libc } from '../libc.ts';
import { BATCH } from './memory.ts';

/** Fewer queries a millisecond would wait for nobody. */
const FAST_PER_MS = 20;
/**
 * Nor is there a wait where turns have so many without one: then there is little sleep to be spared, and what waits in the
 * socket meanwhile leaves the caches.
 */
const MANY = BATCH / 4;
/** Over so many milliseconds that is looked at. */
const WINDOW_MS = 10;
/** Who asked nothing for so long has stopped, and is not held back. */
const GAP_MS = 2 * WINDOW_MS;
/** A turn of so many says that no wait is needed for the next one to be large. */
const LARGE = BATCH / 2;
/** Windows of a cycle, and how many of them have no wait. */
const CYCLE = 32;
const FREE = 2;
/** Who asks for less than this share with waits is held back by them. By chance alone it is less in one of a hundred cycles. */
const HELD_BACK = 7 / 8;
/** Where that is seen so many times in a row, load that comes and goes does not explain it. */
const DOUBTS = 2;
/** Then there is no wait for so many windows, twice as many each time in a row. */
const PAUSE_MIN = 100;
const PAUSE_MAX = 6400;
/** The kernel may wake a thread so much later than it asked for; as it is set it would be 50,000. */
const SLACK_NS = 1000;
/** Where timers are as coarse as the kernel's tick, a wait would be milliseconds. */
const RESOLUTION_MAX_NS = 10_000;

export class Gathering {
  readonly #libc: Libc;
  /** A timespec: seconds and nanoseconds, 64 bits each. */
  readonly #time = new Int32Array(4);
  readonly #address: number;
  readonly #canWait: boolean;
  /** Queries since the window began, and when that was: of milliseconds the low 32 bits. */
  #count = 0;
  #sinceMs = 0;
  /** The place of the window in its cycle; below 0: in a pause before it. */
  #window = 0;
  #pause = 0;
  #doubts = 0;
  /** Queries of the cycle in so many milliseconds, without waits, in so many turns, and with them. */
  #free = 0;
  #freeMs = 0;
  #freeTurns = 0;
  #held = 0;
  #heldMs = 0;
  #waits = false;
  /** Queries since the last wait, or since there was none to be; and turns of the window that had any. */
  #turn = 0;
  #turns = 0;

  /** In the thread that is to wait, whose timers become exact. `microseconds`: what one wait takes, below a second; 0: none. */
  constructor(libc: Libc, microseconds: number) {
    this.#libc = libc;
    this.#time[2] = 1000 * microseconds;
    this.#address = libc.addressOf(new Uint8Array(this.#time.buffer));
    this.#canWait =
      microseconds > 0 && hasFineTimers(libc) && libc.prctl(LINUX.PR_SET_TIMERSLACK, SLACK_NS, 0, 0, 0) === 0;
  }

  /** To be called after each receive that brought `count` queries, with the time: Unix, milliseconds. */
  note(count: number, nowMs: number): void {
    if (!this.#canWait) return;
    this.#count += count;
    this.#turn += count;
    const elapsedMs = ((nowMs | 0) - this.#sinceMs) | 0;
    if (elapsedMs < WINDOW_MS && elapsedMs >= 0) return;
    // A clock that was set back says nothing of how fast they come.
    this.#endWindow(elapsedMs > 0 && this.#count >= FAST_PER_MS * elapsedMs, elapsedMs);
    this.#count = 0;
    this.#turns = 0;
    this.#sinceMs = nowMs | 0;
  }

  /** To be called before a receive, where nothing is held that others wait for. */
  wait(): void {
    const turn = this.#turn;
    this.#turn = 0;
    if (turn === 0) return;
    this.#turns++;
    if (!this.#waits || turn >= LARGE) return;
    this.#libc.nanosleep(this.#address, 0);
  }

  #endWindow(isFast: boolean, elapsedMs: number): void {
    if (isFast || this.#window < 0) this.#take(elapsedMs);
    // They came fast until there were waits; or come more slowly, which is as good a reason for none.
    else if (this.#waits && elapsedMs > 0 && elapsedMs < GAP_MS) this.#doubt();
    else this.#beginCycle(0);
    this.#waits = this.#window >= FREE && this.#free < MANY * this.#freeTurns;
  }

  /** Takes the window into its cycle. */
  #take(elapsedMs: number): void {
    if (this.#window >= FREE) {
      this.#held += this.#count;
      this.#heldMs += elapsedMs;
    } else if (this.#window >= 0) {
      this.#free += this.#count;
      this.#freeMs += elapsedMs;
      this.#freeTurns += this.#turns;
    }
    this.#window++;
    if (this.#window === CYCLE) this.#endCycle();
  }

  #endCycle(): void {
    if (this.#held / this.#heldMs < HELD_BACK * (this.#free / this.#freeMs)) {
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
    this.#free = 0;
    this.#freeMs = 0;
    this.#freeTurns = 0;
    this.#held = 0;
    this.#heldMs = 0;
  }
}

function hasFineTimers(libc: Libc): boolean {
  const resolution = new Int32Array(4);
  const address = libc.addressOf(new Uint8Array(resolution.buffer));
  if (libc.clock_getres(LINUX.CLOCK_MONOTONIC, address) !== 0) return false;
  return resolution[0] === 0 && resolution[1] === 0 && resolution[2] <= RESOLUTION_MAX_NS;
}
