/** The gate of a pool's health, in releases of one service and of several. */
import t from 'tap';
import { measureHealth } from '../../../src/control/gates/health.ts';
import type { HealthView } from '../../../src/control/observed/health.ts';
import type { ForcedHealth } from '../../../src/model/health-forced.ts';
import { type TargetState, unknownHealth } from '../../../src/model/health-state.ts';
import type { Release, ReleaseService } from '../../../src/model/release.ts';
import type { Service } from '../../../src/model/service.ts';
import { app, makeHealthWorld } from '../health/world.ts';

const api = 'api.example.com';
const never = new AbortController().signal;

/** Both services have the targets a and b in green. */
async function measure(
  states: Record<string, TargetState>,
  { names = [app], forced = [] as ForcedHealth[], results = [] as Record<string, TargetState>[], pool = 'green' } = {},
) {
  let now = states;
  let nowMs = 0;
  const view: HealthView = {
    target: (_service, target) => ({ ...unknownHealth(0), state: now[target] ?? 'unknown', reason: 'answered 503' }),
    isUp: (_service, target) => now[target] !== 'down',
    others: () => undefined,
    forced: () => forced,
  };
  const service = (name: string): Service | undefined =>
    name === 'gone.example.com'
      ? undefined
      : ({ name, pools: [{ name: 'green', weight: 1, targets: ['a', 'b'] }] } as unknown as Service);
  const monitor = {
    // Results come a second apart; where there are no more, the wait is as long as it was asked for.
    nextResult: async (_service: string, timeoutMs: number): Promise<void> => {
      const next = results.shift();
      nowMs += next === undefined ? timeoutMs : 1000;
      now = next ?? now;
    },
  };
  const release = { services: names.map((name) => ({ name }) as ReleaseService) } as unknown as Release;
  const parts = { store: { service }, view, clock: { steadyMs: () => nowMs }, monitor };
  return { ...(await measureHealth(parts, pool, { release, timeoutMs: 5000, stopped: never })), tookMs: nowMs };
}

t.test('a pool is healthy while one of its targets is up', async (t) => {
  t.match(await measure({ a: 'up', b: 'down' }), {
    outcome: 'passed',
    message: 'green of app.example.com is healthy, 1 of 2 targets are up',
  });
  t.match(await measure({ a: 'down', b: 'down' }), {
    outcome: 'failed',
    message: 'green of app.example.com is unhealthy: a answered 503, b answered 503',
  });
  t.match(await measure({ a: 'up' }, { pool: 'red' }), { outcome: 'failed', message: /red of .* is not there/ });
});

t.test('of several services all must be', async (t) => {
  t.match(await measure({ a: 'up' }, { names: [app, api] }), { outcome: 'passed', message: /app.*, green of api/ });
  t.match(await measure({ a: 'up' }, { names: [app, 'gone.example.com'] }), { outcome: 'failed', message: /gone/ });
});

t.test('a pool that was not probed yet is waited for, and is no reason to go on', async (t) => {
  t.match(await measure({}, { results: [{}, { a: 'up' }] }), { outcome: 'passed' });
  t.match(await measure({}, { results: [{ a: 'down' }, { a: 'down', b: 'down' }] }), { outcome: 'failed' });
  t.match(await measure({}), { outcome: 'inconclusive', message: /has not been probed/, tookMs: 5000 });
  t.match(
    await measure({}, { results: [{}, {}] }),
    { outcome: 'inconclusive', tookMs: 5000 },
    'results that tell nothing do not begin the wait again; it is measured by the clock that was given',
  );
});

t.test('what people force counts', async (t) => {
  const force = (state: 'up' | 'down', target?: string): ForcedHealth[] => [
    { pool: 'green', ...(target && { target }), state, startedAtMs: 0, seconds: 1, actor: 'me', revision: 1 },
  ];
  t.match(await measure({ a: 'up' }, { forced: force('down') }), { outcome: 'failed' });
  t.match(await measure({ a: 'down', b: 'down' }, { forced: force('up', 'b') }), { outcome: 'passed' });
  t.match(await measure({}, { forced: force('up') }), { outcome: 'passed' });
});

t.test('a release needs a check to wait for, and the pool', async (t) => {
  const world = makeHealthWorld(t);
  const create = (pool: string) => {
    const metrics = [{ name: 'up', health: { pool } }];
    const body = { to: 'green', steps: [{ setWeight: 50 }, { analysis: { metrics } }] };
    const command = { kind: 'release.create', services: [app], body, dryRun: true, single: true } as const;
    return world.fixture.execute(command);
  };
  t.match(create('red'), { code: 'pool_unknown', pointer: '/steps/1/analysis/metrics/0/health/pool' });
  t.match(create('green'), { created: false });
  world.put({ pools: { blue: { weight: 1, targets: ['192.0.2.10'] }, green: { weight: 0, targets: ['192.0.2.20'] } } });
  t.match(create('green'), { code: 'release_invalid', detail: /are not checked, so up could not tell/ });
});
