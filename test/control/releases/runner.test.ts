/** The runner: on time after a restart, whatever the clocks do, and never a step twice. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { Problem } from '../../../src/model/errors.ts';
import type { Analysis, Release, Step } from '../../../src/model/release.ts';
import type { GateOutcome, Measurement } from '../../../src/model/release-analysis.ts';
import type { Subject } from '../../../src/model/revision.ts';
import { NOON_MS } from '../../fixtures/engine.ts';
import { runs } from '../../fixtures/runs.ts';
import { setReadOnly } from '../../fixtures/store.ts';
import { api, app, begin, makeWorld, type ReleaseWorld } from './world.ts';

const gate: Step = {
  analysis: { intervalSeconds: 10, count: 3, metrics: [{ name: 'up', web: { url: 'http://example.com' } }] },
};
const tens = [10, 20, 30, 40].flatMap((setWeight): Step[] => [{ setWeight }, { pause: { duration: 60 } }]);

t.test('a wait goes on after a restart with what was left of it', async (t) => {
  const world = makeWorld(t);
  begin(world, tens);
  await world.clock.pass(40);
  world.restart();
  await world.clock.pass(19);
  t.equal(world.green(), 10);
  await world.clock.pass(1);
  t.equal(world.green(), 20);
  world.restart();
  await world.clock.pass(59);
  t.equal(world.green(), 20, 'and the next one is whole');
});

t.test('a wall clock that jumps does not hurry or hold up what the process waits for', async (t) => {
  const world = makeWorld(t);
  begin(world, tens);
  for (const [jumpMs, green] of [
    [1e9, 20],
    [-2e9, 30],
    [1e9, 40],
  ] as const) {
    await world.clock.pass(30);
    world.clock.jump(jumpMs);
    await world.clock.pass(29);
    t.equal(world.green(), green - 10);
    await world.clock.pass(1);
    t.equal(world.green(), green);
  }
});

t.test('a clock that jumped while the process was down ends one wait at most, and makes none longer', async (t) => {
  const world = makeWorld(t);
  begin(world, tens);
  world.clock.jump(1e9);
  world.restart();
  await world.clock.pass(59);
  t.equal(world.green(), 20, 'one step, not all');
  world.clock.jump(-5e9);
  world.restart();
  await world.clock.pass(59);
  t.equal(world.green(), 20);
  await world.clock.pass(1);
  t.equal(world.green(), 30, 'as late as a whole wait after the restart');
});

t.test('an analysis asks each interval and passes after the last; a restart begins it anew', async (t) => {
  const world = makeWorld(t);
  begin(world, [{ setWeight: 10 }, gate, { setWeight: 100 }]);
  await world.clock.pass(10);
  t.equal(world.asked.length, 2);
  world.restart();
  await world.clock.pass(19);
  t.equal(world.green(), 10);
  t.equal(world.asked.length, 4);
  await world.clock.pass(1);
  t.equal(world.green(), 100);
  t.match(world.fixture.store.history('service', app, 99, 1), [{ summary: /analysis passed \(up: fine\)/ }]);
  await world.clock.pass(100);
  t.equal(world.asked.length, 5);
});

t.test('a gate that fails brings the weights back at once, and history tells why', async (t) => {
  const world = makeWorld(t);
  const id = begin(world, [{ setWeight: 50 }, gate, { setWeight: 100 }], [app, api]);
  await world.clock.pass(9);
  world.answer = () => ({ outcome: 'failed', message: 'status 503' });
  await world.clock.pass(1);
  t.same([world.green(app), world.green(api)], [0, 0]);
  const message = /^up failed: status 503 \(1 of 2/;
  t.match(world.release(id), { state: 'aborted', reason: 'analysis_failed', message });
  const summary = /aborted by its analysis: .*status 503/;
  t.match(world.fixture.store.history('service', app, 99, 1), [{ actor: 'teal', summary }]);
});

t.test('one failure too many decides, whichever metric has it', async (t) => {
  const world = makeWorld(t);
  const metrics = ['a', 'b'].map((name) => ({ name, web: { url: 'http://example.com' } }));
  const lenient: Step = { analysis: { intervalSeconds: 1, count: 6, failureLimit: 1, metrics } };
  const failing = ['a', 'b', 'none', 'a'];
  let asked = 0;
  world.answer = ({ name }) => ({
    outcome: failing[Math.floor(asked++ / 2)] === name ? 'failed' : 'passed',
    message: 'x',
  });
  const id = begin(world, [{ setWeight: 10 }, lenient, { setWeight: 100 }]);
  await world.clock.pass(2);
  t.equal(world.release(id).state, 'progressing', 'each of the two has failed once');
  t.same(world.log, [
    { release: id, metric: 'a', message: 'x' },
    { release: id, metric: 'b', message: 'x' },
  ]);
  await world.clock.pass(1);
  t.match(world.release(id), { state: 'aborted', message: /^a failed: x \(2 of 4 measurements failed, 1 may\)/ });
});

t.test('what is inconclusive at the last measurement pauses the release; before, it does not matter', async (t) => {
  const world = makeWorld(t);
  const outcomes: GateOutcome[] = ['inconclusive', 'inconclusive', 'passed', 'passed', 'inconclusive', 'inconclusive'];
  let asked = 0;
  world.answer = () => ({ outcome: outcomes[asked++] ?? 'passed', message: '7 of 1000 answers', value: 7 });
  const id = begin(world, [{ setWeight: 10 }, gate, { setWeight: 20 }, gate, { setWeight: 100 }]);
  await world.clock.pass(20);
  t.equal(world.green(), 20, 'the third measurement passed');
  t.equal(world.release(id).reason, 'analysis_running');
  await world.clock.pass(20);
  t.match(world.release(id), { state: 'paused', reason: 'analysis_inconclusive', message: /^up: 7 of 1000 answers/ });
  await world.clock.pass(1000);
  world.restart();
  await world.clock.pass(1000);
  t.match(world.release(id), { state: 'paused' }, 'no time ends it, and no restart');
  t.equal(asked, 6);
  t.match(world.fixture.store.history('service', app, 99, 1), [
    { summary: /is paused by its analysis\. up: 7 of 1000/ },
  ]);
  world.fixture.must({ kind: 'release.resume', id });
  await world.clock.pass(20);
  t.equal(asked, 9, 'measured again');
  t.equal(world.green(), 100);
});

t.test('how far an analysis is can be read, until it has its verdict', async (t) => {
  const world = makeWorld(t);
  const outcomes: GateOutcome[] = ['failed', 'inconclusive', 'passed'];
  let asked = 0;
  world.answer = () => ({ outcome: outcomes[asked++], message: `answer ${asked}`, value: asked });
  const lenient: Step = { analysis: { ...gate.analysis, failureLimit: 1 } as Analysis };
  const id = begin(world, [{ setWeight: 10 }, lenient, { pause: {} }, { setWeight: 100 }]);
  const none = { measurements: 0, failures: 0, inconclusive: 0, last: undefined };
  t.match(world.progress(id), { count: 3, failureLimit: 1, lastAtMs: undefined, metrics: [{ name: 'up', ...none }] });
  await world.clock.pass(10);
  t.match(world.progress(id), {
    lastAtMs: NOON_MS + 10_000,
    metrics: [{ measurements: 2, failures: 1, inconclusive: 1, last: { message: 'answer 2', value: 2 } }],
  });
  await world.clock.pass(10);
  t.equal(world.progress(id), undefined);
});

t.test('an analysis of which the release has moved on says nothing more', async (t) => {
  const world = makeWorld(t);
  const id = begin(world, [{ setWeight: 10 }, gate, { setWeight: 100 }]);
  let fail: (measurement: Measurement) => void = () => {};
  world.answer = () =>
    new Promise((resolve) => {
      fail = resolve;
    });
  await world.clock.pass(10);
  world.fixture.must({ kind: 'release.pause', id });
  fail({ outcome: 'failed', message: 'late' });
  await world.clock.pass(100);
  t.match(world.release(id), { state: 'paused', reason: 'pause_requested' });
  world.answer = () => ({ outcome: 'passed', message: 'fine' });
  world.fixture.must({ kind: 'release.resume', id });
  await world.clock.pass(20);
  t.match(world.release(id), { state: 'completed' });
});

t.test('a release that is paused or ended asks no gate any more', async (t) => {
  const world = makeWorld(t);
  const id = begin(world, [{ setWeight: 10 }, gate, { setWeight: 100 }]);
  await world.clock.pass(1);
  world.fixture.must({ kind: 'release.pause', id });
  await world.clock.pass(100);
  t.equal(world.asked.length, 1);
  world.fixture.must({ kind: 'release.resume', id });
  await world.clock.pass(1);
  t.equal(world.asked.length, 2);
  world.fixture.must({ kind: 'release.abort', id });
  await world.clock.pass(100);
  t.equal(world.asked.length, 2);
});

t.test('a step is refused where the release has moved on since it waited', async (t) => {
  const world = makeWorld(t);
  const { fixture } = world;
  const id = begin(world, tens);
  const { revision } = world.release(id);
  fixture.must({ kind: 'release.promote', id, full: false });
  t.equal(fixture.code({ kind: 'release.step', id, revision }), 'revision_stale');
  t.equal(fixture.code({ kind: 'release.step', id: '99', revision }), 'revision_stale');
  t.equal(world.green(), 20);
});

t.test('a store that cannot be written holds a step up, and it is taken once it can', async (t) => {
  const world = makeWorld(t);
  const id = begin(world, [{ setWeight: 10 }, { pause: { duration: 60 } }, gate, { setWeight: 100 }]);
  setReadOnly(world.fixture.store, true);
  await world.clock.pass(90);
  t.equal(world.release(id).stepIndex, 1);
  setReadOnly(world.fixture.store, false);
  await world.clock.pass(1);
  t.equal(world.release(id).stepIndex, 2);
  world.answer = () => ({ outcome: 'failed', message: 'no' });
  setReadOnly(world.fixture.store, true);
  await world.clock.pass(15);
  t.equal(world.release(id).state, 'progressing');
  setReadOnly(world.fixture.store, false);
  await world.clock.pass(1);
  t.equal(world.release(id).state, 'aborted', 'a verdict is not lost');
});

t.test('a runner that was stopped takes no step, not even of a release that begins then', async (t) => {
  const world = makeWorld(t);
  begin(world, tens);
  world.stop();
  const id = begin(world, [{ setWeight: 10 }, gate, { setWeight: 100 }], [api]);
  await world.clock.pass(1000);
  t.same([world.green(app), world.green(api), world.asked], [10, 10, []]);
  world.restart();
  await world.clock.pass(1000);
  t.equal(world.green(app), 40);
  t.match(world.release(id), { state: 'completed' });
});

type Happening =
  | { readonly what: 'pass'; readonly seconds: number }
  | { readonly what: 'jump'; readonly ms: number }
  | { readonly what: 'restart' | 'rollback' | 'fail' | 'promote' | 'pause' | 'resume' | 'abort' | 'retry' };

const anyHappening: fc.Arbitrary<Happening> = fc.oneof(
  fc.integer({ min: 0, max: 90 }).map((seconds): Happening => ({ what: 'pass', seconds })),
  fc.integer({ min: -1e7, max: 1e7 }).map((ms): Happening => ({ what: 'jump', ms })),
  fc
    .constantFrom('restart', 'rollback', 'fail', 'promote', 'pause', 'resume', 'abort', 'retry')
    .map((what): Happening => ({ what })),
);
const anyStep = fc.constantFrom<Step>(
  { setWeight: 10 },
  { setWeight: 50 },
  { setWeight: 100 },
  { pause: { duration: 30 } },
  { pause: {} },
  gate,
);
const anySteps = fc
  .array(anyStep, { minLength: 1, maxLength: 5 })
  .filter((steps) => steps.some(({ setWeight }) => setWeight !== undefined));

t.test('whatever happens, weights are those of one revision, and no step is taken twice or left out', async (t) => {
  const happenings = fc.array(anyHappening, { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(anySteps, happenings, (steps, happenings) => play(t, steps, happenings)),
    { numRuns: runs(60) },
  );
});

async function play(t: Test, steps: Step[], happenings: Happening[]): Promise<void> {
  const world = makeWorld(t, { ttlSeconds: 20, release: { ttlSeconds: 10 } });
  const id = begin(world, steps, [app, api]);
  for (const happening of happenings) {
    await happen(world, id, happening);
    checkState(world, id);
  }
  checkLog(world, id, steps);
  world.fixture.close();
  world.clock.kill();
}

async function happen(world: ReleaseWorld, id: string, happening: Happening): Promise<void> {
  const { clock, fixture } = world;
  switch (happening.what) {
    case 'pass':
      return clock.pass(happening.seconds);
    case 'jump':
      return clock.jump(happening.ms);
    case 'restart':
      return world.restart();
    case 'fail':
      world.answer = () => ({ outcome: 'failed', message: 'no' });
      return;
    case 'rollback':
      fixture.must({ kind: 'rollback', name: app }, { atMs: clock.wallMs() });
      return;
    default: {
      const command = { kind: `release.${happening.what}`, id, full: false } as const;
      const result = fixture.execute(command, { atMs: clock.wallMs() });
      if (!(result instanceof Problem)) return;
      assert(['release_state', 'nothing_to_release'].includes(result.code), result.code);
    }
  }
}

function checkState({ fixture, release }: ReleaseWorld, id: string): void {
  const { state, services } = release(id);
  const isOver = state === 'aborted' || state === 'completed';
  for (const { name, weights, before } of services) {
    const service = fixture.store.service(name);
    const inForce = Object.fromEntries(service?.pools.map((pool) => [pool.name, pool.weight]) ?? []);
    assert(Object.values(inForce).some((weight) => weight > 0));
    const [last] = fixture.store.history('service', name, Number.MAX_SAFE_INTEGER, 1);
    const logged = last?.subjects.find((subject) => subject.kind === 'service' && subject.name === name)?.after;
    assert.deepEqual(inForce, logged, 'what is in force is what the log says last');
    if (!isOver) assert.deepEqual(inForce, weights);
    if (state === 'aborted') assert.deepEqual(inForce, before);
    assert.equal(service?.loweredTtlSeconds, isOver ? undefined : 10);
  }
  assert.deepEqual(services[0]?.weights, services[1]?.weights);
}

/** From one beginning to the next, every step comes once, in order, and is a revision. */
function checkLog({ fixture }: ReleaseWorld, id: string, steps: readonly Step[]): void {
  let index = 0;
  for (const { kind, subjects } of fixture.store.historyAfter('release', id, 0, 1000)) {
    const subject = subjects.find((each) => each.kind === 'release') as Subject;
    const { stepIndex, services, state } = subject.after as Release;
    if (kind === 'release.create' || kind === 'release.retry') index = 0;
    const taken = steps.slice(index, stepIndex).flatMap(({ setWeight }) => setWeight ?? []);
    assert(stepIndex >= index && taken.length <= 1, `${kind} from ${index} to ${stepIndex}`);
    const [percent] = taken;
    if (percent !== undefined && state !== 'aborted') {
      for (const { weights } of services) assert.equal(weights.green, percent);
    }
    index = stepIndex;
  }
}
