/** When a target is up and when it is down, for any row of probes. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { doubted, observe, type ProbeResult, type TargetHealth, unknownHealth } from '../../src/model/health-state.ts';
import { runs } from '../fixtures/runs.ts';

const passed: ProbeResult = { outcome: 'passed', reason: 'answered 200' };
const failed: ProbeResult = { outcome: 'failed', reason: 'answered 503' };
const refused: ProbeResult = { outcome: 'refused', reason: 'may not be asked' };
const limits = { rise: 2, fall: 3 };

function after(results: readonly ProbeResult[], begin = unknownHealth(0)): TargetHealth {
  return results.reduce((health, result, i) => observe(health, result, limits, i + 1), begin);
}

t.test('the first result counts at once', async (t) => {
  t.match(unknownHealth(7), { state: 'unknown', sinceMs: 7, reason: 'not probed yet' });
  t.match(after([passed]), { state: 'up', sinceMs: 1, reason: 'answered 200' });
  t.match(after([failed]), { state: 'down', sinceMs: 1, reason: 'answered 503' });
});

t.test('later ones count from `fall` and `rise` in a row', async (t) => {
  t.match(after([passed, failed, failed]), { state: 'up', sinceMs: 1, reason: 'answered 503' });
  t.match(after([passed, failed, failed, failed]), { state: 'down', sinceMs: 4 });
  t.match(after([passed, failed, failed, passed, failed, failed]), { state: 'up' }, 'a passed one begins the row anew');
  t.match(after([failed, passed]), { state: 'down', sinceMs: 1 });
  t.match(after([failed, passed, failed, passed]), { state: 'down' });
  t.match(after([failed, passed, passed]), { state: 'up', sinceMs: 3 });
});

t.test('where this server may not ask, nothing is known', async (t) => {
  t.match(after([refused]), { state: 'unknown', sinceMs: 0, reason: 'may not be asked' });
  t.match(after([failed, refused]), { state: 'unknown', sinceMs: 2 });
  t.match(after([failed, refused, passed]), { state: 'up', sinceMs: 3 });
});

t.test('where another check is in force its first result counts at once', async (t) => {
  t.match(after([passed], doubted(after([failed]))), { state: 'up' });
  t.match(after([failed], doubted(after([passed]))), { state: 'down' });
  t.match(
    after([failed, passed], doubted(after([failed]))),
    { state: 'down' },
    'one that says the same ends the doubt',
  );
});

t.test('for any row of results', async () => {
  const anyLimits = fc.record({ rise: fc.integer({ min: 1, max: 10 }), fall: fc.integer({ min: 1, max: 10 }) });
  fc.assert(
    fc.property(anyLimits, fc.array(fc.boolean(), { minLength: 1 }), (limits, row) => {
      let health = unknownHealth(0);
      row.forEach((isGood, i) => {
        const next = observe(health, isGood ? passed : failed, limits, i + 1);
        const needed = health.state === 'unknown' ? 1 : isGood ? limits.rise : limits.fall;
        const isRow = row.slice(Math.max(0, i + 1 - needed), i + 1).every((each) => each === isGood) && i + 1 >= needed;
        const expected = isRow ? (isGood ? 'up' : 'down') : health.state;
        assert.equal(next.state, expected, 'only a whole row changes the state, and a whole row does');
        assert.equal(next.sinceMs, next.state === health.state ? health.sinceMs : i + 1);
        health = next;
      });
    }),
    { numRuns: runs(1000) },
  );
});
