/** What steps may say, and what is said of wrong ones. */
import t from 'tap';
import { Problem } from '../../src/model/errors.ts';
import type { ReleaseBody, Step } from '../../src/model/release.ts';
import { durationSeconds, PRESETS, stepsOf } from '../../src/model/release-steps.ts';

t.test('durations are those of Argo Rollouts', async (t) => {
  const good = { '30': 30, '30s': 30, '5m': 300, '1h': 3600, '168h': 604_800 };
  for (const [text, seconds] of Object.entries(good)) t.equal(durationSeconds(text), seconds, text);
  t.equal(durationSeconds(90), 90);
  for (const bad of [
    '',
    '0',
    '0s',
    's',
    '5 m',
    '1d',
    '-1s',
    '1.5h',
    '1h30m',
    '169h',
    '99999999999s',
    '5M',
    '٣s',
    0,
    -1,
    1.5,
    Number.NaN,
  ]) {
    t.equal(durationSeconds(bad), undefined, String(bad));
  }
});

t.test('presets have the steps that their names say, and are good ones', async (t) => {
  t.same(PRESETS.Canary10Percent5Minutes, [{ setWeight: 10 }, { pause: { duration: '5m' } }, { setWeight: 100 }]);
  const linear = PRESETS.Linear10PercentEvery3Minutes ?? [];
  t.same(
    linear.flatMap(({ setWeight }) => setWeight ?? []),
    [10, 20, 30, 40, 50, 60, 70, 80, 90, 100],
  );
  t.equal(linear.filter(({ pause }) => pause?.duration === '3m').length, 9);
  t.same(stepsOf({ to: 'green', preset: 'AllAtOnce' }), [{ setWeight: 100 }]);
  for (const [name, steps] of Object.entries(PRESETS)) t.equal(stepsOf({ to: 'green', steps }), steps, name);
});

const web = { name: 'up', web: { url: 'https://example.com/up' } };
const prometheus = {
  name: 'errors',
  prometheus: { address: 'http://example.com:9090', query: 'x' },
  thresholdRange: { max: 1 },
};
const analysis = (more: object): Step[] => [{ setWeight: 1 }, { analysis: { metrics: [web], ...more } }];

t.test('good analyses', async (t) => {
  for (const more of [
    {},
    { metrics: [web, prometheus] },
    { count: 3, failureLimit: 2 },
    { intervalSeconds: 1, timeoutSeconds: 60 },
  ]) {
    const steps = analysis(more);
    t.equal(stepsOf({ to: 'green', steps }), steps);
  }
});

t.test('what is wrong is said with its place', async (t) => {
  const bad: [string, Partial<ReleaseBody>, string][] = [
    ['neither', {}, ''],
    ['both', { preset: 'AllAtOnce', steps: [{ setWeight: 1 }] }, ''],
    ['no such preset', { preset: 'Canary11Percent5Minutes' }, '/preset'],
    ['a preset of every object', { preset: 'constructor' }, '/preset'],
    ['no step', { steps: [] }, '/steps'],
    ['only a pause', { steps: [{ pause: {} }] }, '/steps'],
    ['too many', { steps: Array.from({ length: 301 }, () => ({ setWeight: 1 })) }, '/steps'],
    ['an empty step', { steps: [{ setWeight: 1 }, {}] }, '/steps/1'],
    ['two words', { steps: [{ setWeight: 1, pause: {} }] }, '/steps/0'],
    ['a weight above 100', { steps: [{ setWeight: 101 }] }, '/steps/0/setWeight'],
    ['a negative weight', { steps: [{ setWeight: -1 }] }, '/steps/0/setWeight'],
    ['three decimals', { steps: [{ setWeight: 0.001 }] }, '/steps/0/setWeight'],
    ['a pause of nothing', { steps: [{ setWeight: 1 }, { pause: { duration: 0 } }] }, '/steps/1/pause/duration'],
    ['a pause in days', { steps: [{ setWeight: 1 }, { pause: { duration: '1d' } }] }, '/steps/1/pause/duration'],
    ['no metric', { steps: analysis({ metrics: [] }) }, '/steps/1/analysis/metrics'],
    [
      'eleven metrics',
      { steps: analysis({ metrics: Array.from({ length: 11 }, (_, i) => ({ ...web, name: `${i}` })) }) },
      '/steps/1/analysis/metrics',
    ],
    ['a name twice', { steps: analysis({ metrics: [web, web] }) }, '/steps/1/analysis/metrics/1/name'],
    [
      'a name with a line break',
      { steps: analysis({ metrics: [{ ...web, name: 'a\nb' }] }) },
      '/steps/1/analysis/metrics/0/name',
    ],
    ['no gate', { steps: analysis({ metrics: [{ name: 'x' }] }) }, '/steps/1/analysis/metrics/0'],
    ['two gates', { steps: analysis({ metrics: [{ ...prometheus, ...web }] }) }, '/steps/1/analysis/metrics/0'],
    [
      'a range for web',
      { steps: analysis({ metrics: [{ ...web, thresholdRange: { max: 1 } }] }) },
      '/steps/1/analysis/metrics/0/thresholdRange',
    ],
    [
      'no range',
      { steps: analysis({ metrics: [{ ...prometheus, thresholdRange: {} }] }) },
      '/steps/1/analysis/metrics/0/thresholdRange',
    ],
    [
      'an empty range',
      { steps: analysis({ metrics: [{ ...prometheus, thresholdRange: { min: 2, max: 1 } }] }) },
      '/steps/1/analysis/metrics/0/thresholdRange',
    ],
    [
      'a file',
      { steps: analysis({ metrics: [{ name: 'x', web: { url: 'file:///etc/passwd' } }] }) },
      '/steps/1/analysis/metrics/0/web/url',
    ],
    [
      'a password',
      { steps: analysis({ metrics: [{ name: 'x', web: { url: 'https://a:b@example.com' } }] }) },
      '/steps/1/analysis/metrics/0/web/url',
    ],
    [
      'no URL',
      { steps: analysis({ metrics: [{ name: 'x', web: { url: 'example.com' } }] }) },
      '/steps/1/analysis/metrics/0/web/url',
    ],
    [
      'no query',
      { steps: analysis({ metrics: [{ ...prometheus, prometheus: { address: 'http://a', query: '' } }] }) },
      '/steps/1/analysis/metrics/0/prometheus/query',
    ],
    ['an interval of 0', { steps: analysis({ intervalSeconds: 0 }) }, '/steps/1/analysis/intervalSeconds'],
    ['half a count', { steps: analysis({ count: 1.5 }) }, '/steps/1/analysis/count'],
    [
      'a limit that nothing reaches',
      { steps: analysis({ count: 3, failureLimit: 3 }) },
      '/steps/1/analysis/failureLimit',
    ],
    ['a timeout of an hour', { steps: analysis({ timeoutSeconds: 3600 }) }, '/steps/1/analysis/timeoutSeconds'],
  ];
  for (const [what, body, pointer] of bad) {
    const found = stepsOf({ to: 'green', ...body });
    t.ok(found instanceof Problem, what);
    t.match(found, { code: 'release_invalid', pointer }, what);
  }
});

t.test('a samples metric wants a number above 0, and more than one measurement', async (t) => {
  const of = (samples: object, count = 2) =>
    stepsOf({
      to: 'green',
      steps: [{ setWeight: 10 }, { analysis: { count, metrics: [{ name: 'enough', samples }] } }],
    });
  t.ok(Array.isArray(of({ answers: 1000, resolvers: 50 })));
  t.ok(Array.isArray(of({ resolvers: 1 })));
  const at = '/steps/1/analysis/metrics/0/samples';
  t.match(of({}), { code: 'release_invalid', pointer: at });
  t.match(of({ answers: 0 }), { code: 'release_invalid', pointer: `${at}/answers` });
  t.match(of({ resolvers: 1.5 }), { code: 'release_invalid', pointer: `${at}/resolvers` });
  t.match(of({ answers: 1 }, 1), { code: 'release_invalid', pointer: at });
});
