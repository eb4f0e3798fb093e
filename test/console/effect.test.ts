/** What a confirmation says of a shift. */
import t from 'tap';
import { effectOf } from '../../src/console/rules/effect.ts';

t.test('a canary begins', async (t) => {
  const { moved, sentences, emptied } = effectOf({ blue: 100, green: 0 }, { blue: 90, green: 10 }, { ttlSeconds: 5 });
  t.equal(moved, 0.1);
  t.same(emptied, []);
  t.match(sentences[0], /10% of all new answers move from blue to green/);
  t.ok(
    sentences.some((sentence) => sentence.startsWith('green gets its first traffic')),
    'who gets traffic for the first time is named',
  );
  t.ok(sentences.some((sentence) => sentence.includes('5 s (the TTL)')));
});

t.test('a pool is emptied', async (t) => {
  const { emptied, settleSeconds, sentences } = effectOf(
    { blue: 10, green: 90 },
    { blue: 0, green: 100 },
    { ttlSeconds: 60, resolvers: 1200 },
  );
  t.same(emptied, ['blue']);
  t.ok(settleSeconds > 60, 'the margin is in it');
  t.ok(sentences.some((sentence) => sentence.includes('keep it running until the drain report says so')));
  t.match(sentences.at(-1), /At least 1,200 resolvers have asked/);
});

t.test('other weights, same shares', async (t) => {
  const { moved, sentences } = effectOf({ blue: 1, green: 1 }, { blue: 50, green: 50 }, { ttlSeconds: 5 });
  t.equal(moved, 0);
  t.equal(sentences[0], 'The shares stay as they are.');
});
