/**
 * Until when a node of a fleet may claim to be current: one word of the control memory, which whoever stops answering when
 * stale looks at. Of a steady clock that goes on while the machine sleeps.
 */
import { CLAIM_AT } from './layout.ts';

/** What the word counts: 2^31 of it are four years, so that nothing that slept takes an old word for a new one. */
const UNIT_MS = 64;
const NEVER = 0;
/** For a node that is no part of a fleet. */
const ALWAYS = -(2 ** 31);

/** `untilMs`: 0: it may not; infinite: whatever the time. */
export function storeClaim(control: SharedArrayBuffer, untilMs: number): void {
  // Rounded down: rather a little too short.
  const word = untilMs === Number.POSITIVE_INFINITY ? ALWAYS : Math.floor(untilMs / UNIT_MS) | 0;
  Atomics.store(new Int32Array(control), CLAIM_AT, word);
}

/** Makes no garbage. */
export function isClaimed(control: Int32Array, nowMs: number): boolean {
  const word = Atomics.load(control, CLAIM_AT);
  if (word === ALWAYS || word === NEVER) return word === ALWAYS;
  // The difference is right also where the words have run over.
  return ((word - Math.floor(nowMs / UNIT_MS)) | 0) > 0;
}
