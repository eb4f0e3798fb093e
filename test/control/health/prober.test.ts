/** When targets are probed: spread, and no more at once than there is room for. */
import t from 'tap';
import { JITTER, PROBES_AT_ONCE, Prober } from '../../../src/control/health/prober.ts';
import type { HealthCheck } from '../../../src/model/health.ts';
import type { ProbeResult } from '../../../src/model/health-state.ts';
import { TestClock } from '../../fixtures/clock.ts';
import { mulberry32 } from '../../fixtures/mutate.ts';

const check: HealthCheck = { tcp: { port: 1 }, intervalSeconds: 10, timeoutSeconds: 5, rise: 2, fall: 3 };
const passed: ProbeResult = { outcome: 'passed', reason: '' };

t.test('at once, and then each interval, more or less by a tenth', async (t) => {
  const clock = new TestClock();
  const times: number[] = [];
  const random = mulberry32(7);
  const probe = async (): Promise<ProbeResult> => {
    times.push(clock.steadyMs());
    return passed;
  };
  const stop = new Prober({ probe, clock, random }).follow(check, 'a', () => {});
  await clock.pass(1000);
  stop();
  const count = times.length;
  await clock.pass(100);
  t.equal(times.length, count);
  t.equal(times[0], 0);
  const waits = times.slice(1).map((atMs, i) => atMs - times[i]);
  t.ok(waits.every((wait) => wait >= 10_000 * (1 - JITTER) && wait <= 10_000 * (1 + JITTER)));
  t.ok(Math.min(...waits) < 9500 && Math.max(...waits) > 10_500, 'they differ');
  t.ok(count > 92 && count < 112);
});

t.test('a probe that takes longer than the interval is waited for, and the next comes at once', async (t) => {
  const clock = new TestClock();
  const times: number[] = [];
  const probe = (): Promise<ProbeResult> => {
    times.push(clock.steadyMs());
    return new Promise((resolve) => clock.after(15_000, () => resolve(passed)));
  };
  const stop = new Prober({ probe, clock, random: () => 0.5 }).follow(check, 'a', () => {});
  await clock.pass(40);
  stop();
  t.same(times, [0, 15_000, 30_000]);
});

t.test('so many at once and no more; the others have their turn, in order', async (t) => {
  const clock = new TestClock();
  const finish: (() => void)[] = [];
  const asked: string[] = [];
  const seen: string[] = [];
  const probe = (_check: HealthCheck, target: string): Promise<ProbeResult> => {
    asked.push(target);
    return new Promise((resolve) => finish.push(() => resolve(passed)));
  };
  const prober = new Prober({ probe, clock, random: () => 0.5 });
  const count = PROBES_AT_ONCE + 3;
  const stops = Array.from({ length: count }, (_, i) => prober.follow(check, String(i), () => seen.push(String(i))));
  t.equal(asked.length, PROBES_AT_ONCE);
  stops[PROBES_AT_ONCE]?.();
  finish[5]?.();
  await clock.pass(0);
  t.same(asked.slice(PROBES_AT_ONCE), [String(PROBES_AT_ONCE + 1)], 'the one that was stopped is passed over');
  t.same(seen, ['5']);
  stops[0]?.();
  finish[0]?.();
  await clock.pass(0);
  t.same(seen, ['5'], 'what was stopped is not told');
  t.equal(asked.length, PROBES_AT_ONCE + 2, 'but its place is free');
});
