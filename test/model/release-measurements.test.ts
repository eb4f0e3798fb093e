/** What stays with a release of what its gates said. */
import t from 'tap';
import type { KeptMetric } from '../../src/model/kept-analysis.ts';
import type { Release } from '../../src/model/release.ts';
import {
  ANALYSES_MAX,
  KEPT_PER_METRIC,
  KEPT_PER_RELEASE,
  MESSAGE_MAX_CHARACTERS,
  type Measured,
  MeasurementLog,
  phaseOf,
  withMeasured,
} from '../../src/model/release-measurements.ts';

const release = (more: Partial<Release>): Release => ({
  id: '4',
  to: 'green',
  services: [],
  steps: [],
  state: 'progressing',
  reason: 'analysis_running',
  message: '',
  stepIndex: 1,
  wait: { kind: 'analysis', startedAtMs: 5, seconds: null },
  held: false,
  createdAtMs: 0,
  revision: 4,
  ...more,
});
const aborted = release({ state: 'aborted', reason: 'analysis_failed', wait: null, message: 'Aborted by admin.' });

function measured(count: number, verdict?: Measured['verdict']): Measured {
  const log = new MeasurementLog(['up']);
  for (let at = 0; at < count; at++) log.add('up', { outcome: 'failed', message: `no ${at}`, value: at }, at);
  return { startedAtMs: 5, failureLimit: 0, metrics: log.metrics, verdict };
}

t.test('the last measurements are kept, failures the longest, and all are counted', async (t) => {
  const log = new MeasurementLog(['errors', 'up']);
  for (let at = 0; at < 500; at++) {
    const isBad = at % 100 === 7;
    log.add('errors', { outcome: isBad ? 'failed' : 'passed', message: 'x'.repeat(5000), value: at }, at);
  }
  log.add('another', { outcome: 'failed', message: '' }, 1);
  const [errors, up] = log.metrics;
  t.same(errors?.counts, { passed: 495, failed: 5 });
  t.equal(errors?.latest.length, KEPT_PER_METRIC);
  t.same(
    errors?.latest.filter(({ phase }) => phase === 'failed').map(({ atMs }) => atMs),
    [7, 107, 207, 307, 407],
    'the culprits of an hour ago',
  );
  t.equal(errors?.latest.at(-1)?.atMs, 499, 'and the last one');
  t.equal(errors?.latest[0]?.message.length, MESSAGE_MAX_CHARACTERS);
  t.same(up, { name: 'up', counts: {}, latest: [] });
  const failing = measured(100).metrics[0];
  t.equal(failing?.latest.length, KEPT_PER_METRIC, 'failures too are bounded');
  t.equal(failing?.latest.at(-1)?.atMs, 99);
});

t.test('an analysis that ends stays with the release, whoever ends it', async (t) => {
  const before = release({});
  const verdict = { outcome: 'failed', message: 'up failed: no 1' } as const;
  t.match(withMeasured(before, aborted, measured(2, verdict), 9), {
    analyses: [{ stepIndex: 1, startedAtMs: 5, endedAtMs: 9, phase: 'failed', message: 'up failed: no 1' }],
  });
  t.match(withMeasured(before, aborted, measured(2), 9).analyses, [{ phase: 'stopped', message: 'Aborted by admin.' }]);
  t.match(withMeasured(before, release({ held: true, state: 'paused' }), measured(1), 9).analyses, [
    { phase: 'stopped' },
  ]);
  t.equal(withMeasured(before, release({ message: 'it goes on' }), measured(1), 9).analyses, undefined);
  t.equal(withMeasured(before, aborted, measured(0), 9).analyses, undefined, 'nothing was measured');
  t.equal(withMeasured(before, aborted, undefined, 9).analyses, undefined, 'nor by this process');
  t.equal(withMeasured(undefined, before, undefined, 9).analyses, undefined);
});

t.test('a retry keeps what the attempt before it found, marked as that', async (t) => {
  const first = withMeasured(release({}), aborted, measured(2), 9);
  const again = withMeasured(first, release({ stepIndex: 0, wait: null }), undefined, 10);
  t.match(again.analyses, [{ isEarlier: true, endedAtMs: 9 }]);
  const second = withMeasured({ ...again, ...release({}), analyses: again.analyses ?? [] }, aborted, measured(1), 11);
  t.match(second.analyses, [{ isEarlier: true }, { endedAtMs: 11 }]);
  t.notOk(second.analyses?.[1]?.isEarlier);
});

t.test('what stays is bounded, however often a release is resumed', async (t) => {
  let now = release({});
  for (let round = 0; round < 200; round++) {
    const metrics = Array.from({ length: 10 }, (_, i) => ({
      ...(measured(99).metrics[0] as KeptMetric),
      name: `m${i}`,
    }));
    const kept = withMeasured(now, aborted, { ...measured(99), metrics }, round);
    now = release({ analyses: kept.analyses ?? [] });
  }
  const analyses = now.analyses ?? [];
  t.equal(analyses.length, ANALYSES_MAX);
  const sizes = analyses.map(({ metrics }) => metrics.reduce((sum, { latest }) => sum + latest.length, 0));
  t.ok(sizes.reduce((a, b) => a + b, 0) <= KEPT_PER_RELEASE);
  t.equal(sizes.at(-1), 10 * KEPT_PER_METRIC, 'the last is whole');
  t.match(analyses[0]?.metrics[0]?.counts, { failed: 99 }, 'of the first the counts');
});

t.test('a metric that made an analysis fail has failed, whatever it said last', async (t) => {
  const of = (counts: object, last: 'passed' | 'failed') => ({
    name: 'up',
    counts,
    latest: [{ atMs: 0, phase: last, message: '' }],
  });
  t.equal(phaseOf(of({ failed: 2 }, 'passed'), { phase: 'failed', failureLimit: 1 }), 'failed');
  t.equal(phaseOf(of({ failed: 1 }, 'passed'), { phase: 'failed', failureLimit: 1 }), 'passed');
  t.equal(phaseOf(of({ failed: 1 }, 'failed'), { phase: 'stopped', failureLimit: 1 }), 'failed');
  t.equal(phaseOf({ name: 'up', counts: {}, latest: [] }, { phase: 'stopped', failureLimit: 1 }), 'none');
});
