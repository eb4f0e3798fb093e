/** An etcd that is put back to an earlier state while nodes run, its revisions raised or not: each notices that stands on what is gone. */
import t from 'tap';
import { HEAD_KEY, LOG_PREFIX } from '../../../src/model/fleet/keys.ts';
import { app, HURRIED, makeFleet, must, type Node, names, until } from './nodes.ts';

/** As `etcdutl snapshot restore --bump-revision` is told to. */
const RAISED = 1_000_000_000;
const PUT_BACK = /was put back to an earlier state/;

const shift = (node: Node, blue: number) =>
  must(node, { kind: 'weights.put', name: app, weights: { blue, green: 100 - blue } });

/** Until nobody claims anything. */
const silent = (nodes: readonly Node[]): Promise<void> => until(() => nodes.every(({ log }) => log.claimsForMs === 0));

for (const raisedBy of [RAISED, 0]) {
  t.test(`raised by ${raisedBy}: the log ends before what all stand on`, async (t) => {
    const { keeper, nodes } = await makeFleet(t, 2, HURRIED);
    const restore = keeper.backup();
    await shift(nodes[0], 90);
    restore(raisedBy);
    await silent(nodes);
    for (const { words } of nodes) t.match(words, /was put back to an earlier state|it was put back/);
  });

  t.test(`raised by ${raisedBy}: the fleet has gone on from there when it is heard of again`, async (t) => {
    const { keeper, nodes } = await makeFleet(t, 3, HURRIED);
    const [ns1, ns2, ns3] = nodes;
    const restore = keeper.backup();
    // It hears nothing of it, and is where the backup is.
    keeper.fate = (node) => (node === 'ns3' ? 'request lost' : undefined);
    keeper.isSilent = (node) => node === 'ns3';
    await shift(ns1, 90);
    t.same(
      nodes.map(({ fixture }) => fixture.store.lastRevision),
      [3, 3, 2],
    );
    // What the watches tell is on its way still, and so is what is done about it: a long pause would end before any of it.
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    keeper.fate = (node) => (node === 'ns3' ? undefined : 'request lost');
    keeper.isSilent = (node) => node !== 'ns3';
    restore(raisedBy);
    if (raisedBy === 0) for (let n = 0; n < 50; n++) keeper.put('other', Buffer.from([n]));
    await shift(ns3, 80);
    await shift(ns3, 70);
    t.same(ns3.fixture.store.lastRevision, 4, 'the log goes on beyond where they stand');
    // The watches are back before any heartbeat is.
    keeper.fate = (node, { reads }) =>
      node !== 'ns3' && reads.some(({ key }) => key === HEAD_KEY) ? 'request lost' : undefined;
    keeper.isSilent = () => false;
    await shift(ns3, 65);
    await new Promise((resolve) => setTimeout(resolve, 50));
    t.same([ns1.fixture.store.lastRevision, ns2.fixture.store.lastRevision], [3, 3]);
    keeper.fate = () => undefined;
    await until(() => [ns1, ns2].every(({ words }) => PUT_BACK.test(words)));
    await silent([ns1, ns2]);
    for (const { fixture, words } of [ns1, ns2]) {
      t.match(words, /Restart this node/);
      t.same(
        fixture.store.service(app)?.pools.map(({ weight }) => weight),
        [90, 10],
        'nothing of the other log is applied',
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 2500));
    t.same(
      [ns1, ns2].map(({ log }) => log.claimsForMs),
      [0, 0],
      'nor is anything claimed later',
    );
    t.same((await shift(ns3, 60)).fleet?.answering, ['ns3']);
  });
}

t.test('put back to just where it was, nobody minds; and one whose record went back says so', async (t) => {
  const { keeper, nodes } = await makeFleet(t, 2);
  await shift(nodes[0], 90);
  keeper.backup()(RAISED);
  t.same((await shift(nodes[1], 80)).fleet?.answering, names(nodes));
  const restore = keeper.backup();
  keeper.put('member/ns2', keeper.under('member/ns2')[0].value);
  // It has asked since then, and knows of it.
  let asked = 0;
  keeper.fate = (node) => {
    if (node === 'ns2') asked++;
    return undefined;
  };
  await until(() => asked > 1);
  restore(RAISED);
  await until(() => PUT_BACK.test(nodes[1].words));
  t.match(nodes[1].words, /the record of this node is an older one/);
  t.equal(nodes[0].told.at(-1), 'live', 'whose own stands where it did');
});

t.test('what was drafted on an entry that is another one by now is not appended behind it', async (t) => {
  const { keeper, nodes } = await makeFleet(t, 2, HURRIED);
  const [ns1, ns2] = nodes;
  const restore = keeper.backup();
  keeper.fate = (node) => (node === 'ns2' ? 'request lost' : undefined);
  keeper.isSilent = (node) => node === 'ns2';
  await shift(ns1, 90);
  // It hears neither by a heartbeat nor by its watch that the log is another one, of as many entries.
  keeper.fate = (node, { puts }) => (node === 'ns1' && puts.length === 0 ? 'request lost' : undefined);
  keeper.isSilent = (node) => node === 'ns1';
  restore(RAISED);
  const others = shift(ns2, 80);
  await until(() => keeper.under(LOG_PREFIX).length === 3);
  const refused = await ns1.execute({ kind: 'weights.put', name: app, weights: { blue: 70, green: 30 } });
  t.match(refused, { code: 'fleet_unavailable' });
  t.equal(keeper.under(LOG_PREFIX).length, 3);
  keeper.fate = () => undefined;
  await until(() => PUT_BACK.test(ns1.words));
  await others;
});
