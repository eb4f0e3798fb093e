/** What becomes of a release that is told something. Pure: the time is passed in. */
import { Problem } from './errors.ts';
import { isAmong, type Party } from './person.ts';
import { ownApproval } from './proposed.ts';
import { isActive, type Release, type Wait } from './release.ts';
import type { GateOutcome } from './release-analysis.ts';
import {
  aborted,
  beginRelease,
  completed,
  finish,
  type Hold,
  inconclusive,
  nextStep,
  shifted,
  takeSteps,
  waiting,
} from './release-progress.ts';
import type { Service } from './service.ts';

/** What people ask for, and last what the runner reports: that what the release waited for has come. */
export type TransitionCommand =
  /** Somebody else agrees with the step that it waits at. */
  | { readonly verb: 'approve'; readonly by: Party; readonly seen: number }
  /** Leaves any pause; `full` skips every pause and analysis that is left, to the weight of the last step. */
  | { readonly verb: 'promote'; readonly full: boolean }
  | { readonly verb: 'pause' | 'resume' }
  | { readonly verb: 'abort'; readonly reason: 'abort_requested' | 'rolled_back'; readonly message: string }
  /** From the first step again, from the weights that the services have now. `by`: who says so. */
  | { readonly verb: 'retry'; readonly by?: Party; readonly services: readonly Service[] }
  /** The time of the wait is over. */
  | { readonly verb: 'elapse' }
  /** What the analysis measures is no longer what it began with; `why` is a sentence. */
  | { readonly verb: 'remeasure'; readonly why: string }
  /** The analysis has its verdict. */
  | { readonly verb: 'judge'; readonly outcome: GateOutcome; readonly message: string };

/**
 * The release after a command; the same object where it changes nothing. The caller gives it its new revision. `frozen`: a
 * freeze that is on, which holds each shift forward.
 */
export function transition(
  release: Release,
  command: TransitionCommand,
  atMs: number,
  frozen?: Hold,
): Release | Problem {
  if (command.verb === 'retry') return retry(release, command, atMs);
  if (!isActive(release)) {
    if (command.verb === 'abort' && release.state === 'aborted') return release;
    return refusal(release, `it is ${release.state}: ${command.verb} is for a release that goes on`);
  }
  switch (command.verb) {
    case 'approve':
      return approve(release, command, atMs, frozen);
    case 'promote':
      return command.full ? skipToEnd(release, atMs) : promote(release, atMs, frozen);
    case 'pause':
      return release.held || isInconclusive(release) ? release : hold(release);
    case 'resume':
      if (isInconclusive(release)) return measureAgain(release, atMs);
      return release.held ? letGo(release, atMs, frozen) : refusal(release, notHeld(release));
    case 'abort':
      return aborted(release, command.reason, command.message);
    case 'elapse':
      return elapse(release, atMs, frozen);
    case 'remeasure':
      return remeasure(release, command.why, atMs);
    case 'judge':
      return judge(release, command, atMs, frozen);
  }
}

function retry(
  release: Release,
  { by, services }: Extract<TransitionCommand, { verb: 'retry' }>,
  atMs: number,
): Release | Problem {
  if (release.state !== 'aborted')
    return refusal(release, `it is ${release.state}: retry is for a release that was aborted`);
  const { id, to, steps, createdAtMs, services: earlier, override, askedBy = [], askedSubjects = [] } = release;
  const subjects = [...new Set([...askedSubjects, ...(by?.subject === undefined ? [] : [by.subject])])];
  const kept = {
    id,
    to,
    steps,
    createdAtMs,
    ...(override && { override }),
    askedBy: [...new Set([...askedBy, ...(by === undefined ? [] : [by.name])])],
    ...(subjects.length > 0 && { askedSubjects: subjects }),
  };
  return beginRelease({ ...kept, services, earlier }, atMs);
}

/** An approval is of one step, by somebody who did not ask for the release. */
function approve(
  release: Release,
  { by, seen }: Extract<TransitionCommand, { verb: 'approve' }>,
  atMs: number,
  frozen: Hold | undefined,
): Release | Problem {
  const { wait, held, stepIndex, askedBy = [], askedSubjects, approvals = [] } = release;
  if (wait?.kind !== 'approval') return refusal(release, 'it waits for no approval');
  if (held) return refusal(release, 'it was paused on request: resume comes before an approval');
  if (isAmong(by, askedBy, askedSubjects)) return ownApproval(askedBy.join(' and '), `The release ${release.id}`);
  const approved = { ...release, approvals: [...approvals, { stepIndex, by: by.name, seen, atMs }] };
  return nextStep(approved, atMs, frozen);
}

/** No word of one person does what two have to agree on. */
function needsApproval(release: Release, step: string): Problem {
  const detail = `${step} of the release ${release.id} waits for approval by somebody else: approve leaves it, abort and rollback take all back.`;
  return new Problem('approval_needed', detail, { conflict: release.id });
}

function promote(release: Release, atMs: number, frozen: Hold | undefined): Release | Problem {
  const { held, wait } = release;
  if (wait?.kind === 'pause' || wait?.kind === 'promotion' || wait?.kind === 'inconclusive')
    return nextStep(release, atMs, frozen);
  if (wait?.kind === 'frozen') return takeSteps({ ...release, held: false }, atMs, frozen);
  if (held) return letGo(release, atMs, frozen);
  if (wait?.kind === 'approval') return needsApproval(release, `Step ${release.stepIndex + 1}`);
  return refusal(release, 'it is not paused: promote leaves a pause, and {"full":true} skips all that is left');
}

function notHeld(release: Release): string {
  if (release.state === 'progressing') return 'it is not paused';
  return 'it is at a pause of its own steps: promote leaves that';
}

function hold(release: Release): Release {
  const message = 'Paused on request; resume goes on, and begins the wait or analysis that it was in anew.';
  return { ...release, held: true, state: 'paused', reason: 'pause_requested', message };
}

/**
 * A wait begins anew, since nobody measured what was left of it; an analysis with its first measurement. That for a freeze
 * does not: the freeze may have ended meanwhile, or ends when the calendar says so.
 */
function letGo(release: Release, atMs: number, frozen: Hold | undefined): Release {
  const free = { ...release, held: false };
  const wait = release.wait as Wait;
  if (wait.kind === 'frozen') return takeSteps(free, atMs, frozen);
  return waiting(free, { ...wait, startedAtMs: atMs });
}

function isInconclusive({ wait }: Release): boolean {
  return wait?.kind === 'inconclusive';
}

function measureAgain(release: Release, atMs: number): Release {
  return waiting(release, { kind: 'analysis', startedAtMs: atMs, seconds: null });
}

/** Earlier measurements count no more, neither for nor against it. */
function remeasure(release: Release, why: string, atMs: number): Release {
  if (release.held || release.wait?.kind !== 'analysis') return release;
  const again = measureAgain(release, atMs);
  return { ...again, message: `${why} ${again.message}` };
}

function elapse(release: Release, atMs: number, frozen: Hold | undefined): Release {
  const { wait, held } = release;
  // Freezes come and go, so that its own end says nothing.
  if (wait?.kind === 'frozen' && !held) return takeSteps(release, atMs, frozen);
  if (held || wait === null || wait.seconds === null) return release;
  if (wait.kind === 'settling') return completed(release);
  return wait.kind === 'pause' || wait.kind === 'drain'
    ? nextStep(release, atMs, frozen)
    : takeSteps(release, atMs, frozen);
}

function judge(
  release: Release,
  { outcome, message }: { readonly outcome: GateOutcome; readonly message: string },
  atMs: number,
  frozen: Hold | undefined,
): Release {
  if (release.held || release.wait?.kind !== 'analysis') return release;
  switch (outcome) {
    case 'passed':
      return nextStep(release, atMs, frozen);
    case 'inconclusive':
      return inconclusive(release, message, atMs);
    case 'failed':
      return aborted(release, 'analysis_failed', `${message}.`);
  }
}

function skipToEnd(release: Release, atMs: number): Release | Problem {
  if (release.wait?.kind === 'settling' && !release.held) return release;
  const left = release.steps.findIndex((step, i) => i >= release.stepIndex && step.pause?.approval !== undefined);
  if (left >= 0) return needsApproval(release, `Step ${left + 1}`);
  const last = release.steps.slice(release.stepIndex).findLast(({ setWeight }) => setWeight !== undefined);
  const moved = last?.setWeight === undefined ? release : shifted(release, last.setWeight);
  return finish({ ...moved, held: false, stepIndex: release.steps.length }, atMs);
}

function refusal({ id }: Release, why: string): Problem {
  return new Problem('release_state', `The release ${id} stays as it is: ${why}.`, { conflict: id });
}
