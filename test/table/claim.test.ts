/** Until when a node may claim to be current, in one word: never longer than it says, whatever the clock is at. */
import fc from 'fast-check';
import t from 'tap';
import { isClaimed, storeClaim } from '../../src/table/claim.ts';
import { CONTROL_BYTES } from '../../src/table/layout.ts';
import { runs } from '../fixtures/runs.ts';

function claimed(untilMs: number, nowMs: number): boolean {
  const control = new SharedArrayBuffer(CONTROL_BYTES);
  storeClaim(control, untilMs);
  return isClaimed(new Int32Array(control), nowMs);
}

t.test('nothing is claimed before anybody has said so, and after it was taken back', async (t) => {
  t.equal(isClaimed(new Int32Array(new SharedArrayBuffer(CONTROL_BYTES)), 0), false);
  t.equal(claimed(0, 5), false);
});

t.test('one node alone claims whatever the time', async (t) => {
  for (const nowMs of [0, 1e6, 1e12]) t.equal(claimed(Number.POSITIVE_INFINITY, nowMs), true);
});

t.test(
  'a claim is over when it says, or a little before, and stays over however long the machine sleeps',
  async (t) => {
    const years = 365 * 24 * 3600 * 1000;
    const start = fc.oneof(fc.integer({ min: 1000, max: 1e6 }), fc.integer({ min: 0, max: 20 * years }));
    fc.assert(
      fc.property(
        start,
        fc.integer({ min: 2000, max: 60_000 }),
        fc.integer({ min: 0, max: 2 * years }),
        (at, forMs, later) => {
          const untilMs = at + forMs;
          return claimed(untilMs, at) && claimed(untilMs, untilMs - 129) && !claimed(untilMs, untilMs + later);
        },
      ),
      { numRuns: runs(100) },
    );
    t.pass();
  },
);
