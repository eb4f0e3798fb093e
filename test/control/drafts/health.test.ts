/** What people force: at once, past restarts, until its time is over, whatever clocks and the store do. */
import t from 'tap';
import { setReadOnly } from '../../fixtures/store.ts';
import { app, BLUE, GREEN, makeHealthWorld, pools } from '../health/world.ts';

const [blue1, blue2] = BLUE as [string, string];
const [green] = GREEN as [string];

t.test('a forced state goes before what probes see, and ends on time', async (t) => {
  const world = makeHealthWorld(t);
  world.down.add(green);
  await world.clock.pass(0);
  t.same(world.answers(), BLUE);
  world.force('green', { state: 'up', durationSeconds: 60 });
  t.same(world.answers(), [...BLUE, green]);
  world.force('blue', { state: 'down', durationSeconds: 30, target: blue1 });
  t.same(world.answers(), [blue2, green]);
  await world.clock.pass(29);
  t.same(world.answers(), [blue2, green]);
  await world.clock.pass(1);
  t.same(world.answers(), [...BLUE, green]);
  await world.clock.pass(29);
  t.same(world.answers(), [...BLUE, green]);
  await world.clock.pass(1);
  t.same(world.answers(), BLUE);
  t.match(world.fixture.store.history('service', app, 99, 1), [
    {
      actor: 'teal',
      kind: 'health.expire',
      summary: 'the pool green of app.example.com was forced up for 60 s: that is over',
    },
  ]);
  t.equal(world.fixture.store.service(app)?.forced, undefined);
});

t.test('it needs no check, and no revision of pools or weights', async (t) => {
  const world = makeHealthWorld(t, { service: { pools } });
  const { fixture } = world;
  const before = fixture.store.service(app);
  world.force('blue', { state: 'down' });
  t.same(world.answers(), [green]);
  t.match(world.health().pools.blue, { healthy: false, forced: { state: 'down', until: '2026-11-24T13:00:00.000Z' } });
  t.same(
    fixture.store.service(app)?.pools.map(({ weight }) => weight),
    before?.pools.map(({ weight }) => weight),
  );
  fixture.must({ kind: 'health.unforce', name: app, pool: 'blue' });
  t.same(world.answers(), [...BLUE, green]);
  await world.clock.pass(4000);
  t.same(
    world.fixture.store.history('service', app, 99, 9).map(({ kind }) => kind),
    ['health.unforce', 'health.force', 'service.put'],
  );
});

t.test('said again it lasts anew; one of a pool and one of a target stand side by side', async (t) => {
  const world = makeHealthWorld(t);
  world.force('blue', { state: 'down', durationSeconds: 10 });
  await world.clock.pass(5);
  world.force('blue', { state: 'down', durationSeconds: 10 });
  world.force('blue', { state: 'down', durationSeconds: 20, target: blue1 });
  await world.clock.pass(9);
  t.same(world.answers(), [green]);
  await world.clock.pass(1);
  t.same(world.answers(), [blue2, green]);
  await world.clock.pass(10);
  t.same(world.answers(), [...BLUE, green]);
});

t.test('a shift, a change of the service and a rollback leave it', async (t) => {
  const world = makeHealthWorld(t);
  await world.clock.pass(0);
  world.force('blue', { state: 'down' });
  const { fixture } = world;
  fixture.must({ kind: 'weights.put', name: app, weights: { blue: 50, green: 25, spare: 25 } });
  t.same(world.answers(), ['192.0.2.20', '192.0.2.30']);
  world.put({ ttlSeconds: 9, pools });
  t.same(world.answers(), [green]);
  fixture.must({ kind: 'rollback', name: app });
  t.same(world.answers(), ['192.0.2.20', '192.0.2.30'], 'to before the weights that were written with the service');
  const forced = fixture.store.history('service', app, 99, 9).find(({ kind }) => kind === 'health.force');
  fixture.must({ kind: 'weights.put', name: app, weights: { blue: 0, green: 0, spare: 1 } });
  fixture.must({ kind: 'rollback', name: app, revision: forced?.revision as number });
  t.match(
    fixture.store.service(app)?.pools,
    [{ weight: 90 }, { weight: 10 }, { weight: 0 }],
    'to the weights at that revision',
  );
  world.put({ pools: { green: pools.green, red: { weight: 1, targets: BLUE } } });
  t.equal(fixture.store.service(app)?.forced, undefined, 'it goes with its pool');
});

t.test('it survives a restart with what was left of it, whatever the clock did meanwhile', async (t) => {
  const world = makeHealthWorld(t, { service: { pools } });
  world.force('blue', { state: 'down', durationSeconds: 100 });
  await world.clock.pass(40);
  world.restart();
  t.same(world.answers(), [green], 'from the first answer on');
  await world.clock.pass(59);
  t.same(world.answers(), [green]);
  await world.clock.pass(1);
  t.same(world.answers(), [...BLUE, green]);

  world.force('blue', { state: 'down', durationSeconds: 100 });
  world.clock.jump(1e9);
  await world.clock.pass(99);
  t.same(world.answers(), [green], 'a jump of the wall clock ends nothing while the process lives');
  world.clock.jump(-3e9);
  world.restart();
  await world.clock.pass(99);
  t.same(world.answers(), [green]);
  await world.clock.pass(1);
  t.same(world.answers(), [...BLUE, green], 'nor does one set back make it last longer than it was to');
});

t.test('what ended while no process was there is over from the first answer on', async (t) => {
  const world = makeHealthWorld(t, { service: { pools } });
  world.force('blue', { state: 'down', durationSeconds: 100 });
  world.clock.kill();
  world.clock.jump(101_000);
  world.restart();
  t.same(world.answers(), [...BLUE, green]);
  await world.clock.pass(2);
  t.equal(world.fixture.store.service(app)?.forced, undefined, 'and the log says so');
  t.match(world.fixture.store.history('service', app, 99, 1), [{ kind: 'health.expire' }]);
});

t.test('a store that cannot be written does not keep it from ending, and hears of it later', async (t) => {
  const world = makeHealthWorld(t, { service: { pools } });
  world.force('blue', { state: 'down', durationSeconds: 10 });
  setReadOnly(world.fixture.store, true);
  await world.clock.pass(10);
  t.same(world.answers(), [...BLUE, green]);
  t.equal(world.health().pools.blue?.forced, null);
  t.match(world.log, [{ code: 'store_unavailable' }]);
  await world.clock.pass(3);
  setReadOnly(world.fixture.store, false);
  await world.clock.pass(1);
  t.equal(world.fixture.store.service(app)?.forced, undefined);
  t.equal(world.fixture.store.history('service', app, 99, 9).filter(({ kind }) => kind === 'health.expire').length, 1);
});

t.test('while a release goes on health is no reason to refuse, nor moved by it', async (t) => {
  const world = makeHealthWorld(t);
  await world.clock.pass(0);
  const body = { to: 'spare', steps: [{ setWeight: 50 }, { pause: {} }] };
  world.fixture.must({ kind: 'release.create', services: [app], body, dryRun: false, single: true });
  world.force('spare', { state: 'down' });
  t.same(world.answers(), [...BLUE, green]);
  world.fixture.must({ kind: 'health.unforce', name: app, pool: 'spare' });
  t.same(world.answers(), [...BLUE, green, '192.0.2.30']);
});
