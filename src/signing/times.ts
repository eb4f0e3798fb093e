/** When signatures begin and end, and when they are made anew. Times are Unix time, seconds. */

const HOUR = 3600;
const DAY = 24 * HOUR;
/** Clocks of validators may be late. */
const INCEPTION_BACK = HOUR;
const LIFETIME = 14 * DAY;
/** Taken off the lifetime by RRset, so that those made together are not all due together. */
const JITTER = 2 * DAY;
/** What is left of a signature when it is made anew: a server that stands still for a week has lost nothing. */
const REFRESH_LEFT = 7 * DAY;
/** No signature is valid for longer, so one that began before has ended. */
export const LONGEST = INCEPTION_BACK + LIFETIME;

export interface Times {
  readonly inception: number;
  readonly expiration: number;
}

/** `digest`: of the RRset, at random as it were: the jitter is drawn from its first bytes. */
export function timesOf(nowMs: number, digest: Uint8Array): Times {
  const now = Math.floor(nowMs / 1000);
  const share = (digest[0] * 0x10000 + digest[1] * 0x100 + digest[2]) / 0x1000000;
  return { inception: now - INCEPTION_BACK, expiration: now + LIFETIME - Math.floor(share * JITTER) };
}

/** Whether a signature is to be made anew: it ends soon, or has not begun, as those of a clock that was ahead. */
export function isDue(times: Times, nowMs: number): boolean {
  return times.expiration - nowMs / 1000 < REFRESH_LEFT || !hasBegun(times, nowMs);
}

/** Whether validators believe a signature now (RFC 4035 §5.3.1). */
export function isValid(times: Times, nowMs: number): boolean {
  return times.expiration * 1000 > nowMs && hasBegun(times, nowMs);
}

function hasBegun({ inception }: Times, nowMs: number): boolean {
  return inception * 1000 <= nowMs;
}

/**
 * Whether the clock is more than an hour behind what it was when a signature was made that began then. What would be
 * signed by such a clock might not hold yet, or end too early, for everybody else.
 */
export function isBehind(latestInception: number, nowMs: number): boolean {
  return latestInception * 1000 > nowMs;
}
