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
import { WaitTrial, WINDOW_MS } from './wait-trial.ts';

/** Fewer queries a millisecond would wait for nobody. */
const FAST_PER_MS = 20;
/** A turn of so many says that no wait is needed for the next one to be large. */
const LARGE = BATCH / 2;
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
  readonly #trial = new WaitTrial();
  /** Of the window: when it began (of milliseconds the low 32 bits), its queries, turns that had any, and whether it has waits. */
  #sinceMs = 0;
  #queries = 0;
  #turns = 0;
  #waits = false;
  /** Queries since the last wait, or since there was none to be. */
  #turn = 0;

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
    this.#queries += count;
    this.#turn += count;
    const elapsedMs = ((nowMs | 0) - this.#sinceMs) | 0;
    if (elapsedMs < WINDOW_MS && elapsedMs >= 0) return;
    // A clock that was set back says nothing of how fast they come.
    const isFast = elapsedMs > 0 && this.#queries >= FAST_PER_MS * elapsedMs;
    this.#waits = this.#trial.endWindow(this.#queries, this.#turns, elapsedMs, isFast);
    this.#queries = 0;
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
}

function hasFineTimers(libc: Libc): boolean {
  const resolution = new Int32Array(4);
  const address = libc.addressOf(new Uint8Array(resolution.buffer));
  if (libc.clock_getres(LINUX.CLOCK_MONOTONIC, address) !== 0) return false;
  return resolution[0] === 0 && resolution[1] === 0 && resolution[2] <= RESOLUTION_MAX_NS;
}
