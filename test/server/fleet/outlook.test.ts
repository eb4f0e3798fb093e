/** What a node has noticed of the others: signs of life, who is late and since when, who leads. */
import t from 'tap';
import { encodeLeader } from '../../../src/model/fleet/election.ts';
import { LEADER_KEY, memberKey, presenceKey } from '../../../src/model/fleet/keys.ts';
import { bytesOf, encodeMember } from '../../../src/model/fleet/records.ts';
import { emptyView, withStored } from '../../../src/model/fleet/view.ts';
import { Outlook } from '../../../src/server/fleet/outlook.ts';
import { MemoryKeeper } from '../../fixtures/keeper.ts';

function makeOutlook() {
  const keeper = new MemoryKeeper();
  let nowMs = 1_000_000;
  const stored = ['ns1', 'ns2'].map((node) => ({
    ...{ key: memberKey(node), changedAt: 1, createdAt: 1 },
    value: encodeMember({ state: 'live', incarnation: node, version: '0.9.0' }),
  }));
  const view = withStored(emptyView, stored);
  const settings = { name: 'test', node: 'ns1', staleAfterSeconds: 5 };
  const clock = { wallMs: () => nowMs, steadyMs: () => nowMs - 900_000 };
  const outlook = new Outlook({ settings, keeper: keeper.of('ns1'), view: () => view, clock });
  const pass = (ms: number): number => {
    nowMs += ms;
    return nowMs;
  };
  const lead = (node: string) => keeper.put(LEADER_KEY, encodeLeader({ node, incarnation: 'a' }));
  return { keeper, outlook, pass, lead };
}

t.test('a node that goes is known to have been there, and since when it is late', async (t) => {
  const { keeper, outlook, pass } = makeOutlook();
  t.match(outlook.sign('ns2'), { isPresent: undefined, heardAtMs: undefined, version: '0.9.0' }, 'nothing was read');
  keeper.put(presenceKey('ns2'), bytesOf('a'));
  const seenAtMs = pass(0);
  await outlook.look();
  t.match(outlook.sign('ns2'), { isSelf: false, isPresent: true, heardAtMs: seenAtMs, lateSinceMs: undefined });
  keeper.remove(presenceKey('ns2'));
  const lateAtMs = pass(4000);
  await outlook.look();
  for (const at of [0, 500]) {
    pass(at);
    outlook.note(['ns2']);
  }
  t.match(outlook.sign('ns2'), { isPresent: false, heardAtMs: seenAtMs, lateSinceMs: lateAtMs });
  outlook.note([]);
  t.match(outlook.sign('ns2'), { lateSinceMs: undefined });
  t.match(outlook.sign('ns9'), { isPresent: false, version: undefined }, 'no member');

  keeper.fate = () => 'request lost';
  pass(60_000);
  await outlook.look();
  t.match(outlook.sign('ns2'), { isPresent: undefined, heardAtMs: seenAtMs }, 'what was read long ago says nothing');
});

t.test('since when a node leads is known from what was seen of the change', async (t) => {
  const { outlook, pass, lead } = makeOutlook();
  lead('ns1');
  await outlook.look();
  t.same(outlook.leader, { node: 'ns1', sinceMs: undefined }, 'it may lead for long');
  lead('ns2');
  const atMs = pass(2000);
  await outlook.look();
  pass(2000);
  await outlook.look();
  t.same(outlook.leader, { node: 'ns2', sinceMs: atMs });
});

t.test('a claim ages until the next one, and what is told of the fleet has it', async (t) => {
  const { outlook, pass } = makeOutlook();
  t.equal(outlook.claimAgeMs, undefined);
  const steadyMs = pass(0) - 900_000;
  outlook.claimed(steadyMs + 4900);
  t.equal(outlook.claimAgeMs, 100);
  outlook.claimed(0);
  pass(60_000);
  t.equal(outlook.claimAgeMs, 60_100, 'a claim that is taken back was the last one all the same');
  const node = { node: 'ns2', state: 'out', revision: 3, version: '0.9.0', present: false, leads: false } as const;
  const stored = { ...node, leftOut: [] };
  const none = { countsAgeOf: () => null, clockOf: () => undefined };
  outlook.note(['ns2']);
  const told = outlook.ofFleet({ head: 5, nodes: [stored] }, ['ns2'], none);
  t.match(told, { claimAgeMs: 60_100, head: 5, nodes: [{ late: true, heardAtMs: null, held: { why: 'silent' } }] });
  t.match(outlook.ofFleet({ head: 5, nodes: [stored] }, [], none), { nodes: [{ held: null }] });
});
