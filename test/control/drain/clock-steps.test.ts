/** Drain reports while the wall clock is set: by seconds, hours and days, forward and back. */
import t, { type Test } from 'tap';
import { ClockSteps } from '../../../src/control/drain/clock-steps.ts';
import { Propagation } from '../../../src/control/drain/propagation.ts';
import { DrainReports } from '../../../src/control/drain/report.ts';
import { guarded } from '../../../src/guard.ts';
import { DRAIN_MARGIN_SECONDS } from '../../../src/model/drain.ts';
import { Problem } from '../../../src/model/errors.ts';
import { TestClock } from '../../fixtures/clock.ts';
import { bluegreen, makeEngine, withService } from '../../fixtures/engine.ts';

const app = 'app.example.com';
const TTL_SECONDS = 300;

function begin(t: Test) {
  const fixture = makeEngine(t);
  withService(fixture);
  const clock = new TestClock();
  const { store, table } = fixture;
  const steps = new ClockSteps({ clock, observed: table.observed, log: { warn() {} } });
  const counting = { store, table, propagation: new Propagation([]), startedAtMs: clock.wallMs() };
  const reports = new DrainReports({ ...counting, lookAtClock: () => steps.look() });
  steps.start();
  const at = () => ({ atMs: clock.wallMs() });
  fixture.must({ kind: 'service.put', name: app, body: { ...bluegreen(100, 0), ttlSeconds: TTL_SECONDS } }, at());
  return {
    clock,
    ask: () => fixture.ask(app, 'A', at()),
    shift: (blue: number) =>
      fixture.must({ kind: 'weights.put', name: app, weights: { blue, green: 100 - blue } }, at()),
    isDrained(): boolean {
      const report = reports.report(app, clock.wallMs());
      if (report instanceof Problem) throw new Error(report.detail);
      return report.pools.find(({ pool }) => pool.name === 'blue')?.drain.drained === true;
    },
  };
}

const jumps = [3, 3600, 3 * 86_400, -3, -3600, -3 * 86_400];

t.test('a clock that is set while a pool drains makes it neither earlier nor later', async (t) => {
  for (const seconds of jumps) {
    const { clock, ask, shift, isDrained } = begin(t);
    await clock.pass(10);
    ask();
    shift(0);
    await clock.pass(100);
    clock.jump(seconds * 1000);
    t.notOk(isDrained(), `${seconds}: right after it`);
    await clock.pass(100);
    clock.jump(seconds * 1000);
    await clock.pass(TTL_SECONDS - 202);
    t.notOk(isDrained(), `${seconds}: caches hold it still`);
    await clock.pass(DRAIN_MARGIN_SECONDS + 4);
    t.ok(isDrained(), `${seconds}: drained`);
    clock.jump(seconds * 1000);
    await clock.pass(5);
    t.ok(isDrained(), `${seconds}: it stays so`);
  }
});

t.test('nor one that was set before, while answers went out', async (t) => {
  for (const seconds of jumps) {
    const { clock, ask, shift, isDrained } = begin(t);
    for (let i = 0; i < 20; i++) {
      await clock.pass(0.5);
      ask();
      if (i === 9) clock.jump(seconds * 1000);
    }
    ask();
    shift(0);
    await clock.pass(TTL_SECONDS - 2);
    t.notOk(isDrained(), `${seconds}: caches hold it still`);
    await clock.pass(DRAIN_MARGIN_SECONDS + 6);
    t.ok(isDrained(), `${seconds}: drained`);
  }
});

t.test('nor one that was set twice, between the answers', async (t) => {
  for (const seconds of jumps) {
    const { clock, ask, shift, isDrained } = begin(t);
    await clock.pass(10);
    ask();
    clock.jump(seconds * 1000);
    await clock.pass(5);
    clock.jump(-seconds * 1000);
    ask();
    await clock.pass(2);
    shift(0);
    await clock.pass(TTL_SECONDS - 4);
    t.notOk(isDrained(), `${seconds}: caches hold it still`);
    await clock.pass(DRAIN_MARGIN_SECONDS + 8);
    t.ok(isDrained(), `${seconds}: drained`);
  }
});

t.test('a look that fails is not the last one', async (t) => {
  const moved = new TestClock();
  const clock = {
    ...moved,
    after: (ms: number, work: () => void) => moved.after(ms, guarded('thrown by the test', work)),
  };
  let looks = 0;
  const observed = {
    setClock: () => {
      looks += 1;
      throw new Error('thrown by the test');
    },
  };
  const steps = new ClockSteps({ clock, observed, log: { warn() {} } });
  steps.start();
  t.teardown(() => steps.stop());
  for (let n = 1; n <= 2; n++) {
    moved.jump(5000);
    await moved.pass(1);
    t.equal(looks, n);
  }
});
