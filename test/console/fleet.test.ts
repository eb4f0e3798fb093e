/** How a fleet stands, in the words of the console's frame. */
import t from 'tap';
import { bytesText, farClocks, fleetWords, lagOf, troubleOf } from '../../src/console/rules/fleet.ts';
import type { Fleet } from '../../src/contract/types.ts';

const node: Fleet['nodes'][number] = {
  ...{
    node: 'ns1',
    state: 'live',
    revision: 7,
    version: '0.1.0',
    present: true,
    leads: false,
    late: false,
    leftOut: [],
  },
  ...{ countsAgeSeconds: null, clockOffsetMs: 40, clockFar: false, heardAt: null, holding: null },
};
const fleet: Fleet = {
  ...{ name: 'production', node: 'ns1', standing: 'live', current: true, message: '', revision: 7, head: 7 },
  ...{ claimAgeSeconds: 0, leaderSince: null, members: [] },
  nodes: [node, { ...node, node: 'ns2' }, { ...node, node: 'ns3' }],
};
const withNode = (more: Partial<typeof node>, count = 1): Fleet => ({
  ...fleet,
  nodes: fleet.nodes.map((each, i) => (i < count ? { ...each, ...more } : each)),
});

t.test('the worst is said', async (t) => {
  t.equal(fleetWords(fleet), undefined, 'all is well');
  t.same(fleetWords(withNode({ state: 'out' })), { tone: 'warn', words: 'ns1: out' });
  t.same(fleetWords(withNode({ late: true })), { tone: 'warn', words: 'ns1: behind' });
  t.same(fleetWords(withNode({ state: 'out', present: false, late: true })), {
    tone: 'warn',
    words: 'ns1: no sign of life',
  });
  t.same(fleetWords(withNode({ late: true }, 2)), { tone: 'warn', words: '2 of 3 behind' });
  t.same(fleetWords({ ...withNode({ late: true }), current: false }), { tone: 'danger', words: 'stale' });
  t.same(fleetWords({ ...fleet, standing: 'ended', current: false }), { tone: 'danger', words: 'ended' });
  t.same(fleetWords({ ...fleet, standing: 'alone' }), { tone: 'warn', words: 'alone' });
});

t.test('a change on its way is no trouble, and how far behind is only said where it is known', async (t) => {
  t.equal(troubleOf({ ...node, revision: 6 }, 7), undefined);
  t.equal(lagOf({ ...node, revision: 6 }, 7), 1);
  t.equal(lagOf({ ...node, revision: 8 }, 7), 0, 'it was read a moment later');
  t.equal(lagOf({ ...node, revision: null }, 7), 0);
  t.equal(lagOf(node, null), 0);
  t.equal(troubleOf({ ...node, revision: null }, 7), 'nothing confirmed');
  t.equal(troubleOf({ ...node, leftOut: ['big.test'] }, 7), 'no room for big.test');
});

t.test('clocks that are far from the one of this node are named', async (t) => {
  t.same(farClocks(fleet), []);
  t.same(farClocks(withNode({ clockOffsetMs: -12_400, clockFar: true })), ['ns1 (12 s behind)']);
  t.same(farClocks(withNode({ clockOffsetMs: 7_200_000, clockFar: true })), ['ns1 (2 h ahead)']);
});

t.test('sizes', async (t) => {
  t.same([0, 999, 1000, 53_248, 999_999, 2_147_483_648].map(bytesText), [
    ...['0 bytes', '999 bytes', '1.0 kB', '53.2 kB', '1000 kB', '2.1 GB'],
  ]);
});
