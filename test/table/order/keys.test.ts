/** Keys sort as names do, as far as they tell them apart, and a search by them finds what a search of a sorted list does. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { compareNames, NameOrder, SAME } from '../../../src/table/order/compare.ts';
import { NameCodes } from '../../../src/table/order/keys.ts';
import { OrderSearch } from '../../../src/table/order/search.ts';
import { OrderWriter } from '../../../src/table/order/tree.ts';
import { runs } from '../../fixtures/runs.ts';
import { makeArena } from './arena.ts';

/** Bytes that stand beside each other in the order of codes, or share one. */
const byte = fc.oneof(
  fc.constantFrom(
    0,
    1,
    0x29,
    0x2a,
    0x2b,
    0x2c,
    0x2d,
    0x2e,
    0x2f,
    0x30,
    0x39,
    0x3a,
    0x5e,
    0x5f,
    0x60,
    0x61,
    0x7a,
    0x7b,
    0xff,
  ),
  fc.constantFrom(...Buffer.from('ab-01z')),
);
const label = fc.array(byte, { minLength: 1, maxLength: 9 });
const labels = fc.array(label, { maxLength: 4 });
/** With an upper-case letter it would be no name of the table's. */
const wireOf = (labels: readonly (readonly number[])[]): Uint8Array =>
  Uint8Array.from([...labels.flatMap((label) => [label.length, ...label]), 0]);

function codesOf(name: Uint8Array): NameCodes {
  const codes = new NameCodes();
  // What was there before leaves nothing behind.
  codes.read(Uint8Array.of(9, ...Buffer.from('zzzzzzzzz')), 0, 10);
  codes.read(name, 0, name.length - 1);
  return codes;
}

t.test('keys sort as names do', (t) => {
  let told = 0;
  fc.assert(
    fc.property(labels, labels, labels, fc.nat(12), (one, two, apex, from) => {
      const [a, b] = [wireOf([...one, ...apex]), wireOf([...two, ...apex])];
      const [codes, others] = [codesOf(a), codesOf(b)];
      const shared = Math.min(from, codes.commonWith(others));
      const difference = codes.keyAt(shared) - others.keyAt(shared);
      if (difference === 0) return;
      told++;
      assert.equal(Math.sign(difference), compareNames(a, 0, b, 0) === -1 ? -1 : 1);
    }),
    { numRuns: runs(500) },
  );
  t.ok(told > 30, 'names with other keys');
  t.end();
});

const sortWires = (names: readonly Uint8Array[]): Uint8Array[] => [...names].sort((a, b) => compareNames(a, 0, b, 0));

/** Searches an order of the names for all that are asked, and compares with the sorted list. */
function agrees(names: readonly Uint8Array[], asked: readonly Uint8Array[], shared: number): void {
  const { blocks, arena, entryOf } = makeArena();
  const list = sortWires([...new Map(names.map((name) => [Buffer.from(name).toString('hex'), name])).values()]);
  const entries = list.map(entryOf);
  const writer = new OrderWriter(blocks);
  const half = Math.floor(entries.length / 2);
  // Half of them come one by one.
  let root = writer.build(entries.slice(0, half));
  for (const entry of entries.slice(half)) root = writer.insert(root, entry);
  const reader = new OrderSearch(arena.view, new NameOrder());
  for (const name of [...asked, ...list]) {
    const i = list.findLastIndex((each) => compareNames(each, 0, name, 0) <= SAME);
    reader.find(root, name, 0, SAME, shared);
    const found = [reader.before, reader.after];
    const isThere = i >= 0 && compareNames(list[i] as Uint8Array, 0, name, 0) === SAME;
    assert.deepEqual(found, [entries[i] ?? 0, entries[i + 1] ?? 0], Buffer.from(name).toString('latin1'));
    assert.equal(reader.before !== 0 && reader.place === SAME, isThere);
  }
}

t.test('names of all bytes, below an apex of all bytes', (t) => {
  fc.assert(
    fc.property(
      labels,
      fc.array(labels, { minLength: 1, maxLength: 200 }),
      fc.array(labels, { maxLength: 20 }),
      (apex, names, asked) => {
        const below = (all: readonly number[][][]): Uint8Array[] => all.map((one) => wireOf([...one, ...apex]));
        agrees(below([[], ...names]), below(asked), wireOf(apex).length);
      },
    ),
    { numRuns: runs(40) },
  );
  t.end();
});

t.test('names that begin alike, one below the other, and hashes', async () => {
  const text = (name: string): Uint8Array => wireOf(name.split('.').map((label) => [...Buffer.from(label)]));
  const alike = Array.from({ length: 700 }, (_, i) => `customer-${i * 7}.eu-west.example`).concat(
    'eu-west.example',
    'example',
  );
  agrees(
    alike.map(text),
    Array.from({ length: 200 }, (_, i) => text(`customer-${i * 31}x.eu-west.example`)),
    9,
  );
  const deep = Array.from({ length: 60 }, (_, i) => [...Array(i).fill('a'), 'example'].join('.'));
  agrees(deep.map(text), [text('b.example'), text('a.b.a.a.example'), text('0.a.a.example')], 9);
  const hash = (i: number): string => ((i * 0x9e3779b1) >>> 0).toString(32).padStart(7, '0').repeat(5).slice(0, 32);
  const hashes = Array.from({ length: 900 }, (_, i) => text(hash(i)));
  agrees(
    hashes,
    Array.from({ length: 200 }, (_, i) => text(hash(i + 5000))),
    1,
  );
});
