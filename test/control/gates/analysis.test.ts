/** What an analysis makes of gates that cannot be asked, and of pools that change while they are measured. */
import t from 'tap';
import { eventsOf } from '../../../src/control/events/event.ts';
import type { Analysis, Step } from '../../../src/model/release.ts';
import type { Measurement } from '../../../src/model/release-analysis.ts';
import type { Revision } from '../../../src/model/revision.ts';
import { bluegreen } from '../../fixtures/engine.ts';
import { setReadOnly } from '../../fixtures/store.ts';
import { app, begin, makeWorld } from '../releases/world.ts';

const gate: Step = {
  analysis: { intervalSeconds: 10, count: 3, metrics: [{ name: 'up', web: { url: 'http://example.com' } }] },
};

t.test('a gate that throws is an error', async (t) => {
  const world = makeWorld(t);
  world.answer = () => {
    throw new Error('broken');
  };
  const strict: Step = { analysis: { ...gate.analysis, consecutiveErrorLimit: 0 } as Analysis };
  const id = begin(world, [{ setWeight: 10 }, strict, { setWeight: 100 }]);
  await world.clock.pass(1);
  t.match(world.release(id), {
    state: 'aborted',
    message: /^up could not be measured: could not be asked: broken \(1 errors in a row, 0 may be\)/,
  });
});

t.test('what cannot be asked is measured again, and only too often in a row ends the release', async (t) => {
  const error: Measurement = { outcome: 'error', message: 'answered 503, not 200' };
  const passed: Measurement = { outcome: 'passed', message: 'fine' };
  const world = makeWorld(t);
  const answers = [error, error, error, error, passed, error, error, error, error, passed, passed];
  let asked = 0;
  world.answer = () => answers[asked++] ?? error;
  const id = begin(world, [{ setWeight: 10 }, gate, { setWeight: 20 }, gate, { setWeight: 100 }]);
  await world.clock.pass(30);
  t.match(world.progress(id), {
    consecutiveErrorLimit: 4,
    metrics: [{ measurements: 0, failures: 0, errors: 4, consecutiveErrors: 4, last: error }],
  });
  await world.clock.pass(10);
  t.match(world.progress(id)?.metrics, [{ measurements: 1, errors: 4, consecutiveErrors: 0 }]);
  await world.clock.pass(60);
  t.equal(world.green(), 20, 'three measurements, however many errors came between them');
  t.equal(asked, 12, 'the second analysis has begun');
  await world.clock.pass(30);
  t.equal(world.release(id).state, 'progressing', 'four in a row may be');
  await world.clock.pass(10);
  const message = /^up could not be measured: answered 503, not 200 \(5 errors in a row, 4 may be\)/;
  t.match(world.release(id), { state: 'aborted', reason: 'analysis_failed', message });
  t.equal(world.green(), 0);
});

t.test('an error is measured again soon, though the interval is long; the other metrics keep theirs', async (t) => {
  const world = makeWorld(t);
  const metrics = ['a', 'b'].map((name) => ({ name, web: { url: 'http://example.com' } }));
  const slow: Step = { analysis: { intervalSeconds: 600, count: 2, metrics } };
  let errors = 2;
  world.answer = ({ name }) =>
    name === 'b' && errors-- > 0 ? { outcome: 'error', message: 'gone' } : { outcome: 'passed', message: 'fine' };
  begin(world, [{ setWeight: 10 }, slow, { setWeight: 100 }]);
  await world.clock.pass(599);
  t.same(world.asked, ['a', 'b', 'b', 'b']);
  await world.clock.pass(1);
  t.same(world.asked, ['a', 'b', 'b', 'b', 'a']);
  t.equal(world.green(), 10);
  await world.clock.pass(20);
  t.same(world.asked, ['a', 'b', 'b', 'b', 'a', 'b']);
  t.equal(world.green(), 100);
});

t.test('targets that change while they are measured begin the analysis anew, which says so', async (t) => {
  const world = makeWorld(t);
  const { must, store } = world.fixture;
  const pools = { ...bluegreen(90, 10).pools, spare: { weight: 0, targets: ['192.0.2.30'] } };
  must({ kind: 'service.put', name: app, body: { pools } });
  const green = (...targets: string[]) => ({ green: { targets } });
  const spare = (target: string) => ({ spare: { targets: [target] } });
  // Weights are left to the release, so that a PUT may only mend targets.
  let targets: Record<string, { targets: readonly string[] }> = Object.fromEntries(
    Object.entries(pools).map(([name, { targets }]) => [name, { targets }]),
  );
  const mend = (more: typeof targets): void => {
    targets = { ...targets, ...more };
    must({ kind: 'service.put', name: app, body: { pools: targets } }, { atMs: world.clock.wallMs() });
  };
  const id = begin(world, [{ setWeight: 10 }, gate, { setWeight: 100 }]);
  world.answer = () => ({ outcome: 'passed', message: 'fine' });
  await world.clock.pass(10);
  t.match(world.progress(id)?.metrics, [{ measurements: 2 }]);
  mend(spare('192.0.2.31'));
  mend({ green: { targets: ['192.0.2.20'] } });
  await world.clock.pass(0);
  t.match(world.progress(id)?.metrics, [{ measurements: 2 }], 'a pool that nobody measures, and no change');

  mend(green('192.0.2.21', '192.0.2.22'));
  const before = store.lastRevision;
  await world.clock.pass(0);
  t.match(world.progress(id)?.metrics, [{ measurements: 1 }], 'its first measurement again');
  const message = /^The targets of green of app\.example\.com changed: the analysis begins anew\. Step 2/;
  t.match(world.release(id), { state: 'progressing', reason: 'analysis_running', message });
  const [revision] = store.revisions(before, 10);
  t.match(revision, { kind: 'release.step', actor: 'teal', summary: /is measured anew.*The targets of green/ });
  t.match(
    eventsOf(revision as Revision, store).map((event) => event.name === 'release' && event.trigger),
    [false, 'on-analysis-run-running'],
  );
  mend(green('192.0.2.22', '192.0.2.21'));
  t.match(world.progress(id)?.metrics, [{ measurements: 1 }], 'the order of targets means nothing');
  await world.clock.pass(10);
  t.match(world.progress(id)?.metrics, [{ measurements: 2 }]);

  let fail = (_: Measurement): void => {};
  world.answer = () =>
    new Promise((resolve) => {
      fail = resolve;
    });
  await world.clock.pass(10);
  mend({ blue: { targets: ['192.0.2.11'] } });
  fail({ outcome: 'failed', message: 'of the old targets' });
  world.answer = () => ({ outcome: 'passed', message: 'fine' });
  await world.clock.pass(0);
  t.match(
    world.release(id),
    { state: 'progressing', message: /^The targets of blue of app/ },
    'late answers count no more',
  );
  await world.clock.pass(19);
  t.equal(world.release(id).state, 'progressing');
  await world.clock.pass(1);
  t.match(world.release(id), { state: 'completed' });
});

t.test('a store that refuses holds the new beginning up, and no old measurement decides meanwhile', async (t) => {
  const world = makeWorld(t);
  const { must, store } = world.fixture;
  const id = begin(world, [{ setWeight: 10 }, gate, { setWeight: 100 }]);
  await world.clock.pass(19);
  const targets = { blue: { targets: ['192.0.2.10'] }, green: { targets: ['192.0.2.99'] } };
  must({ kind: 'service.put', name: app, body: { pools: targets } });
  setReadOnly(store, true);
  await world.clock.pass(100);
  t.match(world.release(id), { state: 'progressing' });
  t.equal(world.green(), 10);
  setReadOnly(store, false);
  await world.clock.pass(1);
  t.match(world.release(id), { message: /^The targets of green/ });
  await world.clock.pass(20);
  t.match(world.release(id), { state: 'completed' });
});
