/** In a fleet others answer too: a report says that nothing is drained while one of them may answer by what was before. */
import t from 'tap';
import { Propagation } from '../../../src/control/drain/propagation.ts';
import { DrainReports } from '../../../src/control/drain/report.ts';
import type { Lateness } from '../../../src/control/nodes.ts';
import { COMMIT_MAX_SECONDS, DRAIN_MARGIN_SECONDS } from '../../../src/model/drain.ts';
import { Problem } from '../../../src/model/errors.ts';
import { makeEngine, NOON_MS, withService } from '../../fixtures/engine.ts';

const app = 'app.example.com';

t.test('nothing is drained while a node is late, and then what it answered has to expire too', async (t) => {
  const fixture = makeEngine(t, { atMs: NOON_MS });
  withService(fixture);
  const ttl = fixture.store.service(app)?.ttlSeconds as number;
  const { store, table } = fixture;
  let lateness: Lateness | undefined = { late: [], lateUntilMs: 0 };
  const parts = { store, table, propagation: new Propagation([]), startedAtMs: NOON_MS };
  const reports = new DrainReports({ ...parts, lateness: () => lateness });
  const blueAt = (seconds: number) => {
    const report = reports.report(app, NOON_MS + seconds * 1000);
    if (report instanceof Problem) throw new Error(report.detail);
    const blue = report.pools.find(({ pool }) => pool.name === 'blue');
    return { ...blue?.drain, message: report.message };
  };
  const atMs = (seconds: number): number => NOON_MS + seconds * 1000;
  fixture.must({ kind: 'weights.put', name: app, weights: { blue: 0, green: 100 } }, { atMs: NOON_MS });

  // Nobody asked here, and yet the others may have answered until they took the change.
  const drained = COMMIT_MAX_SECONDS + ttl + DRAIN_MARGIN_SECONDS;
  t.match(blueAt(1), { drained: false, drainedAtMs: atMs(drained) });
  t.match(blueAt(drained), { drained: true });
  t.equal(reports.drainedAtMs([app], atMs(1)), atMs(drained));

  lateness = { late: ['ns3'], lateUntilMs: atMs(drained + 60) };
  t.match(blueAt(drained + 60), { drained: false, message: /while ns3 may answer by what was before/ });
  t.equal(reports.drainedAtMs([app], atMs(drained + 60)), undefined, 'a release waits');

  lateness = { late: [], lateUntilMs: atMs(600) };
  t.match(blueAt(600), { drained: false, drainedAtMs: atMs(600 + drained), message: /^(?!.*ns3)/ });
  t.match(blueAt(600 + drained), { drained: true });

  lateness = undefined;
  t.match(blueAt(1), { drained: true }, 'one node alone has counted all that was answered');
});

t.test('a node whose clock is ahead of most reads what stands in a row by their clock', async (t) => {
  const fixture = makeEngine(t, { atMs: NOON_MS });
  withService(fixture);
  const { store, table } = fixture;
  const AHEAD_MS = 3_600_000;
  const lateness: Lateness = { late: [], lateUntilMs: 0 };
  fixture.must({ kind: 'weights.put', name: app, weights: { blue: 0, green: 100 } }, { atMs: NOON_MS });
  const ttl = store.service(app)?.ttlSeconds as number;
  const untilMs = NOON_MS + (COMMIT_MAX_SECONDS + ttl + DRAIN_MARGIN_SECONDS) * 1000;
  const parts = { store, table, propagation: new Propagation([]), startedAtMs: NOON_MS, lateness: () => lateness };
  const drainedAtMs = (aheadMs: number) =>
    new DrainReports({ ...parts, aheadMs: () => aheadMs }).drainedAtMs([app], NOON_MS + 1000 + aheadMs);
  t.equal(drainedAtMs(0), untilMs);
  t.equal(drainedAtMs(AHEAD_MS), untilMs + AHEAD_MS, 'the same instant, by its own clock');
  const overview = new DrainReports({ ...parts, aheadMs: () => AHEAD_MS });
  t.equal(overview.aheadMs, AHEAD_MS);
});

t.test('who was late before a pool began to drain holds up nothing', async (t) => {
  const fixture = makeEngine(t, { atMs: NOON_MS });
  withService(fixture);
  const { store, table } = fixture;
  const parts = { store, table, propagation: new Propagation([]), startedAtMs: NOON_MS };
  const reports = new DrainReports({ ...parts, lateness: () => ({ late: [], lateUntilMs: NOON_MS }) });
  fixture.must({ kind: 'weights.put', name: app, weights: { blue: 0, green: 100 } }, { atMs: NOON_MS + 1000 });
  const ttl = store.service(app)?.ttlSeconds as number;
  const wanted = NOON_MS + (1 + COMMIT_MAX_SECONDS + ttl + DRAIN_MARGIN_SECONDS) * 1000;
  t.equal(reports.drainedAtMs([app], NOON_MS + 2000), wanted);
});
