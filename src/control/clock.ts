/** Time and chance, as the control plane is given them: nothing in it asks the machine itself. */

/** The clocks that releases, health checks, requests to others and forced states go by. */
export interface Clock {
  /** Unix time, milliseconds: for the log, and for what must outlive the process. It may jump. */
  wallMs(): number;
  /** Milliseconds since some moment: only grows, at an even pace. Waits are measured by it. */
  steadyMs(): number;
  /** Calls `work` once, that many milliseconds later; the result takes it back. */
  after(ms: number, work: () => void): () => void;
}

/** Waits, and no more: for what needs to know no time of day. */
export type Timers = Pick<Clock, 'after'>;

/** Clocks of a fleet's nodes differ by less, so that what is so much older or younger than what is looked for ends a search. */
export const CLOCKS_DIFFER_MS = 24 * 3600_000;

/** So many bytes that nobody can guess. */
export type RandomBytes = (count: number) => Buffer;
