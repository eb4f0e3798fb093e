/** Choosing a pool: exact draws, shares as the weights say, and never a pool of weight 0. */
import fc from 'fast-check';
import t from 'tap';
import { draw, type Random, Xoshiro128 } from '../../../src/table/picking/pick.ts';
import { CHI_SQUARE_LIMIT, chiSquare } from '../../fixtures/chi-square.ts';
import { buildQuery, decode } from '../../fixtures/dns-client.ts';
import { runs } from '../../fixtures/runs.ts';
import { apply, askBytes, makeTable, service, zone } from '../../fixtures/table.ts';

/** Answers of `draws` seeded queries by pool; pool i has the target 192.0.2.i. */
function answersByPool(weights: readonly number[], draws: number, seed: number): number[] {
  const { table, responder } = makeTable({ seed });
  const pools = Object.fromEntries(weights.map((weight, i) => [`p${i}`, [weight, `192.0.2.${i}`] as [number, string]]));
  apply(table, zone('example.test'), service('example.test', 'app.example.test', pools));
  const query = buildQuery({ name: 'app.example.test', type: 'A' });
  const counts = weights.map(() => 0);
  for (let i = 0; i < draws; i++) {
    const reply = decode(askBytes(responder, query) as Buffer);
    counts[Number(reply.answers[0].data.split('.')[3])]++;
  }
  return counts;
}

for (const weights of [
  [90, 10],
  [50, 20, 15, 10, 5],
  [65535, 65535, 1, 30000, 7, 12345, 999],
]) {
  t.test(`10,000 draws at ${weights.join('/')} are shared as the weights say (chi-square, p > 0.001)`, (t) => {
    const draws = 10_000;
    const total = weights.reduce((sum, weight) => sum + weight);
    // Pools that expect fewer than five answers are left out, as the test's own conditions ask.
    const counted = weights.map((weight) => (draws * weight) / total >= 5);
    for (const seed of [1, 2, 3]) {
      const counts = answersByPool(weights, draws, seed).filter((_, i) => counted[i]);
      const expected = weights.map((weight) => (draws * weight) / total).filter((_, i) => counted[i]);
      const limit = CHI_SQUARE_LIMIT[counts.length - 1];
      t.ok(chiSquare(counts, expected) < limit, `seed ${seed}: ${counts}`);
    }
    t.end();
  });
}

t.test('the chi-square of the tests above is able to fail', (t) => {
  const counts = answersByPool([88, 12], 10_000, 1);
  t.ok(chiSquare(counts, [9000, 1000]) > CHI_SQUARE_LIMIT[1], '88/12 is told from 90/10');
  t.end();
});

t.test('a pool of weight 0 never answers, wherever it stands', (t) => {
  for (const weights of [
    [0, 1],
    [1, 0],
    [0, 3, 0, 1, 0],
  ]) {
    const counts = answersByPool(weights, 2000, 7);
    counts.forEach((count, i) => {
      t.equal(count > 0, weights[i] > 0, `weights ${weights}: pool ${i} answered ${count} times`);
    });
  }
  t.end();
});

/** A source that gives these values, then ever different ones: a draw that rejects all of the first must still end. */
function scripted(values: readonly number[]): Random {
  let at = 0;
  return { next: () => values[at++] ?? Math.imul(at, 0x9e3779b9) >>> 0 };
}

t.test('a draw lies in [0, total) whatever the source gives', (t) => {
  const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 16 * 65535 }),
      fc.array(word, { minLength: 1, maxLength: 8 }),
      (total, words) => {
        // A source of rejected values only would be drawn from for ever: it ends in one that is taken.
        const value = draw(scripted([...words, 2 ** 31]), total, 2 ** 32 % total);
        return Number.isInteger(value) && value >= 0 && value < total;
      },
    ),
    { numRuns: runs(100) },
  );
  t.equal(draw(scripted([2 ** 32 - 1]), 1_048_560, 0), 1_048_559, 'the largest word gives the largest value');
  t.end();
});

t.test('a draw is the high half of word times total, and the low half decides whether it is taken', (t) => {
  const word = fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 });
  const totals = fc.oneof(
    fc.integer({ min: 1, max: 16 * 65535 }),
    fc.constantFrom(1, 2, 3, 65536, 2 ** 20, 16 * 65535),
  );
  fc.assert(
    fc.property(totals, fc.array(word, { maxLength: 8 }), (total, words) => {
      const rejectBelow = 2 ** 32 % total;
      const all = [...words, 2 ** 32 - 1];
      const products = all.map((word) => (BigInt(word) & 0xffffffffn) * BigInt(total));
      const taken = products.find((product) => Number(product & 0xffffffffn) >= rejectBelow);
      return taken === undefined || draw(scripted(all), total, rejectBelow) === Number(taken >> 32n);
    }),
    { numRuns: runs(1000) },
  );
  t.end();
});

t.test('every value of a small total is exactly as likely: the words that would favour one are drawn again', (t) => {
  // With 2^32 = 3 * 1,431,655,765 + 1 one word is one too many; it is the one whose low half is 0: word 0.
  t.equal(draw(scripted([0, 2 ** 31]), 3, 2 ** 32 % 3), 1, 'word 0 is drawn again');
  t.equal(draw(scripted([1]), 3, 2 ** 32 % 3), 0, 'word 1 is taken');
  t.end();
});

t.test('a draw is a small integer to V8, so that none makes garbage', (t) => {
  const random = new Xoshiro128(new Uint32Array([1, 2, 3, 5]));
  const draws = Array.from({ length: 1000 }, () => random.next());
  t.same(
    draws,
    draws.map((word) => word | 0),
  );
  t.ok(draws.some((word) => word < 0));
  t.end();
});

t.test('the generator is the published xoshiro128**', (t) => {
  // Our seeding makes the last word odd, so that the state is never all zero.
  const random = new Xoshiro128(new Uint32Array([1, 2, 3, 5]));
  const draws = [random.next(), random.next(), random.next(), random.next()].map((word) => word >>> 0);
  t.same(draws, reference([1, 2, 3, 5], 4));
  t.end();
});

/** xoshiro128** word by word as its authors print it, in BigInt. */
function reference(seed: readonly number[], count: number): number[] {
  const mask = 0xffffffffn;
  const s = seed.map(BigInt);
  const rotl = (x: bigint, k: bigint): bigint => ((x << k) | (x >> (32n - k))) & mask;
  return Array.from({ length: count }, () => {
    const result = (rotl((s[1] * 5n) & mask, 7n) * 9n) & mask;
    const shifted = (s[1] << 9n) & mask;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotl(s[3], 11n);
    return Number(result);
  });
}
