/** The order of a zone's names: RFC 4034's, whatever comes and goes, and each generation's its own. */
import fc from 'fast-check';
import t from 'tap';
import { nameToWire } from '../../../src/model/name.ts';
import { BELOW, compareNames, NameOrder, SAME } from '../../../src/table/order/compare.ts';
import { OrderSearch } from '../../../src/table/order/search.ts';
import { OrderWriter } from '../../../src/table/order/tree.ts';
import { runs } from '../../fixtures/runs.ts';
import { makeArena } from './arena.ts';

/** RFC 4034 §6.1, in its order. */
const ordered = [
  'example',
  'a.example',
  'yljkjljk.a.example',
  'z.a.example',
  'zabc.a.example',
  'z.example',
  '\\001.z.example',
  '*.z.example',
  '\\200.z.example',
];

function sorted(names: readonly string[]): string[] {
  return [...names].sort((a, b) => compareNames(nameToWire(a), 0, nameToWire(b), 0));
}

t.test('names stand in the order of RFC 4034 §6.1', async (t) => {
  t.same(sorted([...ordered].reverse()), ordered);
});

const label = fc.constantFrom(
  'a',
  'b',
  'c',
  'ab',
  '*',
  '-',
  'z',
  '\\000',
  '\\255',
  '/',
  'm',
  'n0',
  'n1',
  'n2',
  'n3',
  'n4',
);
const name = fc.array(label, { maxLength: 4 }).map((labels) => [...labels, 'test'].join('.'));

t.test('an order agrees with a sorted list, and a reader of before with the list of before', async () => {
  const property = fc.property(
    fc.array(fc.array(fc.record({ name, isThere: fc.boolean() }), { maxLength: 60 }), { maxLength: 12 }),
    fc.array(name, { minLength: 1, maxLength: 20 }),
    fc.boolean(),
    (rounds, asked, starts) => {
      const { blocks, collect, entry, used, arena } = makeArena();
      const writer = new OrderWriter(blocks);
      const entries = new Map<string, number>();
      const entryOf = (name: string): number => {
        const known = entries.get(name) ?? entry(name);
        entries.set(name, known);
        return known;
      };
      const held = new Set<string>(starts ? Array.from({ length: 300 }, (_, i) => `x${i}.test`) : []);
      let root = writer.build(sorted([...held]).map(entryOf));
      let before: { root: number; names: string[] } | undefined;
      const reader = new OrderSearch(arena.view, new NameOrder());
      const agrees = (root: number, names: readonly string[]): void => {
        const all = names.map(entryOf);
        if (JSON.stringify([...writer.entries(root)]) !== JSON.stringify(all)) throw new Error('not the same names');
        for (const each of asked) {
          const wire = nameToWire(each);
          for (const most of [SAME, BELOW] as const) {
            // All end in `test`, so that its bytes need not be looked at.
            reader.find(root, wire, 0, most, names.length % 2 === 0 ? 1 : 6);
            const isIn = (other: string): boolean => {
              const place = compareNames(nameToWire(other), 0, wire, 0);
              return place <= most;
            };
            const i = names.findLastIndex(isIn);
            if (reader.before !== (i < 0 ? 0 : all[i])) throw new Error(`before ${each}`);
            if (reader.after !== (all[i + 1] ?? 0)) throw new Error(`after ${each}`);
          }
        }
      };
      for (const round of rounds) {
        for (const { name, isThere } of round) {
          if (held.has(name) === isThere) continue;
          root = isThere ? writer.insert(root, entryOf(name)) : writer.remove(root, entryOf(name));
          if (isThere) held.add(name);
          else held.delete(name);
        }
        const names = sorted([...held]);
        agrees(root, names);
        // The pages of before are as they were until nobody can be there.
        if (before !== undefined) agrees(before.root, before.names);
        collect();
        before = { root, names };
      }
      if (used.size !== [...writer.pages(root)].length) throw new Error('pages that nobody reaches');
      writer.retireAll(root);
      if (used.size !== 0) throw new Error('pages left');
    },
  );
  fc.assert(property, { numRuns: runs(60) });
});

t.test('an order of many names is built, emptied and filled again', async (t) => {
  const { blocks, used, entry } = makeArena();
  const writer = new OrderWriter(blocks);
  const names = sorted(Array.from({ length: 5000 }, (_, i) => `n${(i * 7919) % 5000}.d${i % 7}.test`));
  const entries = names.map(entry);
  let root = writer.build(entries);
  t.same([...writer.entries(root)], entries);
  for (let i = 0; i < entries.length; i++) root = writer.remove(root, entries[(i * 3001) % 5000] as number);
  t.equal(root, 0);
  t.equal(used.size, 0, 'all pages are given back');
  for (let i = 0; i < entries.length; i++) root = writer.insert(root, entries[(i * 3001) % 5000] as number);
  t.same([...writer.entries(root)], entries);
  t.ok(used.size < 5000 / 20, `${used.size} pages of 5000 names are more than a third full`);
});
