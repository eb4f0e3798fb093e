/** What happens to releases that others want to be told of, by the names of Argo Rollouts' triggers. */
import type { Release } from './release.ts';

/** In the order in which one revision can bring several. */
export const RELEASE_TRIGGERS = [
  'on-release-started',
  'on-release-step-completed',
  'on-release-resumed',
  'on-analysis-run-running',
  'on-analysis-run-inconclusive',
  'on-analysis-run-failed',
  'on-release-paused',
  'on-approval-needed',
  'on-approved',
  'on-release-completed',
  'on-release-aborted',
] as const;

export type ReleaseTrigger = (typeof RELEASE_TRIGGERS)[number];

/** What of a release changes from revision to revision. */
export type ReleaseProgress = Pick<Release, 'state' | 'reason' | 'stepIndex' | 'wait' | 'held' | 'approvals'>;

/** `before`: undefined where the revision made the release. */
export function triggersOf(before: ReleaseProgress | undefined, after: ReleaseProgress): ReleaseTrigger[] {
  // One that was aborted can only begin again, and has done none of its steps.
  const begins = before === undefined || before.state === 'aborted';
  const last = begins ? undefined : before;
  const enters = (is: (release: ReleaseProgress) => boolean): boolean => {
    return is(after) && (last === undefined || !is(last) || last.stepIndex !== after.stepIndex);
  };
  const happened: Record<ReleaseTrigger, boolean> = {
    'on-release-started': begins,
    'on-release-step-completed': after.stepIndex > (last?.stepIndex ?? 0) && after.state !== 'aborted',
    'on-release-resumed': last !== undefined && waitsForWord(last) && !waitsForWord(after) && stays(last, after),
    'on-analysis-run-running': enters(isMeasured) || (last !== undefined && beginsAnew(last, after)),
    'on-analysis-run-inconclusive': enters(({ reason }) => reason === 'analysis_inconclusive'),
    'on-analysis-run-failed': enters(({ reason }) => reason === 'analysis_failed'),
    'on-release-paused': enters(({ state }) => state === 'paused'),
    'on-approval-needed': enters(({ reason }) => reason === 'approval_needed'),
    'on-approved': (after.approvals?.length ?? 0) > (last?.approvals?.length ?? 0),
    'on-release-completed': enters(({ state }) => state === 'completed'),
    'on-release-aborted': enters(({ state }) => state === 'aborted'),
  };
  return RELEASE_TRIGGERS.filter((trigger) => happened[trigger]);
}

/** Somebody has to say how it goes on, though no step says so. */
function waitsForWord({ reason }: ReleaseProgress): boolean {
  return reason === 'pause_requested' || reason === 'analysis_inconclusive';
}

/** It goes on where it was. */
function stays(before: ReleaseProgress, after: ReleaseProgress): boolean {
  return before.stepIndex === after.stepIndex && after.wait !== null;
}

/** It is measured, and was, but what was measured counts no more. */
function beginsAnew(before: ReleaseProgress, after: ReleaseProgress): boolean {
  return isMeasured(before) && isMeasured(after) && before.wait?.startedAtMs !== after.wait?.startedAtMs;
}

function isMeasured({ wait, held }: ReleaseProgress): boolean {
  return wait?.kind === 'analysis' && !held;
}
