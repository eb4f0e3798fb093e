/** Freezes: what they hold and what they never hold, releases that wait at their next shift, and emergencies. */
import t from 'tap';
import type { FreezeBody } from '../../../src/model/freeze.ts';
import { bluegreen, makeEngine, NOON_MS, withService } from '../../fixtures/engine.ts';
import { api, app, begin, makeWorld, type ReleaseWorld } from './world.ts';

/** Noon of the tests is 13:00 of a Tuesday there. */
const afternoon: FreezeBody = {
  timeZone: 'Europe/Berlin',
  windows: [{ from: 'Tue 13:01', to: 'Tue 15:00' }],
  message: 'stocktaking',
};
const now: FreezeBody = { ...afternoon, windows: [{ from: 'Tue 12:00', to: 'Tue 15:00' }] };
const TWO_HOURS = 2 * 3600;

const put = (body: FreezeBody, name = 'stock') => ({ kind: 'freeze.put', name, body }) as const;
const freeze = ({ fixture, clock }: ReleaseWorld, body: FreezeBody, name?: string) =>
  fixture.must(put(body, name), { atMs: clock.wallMs() });

t.test('while it is on, what moves traffic forward is refused, by every way, and says until when', async (t) => {
  const fixture = withService(makeEngine(t));
  fixture.must({ kind: 'weights.put', name: app, weights: { blue: 1, green: 1 } });
  fixture.must(put(now));
  const release = { to: 'green', steps: [{ setWeight: 100 }] };
  const forward = [
    { kind: 'weights.put', name: app, weights: { blue: 0, green: 1 } },
    { kind: 'shift', services: { [app]: { blue: 0, green: 1 } } },
    { kind: 'release.create', services: [app], body: release, dryRun: false, single: true },
    { kind: 'service.put', name: app, body: bluegreen(0, 1) },
    { kind: 'service.put', name: app, body: bluegreen(1, 1, { pins: [{ network: '0.0.0.0/0', pool: 'green' }] }) },
  ] as const;
  const last = fixture.store.lastRevision;
  for (const command of forward) {
    const refused = fixture.execute(command);
    t.match(refused, { code: 'frozen', conflict: 'stock' }, command.kind);
    t.match(refused, {
      detail:
        /^Traffic of app\.example\.com is frozen by the freeze stock until Tue 2026-11-24 15:00 Europe\/Berlin \(stocktaking\)\. Rollback, abort and forced health work all the same/,
    });
  }
  t.equal(fixture.store.lastRevision, last, 'nothing was changed');
  t.equal(fixture.code(forward[0], { atMs: NOON_MS + TWO_HOURS * 1000 }), 'none', 'it is over');
});

t.test('what takes something back, or moves no traffic, is never held', async (t) => {
  const fixture = withService(makeEngine(t));
  fixture.must({ kind: 'weights.put', name: app, weights: { blue: 1, green: 1 } });
  fixture.must(put(now));
  const free = [
    { kind: 'health.force', name: app, pool: 'green', body: { state: 'down' } },
    { kind: 'health.unforce', name: app, pool: 'green' },
    { kind: 'service.put', name: app, body: bluegreen(1, 1, { ttlSeconds: 9, labels: { a: 'b' } }) },
    { kind: 'weights.put', name: app, weights: { blue: 1, green: 1 } },
    { kind: 'release.create', services: [app], body: { to: 'green', preset: 'AllAtOnce' }, dryRun: true, single: true },
    { kind: 'rollback', name: app },
  ] as const;
  for (const command of free) t.equal(fixture.code(command), 'none', command.kind);
  t.match(fixture.store.service(app)?.pools, [{ weight: 100 }, { weight: 0 }]);
});

t.test('it holds those that it is for', async (t) => {
  const fixture = withService(makeEngine(t));
  fixture.must({ kind: 'service.put', name: api, body: bluegreen(1, 0, { labels: { team: 'pay' } }) });
  const shift = (name: string) => ({ kind: 'weights.put', name, weights: { blue: 1, green: 1 } }) as const;
  fixture.must(put({ ...now, labels: { team: 'pay' } }));
  t.equal(fixture.code(shift(api)), 'frozen');
  t.equal(fixture.code(shift(app)), 'none');
  t.match(
    fixture.execute({ kind: 'shift', services: { [app]: { blue: 2, green: 1 }, [api]: { blue: 2, green: 1 } } }),
    { code: 'frozen', detail: /^Traffic of api\.example\.com/ },
    'a shift of several is all or nothing',
  );
});

t.test('in an emergency it is passed over, which the revision keeps', async (t) => {
  const fixture = withService(makeEngine(t));
  fixture.must(put(now));
  const shift = { kind: 'weights.put', name: app, weights: { blue: 0, green: 1 } } as const;
  fixture.must(shift, { override: 'blue is on fire', actor: 'alice' });
  const [revision] = fixture.store.history('service', app, 99, 1);
  t.match(revision, {
    actor: 'alice',
    override: { freeze: 'stock', reason: 'blue is on fire' },
    summary: 'app.example.com blue 100→0 green 0→1, in spite of the freeze stock: blue is on fire',
  });
  const later = { atMs: NOON_MS + TWO_HOURS * 1000, override: 'not needed' };
  fixture.must({ ...shift, weights: { blue: 1, green: 1 } }, later);
  t.equal(fixture.store.history('service', app, 99, 1)[0]?.override, undefined, 'what was not needed is not kept');
});

const steps = [{ setWeight: 10 }, { pause: { duration: 120 } }, { setWeight: 50 }, { pause: {} }, { setWeight: 100 }];

t.test('a release waits at its next shift, says so, and goes on when the freeze is over', async (t) => {
  const world = makeWorld(t);
  const id = begin(world, steps);
  freeze(world, afternoon);
  await world.clock.pass(119);
  t.match(world.release(id), { state: 'paused', reason: 'pause_step' }, 'its pause goes on');
  await world.clock.pass(1);
  t.match(world.release(id), {
    state: 'paused',
    reason: 'frozen',
    wait: { kind: 'frozen', seconds: TWO_HOURS - 120 },
    message:
      'Step 3 of 5, 50 %, waits: traffic is frozen by the freeze stock until Tue 2026-11-24 15:00 Europe/Berlin (stocktaking).',
  });
  t.equal(world.green(), 10);
  const { revision } = world.release(id);
  await world.clock.pass(TWO_HOURS - 121);
  t.equal(world.release(id).revision, revision, 'nothing is said anew while it waits');
  t.equal(world.green(), 10);
  await world.clock.pass(1);
  t.equal(world.green(), 50);
  t.match(world.fixture.store.history('service', app, 99, 1), [
    { summary: /goes on, its traffic is no longer frozen/ },
  ]);
  t.same(world.log, [], 'no step was refused');
});

t.test(
  'a release that is frozen is found again after a restart, and a wall clock that jumps is believed',
  async (t) => {
    const world = makeWorld(t);
    const id = begin(world, steps);
    freeze(world, afternoon);
    await world.clock.pass(200);
    t.equal(world.release(id).reason, 'frozen');
    world.restart();
    await world.clock.pass(600);
    t.equal(world.green(), 10);
    world.clock.jump(TWO_HOURS * 1000);
    await world.clock.pass(30);
    t.equal(world.green(), 50, 'it is a matter of the calendar');
  },
);

t.test('where the freeze goes, or is made longer, the release that it holds follows', async (t) => {
  const world = makeWorld(t);
  const id = begin(world, steps);
  freeze(world, afternoon);
  await world.clock.pass(200);
  freeze(world, { ...afternoon, windows: [{ from: 'Tue 13:01', to: 'Tue 18:00' }] });
  await world.clock.pass(1);
  t.match(world.release(id), { reason: 'frozen', message: /until Tue 2026-11-24 18:00/ });
  await world.clock.pass(TWO_HOURS);
  t.equal(world.green(), 10);
  freeze(world, { ...afternoon, windows: [{ from: 'Tue 13:01', to: 'Tue 19:00' }] }, 'other');
  world.fixture.must({ kind: 'freeze.delete', name: 'stock' }, { atMs: world.clock.wallMs() });
  await world.clock.pass(1);
  t.match(world.release(id), { reason: 'frozen', message: /by the freeze other/ });
  world.fixture.must({ kind: 'freeze.delete', name: 'other' }, { atMs: world.clock.wallMs() });
  await world.clock.pass(1);
  t.equal(world.green(), 50);
});

t.test('one that is paused while it is frozen goes on with the freeze when it is resumed, not later', async (t) => {
  const world = makeWorld(t);
  const id = begin(world, steps);
  const say = (verb: 'pause' | 'resume') =>
    world.fixture.must({ kind: `release.${verb}`, id }, { atMs: world.clock.wallMs() });
  freeze(world, afternoon);
  await world.clock.pass(3600);
  say('pause');
  await world.clock.pass(60);
  say('resume');
  t.match(world.release(id), {
    reason: 'frozen',
    wait: { kind: 'frozen', seconds: TWO_HOURS - 3660 },
    message: /is frozen by the freeze stock until Tue 2026-11-24 15:00/,
  });
  t.equal(world.green(), 10);
  await world.clock.pass(TWO_HOURS - 3660);
  t.equal(world.green(), 50, 'at its end');
});

t.test('one that is paused while it is frozen, and resumed when the freeze is gone, goes on', async (t) => {
  const world = makeWorld(t);
  const id = begin(world, steps);
  const atMs = () => ({ atMs: world.clock.wallMs() });
  // It has no end that could come.
  freeze(world, {
    timeZone: 'UTC',
    windows: [
      { from: 'Mon 0:00', to: 'Thu 0:00' },
      { from: 'Thu 0:00', to: 'Mon 0:00' },
    ],
  });
  await world.clock.pass(200);
  t.match(world.release(id), { reason: 'frozen', wait: { seconds: null } });
  world.fixture.must({ kind: 'release.pause', id }, atMs());
  world.fixture.must({ kind: 'freeze.delete', name: 'stock' }, atMs());
  await world.clock.pass(1);
  t.match(world.release(id), { reason: 'pause_requested' });
  t.equal(world.green(), 10);
  world.fixture.must({ kind: 'release.resume', id }, atMs());
  await world.clock.pass(1);
  t.equal(world.green(), 50);
});

t.test('gates measure on, and one that fails takes everything back in a freeze too', async (t) => {
  const world = makeWorld(t);
  const gate = {
    analysis: { intervalSeconds: 60, count: 9, metrics: [{ name: 'up', web: { url: 'http://a.test' } }] },
  };
  const id = begin(world, [{ setWeight: 10 }, gate, { setWeight: 100 }]);
  freeze(world, afternoon);
  await world.clock.pass(120);
  world.answer = () => ({ outcome: 'failed', message: 'down' });
  await world.clock.pass(60);
  t.match(world.release(id), { state: 'aborted', reason: 'analysis_failed' });
  t.equal(world.green(), 0);
});

t.test('a person is refused what would move traffic, and not what would not', async (t) => {
  const world = makeWorld(t);
  const gate = {
    analysis: { intervalSeconds: 60, count: 1, metrics: [{ name: 'up', web: { url: 'http://a.test' } }] },
  };
  const id = begin(world, [{ setWeight: 10 }, { pause: {} }, gate, { pause: {} }, { setWeight: 100 }]);
  const { fixture, clock } = world;
  freeze(world, now);
  const say = (verb: 'promote' | 'abort' | 'retry' | 'pause' | 'resume', more = {}, override = {}) =>
    fixture.code({ kind: `release.${verb}`, id, full: false, ...more } as never, {
      atMs: clock.wallMs(),
      ...override,
    });
  t.equal(say('promote', { full: true }), 'frozen');
  t.equal(say('promote'), 'none', 'to an analysis');
  await world.clock.pass(1);
  t.equal(say('promote'), 'frozen', 'to a shift');
  t.equal(say('pause'), 'none');
  t.equal(say('resume'), 'none');
  t.equal(say('abort'), 'none');
  t.equal(world.green(), 0);
  t.equal(say('retry'), 'frozen');
  t.equal(say('retry', {}, { override: 'blue is on fire' }), 'none');
  t.equal(world.green(), 10);
  t.match(world.release(id), { override: { freeze: 'stock', reason: 'blue is on fire' } });
  t.equal(say('promote'), 'none');
  await world.clock.pass(1);
  t.equal(say('promote'), 'none', 'and so are its later steps');
  t.equal(world.green(), 100);
});

t.test(
  'a release that waits for a freeze is promoted past it, held and resumed, aborted and rolled back',
  async (t) => {
    for (const end of ['override', 'abort', 'rollback', 'hold'] as const) {
      const world = makeWorld(t);
      const id = begin(world, steps);
      freeze(world, afternoon);
      await world.clock.pass(200);
      const at = { atMs: world.clock.wallMs() };
      const { fixture } = world;
      t.equal(fixture.code({ kind: 'release.promote', id, full: false }, at), 'frozen');
      if (end === 'override') {
        fixture.must({ kind: 'release.promote', id, full: false }, { ...at, override: 'now' });
        t.equal(world.green(), 50);
      } else if (end === 'abort') {
        fixture.must({ kind: 'release.abort', id }, at);
        t.equal(world.green(), 0);
      } else if (end === 'rollback') {
        fixture.must({ kind: 'rollback', name: app }, at);
        t.equal(world.green(), 0);
      } else {
        fixture.must({ kind: 'release.pause', id }, at);
        await world.clock.pass(TWO_HOURS);
        t.match(
          world.release(id),
          { reason: 'pause_requested' },
          'the end of the freeze does not end a pause on request',
        );
        fixture.must({ kind: 'release.resume', id }, { atMs: world.clock.wallMs() });
        await world.clock.pass(TWO_HOURS);
        t.equal(world.green(), 50);
      }
    }
  },
);

t.test('a step is approved in a freeze, and the shift behind it waits all the same', async (t) => {
  const world = makeWorld(t);
  const id = begin(world, [{ setWeight: 10 }, { pause: { approval: { by: 'other' } } }, { setWeight: 100 }]);
  freeze(world, now);
  const { fixture, clock } = world;
  const approve = { kind: 'release.approve', id, revision: fixture.store.lastRevision } as const;
  fixture.must(approve, { actor: 'bob', atMs: clock.wallMs() });
  t.match(world.release(id), { reason: 'frozen', approvals: [{ by: 'bob' }] });
  t.equal(world.green(), 10);
  await clock.pass(TWO_HOURS);
  t.equal(world.green(), 100);
});
