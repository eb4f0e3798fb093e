/** Nodes tell each other what they counted, for as long as somebody asks: one report, one gate of samples for all. */
import t, { type Test } from 'tap';
import { Propagation } from '../../../src/control/drain/propagation.ts';
import { DrainReports } from '../../../src/control/drain/report.ts';
import { SharedCounts } from '../../../src/control/drain/shared-counts.ts';
import { SampleGate } from '../../../src/control/gates/samples.ts';
import { DRAIN_MARGIN_SECONDS } from '../../../src/model/drain.ts';
import { Problem } from '../../../src/model/errors.ts';
import { ackKey, askedKey, countKey, memberKey } from '../../../src/model/fleet/keys.ts';
import { bytesOf, encodeMember, encodeRevision } from '../../../src/model/fleet/records.ts';
import { emptyView, type View, withStored } from '../../../src/model/fleet/view.ts';
import type { Release } from '../../../src/model/release.ts';
import { TestClock } from '../../fixtures/clock.ts';
import { type EngineFixture, makeEngine, NOON_MS, withService } from '../../fixtures/engine.ts';
import { MemoryKeeper } from '../../fixtures/keeper.ts';

const app = 'app.example.com';
/** The time of day of the other node is wrong by that, which must not matter. */
const WRONG_MS = 3_600_000;

function viewOf(acks: Readonly<Record<string, number>>): View {
  const stored = Object.entries(acks).flatMap(([node, revision]) => [
    { key: memberKey(node), value: encodeMember({ state: 'live', incarnation: node, version: '1' }) },
    { key: ackKey(node), value: encodeRevision(revision) },
  ]);
  return withStored(
    emptyView,
    stored.map((each, i) => ({ ...each, changedAt: i + 1, createdAt: i + 1 })),
  );
}

/** `isFuller`: the other has made services before, so that what its table numbers has other numbers. */
function makeFleet(t: Test, isFuller = false) {
  const clock = new TestClock();
  const keeper = new MemoryKeeper();
  const asked: string[] = [];
  const told: string[] = [];
  keeper.fate = (node, { puts }) => {
    for (const { key } of puts) (key.startsWith('asked/') ? asked : told).push(node);
    return undefined;
  };
  const acks = { ns1: 99, ns2: 99 };
  const make = (node: string, wrongMs: number) => {
    const empty = makeEngine(t, { atMs: NOON_MS + wrongMs });
    if (isFuller && node === 'ns2') withService(withService(empty, 'before.example.com'), 'too.example.com');
    const fixture = withService(empty);
    const own = {
      steadyMs: clock.steadyMs,
      after: clock.after.bind(clock),
      wallMs: () => clock.wallMs() + wrongMs,
    };
    const { store, table } = fixture;
    const parts = { node, keeper: keeper.of(node), store, observed: table.observed, clock: own };
    const counts = new SharedCounts({ ...parts, view: () => viewOf(acks) });
    counts.start();
    t.teardown(() => counts.stop());
    const ask = (times: number, client = 1) => {
      for (let n = 0; n < times; n++)
        fixture.ask(app, 'A', { client: Uint8Array.of(198, 51, 100, client), atMs: own.wallMs() });
    };
    const drain = (): void => {
      const command = { kind: 'weights.put', name: app, weights: { blue: 0, green: 100 } } as const;
      fixture.must(command, { atMs: own.wallMs() });
    };
    return { fixture, counts, ask, drain };
  };
  const [one, other] = [make('ns1', 0), make('ns2', WRONG_MS)];
  let lateUntilMs = 0;
  const { store, table } = one.fixture;
  const reports = new DrainReports({
    ...{ store, table, propagation: new Propagation([]), startedAtMs: NOON_MS },
    lateness: () => ({ late: [], lateUntilMs }),
    others: () => one.counts,
  });
  const report = () => {
    const found = reports.report(app, clock.wallMs());
    if (found instanceof Problem) throw new Error(found.detail);
    const blue = found.pools.find(({ pool }) => pool.name === 'blue');
    return { ...blue?.drain, answers: blue?.count.answers, message: found.message, others: found.others };
  };
  const resolvers = () => {
    const found = reports.report(app, clock.wallMs());
    return found instanceof Problem ? found : found.pools.find(({ pool }) => pool.name === 'blue')?.resolvers.distinct;
  };
  const late = (atMs: number): void => {
    lateUntilMs = atMs;
  };
  return { resolvers, clock, keeper, asked, told, acks, one, other, reports, report, late };
}

const ttlOf = ({ store }: EngineFixture): number => store.service(app)?.ttlSeconds as number;

t.test('a report has the answers of all, and says when who told; nothing is drained before all have', async (t) => {
  const { clock, one, other, reports, report, told } = makeFleet(t);
  await clock.pass(10);
  t.same(told, [], 'nobody asks, nobody tells');
  one.ask(3);
  await clock.pass(2);
  other.ask(5, 2);
  const lastMs = clock.wallMs();
  one.drain();
  other.drain();
  t.match(report(), { drained: false, answers: 3, message: /; nothing is drained until ns2 told what was answered/ });
  t.equal(reports.drainedAtMs([app], clock.wallMs()), undefined, 'a release waits');
  await clock.pass(1);
  const drainedAtMs = Math.ceil(lastMs / 1000 + ttlOf(one.fixture) + DRAIN_MARGIN_SECONDS) * 1000;
  const { others, ...rest } = report();
  t.match(rest, { drained: false, answers: 8, drainedAtMs, assumed: false, message: /^(?!.*nothing is drained)/ });
  t.match(others, { missing: [], told: [{ node: 'ns2', counts: { pools: { blue: { answers: 5 } } } }] });
  t.equal(reports.drainedAtMs([app], clock.wallMs()), drainedAtMs);
  while (clock.wallMs() < drainedAtMs) {
    report();
    await clock.pass(1);
  }
  for (let n = 0; n < 5; n++) {
    t.match(report(), { drained: true, drainedAtMs }, 'and it stays so');
    await clock.pass(0.7);
  }
  await clock.pass(60);
  const before = told.length;
  await clock.pass(60);
  t.equal(told.length, before, 'who is not asked any more tells nothing');
});

t.test('nothing is drained while a node is behind, or silent', async (t) => {
  const { clock, acks, keeper, one, other, report } = makeFleet(t);
  one.drain();
  acks.ns2 = 1;
  report();
  await clock.pass(2);
  t.match(report(), { drained: false, others: { missing: ['ns2'] } }, 'it has not confirmed');
  acks.ns2 = 99;
  await clock.pass(2);
  t.match(report(), { drained: false, others: { missing: ['ns2'] } }, 'it tells of what was before');
  other.drain();
  await clock.pass(2);
  t.match(report(), { drained: true, others: { missing: [] } }, 'nobody ever asked for it');
  keeper.fate = (node) => (node === 'ns2' ? 'request lost' : undefined);
  await clock.pass(10);
  t.match(report(), { drained: false, others: { missing: ['ns2'] } }, 'it may have answered since');
});

t.test('where a node was late or has left, what nobody counted is assumed', async (t) => {
  const { clock, keeper, one, other, report, late } = makeFleet(t);
  one.drain();
  other.drain();
  report();
  await clock.pass(1);
  t.match(report(), { drained: true });
  late(clock.wallMs());
  t.match(report(), { drained: false, assumed: true });
  late(0);
  keeper.put(memberKey('ns3'), encodeMember({ state: 'out', incarnation: 'x', version: '1' }));
  const gone = { key: memberKey('ns3'), isDeleted: true as const };
  await keeper.of('ns2').transact({ compares: [], puts: [gone], reads: [], otherwise: [] });
  await clock.pass(1);
  t.match(report(), { drained: false, assumed: true }, 'what ns3 answered went with it');
});

t.test('who is the first to ask waits for the others, once and for a bounded time', async (t) => {
  const { clock, other, reports, report, keeper, told } = makeFleet(t);
  other.ask(4);
  let isDone = false;
  const gathered = reports.gather(app).then(() => {
    isDone = true;
  });
  t.equal(isDone, false);
  await clock.pass(0.5);
  await gathered;
  t.match(report(), { answers: 4 });
  keeper.fate = () => 'request lost';
  await clock.pass(60);
  const silent = reports.gather(app);
  await clock.pass(3);
  await silent;
  await reports.gather(app);
  t.match(report(), { others: { missing: ['ns2'] } });
  t.ok(told.length > 0);
});

t.test('what a node writes that cannot be read is not told, and asks nothing', async (t) => {
  const { clock, keeper, report, told } = makeFleet(t);
  for (const value of ['', '{', '{"form":1,"services":7}', '{"form":1,"services":["",1]}']) {
    keeper.put(askedKey('ns9'), bytesOf(value));
    keeper.put(countKey('ns2'), bytesOf(value));
  }
  await clock.pass(2);
  t.same(told, []);
  t.match(report(), { others: { told: [], missing: ['ns2'] } });
});

t.test('nodes are asked for a second at most, however often somebody looks', async (t) => {
  const { clock, asked, told, report } = makeFleet(t);
  for (let n = 0; n < 100; n++) {
    report();
    await clock.pass(0.1);
  }
  t.ok(asked.length <= 11, `${asked.length} in ten seconds`);
  t.ok(told.length <= 11 && told.length >= 8, `${told.length} in ten seconds`);
});

t.test(
  'a gate of samples counts what all answered, and of keys of their own the resolvers of the node that saw the most',
  async (t) => {
    const { clock, one, other } = makeFleet(t);
    const { store, table } = one.fixture;
    const gate = new SampleGate({ store, table, clock, others: () => one.counts });
    const release = { to: 'blue', services: [{ name: app }] } as unknown as Release;
    const asking = { release, timeoutMs: 1000, stopped: new AbortController().signal };
    const wanted = { answers: 30, resolvers: 2 };
    other.ask(50);
    t.match(gate.measure(wanted, asking), { outcome: 'inconclusive', message: /without what ns2 answered/ });
    await clock.pass(5);
    t.match(gate.measure(wanted, asking), { message: /^blue of \S+ has 0 answers to 0 resolvers;/ });
    one.ask(10, 1);
    other.ask(10, 1);
    other.ask(10, 2);
    await clock.pass(2);
    t.match(gate.measure(wanted, asking), { outcome: 'passed', message: /has 30 answers to 2 resolvers$/ });
    t.match(gate.measure({ resolvers: 3 }, asking), { outcome: 'inconclusive' });
  },
);

t.test('resolvers that several nodes saw count once where all tell them apart by one key', async (t) => {
  const { clock, one, other, resolvers } = makeFleet(t, true);
  const { store, table } = one.fixture;
  const sampling = { id: 'the key of the fleet', key: 4711 };
  for (const { fixture } of [one, other]) fixture.table.observed.sampleBy(sampling);
  const gate = new SampleGate({ store, table, clock, others: () => one.counts });
  const release = { to: 'blue', services: [{ name: app }] } as unknown as Release;
  const asking = { release, timeoutMs: 1000, stopped: new AbortController().signal };
  const measure = (wanted: number) => gate.measure({ resolvers: wanted }, asking);
  measure(1);
  await clock.pass(5);
  // One asks both, and each of them is asked by one more.
  for (const [at, clients] of [
    [one, [1, 2]],
    [other, [1, 3]],
  ] as const) {
    for (const client of clients) at.ask(1, client);
  }
  await clock.pass(2);
  t.match(measure(3), { outcome: 'passed', message: /to 3 resolvers$/ });
  t.match(measure(4), { outcome: 'inconclusive' });
  t.equal(resolvers(), 3, 'the same in the report');

  // One that has a key of its own, as of an earlier version: nobody knows who is who, and neither is counted for both.
  other.fixture.table.observed.sampleBy({ id: 'another', key: 4712 });
  for (const client of [1, 3]) other.ask(1, client);
  await clock.pass(2);
  t.match(measure(3), { outcome: 'inconclusive', message: /to 2 resolvers;/ });
  t.equal(resolvers(), 4, 'the report errs to more');
});

t.test('a node that could not tell once, however that failed, tells a second later', async (t) => {
  const { clock, keeper, told, one, other, report } = makeFleet(t);
  const { fate } = keeper;
  let thrown = 0;
  keeper.fate = (node, transaction) => {
    if (node === 'ns2' && thrown++ === 0) throw new Error('thrown by the test');
    return fate(node, transaction);
  };
  one.ask(1);
  other.ask(2);
  report();
  await clock.pass(5);
  t.ok(thrown > 1 && told.includes('ns2'));
  t.match(report(), { answers: 3 });
});
