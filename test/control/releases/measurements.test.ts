/** What the gates of a release said outlives the release, the process, and whoever takes it back. */
import t from 'tap';
import type { Analysis, Step } from '../../../src/model/release.ts';
import { NOON_MS } from '../../fixtures/engine.ts';
import { app, begin, makeWorld } from './world.ts';

const gate: Step = {
  analysis: { intervalSeconds: 10, count: 3, metrics: [{ name: 'up', web: { url: 'http://example.com' } }] },
};

t.test('what the gates said stays with the release: through an abort, a restart, a retry, a rollback', async (t) => {
  const world = makeWorld(t);
  const id = begin(world, [{ setWeight: 50 }, gate, { setWeight: 100 }]);
  await world.clock.pass(9);
  world.answer = () => ({ outcome: 'failed', message: 'status 503', value: 503 });
  await world.clock.pass(1);
  const failed = {
    stepIndex: 1,
    phase: 'failed',
    message: /status 503/,
    startedAtMs: NOON_MS,
    endedAtMs: NOON_MS + 10_000,
    metrics: [
      {
        name: 'up',
        counts: { passed: 1, failed: 1 },
        latest: [
          { atMs: NOON_MS, phase: 'passed', message: 'fine' },
          { atMs: NOON_MS + 10_000, phase: 'failed', message: 'status 503', value: 503 },
        ],
      },
    ],
  };
  t.match(world.release(id).analyses, [failed]);
  const [revision] = world.fixture.store.history('service', app, 99, 1);
  t.notMatch(JSON.stringify(revision?.subjects), /latest/, 'the log has its verdict, not all of it again');
  world.restart();
  t.match(world.release(id).analyses, [failed]);
  world.fixture.must({ kind: 'release.retry', id }, { atMs: world.clock.wallMs() });
  await world.clock.pass(0);
  world.fixture.must({ kind: 'rollback', name: app }, { atMs: world.clock.wallMs() });
  t.match(world.release(id), {
    state: 'aborted',
    reason: 'analysis_failed',
    analyses: [{ isEarlier: true }, { phase: 'failed' }],
  });
});

t.test(
  'a person who ends an analysis keeps what it had measured; a process that was killed had it in memory',
  async (t) => {
    const world = makeWorld(t);
    const lenient: Step = { analysis: { ...gate.analysis, failureLimit: 2 } as Analysis };
    const id = begin(world, [lenient, { setWeight: 100 }]);
    world.answer = () => ({ outcome: 'failed', message: 'slow' });
    await world.clock.pass(10);
    world.restart();
    await world.clock.pass(0);
    t.equal(world.release(id).analyses, undefined, 'it began anew, and nothing was written for each measurement');
    world.fixture.must({ kind: 'rollback', name: app }, { atMs: world.clock.wallMs() });
    t.match(world.release(id), {
      state: 'aborted',
      analyses: [
        { stepIndex: 0, phase: 'stopped', metrics: [{ counts: { failed: 1 }, latest: [{ message: 'slow' }] }] },
      ],
    });
  },
);
