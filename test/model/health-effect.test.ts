/** What a service answers from, for any health of its targets and whatever people force. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { failsOpen, poolHealths, withHealth } from '../../src/model/health-effect.ts';
import { type ForcedHealth, findForced, forcedSeconds, keptForced } from '../../src/model/health-forced.ts';
import type { Pool, Service } from '../../src/model/service.ts';
import { runs } from '../fixtures/runs.ts';

function service(pools: readonly Pool[]): Service {
  const name = 'app.example.com';
  return {
    name,
    zone: 'example.com',
    kind: 'addresses',
    ttlSeconds: 5,
    pick: 'random',
    salt: '0'.repeat(32),
    pins: [],
    previewNames: true,
    pools,
    revision: 1,
  };
}

const blue = { name: 'blue', weight: 90, targets: ['192.0.2.1', '192.0.2.2'] };
const green = { name: 'green', weight: 10, targets: ['192.0.2.3'] };
const spare = { name: 'spare', weight: 0, targets: ['192.0.2.4'] };
const all = service([blue, green, spare]);

function force(state: 'up' | 'down', pool: string, target?: string): ForcedHealth {
  return { pool, ...(target && { target }), state, startedAtMs: 0, seconds: 60, actor: 'me', revision: 1 };
}

/** `blue 90 1,2; green 10 3`: weights, and the targets by their last digit; `!`: unhealthy. */
function effect(down: readonly string[], ...forced: ForcedHealth[]): string {
  const isUp = (target: string): boolean => !down.includes(target.slice(-1));
  const { pools } = withHealth(all, poolHealths(all, isUp, forced));
  return pools
    .map(({ name, weight, targets, isUnhealthy }) => {
      return `${name}${isUnhealthy ? '!' : ''} ${weight} ${targets.map((target) => target.slice(-1)).join()}`;
    })
    .join('; ');
}

const asIs = 'blue 90 1,2; green 10 3; spare 0 4';

t.test('targets that are down are left out, a pool without any is skipped', async (t) => {
  t.equal(effect([]), asIs);
  t.equal(
    withHealth(
      all,
      poolHealths(all, () => true, []),
    ),
    all,
    'the same object',
  );
  t.equal(effect(['1']), 'blue 90 2; green 10 3; spare 0 4');
  t.equal(effect(['1', '2']), 'blue! 0 1,2; green 10 3; spare 0 4');
  t.equal(effect(['3', '4']), 'blue 90 1,2; green! 0 3; spare! 0 4');
});

t.test(
  'where no pool that has weight is healthy, all are taken for healthy; the spare one is not promoted',
  async (t) => {
    t.equal(effect(['1', '2', '3']), asIs);
    t.equal(effect(['1', '2', '3', '4']), asIs);
  },
);

t.test('what people force goes before what probes see', async (t) => {
  t.equal(effect([], force('down', 'blue')), 'blue! 0 1,2; green 10 3; spare 0 4');
  t.equal(effect(['1', '2'], force('up', 'blue')), asIs);
  t.equal(effect([], force('down', 'blue', '192.0.2.1')), 'blue 90 2; green 10 3; spare 0 4');
  t.equal(effect(['1', '2'], force('up', 'blue', '192.0.2.1')), 'blue 90 1; green 10 3; spare 0 4');
  const up = force('up', 'blue');
  t.equal(effect(['1'], up, force('down', 'blue', '192.0.2.2')), 'blue 90 1; green 10 3; spare 0 4');
  const down = force('down', 'blue');
  t.equal(effect([], down, force('up', 'blue', '192.0.2.2')), 'blue! 0 1,2; green 10 3; spare 0 4', 'out is out');
  t.equal(effect([], down, force('down', 'green')), asIs, 'nor can people leave nothing to answer');
});

const anyPools = fc
  .array(
    fc.record({
      weight: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 65535 })),
      targets: fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
    }),
    { minLength: 2, maxLength: 5 },
  )
  .filter((pools) => pools.some(({ weight }) => weight > 0))
  .map((pools) =>
    pools.map(({ weight, targets }, i) => ({ name: `p${i}`, weight, targets: targets.map((n) => `192.0.2.${n}`) })),
  );
const anyForced = fc.array(
  fc.record({
    pool: fc.integer({ min: 0, max: 4 }),
    target: fc.option(fc.integer({ min: 1, max: 9 })),
    state: fc.constantFrom('up' as const, 'down' as const),
  }),
  { maxLength: 4 },
);

t.test('for any pools, health and forced states', async () => {
  fc.assert(
    fc.property(anyPools, fc.subarray([1, 2, 3, 4, 5, 6, 7, 8, 9]), anyForced, (pools, down, words) => {
      const raw = service(pools);
      const forced = words.map(({ pool, target, state }) =>
        force(state, `p${pool}`, target === null ? undefined : `192.0.2.${target}`),
      );
      const healths = poolHealths(raw, (target) => !down.includes(Number(target.slice(8))), forced);
      const after: readonly Pool[] = withHealth(raw, healths).pools;
      assert(
        after.some(({ weight }) => weight > 0),
        'something is always answered',
      );
      if (failsOpen(healths)) assert.deepEqual(after as unknown, pools, 'fail open is as if all were well');
      after.forEach((pool, i) => {
        const { pool: before, up } = healths[i] as { pool: Pool; up: string[] };
        assert(pool.weight === before.weight || pool.weight === 0, 'no pool gains weight');
        assert(pool.targets.length > 0);
        if (failsOpen(healths)) return;
        assert.equal(pool.weight, up.length > 0 ? before.weight : 0, 'the healthy ones keep their proportions');
        assert.deepEqual(pool.targets, up.length > 0 ? up : before.targets, 'only what is up answers');
        assert.equal(pool.isUnhealthy === true, up.length === 0);
      });
    }),
    { numRuns: runs(1000) },
  );
});

t.test('which pool and target is meant', async (t) => {
  t.same(findForced(all, 'blue', undefined), { pool: 'blue' });
  t.same(findForced(all, 'blue', '192.0.2.1'), { pool: 'blue', target: '192.0.2.1' });
  t.match(findForced(all, 'red', undefined), { code: 'pool_unknown', detail: /its pools are blue, green, spare/ });
  t.match(findForced(all, 'blue', '192.0.2.3'), { code: 'health_invalid', pointer: '/target', detail: /these are/ });
  t.match(findForced(all, 'blue', '%'), { code: 'health_invalid' });
});

t.test('for how long', async (t) => {
  t.equal(forcedSeconds({ state: 'up' }), 3600);
  t.equal(forcedSeconds({ state: 'up', durationSeconds: 1 }), 1);
  for (const durationSeconds of [0, -1, 1.5, 30 * 86_400 + 1])
    t.match(forcedSeconds({ state: 'up', durationSeconds }), { code: 'health_invalid', pointer: '/durationSeconds' });
});

t.test('what stays forced where pools and targets change', async (t) => {
  const forced = [force('down', 'blue'), force('down', 'green', '192.0.2.3'), force('up', 'gone')];
  t.same(keptForced({ ...all, forced }), forced.slice(0, 2));
  const moved = service([{ ...green, targets: ['192.0.2.9'] }, spare]);
  t.same(keptForced({ ...moved, forced }), []);
});
