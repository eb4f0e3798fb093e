/** Weights as people move them: sliders keep the sum, figures tell apart what differs. */
import fc from 'fast-check';
import t from 'tap';
import { percent, sharesOf, slide, slideTotal, WEIGHT_MAX, weightsFault } from '../../src/console/rules/shares.ts';
import { runs } from '../fixtures/runs.ts';

const weights = fc
  .array(fc.integer({ min: 0, max: WEIGHT_MAX }), { minLength: 2, maxLength: 16 })
  .map((list) => Object.fromEntries(list.map((weight, i) => [`pool-${i}`, weight])));

t.test('percentages', async (t) => {
  for (const [share, text] of [
    [0, '0%'],
    [0.9, '90%'],
    [1 / 3, '33.3%'],
    [1 / 65535, '<0.01%'],
    [1 - 1 / 65535, '>99.99%'],
    [0.995, '99.5%'],
    [0.0005, '0.05%'],
    [1, '100%'],
  ] as const)
    t.equal(percent(share), text);
});

t.test('moving a slider keeps the sum, and gives valid weights', async () => {
  fc.assert(
    fc.property(weights, fc.double({ min: 0, max: 1, noNaN: true }), (start, part) => {
      const total = slideTotal(start);
      const value = Math.round(part * total);
      const moved = slide(start, 'pool-0', value);
      const sum = Object.values(moved).reduce((a, b) => a + b, 0);
      return moved['pool-0'] === value && sum === total && weightsFault(moved) === undefined;
    }),
    { numRuns: runs(100) },
  );
});

t.test('the others keep their proportions', async (t) => {
  t.strictSame(slide({ blue: 60, green: 30, canary: 10 }, 'blue', 20), { blue: 20, green: 60, canary: 20 });
  t.strictSame(slide({ blue: 100, green: 0, canary: 0 }, 'blue', 50), { blue: 50, green: 25, canary: 25 });
  t.strictSame(slide({ blue: 1, green: 0 }, 'green', 30), { blue: 70, green: 30 }, 'small weights become hundredths');
});

t.test('what is wrong with weights is said', async (t) => {
  t.equal(weightsFault({ blue: 1, green: 0 }), undefined);
  t.match(weightsFault({ blue: 0, green: 0 }), /above 0/);
  t.match(weightsFault({ blue: 1, green: undefined }), /green is a whole number/);
  t.match(weightsFault({ blue: 65536, green: 0 }), /blue/);
  t.match(weightsFault({ blue: 1.5, green: 0 }), /blue/);
});

t.test('shares', async (t) => {
  t.strictSame(sharesOf({ blue: 90, green: 10 }), { blue: 0.9, green: 0.1 });
  t.strictSame(sharesOf({ blue: 0, green: 0 }), { blue: 0, green: 0 });
});
