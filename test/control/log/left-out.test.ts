/** A node that has no room for a zone answers that with SERVFAIL: the replies to changes there name it, those to others do not. */
import t, { type Test } from 'tap';
import type { Answering } from '../../../src/control/commands/command.ts';
import { bluegreen, zoneBody } from '../../fixtures/engine.ts';
import type { MemoryKeeper } from '../../fixtures/keeper.ts';
import { app, makeFleet, makeNode, must, type Node, names, until } from './nodes.ts';

const large = 'app.large.test';

/** A zone with a service and so many long texts. */
async function putLarge(node: Node): Promise<void> {
  await must(node, { kind: 'zone.put', zone: 'large.test', body: zoneBody });
  await must(node, { kind: 'service.put', name: large, body: bluegreen(100, 0) });
  for (let n = 0; n < 40; n++) {
    const body = { ttlSeconds: 60, rdata: [`"${'x'.repeat(200)}"`, `"${'y'.repeat(200)}"`] };
    await must(node, { kind: 'rrset.put', zone: 'large.test', name: `n${n}.large.test`, type: 'TXT', body });
  }
}

/** The node once more, with such a table. */
async function restarted(
  t: Test,
  keeper: MemoryKeeper,
  node: Node,
  life: number,
  tableMaxBytes?: number,
): Promise<Node> {
  await node.log.stop(500);
  node.fixture.close();
  const { folder } = node.fixture;
  const next = makeNode(t, keeper, node.name, { life, folder, ...(tableMaxBytes && { tableMaxBytes }) });
  next.log.start();
  await until(() => next.told.at(-1) === 'live');
  return next;
}

const shift = async (node: Node, name: string, blue: number, green: number): Promise<Answering | undefined> =>
  (await must(node, { kind: 'weights.put', name, weights: { blue, green } })).fleet;

t.test('who leaves a zone out since its start', async (t) => {
  const { keeper, nodes } = await makeFleet(t, 3);
  const [ns1, , before] = nodes;
  await putLarge(ns1);
  const small = Math.ceil((before.fixture.table.memory.usedBytes * 0.8) / 4096) * 4096;
  const ns3 = await restarted(t, keeper, before, 2, small);
  t.same([...ns3.fixture.table.content.leftOut()], ['large.test']);
  t.equal(ns3.fixture.ask(large), 2, 'SERVFAIL');

  const there = await shift(ns1, large, 50, 50);
  t.same(there?.answering, ['ns1', 'ns2']);
  const { lastRevision } = ns1.fixture.store;
  t.same(there?.behind, [{ node: 'ns3', revision: lastRevision, leftOut: ['large.test'] }]);
  t.same((await shift(ns1, app, 50, 50))?.answering, names(nodes), 'it answers all others');
  t.same((await shift(ns3, large, 40, 60))?.behind.length, 1, 'nor does it claim to where it is asked itself');
  t.same(ns1.log.late, [], 'no drain waits for it: it tells what it has answered');
  const kept = await ns1.log.answered(ns1.fixture.store.lastRevision);
  t.match(kept, { answering: ['ns1', 'ns2'], behind: [{ node: 'ns3' }] }, 'what is asked later may be of any zone');

  const back = await restarted(t, keeper, ns3, 3);
  t.same((await shift(ns1, large, 30, 70))?.answering, names(nodes));
  t.not(back.fixture.ask(large), 2);
});

t.test('which one is brought in again without a change', async (t) => {
  const { keeper, nodes } = await makeFleet(t, 2);
  const [ns1, before] = nodes;
  await putLarge(ns1);
  const small = Math.ceil((before.fixture.table.memory.usedBytes * 0.8) / 4096) * 4096;
  const ns2 = await restarted(t, keeper, before, 2, small);
  t.same((await shift(ns1, large, 50, 50))?.answering, ['ns1']);
  await must(ns1, { kind: 'zone.delete', zone: 'large.test', withServices: true });
  await until(() => ns2.fixture.store.zone('large.test') === undefined);
  t.same([...ns2.fixture.table.content.leftOut()], []);
  await must(ns1, { kind: 'zone.put', zone: 'large.test', body: zoneBody });
  t.same(
    (await must(ns1, { kind: 'service.put', name: large, body: bluegreen(1, 0) })).fleet?.answering,
    names(nodes),
    'it is another one of that name',
  );
});
