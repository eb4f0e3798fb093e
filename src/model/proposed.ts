/**
 * A change that was proposed and is not done yet: it waits for somebody else's approval, or for a time, or for both. Pure:
 * the time is passed in.
 */
import { readDateTime, readingAt, timeZoneOf, wallText } from './calendar.ts';
import { Problem } from './errors.ts';
import { isInstantForm, readInstant } from './instant.ts';
import { isAmong, type Party } from './person.ts';
import type { ReleaseBody } from './release.ts';
import type { Weights } from './service.ts';
import { dateAndTime } from './time-of-day.ts';
import type { Why } from './why.ts';

/** What is to be done; names are canonical. */
export type ProposedCommand =
  | { readonly kind: 'shift'; readonly services: Readonly<Record<string, Weights>> }
  | { readonly kind: 'release.create'; readonly services: readonly string[]; readonly body: ReleaseBody };

type ProposedState = 'waiting' | 'scheduled' | 'done' | 'ended';

/** Why it is in its state. Codes are part of the API contract: add freely, never rename. */
type ProposedReason =
  | 'approval_needed'
  | 'time_to_come'
  | 'carried_out'
  | 'canceled'
  | 'approval_void'
  | 'missed'
  | 'frozen'
  | 'refused';

export interface Proposed {
  /** The number of the revision that made it, as text. */
  readonly id: string;
  readonly command: ProposedCommand;
  /** Those that it moves, each at the revision that it had: of another one it was not meant. */
  readonly services: readonly { readonly name: string; readonly revision: number }[];
  readonly askedBy: string;
  /** Of whoever that is, where they signed in; told to nobody. */
  readonly askedSubject?: string;
  /** Whoever approved it; absent: nobody yet, or nobody has to. */
  readonly approved?: { readonly by: string; readonly atMs: number };
  readonly schedule?: Schedule;
  /** Of an emergency that was said with it. */
  readonly override?: string;
  readonly why?: Why;
  readonly state: ProposedState;
  readonly reason: ProposedReason;
  /** A sentence for people. */
  readonly message: string;
  /** The revision in which it was carried out. */
  readonly outcome?: number;
  /** Unix time, milliseconds. */
  readonly createdAtMs: number;
  /** The last revision that changed it; its ETag. */
  readonly revision: number;
}

/** When something is to be done. */
interface Schedule {
  /** Unix time, milliseconds. */
  readonly atMs: number;
  /** By whose clock it was said; absent: by an offset. */
  readonly timeZone?: string;
}

/** Those that may still be carried out: each is looked at when a service changes. */
export const PROPOSALS_OPEN_MAX = 1000;

/**
 * A server that was down or had no leader at the time does it that much later still. After that it is missed: whoever
 * planned it for a quiet hour would be surprised by it in a busy one.
 */
const LATE_MS = 5 * 60_000;

/** Nobody plans for longer; a year that was mistyped is found out. */
const AHEAD_MAX_MS = 366 * 24 * 3600 * 1000;

/** `at`: a time with an offset, or one of the clock of `timeZone`. */
export function makeSchedule(at: string, timeZone: string | undefined, nowMs: number): Schedule | Problem {
  const read = readAt(at.trim(), timeZone);
  if (read instanceof Problem) return read;
  if (read.atMs <= nowMs) {
    return refuse(`at is a time to come: ${shownTime(read)} was before now, ${dateAndTime(nowMs)}.`);
  }
  if (read.atMs - nowMs > AHEAD_MAX_MS) return refuse(`at is within a year: ${shownTime(read)} is not.`);
  return read;
}

function readAt(at: string, timeZone: string | undefined): Schedule | Problem {
  if (isInstantForm(at)) {
    const atMs = readInstant(at);
    if (atMs === undefined) return refuse(`at is a time such as 2026-12-01T10:00:00+01:00, not ${JSON.stringify(at)}.`);
    const zone = timeZone === undefined ? undefined : timeZoneOf(timeZone);
    if (timeZone !== undefined && zone === undefined) return unknownZone(timeZone);
    return zone === undefined ? { atMs } : { atMs, timeZone: zone };
  }
  const reading = readDateTime(at);
  if (reading === undefined || !/[T ]/.test(at)) {
    const detail = `at is a time such as 2026-12-01T10:00:00+01:00, or 2026-12-01T10:00 with a timeZone, not ${JSON.stringify(at)}.`;
    return refuse(detail);
  }
  if (timeZone === undefined) {
    return refuse(`at says no time zone: give it an offset (${at}+01:00), or a timeZone such as Europe/Berlin.`);
  }
  const zone = timeZoneOf(timeZone);
  if (zone === undefined) return unknownZone(timeZone);
  const atMs = readingAt(reading, zone);
  if (atMs === 'never')
    return refuse(`${reading} is not in ${zone}: its clock leaves that time out. Choose another one.`);
  if (atMs === 'twice')
    return refuse(`${reading} comes twice in ${zone}: give it an offset, such as ${reading}+01:00.`);
  return { atMs, timeZone: zone };
}

function unknownZone(timeZone: string): Problem {
  const detail = `timeZone is a name of the tz database such as Europe/Berlin or UTC, not ${JSON.stringify(timeZone)}.`;
  return new Problem('schedule_invalid', detail, { pointer: '/timeZone' });
}

function refuse(detail: string): Problem {
  return new Problem('schedule_invalid', detail, { pointer: '/at' });
}

/** `Tue 2026-12-01 10:00 Europe/Berlin`, or in UTC. */
function shownTime({ atMs, timeZone }: Schedule): string {
  return timeZone === undefined ? dateAndTime(atMs) : wallText(atMs, timeZone);
}

/** One that may still be carried out. */
export function isOpen({ state }: Pick<Proposed, 'state'>): boolean {
  return state === 'waiting' || state === 'scheduled';
}

/** As it stands when it is made: it waits for somebody first, then for its time. */
export function begun(proposed: Omit<Proposed, 'state' | 'reason' | 'message'>, needsApproval: boolean): Proposed {
  if (!needsApproval) return scheduled(proposed);
  const { schedule, askedBy } = proposed;
  const then = schedule === undefined ? '' : `; it is to be done at ${shownTime(schedule)}`;
  const message = `Waits for approval by somebody else than ${askedBy}${then}.`;
  return { ...proposed, state: 'waiting', reason: 'approval_needed', message };
}

function scheduled(proposed: Omit<Proposed, 'state' | 'reason' | 'message'>): Proposed {
  const message = `Is done at ${shownTime(proposed.schedule as Schedule)}.`;
  return { ...proposed, state: 'scheduled', reason: 'time_to_come', message };
}

/** Somebody else agrees: a Problem where he may not, or it is too late. Where its time is to come it waits for that. */
export function approve(
  proposed: Proposed,
  party: Party,
  changed: readonly string[],
  atMs: number,
): { readonly proposed: Proposed; readonly isDue: boolean } | Problem {
  if (proposed.state !== 'waiting') return noLongerWaits(proposed);
  if (isOwn(proposed, party)) return ownApproval(proposed.askedBy, `The proposal ${proposed.id}`);
  if (changed.length > 0) return voidApproval(`The proposal ${proposed.id}`, changed.join('; '), 'propose it anew');
  const { schedule } = proposed;
  if (schedule !== undefined && atMs >= schedule.atMs) {
    return new Problem('proposal_state', `The proposal ${proposed.id} was to be done at ${shownTime(schedule)}.`);
  }
  const approved = { ...proposed, approved: { by: party.name, atMs } };
  if (schedule === undefined) return { proposed: approved, isDue: true };
  return { proposed: scheduled(approved), isDue: false };
}

/** Whether it was asked for by somebody. */
export function isOwn({ askedBy, askedSubject }: Proposed, party: Party): boolean {
  return isAmong(party, [askedBy], askedSubject === undefined ? [] : [askedSubject]);
}

function noLongerWaits({ id, approved, state, message }: Proposed): Problem {
  const by = approved === undefined ? '' : ` ${approved.by} approved it at ${dateAndTime(approved.atMs)}.`;
  return new Problem('proposal_state', `The proposal ${id} waits for nobody: it is ${state}.${by} ${message}`);
}

/** Four eyes are of two people. */
export function ownApproval(person: string, what: string): Problem {
  const detail = `${what} was asked for by ${person}: somebody else approves it. Rollback, abort and forced health need no approval.`;
  return new Problem('approval_own', detail);
}

/** What was approved is no longer what would be done. */
export function voidApproval(what: string, changed: string, todo: string): Problem {
  return new Problem('approval_void', `${what} is not what it was: ${changed}. Look at it again, or ${todo}.`);
}

export function done(proposed: Proposed, outcome: number, message: string): Proposed {
  return { ...proposed, state: 'done', reason: 'carried_out', outcome, message };
}

export function ended(proposed: Proposed, reason: ProposedReason, message: string): Proposed {
  return { ...proposed, state: 'ended', reason, message };
}

/** What is to become of one by itself: nothing yet, or it is due, or can never be done. */
export function dueness(
  { state, schedule }: Proposed,
  changed: readonly string[],
  atMs: number,
): 'later' | 'due' | { readonly reason: ProposedReason; readonly message: string } {
  if (changed.length > 0) {
    return { reason: 'approval_void', message: `Not done: ${changed.join('; ')}. Propose it anew.` };
  }
  if (schedule === undefined || atMs < schedule.atMs) return 'later';
  if (state === 'waiting') {
    return { reason: 'missed', message: `Not done: nobody had approved it at ${shownTime(schedule)}.` };
  }
  if (atMs - schedule.atMs <= LATE_MS) return 'due';
  const message = `Not done: at ${shownTime(schedule)} no server could, and ${dateAndTime(atMs)} is too late.`;
  return { reason: 'missed', message };
}

/** What others want to be told of. */
const PROPOSAL_TRIGGERS = ['on-approval-needed', 'on-approved', 'on-proposal-done', 'on-proposal-ended'] as const;

export type ProposalTrigger = (typeof PROPOSAL_TRIGGERS)[number];

interface Standing {
  readonly state: ProposedState;
  readonly approved?: object;
}

export function proposalTriggersOf(before: Standing | undefined, after: Standing): ProposalTrigger[] {
  const happened: Record<ProposalTrigger, boolean> = {
    'on-approval-needed': before === undefined && after.state === 'waiting',
    'on-approved': before?.approved === undefined && after.approved !== undefined,
    'on-proposal-done': before?.state !== 'done' && after.state === 'done',
    'on-proposal-ended': before?.state !== 'ended' && after.state === 'ended',
  };
  return PROPOSAL_TRIGGERS.filter((trigger) => happened[trigger]);
}
