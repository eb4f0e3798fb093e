/** Percentages to weights: exact where integers allow it, never none for a pool that is to have some. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { isPercent, weightsFor } from '../../src/model/release-weights.ts';
import { runs } from '../fixtures/runs.ts';

t.test('two pools have round numbers', async (t) => {
  const before = { blue: 100, green: 0 };
  t.same(weightsFor(before, 'green', 10), { blue: 90, green: 10 });
  t.same(weightsFor(before, 'green', 50), { blue: 50, green: 50 });
  t.same(weightsFor(before, 'green', 100), { blue: 0, green: 100 });
  t.same(weightsFor(before, 'green', 0), { blue: 100, green: 0 });
  t.ok(Object.is(weightsFor(before, 'green', -0).green, 0), 'a weight of -0 is 0');
  t.same(weightsFor({ blue: 65535, green: 65535 }, 'green', 25), { blue: 75, green: 25 });
  t.same(weightsFor(before, 'green', 0.01), { blue: 9999, green: 1 });
  t.same(weightsFor(before, 'green', 33.33), { blue: 6667, green: 3333 });
});

t.test('the others share the rest as they did', async (t) => {
  t.same(weightsFor({ a: 2, b: 1, c: 0 }, 'c', 10), { a: 60, b: 30, c: 10 });
  t.same(weightsFor({ a: 3, green: 5, b: 0, c: 4 }, 'green', 50), { a: 3, green: 7, b: 0, c: 4 });
  t.same(weightsFor({ a: 2, b: 1, c: 7 }, 'c', 100), { a: 0, b: 0, c: 100 });
});

t.test('what integers cannot hold is rounded, but never to nothing', async (t) => {
  t.same(weightsFor({ a: 65535, b: 1, c: 0 }, 'c', 50), { a: 65534, b: 1, c: 65535 });
  t.same(weightsFor({ a: 65521, b: 3, c: 0 }, 'c', 99), { a: 662, b: 1, c: 65535 });
});

const before = fc
  .record({
    others: fc.array(fc.oneof(fc.constant(0), fc.constant(1), fc.integer({ min: 0, max: 65535 })), {
      minLength: 1,
      maxLength: 15,
    }),
    own: fc.integer({ min: 0, max: 65535 }),
  })
  .filter(({ others }) => others.some((weight) => weight > 0))
  .map(({ others, own }) => ({ own, ...Object.fromEntries(others.map((weight, i) => [`p${i}`, weight])) }));
const percent = fc.oneof(
  fc.integer({ min: 0, max: 100 }),
  fc.integer({ min: 0, max: 10_000 }).map((parts) => parts / 100),
);

t.test('for any weights and percentage', async () => {
  fc.assert(
    fc.property(before, percent, (before, percent) => {
      const after = weightsFor(before, 'own', percent);
      const names = Object.keys(before) as (keyof typeof before)[];
      assert.deepEqual(Object.keys(after), names);
      const total = names.reduce((sum, name) => sum + after[name], 0);
      const others = names.reduce((sum, name) => sum + (name === 'own' ? 0 : before[name]), 0);
      if (total === 0) throw new Error('all zero');
      for (const name of names) {
        const weight = after[name];
        if (!Number.isInteger(weight) || weight < 0 || weight > 65535) throw new Error(`${name} has ${weight}`);
        const wanted = name === 'own' ? percent / 100 : ((1 - percent / 100) * before[name]) / others;
        const share = weight / total;
        if (Math.abs(share - wanted) > names.length / 65535) throw new Error(`${name}: ${share}, wanted ${wanted}`);
        const isExactlyNone = name === 'own' ? percent === 0 : percent === 100 || before[name] === 0;
        if ((weight === 0) !== isExactlyNone) throw new Error(`${name} has ${weight} at ${percent}`);
      }
    }),
    { numRuns: runs(500) },
  );
});

t.test('where any weights are exact, these are', async () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 100 }),
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 300 }),
      (percent, a, b) => {
        const after = weightsFor({ a, b, own: 0 }, 'own', percent);
        // In integers: own / (a + b) = percent / (100 - percent), and a / b as before.
        const { a: x, b: y, own } = after as { a: number; b: number; own: number };
        if (own * (100 - percent) !== percent * (x + y) || x * b !== y * a) throw new Error(JSON.stringify(after));
      },
    ),
    { numRuns: runs(100) },
  );
});

t.test('percentages have two decimals at most', async (t) => {
  for (const good of [0, 0.01, 0.07, 1.1, 33.33, 99.99, 100]) t.ok(isPercent(good), String(good));
  for (const bad of [-1, -0.01, 5e-324, 0.001, 33.333, 100.01, Number.NaN, Number.POSITIVE_INFINITY])
    t.notOk(isPercent(bad), String(bad));
});
