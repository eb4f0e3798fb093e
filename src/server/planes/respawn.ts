/** When a process that died is started again: at once, and more and more slowly where it fails again and again. */

/** One that lives longer after it was ready has not failed at once. */
const SHORT_LIFE_MS = 3000;
const PAUSE_MS = 250;
/** What keeps it from starting may have passed. */
const PAUSE_MAX_MS = 10_000;

export class Respawn {
  /** How often one was started again. */
  count = 0;
  #failures = 0;

  /** How long to wait. `readyMs`: how long the one that died had been ready; undefined: it never was. */
  pauseMs(readyMs: number | undefined, signal: NodeJS.Signals | null): number {
    this.count++;
    // One that somebody killed after it was ready did not fail by itself.
    const hasFailed = readyMs === undefined || (readyMs < SHORT_LIFE_MS && signal !== 'SIGKILL');
    this.#failures = hasFailed ? this.#failures + 1 : 0;
    // The first that fails may have been unlucky.
    return this.#failures < 2 ? 0 : Math.min(PAUSE_MS * 2 ** (this.#failures - 2), PAUSE_MAX_MS);
  }
}
