/** A node that has no room for a zone answers that with SERVFAIL: the replies to changes there name it, those to others do not. */
import t, { type Test } from 'tap';
import type { Clock } from '../../../src/control/clock.ts';
import type { Answering } from '../../../src/control/commands/command.ts';
import { Returning } from '../../../src/control/zone-files/returning.ts';
import { ZoneFiles } from '../../../src/control/zone-files/zone-files.ts';
import { Problem } from '../../../src/model/errors.ts';
import { systemClock } from '../../../src/server/system-clock.ts';
import { NO_SIGNERS } from '../../../src/table/rrset-signer.ts';
import { bluegreen, NOON_MS, zoneBody } from '../../fixtures/engine.ts';
import type { MemoryKeeper } from '../../fixtures/keeper.ts';
import { app, makeFleet, makeNode, must, type Node, names, until } from './nodes.ts';

const large = 'app.large.test';

/** A zone with a service and so many long texts. */
async function putLarge(node: Node, texts = 40): Promise<void> {
  await must(node, { kind: 'zone.put', zone: 'large.test', body: zoneBody });
  await must(node, { kind: 'service.put', name: large, body: bluegreen(100, 0) });
  for (let n = 0; n < texts; n++) {
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

/** A node with a small table, which takes what the log has. */
async function joined(t: Test, keeper: MemoryKeeper, tableMaxBytes: number): Promise<Node> {
  const node = makeNode(t, keeper, 'ns2', { tableMaxBytes, signers: { ...NO_SIGNERS, mustTake: true } });
  node.log.start();
  await until(() => node.told.at(-1) === 'live');
  return node;
}

function filesOf(t: Test, { fixture, engine }: Node): ZoneFiles {
  const files = new ZoneFiles(fixture.store, fixture.table, engine, systemClock);
  t.teardown(() => files.stop());
  return files;
}

/** Imports so many long texts, which say a word. */
async function bring(files: ZoneFiles, count: number, word: string): Promise<Answering | undefined> {
  const soa = '@ 300 IN SOA ns1 hostmaster 1 3600 600 86400 300\n@ 300 IN NS ns1\nns1 300 IN A 192.0.2.1\n';
  const lines = Array.from({ length: count }, (_, n) => `n${n} 60 IN TXT "${word}" "${'x'.repeat(200)}${n}"\n`);
  const bytes = Buffer.from(`$ORIGIN import.test.\n${soa}${lines.join('')}`);
  const result = await files.import('import.test', bytes, { actor: 'test', atMs: NOON_MS });
  if (result instanceof Problem) throw new Error(`${result.code}: ${result.detail}`);
  return result.fleet;
}

const MAX_BYTES = 2 ** 19;
const texts = ({ fixture }: Node): ReturnType<Node['fixture']['ask']> => fixture.ask('n7.import.test', 'TXT');
const leaves = ({ fixture }: Node): string[] => [...fixture.table.content.leftOut()];

t.test('an import of others that has no room, few records or many', async (t) => {
  const { keeper, nodes } = await makeFleet(t, 1);
  const [ns1] = nodes;
  const ns2 = await joined(t, keeper, MAX_BYTES);
  const files = filesOf(t, ns1);
  filesOf(t, ns2);
  t.same((await bring(files, 20, 'small'))?.answering, ['ns1', 'ns2']);
  await must(ns1, { kind: 'service.put', name: 'app.import.test', body: bluegreen(100, 0) });

  for (const [count, word] of [
    [4000, 'many'],
    [490, 'y" "'.repeat(700)],
  ] as const) {
    t.match(await bring(files, count, word), { answering: ['ns1'] }, `${count} records`);
    t.same(leaves(ns2), ['import.test']);
    t.equal(ns2.log.claimsForMs > 0, true, 'it is current');
    t.equal(texts(ns2), 2, 'SERVFAIL, and nothing of what was');
    t.equal(ns2.fixture.store.lastRevision, ns1.fixture.store.lastRevision);
    t.same((await shift(ns1, app, count, 1))?.answering, ['ns1', 'ns2'], 'all other zones go on');
    t.same((await shift(ns1, 'app.import.test', count, 1))?.answering, ['ns1']);
    const text = { ttlSeconds: 60, rdata: ['"changed"'] };
    await must(ns1, { kind: 'rrset.put', zone: 'import.test', name: 'n7.import.test', type: 'TXT', body: text });
    t.same(ns2.told.at(-1), 'live');
  }
  t.same([...ns2.fixture.store.rrsetsOf('import.test')], [...ns1.fixture.store.rrsetsOf('import.test')]);

  t.same((await bring(files, 30, 'back'))?.answering, ['ns1', 'ns2'], 'an import that has room brings it back');
  t.same(leaves(ns2), []);
  t.same(texts(ns2), texts(ns1));
  t.same((await shift(ns1, 'app.import.test', 0, 1))?.answering, ['ns1', 'ns2']);
  t.same(ns2.fixture.ask('app.import.test'), ns1.fixture.ask('app.import.test'));
});

t.test('what has room once the records before it are gone comes back by itself', async (t) => {
  const { keeper, nodes } = await makeFleet(t, 1);
  const [ns1] = nodes;
  const ns2 = await joined(t, keeper, MAX_BYTES);
  const files = filesOf(t, ns1);
  const returning = returningOf(t, ns2, filesOf(t, ns2));
  t.same((await bring(files, 700, 'first'))?.answering, ['ns1', 'ns2']);
  await must(ns1, { kind: 'service.put', name: 'app.import.test', body: bluegreen(100, 0) });
  const { usedBytes, maxBytes } = ns2.fixture.table.memory;
  t.ok(usedBytes > maxBytes / 2, `${usedBytes}: no room for it twice`);
  t.same((await bring(files, 700, 'second'))?.answering, ['ns1']);
  await shift(ns1, 'app.import.test', 0, 100);
  while (ns2.fixture.table.collect());
  await returning.look();
  t.same(leaves(ns2), [], JSON.stringify(ns2.fixture.table.memory));
  t.same(texts(ns2), texts(ns1));
  t.same(ns2.fixture.ask('app.import.test'), ns1.fixture.ask('app.import.test'));
  await until(() => ns1.log.view.leftOut.get('ns2')?.value === undefined);
  t.same((await shift(ns1, 'app.import.test', 100, 0))?.answering, ['ns1', 'ns2'], 'and is whole');
  t.same(ns2.fixture.ask('app.import.test'), ns1.fixture.ask('app.import.test'));
});

function returningOf(t: Test, { fixture, engine }: Node, files: ZoneFiles, clock: Clock = systemClock): Returning {
  const { store, table } = fixture;
  const log = { info: () => {}, error: () => {}, warn: (_: object, words: string) => t.fail(words) };
  return new Returning({ store, table, engine, files, clock, log });
}

t.test('records one by one that have no room leave their zone out, and no other', async (t) => {
  const { keeper, nodes } = await makeFleet(t, 1);
  const [ns1] = nodes;
  const ns2 = await joined(t, keeper, 2 ** 16);
  await putLarge(ns1, 150);
  t.same(leaves(ns2), ['large.test']);
  t.same(ns2.told.at(-1), 'live');
  t.same((await shift(ns1, app, 1, 1))?.answering, ['ns1', 'ns2']);
  t.same((await shift(ns1, large, 1, 1))?.answering, ['ns1']);
});

/** Nodes with tables of very little room. */
async function narrowed(t: Test, tableMaxBytes = 2 ** 15): Promise<readonly [Node, Node]> {
  const { keeper, nodes } = await makeFleet(t, 1);
  return [nodes[0], await joined(t, keeper, tableMaxBytes)];
}

async function putTexts(node: Node, zone: string, count: number): Promise<Answering | undefined> {
  let last: Answering | undefined;
  const body = { ttlSeconds: 60, rdata: [`"${'x'.repeat(200)}"`, `"${'y'.repeat(200)}"`] };
  for (let n = 0; n < count; n++)
    last = (await must(node, { kind: 'rrset.put', zone, name: `n${n}.texts.test`, type: 'TXT', body })).fleet;
  return last;
}

t.test('the root, whose name is empty, is told of as well', async (t) => {
  const [ns1, ns2] = await narrowed(t);
  await must(ns1, { kind: 'zone.put', zone: '.', body: zoneBody });
  t.same((await putTexts(ns1, '.', 60))?.behind[0]?.leftOut, ['.']);
  t.same(leaves(ns2), ['']);
});

t.test('a new zone that has no room is left out', async (t) => {
  const [ns1, ns2] = await narrowed(t);
  let reply: Answering | undefined;
  for (let n = 0; n < 100 && leaves(ns2).length < 3; n++)
    reply = (await must(ns1, { kind: 'zone.put', zone: `z${n}.test`, body: zoneBody })).fleet;
  t.same(reply?.behind[0]?.leftOut, leaves(ns2).slice(-1));
  t.equal(ns2.fixture.ask(leaves(ns2)[0], 'SOA'), 2, 'SERVFAIL');
  t.same((await shift(ns1, app, 1, 1))?.answering, ['ns1', 'ns2']);
});

t.test('new services that have no room leave their zone out, and come with it', async (t) => {
  const { keeper, nodes } = await makeFleet(t, 1);
  const [ns1] = nodes;
  const ns2 = await joined(t, keeper, 2 ** 17);
  const returning = returningOf(t, ns2, filesOf(t, ns2));
  await must(ns1, { kind: 'zone.put', zone: 'texts.test', body: zoneBody });
  await putTexts(ns1, 'texts.test', 180);
  await must(ns1, { kind: 'zone.put', zone: 'many.test', body: zoneBody });
  const service = (n: number): string => `s${n}.many.test`;
  const count = 60;
  for (let n = 0; n < count; n++) await must(ns1, { kind: 'service.put', name: service(n), body: bluegreen(100, 0) });
  while (ns2.fixture.table.collect());
  t.same(leaves(ns2), ['many.test']);
  t.same(ns2.told.at(-1), 'live');
  t.same((await shift(ns1, app, 1, 1))?.answering, ['ns1', 'ns2'], 'all other zones go on');
  t.same((await shift(ns1, service(count - 1), 0, 100))?.answering, ['ns1']);
  t.same((await shift(ns2, service(0), 0, 100))?.answering, ['ns1'], 'and on the node itself');
  for (const n of [1, count - 2])
    t.same((await must(ns1, { kind: 'service.delete', name: service(n) })).fleet?.answering, ['ns1']);
  t.equal(ns2.fixture.ask(service(2)), 2, 'SERVFAIL');
  t.equal(ns2.fixture.store.lastRevision, ns1.fixture.store.lastRevision);

  await must(ns1, { kind: 'zone.delete', zone: 'texts.test', withServices: true });
  await until(() => ns2.fixture.store.zone('texts.test') === undefined);
  while (ns2.fixture.table.collect());
  await returning.look();
  t.same(leaves(ns2), [], JSON.stringify(ns2.fixture.table.memory));
  const asked = ({ fixture }: Node) => Array.from({ length: count }, (_, n) => fixture.ask(service(n)));
  t.same(asked(ns2), asked(ns1));
  await until(() => ns1.log.view.leftOut.get('ns2')?.value === undefined);
  t.same((await shift(ns1, service(7), 0, 1))?.answering, ['ns1', 'ns2'], 'and is whole');
  t.same(ns2.fixture.ask(service(7)), ns1.fixture.ask(service(7)));
});

t.test(
  'while a zone is built aside, which takes room for a moment, the log waits and no zone is left out',
  async (t) => {
    const [ns1, ns2] = await narrowed(t);
    let isBusy = true;
    ns2.engine.staged.stager = { isBusy: () => isBusy } as typeof ns2.engine.staged.stager;
    await must(ns1, { kind: 'zone.put', zone: 'texts.test', body: zoneBody });
    t.same((await putTexts(ns1, 'texts.test', 60))?.answering, ['ns1']);
    t.same(leaves(ns2), []);
    t.not(ns2.fixture.ask('n1.texts.test', 'TXT'), 2, 'it is answered as before');
    isBusy = false;
    await until(() => ns2.fixture.store.lastRevision === ns1.fixture.store.lastRevision);
    t.same(leaves(ns2), ['texts.test']);
  },
);

t.test('what has become smaller is tried again, though nothing else has become free', async (t) => {
  const [ns1, ns2] = await narrowed(t, 2 ** 16);
  let nowMs = 0;
  const returning = returningOf(t, ns2, filesOf(t, ns2), { ...systemClock, steadyMs: () => nowMs });
  await must(ns1, { kind: 'zone.put', zone: 'texts.test', body: zoneBody });
  await putTexts(ns1, 'texts.test', 150);
  while (ns2.fixture.table.collect());
  await returning.look();
  t.same(leaves(ns2), ['texts.test'], 'it has no room');
  for (let n = 1; n < 150; n++)
    await must(ns1, { kind: 'rrset.delete', zone: 'texts.test', name: `n${n}.texts.test`, type: 'TXT' });
  nowMs += 2000;
  await returning.look();
  t.same(leaves(ns2), []);
  t.same(ns2.fixture.ask('n0.texts.test', 'TXT'), ns1.fixture.ask('n0.texts.test', 'TXT'));
});
