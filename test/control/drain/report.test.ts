/** The drain report over an engine, a table and a responder in this process, with the clock in the test's hand. */
import t, { type Test } from 'tap';
import { drainReply } from '../../../src/api/v1/replies/drain.ts';
import { Propagation } from '../../../src/control/drain/propagation.ts';
import { DrainReports } from '../../../src/control/drain/report.ts';
import { COMMIT_MAX_SECONDS, DRAIN_MARGIN_SECONDS } from '../../../src/model/drain.ts';
import { Problem } from '../../../src/model/errors.ts';
import {
  bluegreen,
  type EngineFixture,
  makeEngine,
  NOON_MS,
  temporaryFolder,
  withService,
} from '../../fixtures/engine.ts';

const app = 'app.example.com';

interface PoolReport {
  readonly answers: number;
  readonly lastAnswerAt: string | null;
  readonly lastTtlSeconds: number | null;
  readonly drainedAt: string | null;
  readonly drained: boolean;
  readonly assumed: boolean;
  readonly share: { readonly configured: number; readonly answers: number };
  readonly resolvers: { readonly distinct: number };
}

interface Report {
  readonly since: string;
  readonly message: string;
  readonly pools: { readonly blue: PoolReport; readonly green: PoolReport };
}

const at = (seconds: number): string => new Date(NOON_MS + seconds * 1000).toISOString();

function reporter({ store, table }: EngineFixture, startedAtMs = NOON_MS): (seconds: number) => Report {
  const reports = new DrainReports({ store, table, propagation: new Propagation([]), startedAtMs });
  return (seconds) => {
    const report = reports.report(app, NOON_MS + seconds * 1000);
    if (report instanceof Problem) throw new Error(report.detail);
    return drainReply(report) as unknown as Report;
  };
}

function shift(fixture: EngineFixture, blue: number, seconds: number): void {
  const weights = { blue, green: 100 - blue };
  fixture.must({ kind: 'weights.put', name: app, weights }, { atMs: NOON_MS + seconds * 1000 });
}

function ask(fixture: EngineFixture, seconds: number, times = 1): void {
  for (let i = 0; i < times; i++) fixture.ask(app, 'A', { atMs: NOON_MS + seconds * 1000 });
}

function made(t: Test, folder = temporaryFolder(t), atMs = NOON_MS): EngineFixture {
  return makeEngine(t, { folder, atMs });
}

t.test('drained when the last answer has expired, not before, and not while the weight is above 0', async (t) => {
  const fixture = withService(made(t));
  const report = reporter(fixture);
  t.match(report(0).pools, {
    blue: { weight: 100, answers: 0, lastAnswerAt: null, drainedAt: null, drained: false },
    green: { weight: 0, answers: 0, lastAnswerAt: null, drainedAt: null, drained: true },
  });
  ask(fixture, 10, 3);
  ask(fixture, 20.25);
  shift(fixture, 0, 30);
  ask(fixture, 31, 5);
  t.match(report(31), {
    since: at(30),
    message:
      'blue has been drained for caches that honour TTL since 12:00:28 UTC; existing connections are not ended by DNS',
    pools: {
      blue: { answers: 4, lastAnswerAt: at(20.25), lastTtlSeconds: 5, drainedAt: at(28), drained: true },
      green: { answers: 5, lastAnswerAt: at(31), drainedAt: null, drained: false },
    },
  } as object);
  t.equal(report(27.999).pools.blue.drained, false);
  t.equal(report(28).pools.blue.drained, true);
});

t.test('a TTL that was lowered: the answers from before it still count', async (t) => {
  const fixture = withService(made(t));
  const body = { ...bluegreen(100, 0), ttlSeconds: 300, release: { ttlSeconds: 5 } };
  fixture.must({ kind: 'service.put', name: app, body });
  const report = reporter(fixture);
  ask(fixture, 10);
  const release = { to: 'green', steps: [{ setWeight: 100 }] };
  const create = { kind: 'release.create', services: [app], body: release, dryRun: false, single: true } as const;
  const { revision } = fixture.must(create, { atMs: NOON_MS + 20_000 });
  ask(fixture, 21);
  const due = { kind: 'release.promote', id: String(revision), full: true } as const;
  fixture.must(due, { atMs: NOON_MS + 30_000 });
  t.match(report(31).pools.blue, { lastAnswerAt: at(21), lastTtlSeconds: 5, drainedAt: at(312), drained: false });
});

t.test('after kill -9: answers that were not counted are assumed up to the start', async (t) => {
  const folder = temporaryFolder(t);
  let fixture = withService(made(t, folder));
  ask(fixture, 1);
  fixture.close();
  // Killed at 100, started again at 110: blue may have answered until then.
  fixture = made(t, folder, NOON_MS + 110_000);
  let report = reporter(fixture, NOON_MS + 110_000);
  shift(fixture, 0, 111);
  t.match(report(112), {
    since: at(111),
    message: /blue is drained .* at 12:01:57 UTC \(answers that nobody counted are assumed up to it\)/,
    pools: { blue: { lastAnswerAt: null, drainedAt: at(117), drained: false, assumed: true } },
  } as object);
  t.equal(report(117).pools.blue.drained, true);
  fixture.close();
  // Killed after the shift: it answered until the shift was published.
  fixture = made(t, folder, NOON_MS + 113_000);
  report = reporter(fixture, NOON_MS + 113_000);
  t.match(report(114).pools, {
    blue: { drainedAt: at(111 + 5 + COMMIT_MAX_SECONDS + DRAIN_MARGIN_SECONDS), drained: false, assumed: true },
    green: { drainedAt: null, drained: false },
  });
  fixture.close();
  fixture = made(t, folder, NOON_MS + 500_000);
  report = reporter(fixture, NOON_MS + 500_000);
  t.match(report(500).pools.blue, { drainedAt: null, drained: true, assumed: false });
});

t.test('while a worker is inside of an old answer nothing is drained', async (t) => {
  const fixture = withService(made(t));
  const report = reporter(fixture);
  fixture.responder.enter(NOON_MS);
  shift(fixture, 0, 0);
  t.match(report(60).pools.blue, { drained: false, drainedAt: at(67) }, 'it may leave at any moment');
  fixture.responder.leave();
  t.match(report(60).pools.blue, { drained: true, drainedAt: null });
});

t.test('shares are counted under the weights in force', async (t) => {
  const fixture = withService(made(t));
  const report = reporter(fixture);
  ask(fixture, 1, 1000);
  shift(fixture, 50, 2);
  t.match(report(2).pools.blue.share, { configured: 0.5, answers: 0 });
  ask(fixture, 3, 400);
  const { blue, green } = report(4).pools;
  t.equal(blue.answers + green.answers, 1400);
  t.ok(Math.abs(blue.share.answers - 0.5) < 0.1, `${blue.share.answers}`);
  t.equal(blue.share.answers + green.share.answers, 1);
});

t.test('a pool or service that was made anew knows nothing of the old one', async (t) => {
  const fixture = withService(made(t));
  const report = reporter(fixture);
  ask(fixture, 1, 10);
  fixture.must({ kind: 'service.delete', name: app });
  fixture.must({ kind: 'service.put', name: app, body: bluegreen(1, 0) });
  t.match(report(2).pools.blue, { answers: 0, lastAnswerAt: null, resolvers: { distinct: 0 } });
  const { green } = bluegreen(0, 1).pools;
  ask(fixture, 3, 10);
  fixture.must({ kind: 'service.put', name: app, body: { pools: { red: green, green } } });
  fixture.must({ kind: 'service.put', name: app, body: bluegreen(1, 0) });
  t.match(report(4).pools.blue, { answers: 0, lastAnswerAt: null, resolvers: { distinct: 0 } });
});

t.test('resolvers, their networks and who has not come back', async (t) => {
  const fixture = withService(made(t));
  const report = reporter(fixture);
  const from = (last: number, seconds: number) =>
    fixture.ask(app, 'A', { client: Uint8Array.of(198, 51, 100, last), atMs: NOON_MS + seconds * 1000 });
  for (let last = 1; last <= 20; last++) from(last, 10);
  shift(fixture, 0, 11);
  for (let last = 1; last <= 15; last++) from(last, last <= 12 ? 14 : 30);
  const { blue, green } = report(40).pools;
  t.match(blue, {
    resolvers: { distinct: 20, notBack: 5, errorPercent: 0, method: 'every resolver is counted' },
    share: { resolvers: 0 },
    lateQueries: 3,
    topNetworks: [{ network: '198.51.100.0/24', answers: 20 }],
  });
  t.match(green, { resolvers: { distinct: 15, notBack: 15 }, share: { resolvers: 1 }, lateQueries: null });
});
