/** The log of a fleet under engines of several nodes: what each applies, what a reply says, and what is lost on the way. */
import { randomBytes } from 'node:crypto';
import t from 'tap';
import type { Clock } from '../../../src/control/clock.ts';
import type { Command } from '../../../src/control/commands/command.ts';
import { EventLog } from '../../../src/control/events/log.ts';
import { digestOf, makeSecret, Tokens } from '../../../src/control/tokens.ts';
import { guarded } from '../../../src/guard.ts';
import { Problem, StoreUnavailable } from '../../../src/model/errors.ts';
import { HEAD_KEY, LEADER_KEY, logKey } from '../../../src/model/fleet/keys.ts';
import { bytesOf, encodeRevision } from '../../../src/model/fleet/records.ts';
import { timingsOf } from '../../../src/model/fleet/timings.ts';
import { LogReads } from '../../../src/store/log-reads.ts';
import { TestClock } from '../../fixtures/clock.ts';
import { NOON_MS, zoneBody } from '../../fixtures/engine.ts';
import { MemoryKeeper } from '../../fixtures/keeper.ts';
import { app, HURRIED, makeFleet, makeNode, must, type Node, names, PATIENT, until } from './nodes.ts';

const shift = (blue: number, green: number): Command => ({ kind: 'weights.put', name: app, weights: { blue, green } });

/** Changes whose entry is larger than a value of the engine. */
function many() {
  return Array.from({ length: 40 }, (_, n) => {
    const rdata = Array.from({ length: 60 }, () => `"${randomBytes(120).toString('hex')}"`);
    return { put: { name: `n${n}.example.com`, type: 'TXT', ttlSeconds: 60, rdata } };
  });
}

t.test('what one node changed is answered by all when it is acknowledged', async (t) => {
  const { nodes } = await makeFleet(t, 3);
  for (let n = 0; n < 30; n++) {
    const isBlue = n % 2 === 1;
    const { revision, fleet } = await must(nodes[n % 3], isBlue ? shift(1, 0) : shift(0, 1));
    t.same(fleet, { revision, answering: names(nodes), behind: [] });
    for (const { fixture } of nodes) t.same(fixture.ask(app), [isBlue ? '192.0.2.10' : '192.0.2.20']);
  }
  const unchanged = await must(nodes[1], shift(1, 0));
  t.same(unchanged.fleet?.answering, names(nodes), 'what changes nothing says so too');
});

t.test('commands of all nodes at once each have a revision, and all stores are the same', async (t) => {
  const { nodes } = await makeFleet(t, 3);
  const results = await Promise.all(Array.from({ length: 30 }, (_, n) => must(nodes[n % 3], shift(n + 1, 1))));
  t.equal(new Set(results.map(({ revision }) => revision)).size, 30);
  const logs = nodes.map(({ fixture }) => fixture.store.revisions(0, 1000));
  for (const log of logs) t.same(log, logs[0]);
  t.same(
    logs[0].map(({ revision }) => revision),
    Array.from({ length: 32 }, (_, n) => n + 1),
  );
});

t.test('an append whose reply is lost is made once; one that is lost itself is made all the same', async (t) => {
  const { keeper, nodes } = await makeFleet(t, 2);
  const isAppend = ({ puts }: { puts: readonly { key: string }[] }): boolean =>
    puts.some(({ key }) => key === HEAD_KEY);
  for (const fate of ['reply lost', 'request lost'] as const) {
    let isFirst = true;
    keeper.fate = (_node, transaction) => {
      if (!isAppend(transaction) || !isFirst) return undefined;
      isFirst = false;
      return fate;
    };
    const before = nodes[0].fixture.store.lastRevision;
    const { revision } = await must(nodes[0], shift(before, 1));
    t.equal(revision, before + 1, fate);
    t.equal(keeper.under('log/').length, revision, 'and no entry came twice');
  }
});

t.test('without the log a change is refused in time, and later ones go through', async (t) => {
  const { keeper, nodes } = await makeFleet(t, 2);
  Object.assign(nodes[0].timings, HURRIED);
  keeper.fate = (node) => (node === 'ns1' ? 'request lost' : undefined);
  const { lastRevision } = nodes[0].fixture.store;
  const [unchanged, refused] = await Promise.all([shift(100, 0), shift(5, 5)].map((each) => nodes[0].execute(each)));
  t.match(refused, { code: /^fleet_un(?:available|confirmed)$/ });
  const detail = `Revision ${lastRevision} stands, and this request changed nothing more, but etcd did not say who answers from it. The same request again finds out.`;
  t.match(unchanged, { code: 'fleet_unconfirmed', detail }, 'nothing may stand of what changed nothing');
  keeper.fate = () => undefined;
  Object.assign(nodes[0].timings, PATIENT);
  await until(() => nodes[0].told.at(-1) === 'live');
  const { fleet } = await must(nodes[0], shift(6, 6));
  t.same(fleet?.answering, names(nodes));
});

t.test('a node that was not there catches up with what came meanwhile', async (t) => {
  const { keeper, nodes } = await makeFleet(t, 1);
  for (let n = 1; n <= 20; n++) await must(nodes[0], shift(n, 1));
  const late = makeNode(t, keeper, 'ns2');
  late.log.start();
  await until(() => late.told.at(-1) === 'live');
  t.equal(late.fixture.store.lastRevision, nodes[0].fixture.store.lastRevision);
  t.equal(await late.log.catchUp(1000), true);
});

t.test('who listens to changes hears of each in its order, also where a node catches up', async (t) => {
  const { keeper, nodes } = await makeFleet(t, 1);
  const late = makeNode(t, keeper, 'ns2');
  const heard: number[] = [];
  late.engine.onChange((_changes, { revision }) => heard.push(revision));
  const events = new EventLog(late.fixture.store, late.engine, 'late');
  for (let n = 1; n <= 10; n++) await must(nodes[0], shift(n, 1));
  late.log.start();
  await until(() => late.told.at(-1) === 'live');
  const { lastRevision } = late.fixture.store;
  t.same(
    heard,
    Array.from({ length: lastRevision }, (_, n) => n + 1),
  );
  const end = { revision: lastRevision, index: 0 };
  t.same(events.end, end);
  const lists = { behind: [], silent: [], lost: [], back: [], changes: [] };
  events.addNode({ node: 'ns2', standing: 'live', current: true, leader: null, ...lists }, NOON_MS);
  t.match(events.after(end), [{ name: 'node' }], 'what is seen then comes after the last of them');
});

t.test(
  'a commit in doubt that was kept is told once, also where what follows it is applied at once, and is in doubt too',
  async (t) => {
    const { keeper, nodes } = await makeFleet(t, 1);
    const late = makeNode(t, keeper, 'ns2');
    const { store } = late.fixture;
    const heard: number[] = [];
    late.engine.onChange((_changes, { revision }) => heard.push(revision));
    // In chunks, which are read whenever it is tried, while what follows is there already.
    const { revision: large } = await must(nodes[0], { kind: 'records.change', zone: 'example.com', changes: many() });
    for (let n = 1; n <= 8; n++) await must(nodes[0], shift(n, 1));
    const doubted = new Set([large, large + 1]);
    const { commit } = store;
    const lastRevision = (): number => Reflect.get(LogReads.prototype, 'lastRevision', store) as number;
    let isReadable = true;
    Object.defineProperty(store, 'lastRevision', {
      configurable: true,
      get() {
        // It cannot be read once: whoever asks next finds out.
        if (isReadable) return lastRevision();
        isReadable = true;
        throw new StoreUnavailable('the store cannot be read');
      },
    });
    store.commit = (...of) => {
      const failed = commit.apply(store, of);
      if (!doubted.delete(of[0].revision.revision)) return failed;
      isReadable = false;
      return new Problem('store_unavailable', 'the disk failed');
    };
    late.log.start();
    await until(() => late.told.at(-1) === 'live');
    const first = nodes[0] as Node;
    const last = first.fixture.store.lastRevision;
    t.same(
      heard,
      Array.from({ length: last }, (_, n) => n + 1),
    );
    t.same([doubted.size, late.engine.isInDoubt, store.lastRevision], [0, false, last]);
    t.same(late.fixture.ask(app), first.fixture.ask(app), 'all of it is answered from');
  },
);

t.test('a token that was made and revoked while a node was away opens nothing there', async (t) => {
  const { keeper, nodes } = await makeFleet(t, 2, HURRIED);
  const [first, away] = nodes as [Node, Node];
  await until(() => away.fixture.store.lastRevision === first.fixture.store.lastRevision);
  const { engine, fixture } = away;
  const settings = { admin: makeSecret(randomBytes) };
  const parts = { engine, store: fixture.store, settings, atMs: NOON_MS, randomBytes, keep: () => {} };
  const tokens = (await Tokens.open(parts)) as Tokens;
  const secret = makeSecret(randomBytes);
  const body = { name: 'leaver', scope: 'admin' } as const;
  keeper.isSilent = (node) => node === 'ns2';
  keeper.fate = (node) => (node === 'ns2' ? 'request lost' : undefined);
  await must(first, { kind: 'token.create', body, digest: digestOf(secret) });
  await must(first, { kind: 'token.delete', name: 'leaver', settingsAdmin: true });
  keeper.isSilent = () => false;
  keeper.fate = () => undefined;
  await until(() => away.fixture.store.lastRevision === first.fixture.store.lastRevision);
  t.equal(tokens.find(secret), undefined);
});

t.test('what is larger than a value travels in chunks', async (t) => {
  const { keeper, nodes } = await makeFleet(t, 2);
  const changes = many();
  const { fleet } = await must(nodes[0], { kind: 'records.change', zone: 'example.com', changes });
  t.same(fleet?.answering, names(nodes));
  t.ok(keeper.under('content/').length > 1, `${keeper.under('content/').length} chunks`);
  t.same(nodes[1].fixture.ask('n7.example.com', 'TXT'), nodes[0].fixture.ask('n7.example.com', 'TXT'));
});

t.test('an entry that cannot be read stops a node, which says so and answers on', async (t) => {
  const { keeper, nodes } = await makeFleet(t, 1);
  const answered = nodes[0].fixture.ask(app);
  const next = nodes[0].fixture.store.lastRevision + 1;
  keeper.put(logKey(next), bytesOf('{"form":99}\nwhatever'));
  keeper.put(HEAD_KEY, encodeRevision(next));
  await until(() => nodes[0].told.at(-1) === 'out');
  t.same(nodes[0].fixture.ask(app), answered);
  t.equal(nodes[0].log.claimsForMs, 0);
});

t.test('before it has found its log a node takes no change', async (t) => {
  const keeper = new MemoryKeeper();
  const node = makeNode(t, keeper, 'ns1');
  const zone: Command = { kind: 'zone.put', zone: 'example.com', body: zoneBody };
  t.match(await node.execute(zone), { code: 'fleet_unavailable' });
  t.equal(await node.log.catchUp(10), false);
});

t.test("a step of a release is the leader's own: who does not lead, or no longer does, appends none", async (t) => {
  const { keeper, nodes } = await makeFleet(t, 2);
  const [first, second] = nodes as [Node, Node];
  const steps = [{ setWeight: 10 }, { pause: { duration: 60 } }, { setWeight: 100 }];
  const body = { to: 'green', steps };
  const made = await must(first, { kind: 'release.create', services: [app], body, dryRun: false, single: false });
  const step: Command = { kind: 'release.step', id: String(made.revision), revision: made.revision, changed: [] };
  keeper.put(LEADER_KEY, bytesOf('whoever'));
  const epoch = keeper.under(LEADER_KEY)[0]?.createdAt as number;
  const head = keeper.under('log/').length;

  t.match(await first.execute(step), { code: 'fleet_unavailable', detail: /another node leads/ });
  first.epoch = epoch - 1;
  t.match(await first.execute(step), { code: 'fleet_unavailable', detail: /another node leads/ }, 'it led once');
  t.equal(keeper.under('log/').length, head);
  t.match(await second.execute(shift(5, 5)), { code: 'release_active' }, 'the rest goes on');

  second.epoch = epoch;
  const stepped = await must(second, step);
  t.equal(keeper.under('log/').length, head + 1);
  await until(() => first.fixture.store.lastRevision === stepped.revision);
  first.epoch = epoch;
  t.ok((await first.execute(step)) instanceof Problem, 'a step that was taken is not taken again');
  t.equal(keeper.under('log/').length, head + 1);
});

t.test('a node that is far behind does not go to the log for each entry', async (t) => {
  const { keeper, nodes } = await makeFleet(t, 1);
  for (let n = 0; n < 100; n++) await must(nodes[0], shift(n + 1, 1));
  let reads = 0;
  keeper.fate = (node, transaction) => {
    if (node === 'ns2' && transaction.reads.some(({ key }) => key.startsWith('log/'))) reads++;
    return undefined;
  };
  const late = makeNode(t, keeper, 'ns2');
  late.log.start();
  await until(() => late.told.at(-1) === 'live');
  t.same(late.fixture.store.revisions(0, 1000), nodes[0].fixture.store.revisions(0, 1000));
  t.ok(reads > 0 && reads < 10, `${reads} reads for ${nodes[0].fixture.store.lastRevision} entries`);
});

t.test('a fault in a turn of its timer stops no node: it says nothing meanwhile, and goes on after it', async (t) => {
  const moved = new TestClock();
  // As the timers of the control plane are.
  const clock: Clock = {
    wallMs: moved.wallMs,
    steadyMs: moved.steadyMs,
    after: (ms, work) => moved.after(ms, guarded('thrown by the test', work)),
  };
  const keeper = new MemoryKeeper();
  keeper.put(HEAD_KEY, encodeRevision(0));
  const node = makeNode(t, keeper, 'ns1', { clock, timings: timingsOf(10_000) });
  node.log.start();
  await moved.pass(10);
  t.equal(node.told.at(-1), 'live');
  const { content } = node.fixture.table;
  const leftOut = content.leftOut.bind(content);
  let thrown = 0;
  content.leftOut = () => {
    thrown += 1;
    throw new Error('thrown by the test');
  };
  await moved.pass(60);
  t.ok(thrown > 1 && thrown < 100, `tried again now and then: ${thrown} times`);
  t.equal(node.log.claimsForMs, 0, 'what it cannot know it does not say');
  content.leftOut = leftOut;
  await moved.pass(10);
  t.ok(node.log.claimsForMs > 0);
});
