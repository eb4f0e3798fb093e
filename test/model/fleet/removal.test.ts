/** A node that is taken out by others is waited for until all that it may have claimed is over. */
import t from 'tap';
import { ackKey, memberKey } from '../../../src/model/fleet/keys.ts';
import { startNode, stepNode } from '../../../src/model/fleet/node.ts';
import { encodeMember, encodeRevision, REMOVED } from '../../../src/model/fleet/records.ts';
import { nextRemoval, readingOf } from '../../../src/model/fleet/removal.ts';
import { timingsOf } from '../../../src/model/fleet/timings.ts';
import type { Transaction } from '../../../src/model/fleet/transaction.ts';
import { SimulatedEngine } from './simulation/engine.ts';
import { World } from './simulation/world.ts';

const timings = timingsOf(5000);
const node = 'ns3';

function engineWith(state: 'live' | 'out'): SimulatedEngine {
  const engine = new SimulatedEngine(new World(1));
  const member = { state, incarnation: 'its own', version: '1' };
  const puts = [
    { key: memberKey(node), value: encodeMember(member) },
    { key: ackKey(node), value: encodeRevision(7) },
  ];
  engine.transact({ compares: [], puts, reads: [], otherwise: [] });
  return engine;
}

t.test('who is out is gone at once', async (t) => {
  const engine = engineWith('out');
  const step = nextRemoval(node, engine.transact(readingOf(node)), undefined, timings, 0);
  t.equal(step.kind, 'transact');
  engine.transact((step as { transaction: Transaction }).transaction);
  t.equal(engine.get(memberKey(node)), undefined);
  t.equal(engine.get(ackKey(node)), undefined);
  t.same(nextRemoval(node, engine.transact(readingOf(node)), undefined, timings, 0), { kind: 'done' });
});

t.test(
  'who is live may claim to be current: first its record is not its own any more, and goes when that is over',
  async (t) => {
    const engine = engineWith('live');
    const look = (fencedAtMs: number | undefined, nowMs: number) =>
      nextRemoval(node, engine.transact(readingOf(node)), fencedAtMs, timings, nowMs);
    const fence = look(undefined, 100);
    t.equal(fence.kind, 'transact');
    t.ok(engine.transact((fence as { transaction: Transaction }).transaction).succeeded);
    t.match(Buffer.from(engine.get(memberKey(node))?.value ?? []).toString(), /"state":"live","incarnation":"removed"/);
    t.same(look(110, 110), { kind: 'wait', untilMs: 110 + 5000 + 500 });
    t.same(look(110, 5609), { kind: 'wait', untilMs: 5610 });
    t.equal(look(undefined, 9999).kind, 'transact', 'who did not see it fenced fences it again');
    const last = look(110, 5610);
    t.equal(last.kind, 'transact');
    const { transaction } = last as { transaction: Transaction };
    t.ok(transaction.puts.every((put) => 'isDeleted' in put));
    t.ok(engine.transact(transaction).succeeded);
    t.equal(engine.get(memberKey(node)), undefined);
  },
);

t.test('a node that is being removed notices, and neither comes back nor claims anything', async (t) => {
  const settings = { node, incarnation: 'its own', earlier: 'its own', version: '1', timings };
  const member = { state: 'live', version: '1' } as const;
  const stored = (incarnation: string, place: number) => ({
    ...{ key: memberKey(node), value: encodeMember({ ...member, incarnation }), changedAt: place, createdAt: 1 },
  });
  const start = startNode(settings, 7, 0);
  const call = start.effects.find((effect) => effect.kind === 'send')?.call ?? 0;
  const found = [stored('its own', 3), { key: 'head', value: encodeRevision(7), changedAt: 3, createdAt: 1 }];
  const joined = stepNode(start.state, { kind: 'reply', call, reply: { succeeded: true, at: 4, found } }, 1);
  t.equal(joined.state.own?.mode, 'live');
  const seen = stepNode(joined.state, { kind: 'changed', puts: [stored(REMOVED, 9)], deletes: [] }, 2);
  t.match(seen.effects, [
    { kind: 'claim', untilMs: 0 },
    { kind: 'ended', why: 'removed' },
  ]);
  const again = startNode({ ...settings, incarnation: 'another', earlier: 'its own' }, 7, 3);
  const next = {
    kind: 'reply',
    call: again.state.nextCall - 1,
    reply: { succeeded: true, at: 9, found: [stored(REMOVED, 9)] },
  } as const;
  t.match(stepNode(again.state, next, 4).effects, [{ kind: 'claim' }, { kind: 'ended', why: 'removed' }]);
});
