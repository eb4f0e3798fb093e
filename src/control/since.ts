/**
 * How long ago something began that the log has with a time of day. Whoever wrote that may have had another time of day
 * than is here, and the clock here may be set: from when this process heard of it on, a steady clock tells.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from './clock.ts';

/** What began; Unix time, milliseconds, by the clock of whoever wrote it. */
interface Begin {
  readonly atMs: number;
}

export class Since {
  readonly #clock: Pick<Clock, 'wallMs' | 'steadyMs'>;
  readonly #begun = new Map<string, { readonly begin: Begin; readonly steadyMs: number }>();

  constructor(clock: Pick<Clock, 'wallMs' | 'steadyMs'>) {
    this.#clock = clock;
  }

  /** It begins now, unless this very beginning is known already. */
  begin(name: string, begin: Begin): void {
    this.#note(name, begin, 0);
  }

  forget(name: string): void {
    this.#begun.delete(name);
  }

  /**
   * What time it is by the clock of whoever wrote the beginning. Of one that this process has not heard of, since it is
   * older, only the wall clock tells; not before it began.
   */
  nowMs(name: string, begin: Begin): number {
    const steadyMs = this.#note(name, begin, Math.max(0, this.#clock.wallMs() - begin.atMs));
    return begin.atMs + (this.#clock.steadyMs() - steadyMs);
  }

  /** When it began by the steady clock, milliseconds: where that is not known yet, so long ago. */
  #note(name: string, begin: Begin, elapsedMs: number): number {
    const known = this.#begun.get(name);
    if (known !== undefined && isDeepStrictEqual(known.begin, begin)) return known.steadyMs;
    const steadyMs = this.#clock.steadyMs() - elapsedMs;
    this.#begun.set(name, { begin, steadyMs });
    return steadyMs;
  }
}
