/** Imports in a fleet: a content is with all nodes before an entry names it, and no shift waits for one. */
import { randomBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import type { Command, CommandResult } from '../../../src/control/commands/command.ts';
import { ContentSweeper } from '../../../src/control/log/content-sweep.ts';
import { ZoneFiles } from '../../../src/control/zone-files/zone-files.ts';
import { Problem } from '../../../src/model/errors.ts';
import { contentKey, keptKey, presenceKey, stageKey } from '../../../src/model/fleet/keys.ts';
import { bytesOf } from '../../../src/model/fleet/records.ts';
import { encodeAnnounced, parseKept } from '../../../src/model/fleet/staging.ts';
import type { Transaction } from '../../../src/model/fleet/transaction.ts';
import { systemClock } from '../../../src/server/system-clock.ts';
import { NOON_MS } from '../../fixtures/engine.ts';
import type { MemoryKeeper } from '../../fixtures/keeper.ts';
import { app, HURRIED, makeFleet, makeNode, must, type Node, names, PATIENT, until } from './nodes.ts';

const ZONE = 'import.test';
const shift = (blue: number, green: number): Command => ({ kind: 'weights.put', name: app, weights: { blue, green } });

function zoneFile(count: number, marked: string, isLarge = false): Buffer {
  const soa = `@ 300 IN SOA ns1.${ZONE}. hostmaster.${ZONE}. 1 3600 600 86400 300\n@ 300 IN NS ns1\nns1 300 IN A 192.0.2.1\n`;
  const text = (): string => (isLarge ? `"${randomBytes(120).toString('hex')}"` : `"${marked}"`);
  const lines = Array.from({ length: count }, (_, n) => `n${n} 60 IN TXT ${text()}\n`);
  return Buffer.from(`$ORIGIN ${ZONE}.\n${soa}mark 60 IN TXT "${marked}"\n${lines.join('')}`);
}

function filesOf(t: Test, { fixture, engine }: Node): ZoneFiles {
  const files = new ZoneFiles(fixture.store, fixture.table, engine, systemClock);
  t.teardown(() => files.stop());
  return files;
}

const bring = (files: ZoneFiles, bytes: Buffer): Promise<CommandResult> =>
  // The bytes go to the builder.
  files.import(ZONE, Buffer.from(bytes), { actor: 'test', atMs: NOON_MS });

function done(result: CommandResult) {
  if (result instanceof Problem) throw new Error(`${result.code}: ${result.detail}`);
  return result;
}

const marks = (nodes: readonly Node[]): ReturnType<Node['fixture']['ask']>[] =>
  nodes.map(({ fixture }) => fixture.ask(`mark.${ZONE}`, 'TXT'));
const left = (keeper: MemoryKeeper): string[] =>
  ['stage/', 'staged/'].flatMap((prefix) => keeper.under(prefix).map(({ key }) => key));

t.test('what one node imports is answered by all, few records and many', async (t) => {
  const { keeper, nodes } = await makeFleet(t, 3);
  const files = nodes.map((node) => filesOf(t, node));
  for (const [n, count] of [3, 4000, 5].entries()) {
    const { revision, fleet } = done(await bring(files[n] as ZoneFiles, zoneFile(count, `import ${n}`, count > 1000)));
    t.same(fleet, { revision, answering: names(nodes), behind: [] });
    const [first] = marks(nodes);
    t.match(first, [new RegExp(`import ${n}`)]);
    t.same(marks(nodes), [first, first, first]);
    t.same(left(keeper), [], 'nothing is open any more');
  }
  t.ok(keeper.under('content/').length > 3, `${keeper.under('content/').length} chunks`);
  t.equal(keeper.under('kept/').length, 3);
  const sizes = nodes.map(({ fixture }) => fixture.store.rrsetsOf(ZONE));
  t.same(sizes[1], sizes[0]);
});

t.test('two nodes import at once, and neither waits for the other', async (t) => {
  const { nodes } = await makeFleet(t, 2);
  const [one, other] = nodes.map((node) => filesOf(t, node)) as [ZoneFiles, ZoneFiles];
  const results = await Promise.all([bring(one, zoneFile(900, 'one')), bring(other, zoneFile(800, 'other'))]);
  const revisions = results.map((result) => done(result).revision);
  t.not(revisions[0], revisions[1]);
  const last = Math.max(...(revisions as number[]));
  await until(() => nodes.every(({ fixture }) => fixture.store.lastRevision === last));
  t.match(marks(nodes), [[last === revisions[0] ? /one/ : /other/], [last === revisions[0] ? /one/ : /other/]]);
});

t.test('shifts go on while an import waits for a node, which is not waited for once it is gone', async (t) => {
  const { keeper, nodes } = await makeFleet(t, 2);
  const files = filesOf(t, nodes[0] as Node);
  // The other has no builder, so that it stages nothing.
  const imported = bring(files, zoneFile(5, 'waits'));
  await until(() => keeper.under('staged/').length === 1);
  const before = (nodes[0] as Node).fixture.store.lastRevision;
  for (let n = 1; n <= 5; n++) t.same((await must(nodes[n % 2] as Node, shift(n, 1))).fleet?.behind, []);
  t.equal((nodes[0] as Node).fixture.store.lastRevision, before + 5, 'and the import is not among them');
  keeper.remove(presenceKey('ns2'));
  const result = done(await imported);
  t.match(result.fleet?.behind, [{ node: 'ns2' }]);
  filesOf(t, nodes[1] as Node);
  await until(() => (nodes[1] as Node).fixture.store.lastRevision === result.revision);
  t.match(marks(nodes), [[/waits/], [/waits/]], 'it stages what it missed, and comes back');
  await until(() => (nodes[1] as Node).told.at(-1) === 'live');
});

t.test('a node that stops waits for nobody', async (t) => {
  const { keeper, nodes } = await makeFleet(t, 2);
  const files = filesOf(t, nodes[0] as Node);
  const imported = bring(files, zoneFile(5, 'stops'));
  await until(() => keeper.under('staged/').length === 1);
  await files.stop();
  t.match(await imported, { code: 'stopping' });
  t.same([...left(keeper), ...keeper.under('content/')], []);
});

t.test('a node that comes later stages before it applies', async (t) => {
  const { keeper, nodes } = await makeFleet(t, 1);
  const files = filesOf(t, nodes[0] as Node);
  done(await bring(files, zoneFile(2000, 'first')));
  done(await bring(files, zoneFile(2, 'second')));
  const late = makeNode(t, keeper, 'ns2');
  filesOf(t, late);
  late.log.start();
  await until(() => late.told.at(-1) === 'live');
  t.match(marks([late]), [[/second/]]);
});

t.test('what is refused or cut off leaves nothing, and the same file may be sent again', async (t) => {
  const { keeper, nodes } = await makeFleet(t, 2);
  const [node] = nodes as [Node, Node];
  const [files] = nodes.map((each) => filesOf(t, each)) as [ZoneFiles, ZoneFiles];
  const file = zoneFile(3000, 'again', true);
  node.room = 'refuse';
  t.match(await bring(files, file), { code: 'fleet_unavailable', detail: /quota/ });
  t.same((await must(node, shift(7, 1))).fleet?.behind, [], 'shifts go on');
  node.room = 'warn';
  const isAppend = ({ puts }: Transaction): boolean => puts.some(({ key }) => key.startsWith('log/'));
  keeper.fate = (name, transaction) => (name === 'ns1' && isAppend(transaction) ? 'request lost' : undefined);
  Object.assign(node.timings, HURRIED);
  t.match(await bring(files, file), { code: /^fleet_un/ });
  Object.assign(node.timings, PATIENT);
  keeper.fate = () => undefined;
  t.match(done(await bring(files, file)).fleet?.answering, names(nodes));
  t.match(marks(nodes), [[/again/], [/again/]]);
  await until(() => left(keeper).length === 0);
});

t.test('what nobody names is swept, and what the log names is not', async (t) => {
  const { keeper, nodes } = await makeFleet(t, 1);
  const files = filesOf(t, nodes[0] as Node);
  const { revision } = done(await bring(files, zoneFile(10, 'named')));
  const named = keeper.under('content/').map(({ key }) => key);
  const gone = 'e'.repeat(64);
  keeper.put(contentKey(gone, 0), bytesOf('half'));
  keeper.put(stageKey(gone), encodeAnnounced({ zone: ZONE, chunks: 3, node: 'ns9', isWhole: false }));
  keeper.put(`staged/${'d'.repeat(64)}/ns1`, bytesOf('left'));
  let nowMs = 0;
  const { store } = (nodes[0] as Node).fixture;
  const revisionOf = (content: string): number => store.packedRevision(content);
  const sweeper = new ContentSweeper({ keeper: keeper.of('ns1'), steadyMs: () => nowMs, revisionOf });
  await sweeper.look(0);
  nowMs = 800_000;
  await sweeper.look(0);
  t.equal(keeper.under('stage/').length, 1, 'it may be slow');
  nowMs = 901_000;
  await sweeper.look(0);
  await sweeper.look(0);
  t.same(left(keeper), []);
  t.same(
    keeper.under('content/').map(({ key }) => key),
    named,
  );
  t.same(
    keeper.under('kept/').map(({ value }) => parseKept(value)),
    [{ chunks: named.length, revision }],
  );
  t.equal(keeper.under(keptKey(gone)).length, 0);
  await sweeper.look(revision as number);
  t.same([...keeper.under('content/'), ...keeper.under('kept/')], [], 'the log has lost the entry');
});
