/** Addresses of pages, steps, places in texts, times, refusals: what is said in words or read from them. */
import fc from 'fast-check';
import t from 'tap';
import { instant } from '../../src/cli/format/text.ts';
import { agoText, clockText, durationText, momentText, timeText } from '../../src/console/rules/format.ts';
import { lookOf } from '../../src/console/rules/look.ts';
import { rangeAt } from '../../src/console/rules/places.ts';
import { doneText, plainText } from '../../src/console/rules/plain.ts';
import {
  analysisOf,
  countsText,
  PRESETS,
  placeText,
  presetText,
  stepStates,
  stepText,
} from '../../src/console/rules/steps.ts';
import { hrefOf, routeOf } from '../../src/console/state/router.ts';
import type { AnalysisRecord, Release, Step } from '../../src/contract/types.ts';
import { PRESETS as SERVER_PRESETS } from '../../src/model/release-steps.ts';
import { timeOfDay } from '../../src/model/time-of-day.ts';
import { runs } from '../fixtures/runs.ts';
import { readFiles } from '../fixtures/sources.ts';

t.test('addresses of pages', async (t) => {
  t.same(routeOf(''), { page: 'services' });
  t.same(routeOf('#/zones'), { page: 'zones' });
  for (const hash of ['#/services/', '#/nothing', '#/services/a/b', '#/zones/a/import/b', '#/x/y'])
    t.same(routeOf(hash), { page: 'unknown' }, hash);
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.constantFrom('service', 'zone', 'import'), (name, page) => {
      t.same(routeOf(hrefOf({ page, name })), { page, name }, 'any name finds back');
    }),
    { numRuns: runs(100) },
  );
});

t.test('where a release is, is said once', async (t) => {
  const pause = { stepIndex: 1, steps: 5, message: 'Step 2 of 5 is a pause of 600 s.' };
  t.equal(placeText(pause), 'Step 2 of 5 is a pause of 600 s.');
  t.equal(placeText({ ...pause, message: 'Paused on request.' }), 'step 2 of 5: Paused on request.');
  t.equal(placeText({ stepIndex: 5, steps: 5, message: 'All is done.' }), 'step 5 of 5: All is done.');
});

t.test('presets are those of the server, each in words', async (t) => {
  t.same([...PRESETS], Object.keys(SERVER_PRESETS));
  t.equal(presetText('AllAtOnce'), 'All at once');
  t.equal(presetText('Canary10Percent5Minutes'), 'Canary: 10% for 5 minutes, then all');
  t.equal(presetText('Linear10PercentEvery1Minute'), 'Linear: 10% more every minute');
});

t.test('steps', async (t) => {
  const steps: Step[] = [{ setWeight: 10 }, { pause: { duration: '5m' } }, { pause: {} }, { pause: { duration: 1 } }];
  t.same(
    steps.map((step) => stepText(step, 'green')),
    ['10% to green', 'Pause 5 minutes', 'Pause until promoted', 'Pause 1 second'],
  );
  const at = (state: Release['state'], reason: Release['reason'], stepIndex = 1) =>
    stepStates({ state, reason, steps, stepIndex });
  t.same(at('progressing', 'pause_step'), ['done', 'current', 'waiting', 'waiting']);
  t.same(at('aborted', 'analysis_failed'), ['done', 'failed', 'skipped', 'skipped'], 'the step that failed says so');
  t.same(at('aborted', 'abort_requested'), ['done', 'stopped', 'skipped', 'skipped']);
  t.same(at('completed', 'steps_done', 4), ['done', 'done', 'done', 'done']);
});

t.test('what the gates of a step said', async (t) => {
  const record = (stepIndex: number, earlier: boolean, message: string) =>
    ({ stepIndex, earlier, message }) as AnalysisRecord;
  const analyses = [record(1, true, 'a'), record(1, false, 'b'), record(1, false, 'c'), record(3, true, 'd')];
  t.match(analysisOf({ analyses }, 1), { message: 'c' }, 'the last of this attempt');
  t.match(analysisOf({ analyses }, 3), { message: 'd' }, 'or of the one before');
  t.equal(analysisOf({ analyses }, 2), undefined);
  t.equal(analysisOf({}, 1), undefined, 'a server of before said nothing');
  t.equal(countsText({ passed: 7, failed: 2, error: 1 }, 1), '10 measured: 2 failed, 1 allowed, 1 error');
});

t.test('places in a text', async (t) => {
  const text = 'a A 1\nüü 😀 bad x\r\nlast';
  const at = (line: number, column: number) => {
    const { start, end } = rangeAt(text, line, column);
    return text.slice(start, end);
  };
  t.equal(at(1, 3), 'A');
  t.equal(at(2, 6), 'bad', 'columns count characters');
  t.equal(at(2, 99), 'üü 😀 bad x', 'behind the line, the line is meant');
  t.equal(at(0, 0), 'a', 'the whole zone begins at its first word');
  t.equal(at(99, 1), 'last');
});

t.test('times', async (t) => {
  t.equal(durationText(4.2), '5 s');
  t.equal(durationText(65), '1 min 05 s');
  t.equal(durationText(3600), '1 h');
  t.equal(durationText(-3), '0 s');
  t.equal(agoText(1000, 0), 'just now', "a server's clock may be ahead");
  t.equal(agoText(0, 61_000), '1 min ago');
});

t.test('every time says its zone, and it is one zone in all that people read', async (t) => {
  const at = Date.UTC(2026, 0, 31, 12, 3, 5);
  t.equal(clockText(at), '12:03:05 UTC');
  t.equal(clockText('2026-01-31T13:03:05+01:00'), '12:03:05 UTC');
  t.equal(momentText(at), '2026-01-31 12:03:05 UTC');
  for (const say of [timeText, timeOfDay]) {
    t.equal(say(at, at + 60_000), '12:03:05 UTC');
    t.equal(say(at, at + 86_400_000), '2026-01-31 12:03:05 UTC', 'with its date where that is another');
  }
  t.equal(instant('2026-01-31T12:03:05.999Z'), '2026-01-31 12:03:05 UTC');
  // The helpers above are the only ones who cut a time to what people read, so that no other can forget the zone.
  const helpers = ['src/console/rules/format.ts', 'src/model/time-of-day.ts', 'src/wire/rdata/number.ts'];
  // A date and a time that are typed have the name of their zone in a field of its own.
  helpers.push('src/console/rules/wall.ts');
  const cutting =
    /toISOString\(\)\s*\.(slice|substring|split|replace)|toLocale(Time|Date)String|toUTCString|DateTimeFormat|\.get(Hours|Minutes)\(/;
  const others = readFiles('src/**/*.{ts,tsx}').filter(
    ({ path, text }) => cutting.test(text) && !helpers.includes(path),
  );
  t.same(
    others.map(({ path }) => path),
    [],
  );
});

t.test('pools look different', async (t) => {
  const pools = ['blue', 'green', 'canary', 'next'];
  t.equal(new Set(pools.map((pool) => lookOf(pool, pools))).size, pools.length);
  t.equal(lookOf('green', ['green']), lookOf('green', pools), 'green is green wherever it is');
});

t.test('refusals in plain words', async (t) => {
  const failure = (code: string) => ({ status: 409, code, detail: 'The detail.' });
  t.match(plainText(failure('revision_stale')), /nothing was done/);
  t.match(plainText(failure('release_active')), /Abort it or roll back.*The detail/);
  t.equal(plainText(failure('weights_invalid')), 'The detail.');
  t.equal(doneText('It was made.', undefined), 'It was made.');
  const warnings = ['one', 'two.', 'three', 'four', 'five'].map((message) => ({ message }));
  t.equal(doneText('It was made.', { warnings: warnings.slice(0, 2) }), 'It was made. To know: one. To know: two.');
  t.match(doneText('It was made.', { warnings }), /To know: three\. And 2 more\.$/);
});
