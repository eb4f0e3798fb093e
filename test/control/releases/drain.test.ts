/** The `drain` step: a release goes on when no cache that honours TTL holds an answer of a pool without weight. */
import t from 'tap';
import { COMMIT_MAX_SECONDS, DRAIN_MARGIN_SECONDS } from '../../../src/model/drain.ts';
import { api, app, begin, makeWorld, type ReleaseWorld } from './world.ts';

const TTL_SECONDS = 5;
const steps = [{ setWeight: 100 }, { drain: {} }];

function ask({ fixture, clock }: ReleaseWorld, name = app): void {
  fixture.ask(name, 'A', { atMs: clock.wallMs() });
}

t.test('it waits until the last answer of the old pool has expired, to the second', async (t) => {
  const world = makeWorld(t);
  ask(world);
  const id = begin(world, steps);
  t.match(world.release(id), {
    state: 'progressing',
    reason: 'draining',
    wait: { kind: 'drain', seconds: TTL_SECONDS + DRAIN_MARGIN_SECONDS },
    message:
      'Step 2 of 2 waits until every pool without weight is drained for caches that honour TTL: 7 s at the longest, or as long as caches hold older answers with a longer TTL.',
  });
  ask(world);
  await world.clock.pass(TTL_SECONDS + DRAIN_MARGIN_SECONDS - 0.1);
  t.equal(world.release(id).state, 'progressing');
  await world.clock.pass(0.2);
  t.equal(world.release(id).state, 'completed');
});

t.test('what nobody got need not be waited for, and the last of several services counts', async (t) => {
  const world = makeWorld(t);
  const alone = begin(world, steps);
  await world.clock.pass(0);
  t.equal(world.release(alone).state, 'completed');
  const other = makeWorld(t);
  await other.clock.pass(2);
  ask(other, api);
  await other.clock.pass(3);
  const id = begin(other, steps, [app, api]);
  await other.clock.pass(3.9);
  t.equal(other.release(id).state, 'progressing');
  await other.clock.pass(0.2);
  t.equal(other.release(id).state, 'completed', 'seven seconds after the answer');
});

t.test('neither a clock that jumps nor a restart makes it end too early', async (t) => {
  const world = makeWorld(t);
  ask(world);
  const id = begin(world, steps);
  await world.clock.pass(1);
  world.clock.jump(3_600_000);
  await world.clock.pass(5.9);
  t.equal(world.release(id).state, 'progressing', 'set forward');
  await world.clock.pass(0.2);
  t.equal(world.release(id).state, 'completed');
  const back = makeWorld(t);
  ask(back);
  const second = begin(back, steps);
  await back.clock.pass(1);
  back.clock.jump(-3_600_000);
  await back.clock.pass(6.1);
  t.equal(back.release(second).state, 'completed', 'set back');
  const killed = makeWorld(t);
  ask(killed);
  const third = begin(killed, steps);
  await killed.clock.pass(2);
  killed.restart();
  await killed.clock.pass(4.9 + COMMIT_MAX_SECONDS);
  t.equal(killed.release(third).state, 'progressing', 'its answers are not counted any more, but known of');
  await killed.clock.pass(0.2);
  t.equal(killed.release(third).state, 'completed');
});

t.test('a worker that is inside of an old answer is waited for', async (t) => {
  const world = makeWorld(t);
  world.fixture.responder.enter(world.clock.wallMs());
  const id = begin(world, steps);
  await world.clock.pass(60);
  t.equal(world.release(id).state, 'progressing');
  world.fixture.responder.leave();
  await world.clock.pass(1);
  t.equal(world.release(id).state, 'completed');
});

t.test('it is held by a pause, ended by a full promotion, and part of the plan', async (t) => {
  const world = makeWorld(t);
  ask(world);
  const id = begin(world, [...steps, { pause: {} }]);
  const { fixture, clock } = world;
  fixture.must({ kind: 'release.pause', id }, { atMs: clock.wallMs() });
  await clock.pass(60);
  t.equal(world.release(id).reason, 'pause_requested');
  fixture.must({ kind: 'release.resume', id }, { atMs: clock.wallMs() });
  await clock.pass(0.1);
  t.match(world.release(id), { reason: 'pause_step' }, 'it had been drained meanwhile');
  t.equal(fixture.code({ kind: 'release.promote', id, full: true }), 'none');
  const other = makeWorld(t);
  const body = { to: 'green', steps };
  const plan = other.fixture.must({ kind: 'release.create', services: [app], body, dryRun: true, single: true });
  t.match(plan.body, { plan: [{ wait: { kind: 'drain', seconds: 7 } }, { state: 'completed' }] });
});
