/** Names come out in the order of their text, whatever runs of them were in order before. */
import fc from 'fast-check';
import t from 'tap';
import { orderOf } from '../../src/model/name-order.ts';
import { runs } from '../fixtures/runs.ts';

/** What begins another name, ends where it goes on, or is escaped. */
const pieces = ['a', 'b', '-', '_', '0', '9', 'a.', '\\.', '\\200', '*.', 'aaaaaaaaa', 'aaaaaaaab.'];
const name = fc.array(fc.constantFrom(...pieces), { maxLength: 5 }).map((each) => each.join(''));
const names = fc.uniqueArray(fc.tuple(name, fc.nat()), { selector: ([text]) => text, maxLength: 120 });

function sorted(texts: readonly string[], isLarge: boolean): string[] {
  const starts = new Uint32Array(texts.length + 1);
  for (const [i, { length }] of texts.entries()) starts[i + 1] = starts[i] + length;
  const order = orderOf({ bytes: Buffer.from(texts.join('')), starts, count: texts.length, isLarge });
  return Array.from(order, (number) => texts[number] as string);
}

t.test('merged from one run or many, of one length or several, and sorted where there are more', async (t) => {
  fc.assert(
    fc.property(
      names,
      fc.integer({ min: 1, max: 20 }),
      fc.boolean(),
      fc.boolean(),
      (drawn, runs, isUneven, isLarge) => {
        const inOrder = drawn.toSorted(([a], [b]) => (a < b ? -1 : 1));
        const of = (number: number): number =>
          isUneven ? Math.floor(Math.log2(1 + (number % 2 ** runs))) : number % runs;
        const given = Array.from({ length: 2 * runs }, (_, run) => inOrder.filter(([, number]) => of(number) === run));
        const texts = given.flat().map(([text]) => text);
        t.strictSame(
          sorted(texts, isLarge),
          inOrder.map(([text]) => text),
        );
      },
    ),
    { numRuns: runs(400) },
  );
});

t.test('thousands that come by turns, agree in many of their first bytes, or end where others go on', async (t) => {
  const reverse = Array.from({ length: 5000 }, (_, i) => `${i & 15}.${(i >> 4) & 63}.${i >> 10}.bench.test`);
  const alike = Array.from({ length: 600 }, (_, i) => `${'x'.repeat(i % 41)}${i}`);
  const ends = Array.from({ length: 200 }, (_, i) => 'yz'.repeat(i + 1).slice(0, i + 1));
  const texts = [...reverse, ...alike, ...ends].filter((text, i, all) => all.indexOf(text) === i);
  // By turns: no long run of them is in order.
  const mixed = texts.map((_, i) => texts[(i * 1009) % texts.length] as string);
  t.equal(new Set(mixed).size, texts.length, 'each of them once');
  t.strictSame(sorted(mixed, false), mixed.toSorted());
});
