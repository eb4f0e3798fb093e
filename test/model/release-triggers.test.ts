/** What a change of a release is called: one row for each thing that can happen. */
import t from 'tap';
import type { Wait } from '../../src/model/release.ts';
import { type ReleaseProgress, triggersOf } from '../../src/model/release-triggers.ts';

const wait = (kind: Wait['kind']): Wait => ({ kind, startedAtMs: 0, seconds: null });
const at = (stepIndex: number, more: Partial<ReleaseProgress> = {}): ReleaseProgress => ({
  state: 'progressing',
  reason: 'step_due',
  wait: wait('turn'),
  held: false,
  stepIndex,
  ...more,
});
const paused = (stepIndex: number) => at(stepIndex, { state: 'paused', reason: 'pause_step', wait: wait('pause') });
const held = (stepIndex: number) => at(stepIndex, { state: 'paused', reason: 'pause_requested', held: true });
const measured = (stepIndex: number) => at(stepIndex, { reason: 'analysis_running', wait: wait('analysis') });
const unclear = at(2, { state: 'paused', reason: 'analysis_inconclusive', wait: wait('inconclusive') });
const ended = (state: 'completed' | 'aborted', reason: ReleaseProgress['reason'], stepIndex: number) =>
  at(stepIndex, { state, reason, wait: null });

const rows: [what: string, before: ReleaseProgress | undefined, after: ReleaseProgress, triggers: string][] = [
  ['begins by lowering the TTL', undefined, at(0), 'started'],
  ['begins with a shift and a pause', undefined, paused(1), 'started step-completed paused'],
  ['begins and ends at once', undefined, ended('completed', 'steps_done', 1), 'started step-completed completed'],
  ['leaves a pause for an analysis', paused(1), measured(2), 'step-completed analysis:running'],
  ['goes from pause to pause', paused(1), paused(3), 'step-completed paused'],
  ['is paused on request', at(1), held(1), 'paused'],
  ['is paused on request in a pause', paused(1), { ...held(1), wait: wait('pause') }, ''],
  ['is resumed', held(1), at(1), 'resumed'],
  ['is resumed into an analysis', { ...held(2), wait: wait('analysis') }, measured(2), 'resumed analysis:running'],
  ['passes an analysis', measured(2), at(3), 'step-completed'],
  ['learns nothing from an analysis', measured(2), unclear, 'analysis:inconclusive paused'],
  ['measures again', unclear, measured(2), 'resumed analysis:running'],
  ['fails an analysis', measured(2), ended('aborted', 'analysis_failed', 2), 'analysis:failed aborted'],
  ['is aborted', paused(1), ended('aborted', 'abort_requested', 1), 'aborted'],
  ['is rolled back', paused(1), ended('aborted', 'rolled_back', 1), 'aborted'],
  ['begins again', ended('aborted', 'abort_requested', 3), paused(1), 'started step-completed paused'],
  ['settles', paused(3), at(4, { reason: 'ttl_settling', wait: wait('settling') }), 'step-completed'],
  ['completes', at(4, { wait: wait('settling') }), ended('completed', 'steps_done', 4), 'completed'],
];

t.test('a change of a release has the triggers of what it is', async (t) => {
  for (const [what, before, after, triggers] of rows) {
    const short = triggersOf(before, after).map((trigger) =>
      trigger.replace('on-release-', '').replace('on-analysis-run-', 'analysis:'),
    );
    t.equal(short.join(' '), triggers, what);
  }
});
