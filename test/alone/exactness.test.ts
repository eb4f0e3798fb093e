/** No answer is stale while weights shift a hundred times a second under a client that asks flat out. */
import t from 'tap';
import { measureExactness } from '../../bench/exactness.ts';
import { temporaryFolder } from '../fixtures/engine.ts';

t.test('100,000 answers and 50 shifts, each held against what was acknowledged before its query', async (t) => {
  const { answers, stale, unasked, shifts } = await measureExactness(temporaryFolder(t), {
    answers: 100_000,
    shifts: 50,
  });
  t.ok(answers >= 100_000);
  t.ok(shifts >= 50);
  t.equal(stale, 0);
  t.equal(unasked, 0, 'each query is answered once');
});

t.test('the client notices: of shifts that are called acknowledged too early it finds the stale answers', async (t) => {
  const { stale } = await measureExactness(temporaryFolder(t), { answers: 50_000, shifts: 50, lies: true });
  t.ok(stale > 0, `${stale} stale answers`);
});
