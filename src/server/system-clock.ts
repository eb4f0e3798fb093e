/** The machine's clocks and timers, as releases are given them. */
import type { Clock } from '../control/clock.ts';
import { afterMs } from '../guard.ts';

/** The longest that a timer of Node takes; the runner looks again then. */
const TIMER_MAX_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  wallMs: Date.now,
  steadyMs: () => performance.now(),
  after(ms, work) {
    const timer = afterMs('a timer of the control plane', Math.min(ms, TIMER_MAX_MS), work);
    return () => clearTimeout(timer);
  },
};
