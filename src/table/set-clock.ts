/**
 * What the counters of pools mean after the wall clock was set: workers stamp answers by it as it is, and what they stamped
 * before is of another time of day. A clock that was set forward would have their answers expire at once; one that was set
 * back, after as long as it was ahead. Where it was is noted here, and their words are read by that.
 */

/** What one worker counted of a pool. Unix times, milliseconds; 0: never. */
export interface Stamps {
  readonly lastAtMs: number;
  readonly lastTtlSeconds: number;
  readonly expiresAtMs: number;
}

/** The wall clock was set. Milliseconds; Unix time is that of the clock as it is now. */
export interface ClockStep {
  readonly nowMs: number;
  /** What it shows more than it would have. */
  readonly byMs: number;
  /** It was set within the last so many. */
  readonly withinMs: number;
}

/** What the words of a line were when the clock was set, and what they mean by the clock as it is now. */
interface Noted {
  readonly words: Pick<Stamps, 'lastAtMs' | 'expiresAtMs'>;
  readonly lastAtMs: number;
  readonly expiresAtMs: number;
  readonly ttlSeconds: number;
}

/** Of one worker's counters. */
export class SetClock {
  readonly #noted = new Map<number, Noted>();

  /** The words of a line as they are to be read now. */
  read(line: number, words: Stamps): Stamps {
    const noted = this.#noted.get(line);
    if (noted === undefined) return words;
    const { lastAtMs, lastTtlSeconds, expiresAtMs } = words;
    const isAnswered = lastAtMs !== noted.words.lastAtMs;
    // The latest expiry only grows: of a clock that was ahead it stays as it was, whatever is answered.
    const latestMs = isAnswered ? lastAtMs + 1000 * Math.max(lastTtlSeconds, noted.ttlSeconds) : 0;
    const ownMs = expiresAtMs === noted.words.expiresAtMs ? 0 : expiresAtMs;
    return {
      lastAtMs: isAnswered ? lastAtMs : noted.lastAtMs,
      lastTtlSeconds,
      expiresAtMs: Math.max(noted.expiresAtMs, latestMs, ownMs),
    };
  }

  set(line: number, words: Stamps, { nowMs, byMs, withinMs }: ClockStep): void {
    const { lastAtMs, expiresAtMs, lastTtlSeconds } = words;
    if (expiresAtMs === 0) return;
    const read = this.read(line, words);
    const isOld = byMs > 0 ? lastAtMs <= nowMs - byMs : lastAtMs > nowMs || lastAtMs < nowMs - withinMs;
    // What is later than any answer by the clock as it is now was stamped before, though there were answers since.
    if (!isOld && expiresAtMs <= nowMs + 1000 * lastTtlSeconds) return this.#move(line, byMs);
    this.#noted.set(line, {
      words: { expiresAtMs, lastAtMs: isOld ? lastAtMs : 0 },
      lastAtMs: read.lastAtMs + byMs,
      expiresAtMs: read.expiresAtMs + byMs,
      ttlSeconds: lastTtlSeconds,
    });
  }

  /** The words are of the clock as it is now; what was noted when it was set before is not. */
  #move(line: number, byMs: number): void {
    const noted = this.#noted.get(line);
    if (noted === undefined) return;
    const { lastAtMs, expiresAtMs } = noted;
    this.#noted.set(line, { ...noted, lastAtMs: lastAtMs + byMs, expiresAtMs: expiresAtMs + byMs });
  }

  forget(line: number): void {
    this.#noted.delete(line);
  }
}
