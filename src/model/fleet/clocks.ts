/**
 * How far the time of day of one node is from that of another. Each tells the others what its clocks show, and whoever
 * hears of it compares. What was told is older than it looks by as long as it was on its way; so of all that a node told
 * lately the one that was the quickest counts.
 */
import { isWhole } from './records.ts';

/** What a node's clocks showed at one moment. */
export interface ToldClock {
  /** Unix time, milliseconds. */
  readonly wallMs: number;
  /** Of its steady clock, milliseconds: together they tell when its time of day was set. */
  readonly steadyMs: number;
}

export interface HeardClock extends ToldClock {
  /** By the steady clock of whoever heard it, milliseconds. */
  readonly heardAtMs: number;
}

/** Steady clocks run apart by some milliseconds in this time, and one of some tellings in it was quick. */
const WINDOW_MS = 60_000;
/** Of a node that told nothing for so long it is not known what its clock shows now. */
const SILENT_MS = 30_000;
/** A time of day that moves by so much against the steady clock was set. What NTP slews in the window is less. */
const SET_MS = 200;
/** An hour of etcd's trouble is no clock that is behind: that takes more than one word. */
const BEHIND_TELLINGS = 2;

/**
 * From so much on a clock is far off, and below so much it is well again. Resolvers count in whole seconds, and waits of
 * a few seconds are common; a machine with NTP is within some milliseconds.
 */
const FAR_MS = 2000;
const WELL_MS = 1000;

/** Whether a node's time of day was set between two moments. */
export function isSet(before: ToldClock, now: ToldClock): boolean {
  return Math.abs(now.wallMs - now.steadyMs - (before.wallMs - before.steadyMs)) > SET_MS;
}

/** Takes note of what a node told, and forgets what says nothing of its clock any more. */
export function noteClock(before: readonly HeardClock[], told: HeardClock): readonly HeardClock[] {
  const isOfUse = (each: HeardClock): boolean => !isSet(each, told) && told.heardAtMs - each.heardAtMs < WINDOW_MS;
  return [...before.filter(isOfUse), told];
}

/**
 * By how much a node's time of day is ahead of that of whoever heard it, milliseconds; negative: it is behind. It is so much
 * at least, and more by as long as the quickest of what was heard was on its way. undefined: it told nothing lately.
 */
export function clockOffsetMs(heard: readonly HeardClock[], own: ToldClock): number | undefined {
  const last = heard.at(-1);
  return last === undefined || own.steadyMs - last.heardAtMs > SILENT_MS ? undefined : lastOffsetMs(heard, own);
}

/** The same, of one that may be silent since, and of whom something was heard. */
export function lastOffsetMs(heard: readonly HeardClock[], own: ToldClock): number {
  const fromSteadyMs = Math.max(...heard.map(({ wallMs, heardAtMs }) => wallMs - heardAtMs));
  return Math.round(fromSteadyMs - (own.wallMs - own.steadyMs));
}

/** Whether a clock that is off by so much is far off; it stays so until it is well again. */
export function isFarOff(
  offsetMs: number,
  heard: readonly HeardClock[],
  { wasFar }: { readonly wasFar: boolean },
): boolean {
  if (wasFar) return Math.abs(offsetMs) >= WELL_MS;
  return offsetMs >= FAR_MS || (offsetMs <= -FAR_MS && heard.length >= BEHIND_TELLINGS);
}

/** As it stands in a record: `[wallMs, steadyMs]`. */
export function clockForm({ wallMs, steadyMs }: ToldClock): readonly number[] {
  return [Math.round(wallMs), Math.round(steadyMs)];
}

/** undefined: it is of an earlier version, which tells nothing of its clock, or nobody can read it. */
export function parseClock(form: unknown): ToldClock | undefined {
  const [wallMs, steadyMs] = Array.isArray(form) ? (form as unknown[]) : [];
  return isWhole(wallMs) && isWhole(steadyMs) ? { wallMs, steadyMs } : undefined;
}
