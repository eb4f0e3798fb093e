/** Releases through the engine: what they do to services, what they forbid, what the log says of them. */
import t from 'tap';
import type { Command } from '../../../src/control/commands/command.ts';
import { bluegreen, NOON_MS } from '../../fixtures/engine.ts';
import { api, app, begin, makeWorld } from './world.ts';

const steps = [{ setWeight: 10 }, { pause: { duration: '1m' } }, { setWeight: 50 }, { pause: {} }, { setWeight: 100 }];

function create(more: object = {}): Command {
  return {
    kind: 'release.create',
    services: [app],
    body: { to: 'green', steps },
    dryRun: false,
    single: true,
    ...more,
  } as Command;
}

t.test('a release takes its steps on time, each a revision with its cause', async (t) => {
  const world = makeWorld(t);
  const { fixture, clock } = world;
  const made = fixture.must(create());
  t.match(made, { revision: 4, created: true, body: { id: '4', state: 'paused', reason: 'pause_step', stepIndex: 1 } });
  t.match(made.body, {
    weights: { blue: 90, green: 10 },
    services: { [app]: { shares: { green: 0.1 } } },
    warnings: [],
  });
  t.equal(world.green(), 10, 'the first step is part of the command');
  await clock.pass(59);
  t.equal(world.green(), 10);
  await clock.pass(1);
  t.equal(world.green(), 50);
  await clock.pass(3600);
  t.match(world.release('4'), { state: 'paused', stepIndex: 3, revision: 5 });
  fixture.must({ kind: 'release.promote', id: '4', full: false });
  t.same(fixture.ask(app), ['192.0.2.20']);
  t.match(world.release('4'), { state: 'completed', revision: 6 });
  t.match(
    fixture.store.history('service', app, 99, 3).map(({ kind, actor, summary }) => [kind, actor, summary]),
    [
      [
        'release.promote',
        'test',
        /^release 4 is promoted: app.example.com blue 50→0 green 50→100\. All steps are done/,
      ],
      [
        'release.step',
        'teal',
        /^release 4 goes on after 60 s: app.example.com blue 90→50 green 10→50\. Step 4 of 5 is/,
      ],
      ['release.create', 'test', /^release 4 begins: app.example.com blue 100→90 green 0→10\. Step 2 of 5 is a pause/],
    ],
  );
  t.equal(fixture.store.lastRevision, 6);
});

t.test('several services move together, by one revision a step', async (t) => {
  const world = makeWorld(t);
  const id = begin(world, steps, [app, 'API.example.com.']);
  t.same([world.green(app), world.green(api)], [10, 10]);
  await world.clock.pass(60);
  t.same([world.green(app), world.green(api)], [50, 50]);
  t.same(world.fixture.store.service(app)?.revision, world.fixture.store.service(api)?.revision);
  world.fixture.must({ kind: 'rollback', name: api });
  t.same([world.green(app), world.green(api)], [0, 0], 'a rollback of one takes both back');
  t.match(world.release(id), { state: 'aborted', reason: 'rolled_back' });
});

t.test('while a release goes on, only it moves the service', async (t) => {
  const { fixture } = makeWorld(t);
  fixture.must(create());
  const { pools } = bluegreen(90, 10);
  const refused: Command[] = [
    { kind: 'weights.put', name: app, weights: { blue: 1, green: 1 } },
    { kind: 'shift', services: { [api]: { blue: 1, green: 1 }, [app]: { blue: 1, green: 1 } } },
    { kind: 'service.delete', name: app },
    { kind: 'zone.delete', zone: 'example.com', withServices: true },
    { kind: 'service.put', name: app, body: bluegreen(0, 100) },
    { kind: 'service.put', name: app, body: { pools: { ...pools, red: { weight: 0, targets: ['192.0.2.30'] } } } },
    create(),
    create({ services: [api, app], single: false }),
  ];
  for (const command of refused) {
    t.match(fixture.execute(command), { code: 'release_active', conflict: '4', detail: /release 4/ }, command.kind);
  }
  t.equal(fixture.store.lastRevision, 4);
  const same = { kind: 'weights.put', name: app, weights: { blue: 90, green: 10 } } as const;
  t.equal(fixture.code(same), 'none', 'what is so already');
  const mended = { green: { targets: ['192.0.2.21'] }, blue: { targets: ['192.0.2.10'] } };
  t.equal(fixture.code({ kind: 'service.put', name: app, body: { pools: mended } }), 'none', 'targets may be mended');
  fixture.must({ kind: 'release.abort', id: '4' });
  t.equal(fixture.code({ kind: 'service.delete', name: app }), 'none');
});

t.test(
  'TTLs are whoever writes the service: in force at once, kept after the release, and no wait begins anew',
  async (t) => {
    const world = makeWorld(t, { ttlSeconds: 300, release: { ttlSeconds: 5 } });
    const { clock } = world;
    const write = (more: object): void => {
      const pools = { blue: { targets: ['192.0.2.11'] }, green: { targets: ['lb', '192.0.2.21'].slice(1) } };
      world.fixture.must({ kind: 'service.put', name: app, body: { pools, ...more } }, { atMs: clock.wallMs() });
    };
    const id = begin(
      world,
      [
        { setWeight: 10 },
        { pause: { duration: 1000 } },
        { setWeight: 50 },
        { pause: { duration: 1 } },
        { setWeight: 100 },
      ],
      [app, api],
    );
    await clock.pass(301);
    t.equal(world.green(), 10);
    t.equal(world.fixture.ttl(app), 5);
    await clock.pass(900);
    write({ ttlSeconds: 600, release: { ttlSeconds: 5 } });
    t.equal(world.fixture.ttl(app), 5, 'lowered all the same');
    t.match(world.fixture.store.service(app)?.pools, [{ targets: ['192.0.2.11'] }, { targets: ['192.0.2.21'] }]);
    write({ ttlSeconds: 600, release: { ttlSeconds: 60 } });
    t.equal(world.fixture.ttl(app), 60, 'in force at once');
    t.match(world.release(id).services, [
      { steadyTtlSeconds: 600, ttlSeconds: 60 },
      { steadyTtlSeconds: 300, ttlSeconds: 5 },
    ]);
    t.match(world.fixture.store.revision(world.fixture.store.lastRevision), {
      kind: 'service.put',
      subjects: [
        { kind: 'service', name: app },
        { kind: 'release', name: id, after: { stepIndex: 1 } },
      ],
    });
    await clock.pass(100);
    t.equal(world.green(), 50, 'the pause was no longer for it');
    t.match(world.release(id).wait, { kind: 'pause', seconds: 60 }, 'as long as the TTL in force');
    write({ ttlSeconds: 20, release: { ttlSeconds: 5 } });
    t.equal(world.fixture.ttl(app), 5);
    world.restart();
    await clock.pass(60);
    t.equal(world.green(), 100);
    t.match(world.release(id), { reason: 'ttl_settling', wait: { seconds: 6 } });
    await clock.pass(6);
    t.equal(world.release(id).state, 'completed');
    t.same([world.fixture.ttl(app), world.fixture.ttl(api)], [20, 300], 'what was written last');
  },
);

t.test('an analysis goes on while TTLs change, and an abort leaves the TTL that was written', async (t) => {
  const world = makeWorld(t, { ttlSeconds: 60, release: { ttlSeconds: 5 } });
  const { clock } = world;
  const gate = {
    analysis: { intervalSeconds: 10, count: 5, metrics: [{ name: 'up', web: { url: 'http://a.example' } }] },
  };
  const id = begin(world, [{ setWeight: 10 }, gate, { setWeight: 100 }]);
  await clock.pass(61);
  await clock.pass(25);
  t.equal(world.asked.length, 3);
  const pools = { blue: { targets: ['192.0.2.10'] }, green: { targets: ['192.0.2.20'] } };
  const body = { ttlSeconds: 30, release: { ttlSeconds: 2 }, pools };
  world.fixture.must({ kind: 'service.put', name: app, body }, { atMs: clock.wallMs() });
  await clock.pass(10);
  t.equal(world.asked.length, 4, 'it was not begun anew');
  await clock.pass(5);
  t.match(world.release(id), { reason: 'ttl_settling' });
  world.fixture.must({ kind: 'release.abort', id });
  t.equal(world.fixture.ttl(app), 30);
  t.equal(world.fixture.store.service(app)?.loweredTtlSeconds, undefined);
  world.fixture.must({ kind: 'release.retry', id }, { atMs: clock.wallMs() });
  t.match(world.release(id), { services: [{ steadyTtlSeconds: 30, ttlSeconds: 2 }] });
});

t.test('a service becomes one of host names while a release moves it; its pools stay', async (t) => {
  const world = makeWorld(t);
  const id = begin(world, [{ setWeight: 100 }, { pause: {} }]);
  const pools = (green: string) => ({
    blue: { targets: ['lb-1.example.net'] },
    [green]: { targets: ['lb-2.example.net'] },
  });
  const write = (green: string): Command => ({ kind: 'service.put', name: app, body: { pools: pools(green) } });
  t.equal(
    world.fixture.code({
      ...write('red'),
      body: { pools: { ...pools('red'), red: { weight: 100, targets: ['r.example.net'] } } },
    } as Command),
    'release_active',
  );
  world.fixture.must(write('green'));
  t.same(world.fixture.ask(app), ['lb-2.example.net.']);
  world.fixture.must({ kind: 'release.abort', id });
  t.same(world.fixture.ask(app), ['lb-1.example.net.']);
});

t.test('abort and rollback restore, from every step', async (t) => {
  for (const end of ['release.abort', 'rollback'] as const) {
    for (const seconds of [0, 60]) {
      const world = makeWorld(t);
      const { fixture, clock } = world;
      fixture.must({ kind: 'weights.put', name: app, weights: { blue: 70, green: 30 } });
      const id = begin(world, steps);
      await clock.pass(seconds);
      const reply = fixture.must(end === 'rollback' ? { kind: end, name: app } : { kind: end, id, service: app });
      t.match(reply.body, { weights: { blue: 70, green: 30 } });
      t.equal(world.green(), 30);
      t.match(world.release(id), {
        state: 'aborted',
        message: end === 'rollback' ? /back by test/ : 'Aborted by test.',
      });
      await clock.pass(3600);
      t.equal(world.green(), 30, 'nothing goes on');
      t.match(fixture.must({ kind: 'rollback', name: app }).body, { weights: { blue: 70, green: 30 } }, 'said twice');
    }
  }
});

t.test('rollback after a release goes back to before it, not to its last step', async (t) => {
  const world = makeWorld(t);
  const { fixture } = world;
  const id = begin(world, [{ setWeight: 10 }, { setWeight: 50 }, { setWeight: 100 }]);
  await world.clock.pass(0);
  t.match(world.release(id), { state: 'completed', revision: 6 });
  fixture.must({ kind: 'rollback', name: app });
  t.equal(world.green(), 0);
  t.match(fixture.store.revision(7), { summary: /^rolled back to the start of release 4: / });
  fixture.must({ kind: 'rollback', name: app, revision: 5 });
  t.equal(world.green(), 50, 'or to any step');
  fixture.must({ kind: 'weights.put', name: app, weights: { blue: 1, green: 1 } });
  fixture.must({ kind: 'rollback', name: app });
  t.equal(world.green(), 50, 'a later shift is the last one again');
});

t.test('rollback to a revision ends the release too', async (t) => {
  const world = makeWorld(t);
  world.fixture.must({ kind: 'weights.put', name: app, weights: { blue: 60, green: 40 } });
  world.fixture.must({ kind: 'weights.put', name: app, weights: { blue: 80, green: 20 } });
  const id = begin(world, steps, [app, api]);
  t.match(world.fixture.must({ kind: 'rollback', name: app, revision: 4 }).body, { weights: { blue: 60, green: 40 } });
  t.same([world.green(app), world.green(api)], [40, 0]);
  t.match(world.release(id), { state: 'aborted', reason: 'rolled_back' });
});

t.test('the TTL is lowered, waited for, and restored', async (t) => {
  const world = makeWorld(t, { ttlSeconds: 300, release: { ttlSeconds: 20 } });
  const { fixture, clock } = world;
  const serial = fixture.store.zone('example.com')?.serial;
  t.equal(fixture.ttl(app), 300);
  const id = begin(world, [{ setWeight: 50 }, { pause: { duration: 1 } }, { setWeight: 100 }]);
  t.equal(fixture.ttl(app), 20);
  t.match((fixture.queries.service(app) as { body: object }).body, { ttlSeconds: 300, loweredTtlSeconds: 20 });
  await clock.pass(300);
  t.equal(world.green(), 0, 'somebody may hold an answer from before');
  await clock.pass(1);
  t.equal(world.green(), 50);
  await clock.pass(19);
  t.equal(world.green(), 50, 'the pause is as long as the TTL');
  await clock.pass(1);
  t.equal(world.green(), 100);
  world.restart();
  t.equal(world.fixture.ttl(app), 20, 'after a restart too');
  await clock.pass(21);
  t.match(world.release(id), { state: 'completed' });
  t.equal(world.fixture.ttl(app), 300);
  t.equal(world.fixture.store.zone('example.com')?.serial, serial);
  begin(world, [{ setWeight: 100 }], [api]);
  t.equal(world.fixture.ttl(api), 20);
  world.fixture.must({ kind: 'rollback', name: api });
  t.equal(world.fixture.ttl(api), 300, 'an abort restores it at once');
});

t.test('a dry run says what would be, and when, and does nothing', async (t) => {
  const world = makeWorld(t, { ttlSeconds: 60, release: { ttlSeconds: 10 } });
  const analysis = { count: 3, intervalSeconds: 5, metrics: [{ name: 'up', web: { url: 'http://example.com' } }] };
  const body = {
    to: 'green',
    steps: [{ setWeight: 10 }, { pause: { duration: 5 } }, { analysis }, { setWeight: 100 }],
  };
  const outcome = world.fixture.must(create({ dryRun: true, body }));
  t.match(outcome, { revision: 2, created: false });
  t.equal(world.fixture.store.lastRevision, 3);
  const { plan } = outcome.body as { plan: Record<string, unknown>[] };
  const at = (seconds: number) => new Date(NOON_MS + seconds * 1000).toISOString();
  t.match(plan, [
    { at: at(0), certain: true, reason: 'ttl_lowering', weights: { green: 0 }, wait: { seconds: 61, until: at(61) } },
    { at: at(61), certain: true, reason: 'pause_step', weights: { green: 10 }, message: /lengthened from 5 s/ },
    { at: at(71), certain: true, reason: 'analysis_running' },
    { at: at(81), certain: false, reason: 'ttl_settling', weights: { green: 100 } },
    { at: at(92), certain: false, state: 'completed' },
  ]);
  t.equal(plan.length, 5);
});

t.test('what cannot be released is refused', async (t) => {
  const { fixture } = makeWorld(t);
  fixture.must({ kind: 'weights.put', name: api, weights: { blue: 0, green: 5 } });
  const cases: [object, string][] = [
    [{ services: ['no.example.com'] }, 'service_unknown'],
    [{ services: [] }, 'release_invalid'],
    [{ services: [app, 'APP.example.com'] }, 'release_invalid'],
    [{ services: ['a..b'] }, 'name_invalid'],
    [{ body: { to: 'red', steps } }, 'pool_unknown'],
    [{ body: { to: 'green', steps: [] } }, 'release_invalid'],
    [{ services: [app, api] }, 'nothing_to_release'],
  ];
  for (const [more, code] of cases) t.equal(fixture.code(create(more)), code, code);
  t.equal(fixture.code(create(), { ifMatch: [1] }), 'revision_stale');
  t.equal(fixture.code({ kind: 'release.abort', id: '4' }), 'release_unknown');
  t.equal(fixture.code({ kind: 'release.abort', id: 'x' }), 'release_unknown');
  const id = String(fixture.must(create()).revision);
  t.equal(fixture.code({ kind: 'release.abort', id, service: api }), 'release_unknown', "another's");
  t.equal(fixture.code({ kind: 'release.pause', id }, { ifMatch: [1] }), 'revision_stale');
});

t.test('a retry begins again, unless something else came in between', async (t) => {
  const world = makeWorld(t);
  const { fixture } = world;
  const id = begin(world, steps);
  t.equal(fixture.code({ kind: 'release.retry', id }), 'release_state');
  fixture.must({ kind: 'release.abort', id });
  fixture.must({ kind: 'release.retry', id });
  t.match(world.release(id), { id, state: 'paused', stepIndex: 1 });
  t.equal(world.green(), 10);
  fixture.must({ kind: 'release.abort', id });
  const other = begin(world, steps);
  t.match(fixture.execute({ kind: 'release.retry', id }), { code: 'release_active', conflict: other });
  fixture.must({ kind: 'release.promote', id: other, full: true });
  t.equal(fixture.code({ kind: 'release.retry', id }), 'nothing_to_release');
  t.equal(fixture.code({ kind: 'release.retry', id: other }), 'release_state');
});
