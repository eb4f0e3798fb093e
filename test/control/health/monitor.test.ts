/** What is answered while targets go down and come back, without a revision; and what shifts and changes do meanwhile. */
import t from 'tap';
import type { Shown } from '../../fixtures/shown.ts';
import { setReadOnly } from '../../fixtures/store.ts';
import { app, BLUE, check, failed, GREEN, makeHealthWorld, passed, pools, SPARE } from './world.ts';

const [blue1, blue2] = BLUE as [string, string];
const [green] = GREEN as [string];

t.test('until the first result all counts as up; that result counts at once', async (t) => {
  const world = makeHealthWorld(t);
  world.down.add(green);
  t.same(world.answers(), [...BLUE, ...GREEN]);
  t.match(world.health().pools.green, {
    healthy: true,
    targets: { [green]: { state: 'unknown', reason: 'not probed yet' } },
  });
  await world.clock.pass(0);
  t.same(world.answers(), BLUE);
  t.match(world.health(), {
    failOpen: false,
    pools: {
      blue: { healthy: true, share: 1, forced: null, targets: { [blue1]: { state: 'up', reason: 'answered 200' } } },
      green: { healthy: false, share: 0, targets: { [green]: { state: 'down', since: '2026-11-24T12:00:00.000Z' } } },
      spare: { healthy: true, share: 0 },
    },
  });
  t.same(
    world.probed.sort(),
    [...BLUE, ...GREEN, ...SPARE].map((target) => `${target}/up`),
  );
});

t.test(
  'a target goes down after `fall` failures and comes back after `rise` passes, each with a line and an event',
  async (t) => {
    const world = makeHealthWorld(t);
    await world.clock.pass(0);
    const revision = world.fixture.store.lastRevision;
    world.log.length = 0;
    world.events.length = 0;
    world.down.add(blue1);
    await world.clock.pass(20);
    t.same(world.answers(), [...BLUE, green], 'two failures are none');
    await world.clock.pass(10);
    t.same(world.answers(), [blue2, green]);
    world.down.add(blue2);
    await world.clock.pass(30);
    t.same(world.answers(), [green], 'a pool without any is skipped');
    world.down.clear();
    await world.clock.pass(10);
    t.same(world.answers(), [green], 'one pass is none');
    await world.clock.pass(10);
    t.same(world.answers(), [...BLUE, green]);
    t.same(world.log, [
      { service: app, pools: ['blue'], target: blue1, reason: 'answered 503', text: 'a target is down' },
      { service: app, pools: ['blue'], target: blue2, reason: 'answered 503', text: 'a target is down' },
      { service: app, pools: ['blue'], target: blue1, reason: 'answered 200', text: 'a target is up' },
      { service: app, pools: ['blue'], target: blue2, reason: 'answered 200', text: 'a target is up' },
    ]);
    t.match(world.events[0], { service: app, pool: 'blue', target: blue1, state: 'down', reason: 'answered 503' });
    t.equal(world.events.length, 4);
    t.equal(world.fixture.store.lastRevision, revision, 'none of this is a revision');
  },
);

t.test('where every pool that has weight is down all are answered; one without weight is never promoted', async (t) => {
  const world = makeHealthWorld(t);
  for (const target of [...BLUE, ...GREEN]) world.down.add(target);
  await world.clock.pass(0);
  t.same(world.answers(), [...BLUE, green]);
  t.equal(world.health().failOpen, true);
});

t.test('a shift, a change and a rollback while targets are down answer by the health in force', async (t) => {
  const world = makeHealthWorld(t);
  world.down.add(blue1).add(green);
  await world.clock.pass(0);
  t.same(world.answers(), [blue2]);
  const { fixture } = world;
  fixture.must({ kind: 'weights.put', name: app, weights: { blue: 1, green: 99, spare: 0 } });
  t.same(world.answers(), [blue2], 'green has nearly all the weight, and is down');
  fixture.must({ kind: 'weights.put', name: app, weights: { blue: 0, green: 100, spare: 0 } });
  t.same(world.answers(), [green], 'all the weight on what is down: fail open');
  fixture.must({ kind: 'weights.put', name: app, weights: { blue: 0, green: 50, spare: 50 } });
  t.same(world.answers(), SPARE);
  fixture.must({ kind: 'rollback', name: app });
  t.same(world.answers(), [green]);
  world.put({ ttlSeconds: 7, health: check, pools });
  t.same(world.answers(), [blue2], 'a change of the TTL leaves the health');
  t.equal(fixture.ttl(app), 7);
  const shown = fixture.queries.weights(app) as Shown;
  t.match(shown.body, { weights: { blue: 90, green: 10, spare: 0 } }, 'what people decided is what they decided');
  world.down.clear();
  await world.clock.pass(20);
  t.same(world.answers(), [...BLUE, green], 'and all is as the revisions say');
});

t.test('targets and checks that change are probed anew; what is known stays until then', async (t) => {
  const world = makeHealthWorld(t);
  world.down.add(green);
  await world.clock.pass(0);
  world.probed.length = 0;
  const fresh = '192.0.2.40';
  world.put({ health: check, pools: { ...pools, spare: { weight: 5, targets: [fresh] } } });
  await world.clock.pass(0);
  t.same(world.probed, [`${fresh}/up`], 'only what is new');
  t.same(world.answers(), [...BLUE, fresh]);
  world.down.clear();
  world.put({ health: { ...check, http: { path: '/other' } }, pools });
  t.same(world.answers(), BLUE, 'green is still down');
  await world.clock.pass(0);
  t.same(world.answers(), [...BLUE, green], 'until the other check has passed once');
  world.probed.length = 0;
  await world.clock.pass(10);
  t.same(
    world.probed.sort(),
    [...BLUE, ...GREEN, ...SPARE].map((target) => `${target}/other`),
    'the old check is gone',
  );
  world.down.add(green);
  await world.clock.pass(30);
  t.same(world.answers(), BLUE);
  world.put({ pools });
  t.same(world.answers(), [...BLUE, green], 'without a check nothing is down');
  t.match(world.health().pools.green?.targets[green], { state: 'unknown', reason: 'not checked', since: null });
  world.probed.length = 0;
  await world.clock.pass(100);
  t.same(world.probed, []);
});

t.test(
  'who is pinned to a pool gets what everybody else gets while it is unhealthy; sticky clients move once',
  async (t) => {
    const pinned = { health: check, pools, pins: [{ network: '127.0.0.0/8', pool: 'spare' }] };
    const world = makeHealthWorld(t, { service: pinned });
    await world.clock.pass(0);
    t.same(world.answers(), SPARE);
    world.down.add(SPARE[0]);
    await world.clock.pass(30);
    t.same(world.answers(), [...BLUE, green]);
    world.down.clear();
    await world.clock.pass(20);
    t.same(world.answers(), SPARE);

    world.put({
      health: check,
      pools: { blue: { weight: 1, targets: [blue1] }, green: { weight: 1, targets: [green] } },
      pick: 'sticky',
    });
    await world.clock.pass(0);
    const [first] = world.answers();
    t.equal(world.answers().length, 1);
    world.down.add(first as string);
    await world.clock.pass(30);
    t.same(world.answers(), [first === green ? blue1 : green]);
    world.down.clear();
    await world.clock.pass(20);
    t.same(world.answers(), [first]);
  },
);

t.test('what is deleted is probed no more, with its zone too; what comes again begins anew', async (t) => {
  const world = makeHealthWorld(t);
  world.put({ pools, health: check }, 'api.example.com');
  await world.clock.pass(0);
  world.fixture.must({ kind: 'service.delete', name: app });
  world.probed.length = 0;
  await world.clock.pass(10);
  t.equal(world.probed.length, 4, 'those of the other service');
  world.fixture.must({ kind: 'zone.delete', zone: 'example.com', withServices: true });
  world.probed.length = 0;
  await world.clock.pass(100);
  t.same(world.probed, []);
});

t.test('a result that comes when nobody waits for it any more changes nothing', async (t) => {
  const world = makeHealthWorld(t);
  await world.clock.pass(0);
  let answer: (result: typeof failed) => void = () => {};
  world.probe = (target) =>
    target === green
      ? new Promise((resolve) => {
          answer = resolve;
        })
      : passed;
  await world.clock.pass(10);
  world.probe = () => passed;
  world.put({ health: { ...check, fall: 1 }, pools });
  await world.clock.pass(0);
  answer(failed);
  await world.clock.pass(5);
  t.equal(world.health().pools.green?.healthy, true);
});

t.test('where this server may not ask, nothing is known, and nothing taken out', async (t) => {
  const world = makeHealthWorld(t);
  world.probe = () => ({ outcome: 'refused', reason: 'is at 10.0.0.1, which may not be asked' });
  await world.clock.pass(100);
  t.same(world.answers(), [...BLUE, green]);
  t.match(world.health().pools.green?.targets[green], { state: 'unknown', reason: /may not be asked/ });
  world.probe = () => failed;
  await world.clock.pass(10);
  t.equal(world.health().failOpen, true);
  world.log.length = 0;
  world.probe = () => ({ outcome: 'refused', reason: 'is at 10.0.0.1, which may not be asked' });
  await world.clock.pass(10);
  t.match(world.log[0], { text: 'a target may not be probed' });
});

t.test('a probe that throws has failed', async (t) => {
  const world = makeHealthWorld(t);
  world.probe = (target) => {
    if (target === green) throw new Error('broken');
    return passed;
  };
  await world.clock.pass(0);
  t.match(world.health().pools.green?.targets[green], { state: 'down', reason: 'could not be asked: broken' });
});

t.test('one address in two pools is probed once, and goes from both', async (t) => {
  const world = makeHealthWorld(t, {
    service: {
      pools: { blue: { weight: 1, targets: BLUE }, green: { weight: 1, targets: [blue1, green] } },
      health: check,
    },
  });
  await world.clock.pass(0);
  t.equal(world.probed.length, 3);
  world.events.length = 0;
  world.down.add(blue1);
  await world.clock.pass(30);
  t.same(world.answers(), [blue2, green]);
  t.same(
    world.events.map((event) => (event as { pool: string }).pool),
    ['blue', 'green'],
  );
});

t.test('while the table is full the old answers stay, the process too, and it is tried again', async (t) => {
  const world = makeHealthWorld(t);
  await world.clock.pass(0);
  const { engine } = world.fixture;
  const refresh = engine.refresh.bind(engine);
  const full = { code: 'table_full', detail: 'the table has reached its limit' };
  let refused = 0;
  engine.refresh = () => {
    refused++;
    if (refused === 2) throw new Error('whatever');
    return full as never;
  };
  world.down.add(green);
  await world.clock.pass(30);
  t.same(world.answers(), [...BLUE, green]);
  t.match(world.log.at(-2), { code: 'table_full', text: /is not answered by: the table has reached/ });
  await world.clock.pass(2);
  t.equal(refused, 3);
  engine.refresh = refresh;
  await world.clock.pass(1);
  t.same(world.answers(), BLUE);
});

t.test('a store that fails does not keep health from being answered', async (t) => {
  const world = makeHealthWorld(t);
  await world.clock.pass(0);
  setReadOnly(world.fixture.store, true);
  world.down.add(green);
  await world.clock.pass(30);
  t.same(world.answers(), BLUE);
});

t.test('after a restart health is seen anew', async (t) => {
  const world = makeHealthWorld(t);
  world.down.add(green);
  await world.clock.pass(0);
  t.same(world.answers(), BLUE);
  world.restart();
  t.same(world.answers(), [...BLUE, green], 'nothing is known');
  await world.clock.pass(0);
  t.same(world.answers(), BLUE);
});

t.test('a pool of a host name is skipped like any other', async (t) => {
  const hosts = {
    blue: { weight: 50, targets: ['blue.example.net'] },
    green: { weight: 50, targets: ['green.example.net'] },
  };
  const world = makeHealthWorld(t, { service: { pools: hosts, health: check } });
  world.down.add('green.example.net');
  await world.clock.pass(0);
  t.same(
    [...new Set(Array.from({ length: 100 }, () => String(world.fixture.ask(app, 'CNAME'))))],
    ['blue.example.net.'],
  );
});

t.test(
  'where another node leads, a forced state ends on time, and its end is left for that one to write down',
  async (t) => {
    const world = makeHealthWorld(t);
    world.isLed = true;
    world.force('blue', { state: 'down', durationSeconds: 60 });
    t.same(world.answers(), GREEN);
    const { lastRevision } = world.fixture.store;
    await world.clock.pass(61);
    t.same(world.answers(), [...BLUE, ...GREEN]);
    await world.clock.pass(600);
    t.equal(world.fixture.store.lastRevision, lastRevision, 'nothing was written');
    world.isLed = false;
    await world.clock.pass(2);
    t.equal(world.fixture.store.lastRevision, lastRevision + 1, 'whoever leads next writes it down');
  },
);

t.test(
  'a forced state that another node of a fleet wrote lasts as long as it says, whatever the time of day there',
  async (t) => {
    for (const aheadMs of [-2 * 86_400_000, 2 * 86_400_000]) {
      const world = makeHealthWorld(t);
      const atMs = world.clock.wallMs() + aheadMs;
      const body = { state: 'down', durationSeconds: 60 } as const;
      world.fixture.must({ kind: 'health.force', name: app, pool: 'blue', body }, { atMs });
      t.same(world.answers(), GREEN, 'it is answered by at once');
      await world.clock.pass(58);
      t.same(world.answers(), GREEN);
      t.equal(world.fixture.store.service(app)?.forced?.length, 1, 'nobody has ended it');
      await world.clock.pass(3);
      t.same(world.answers(), [...BLUE, ...GREEN]);
      t.equal(world.fixture.store.service(app)?.forced, undefined);
    }
  },
);
