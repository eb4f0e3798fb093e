/** What was answered is told for each node and for all, since the weights in force. */
import t from 'tap';
import { answeredBy } from '../../../src/control/drain/answered.ts';
import type { ServiceCounts } from '../../../src/model/fleet/counts.ts';

const pool = (answers: number, answersBefore = 0) => ({
  ...{ answers, answersBefore, lastAtMs: 0, lastTtlSeconds: 0, expiresAtMs: 0, heldUntilMs: 0 },
});
const counts = (pools: ServiceCounts['pools'], weights?: ServiceCounts['weights']): ServiceCounts => ({
  ...{ isSettled: true, pools, order: Object.keys(pools), sightings: { level: 0, seen: [] } },
  ...(weights && { weights }),
});
const own = { node: 'ns1', revision: 9, counts: counts({ blue: pool(10, 4), green: pool(2) }, { blue: 3, green: 1 }) };
const none = { leftAtMs: 0, told: [], missing: [] };

t.test('each node, and the sum', async (t) => {
  const told = [
    // It numbers its pools in another order, sees green down, and answers from an earlier revision.
    {
      node: 'ns2',
      revision: 8,
      toldAtMs: 70,
      counts: counts({ green: pool(1), blue: pool(5) }, { green: 0, blue: 3 }),
    },
    // One of an earlier version says nothing of weights; a pool that it alone has does not count.
    { node: 'ns3', revision: 9, toldAtMs: 80, counts: counts({ blue: pool(1), old: pool(7) }) },
  ];
  const found = answeredBy(own, { ...none, told, missing: ['ns4'] }, 5);
  t.same(found, {
    sinceMs: 5,
    answers: { blue: 12, green: 3 },
    nodes: [
      {
        ...{ node: 'ns1', revision: 9, toldAtMs: undefined, shares: { blue: 0.75, green: 0.25 } },
        answers: { blue: 6, green: 2 },
      },
      {
        ...{ node: 'ns2', revision: 8, toldAtMs: 70, shares: { blue: 1, green: 0 } },
        answers: { blue: 5, green: 1 },
      },
      { ...{ node: 'ns3', revision: 9, toldAtMs: 80, shares: undefined }, answers: { blue: 1, green: 0 } },
    ],
    waitingFor: ['ns4'],
  });
});

t.test('one node alone', async (t) => {
  const found = answeredBy({ ...own, node: undefined }, undefined, 5);
  t.match(found, { answers: { blue: 6, green: 2 }, nodes: { length: 1 }, waitingFor: undefined });
});
