/** Durations as text: written and read the same, by all who do. */
import fc from 'fast-check';
import t from 'tap';
import { duration } from '../src/cli/format/text.ts';
import { durationValue } from '../src/cli/option-values.ts';
import { parseStepWords } from '../src/cli/step-words.ts';
import { stepText } from '../src/console/rules/steps.ts';
import { durationParts, readDuration, writeDuration } from '../src/duration.ts';
import { durationSeconds, stepsOf } from '../src/model/release-steps.ts';
import { runs } from './fixtures/runs.ts';

const WEEK_SECONDS = 7 * 86_400;
const wholeSeconds = fc.integer({ min: 0, max: 2 ** 40 });

t.test('what is written is read as the same seconds', async () => {
  fc.assert(
    fc.property(wholeSeconds, (seconds) => readDuration(writeDuration(seconds)) === seconds),
    { numRuns: runs(100) },
  );
  fc.assert(
    fc.property(wholeSeconds, (seconds) => readDuration(String(seconds)) === seconds),
    { numRuns: runs(100) },
  );
});

t.test('units add up, in any order and number', async (t) => {
  const unit = fc.constantFrom(['d', 86_400] as const, ['h', 3600] as const, ['m', 60] as const, ['s', 1] as const);
  const words = fc.array(fc.tuple(fc.integer({ min: 0, max: 9999 }), unit), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(words, (parts) => {
      const text = parts.map(([count, [letter]]) => `${count}${letter}`).join('');
      return readDuration(text) === parts.reduce((sum, [count, [, seconds]]) => sum + count * seconds, 0);
    }),
    { numRuns: runs(100) },
  );
  for (const bad of [
    '',
    's',
    '5 m',
    '-1s',
    '+1s',
    '1.5h',
    '5x',
    '5M',
    '1h30',
    'h1',
    '٣s',
    '9'.repeat(17),
    `1${'0'.repeat(14)}d`,
  ])
    t.equal(readDuration(bad), undefined, bad);
});

t.test('parts begin with a unit of which there is one', async (t) => {
  t.same(durationParts(0), []);
  t.same(
    durationParts(90_000).map(({ count, unit }) => `${count}${unit}`),
    ['1d', '1h', '0m', '0s'],
  );
  t.equal(writeDuration(86_400 + 5), '1d5s');
  t.equal(duration(86_400 + 5), '1d', 'a terminal shows two units');
});

t.test('what the CLI takes as the pause of a step the model takes as the same seconds', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: WEEK_SECONDS }), (seconds) => {
      const text = writeDuration(seconds);
      const pause = parseStepWords(text)[0]?.pause?.duration;
      return pause !== undefined && durationSeconds(pause) === seconds && durationValue(text) === seconds;
    }),
    { numRuns: runs(100) },
  );
});

t.test('the console says of a pause how long it is', async (t) => {
  const said = (pause: number | string) => stepText({ pause: { duration: pause } }, 'green');
  t.equal(said('90m'), 'Pause 1 hour 30 minutes');
  t.equal(said(86_401), 'Pause 1 day 1 second');
  t.equal(said('soon'), 'Pause soon', 'what it does not know it shows');
});

t.test('a pause of a day is typed as one', async (t) => {
  const steps = parseStepWords('10,1d,100');
  t.same(steps, [{ setWeight: 10 }, { pause: { duration: 86_400 } }, { setWeight: 100 }]);
  t.same(stepsOf({ service: 'app.example.test', to: 'green', steps } as never), steps);
});
