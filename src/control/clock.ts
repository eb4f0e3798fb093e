/** The clocks that releases, health checks and forced states go by. */

export interface Clock {
  /** Unix time, milliseconds: for the log, and for what must outlive the process. It may jump. */
  wallMs(): number;
  /** Milliseconds since some moment: only grows, at an even pace. What is waited for is measured by it. */
  steadyMs(): number;
  /** Calls `work` once, that many milliseconds later; the result takes it back. */
  after(ms: number, work: () => void): () => void;
}
