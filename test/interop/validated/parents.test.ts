/** A parent that does not say one thing: `npm run test:validated` runs this too, `.ci/run` leaves it out for its time. */
import t from 'tap';
import { countedFaults } from './outcome.ts';
import type { ParentsOutcome } from './parents.ts';
import { areThere, ran } from './ran.ts';

/** Signed: two looks while one lags, one while it is lost, four lies; rolled: two lies; unsigned: one. */
const WAITED = 3 + 4 + 3 + 2 + 3 + 1;

t.test('a parent of which one server lags, is lost or lies is waited for', async (t) => {
  if (!areThere) return t.comment('LEFT OUT: the system has no namespaces for us');
  const { seconds, tallies, waited, faults } = (await ran(t, './parents.ts')) as ParentsOutcome;
  t.comment(`${seconds} s`);
  t.equal(waited, WAITED);
  t.same(faults, []);
  t.equal(Object.keys(tallies).length, 4);
  for (const [name, tally] of Object.entries(tallies)) t.same(countedFaults(name, tally), []);
});
