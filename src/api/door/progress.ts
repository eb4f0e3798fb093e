/** Whether bytes move: a limit on all of a transfer would be too short for a large one, or too long for one that stops. */

/**
 * What a transfer must move in its time, or be done: 2 KiB a second over 30 s, which the slowest lines have. A byte now
 * and then is no progress.
 */
export const PROGRESS_BYTES = 64 * 1024;

export class Progress {
  #sinceMs: number | undefined;
  #movedThen = 0;

  /** `moved`: bytes so far; `isWaiting`: more are to come, and it is the client who is waited for. */
  isStalled({ moved, isWaiting }: { moved: number; isWaiting: boolean }, nowMs: number, stallMs: number): boolean {
    if (!isWaiting) {
      this.#sinceMs = undefined;
      return false;
    }
    if (this.#sinceMs === undefined || moved - this.#movedThen >= PROGRESS_BYTES) {
      this.#sinceMs = nowMs;
      this.#movedThen = moved;
    }
    return nowMs - this.#sinceMs >= stallMs;
  }
}
