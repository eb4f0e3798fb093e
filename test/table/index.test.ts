/** The index finds what was put into it, also where hashes were made to collide. */
import t from 'tap';
import { findEntry, IndexWriter } from '../../src/table/index.ts';
import { ENTRY } from '../../src/table/layout.ts';
import { Arena, createSharedTable } from '../../src/table/memory.ts';
import { Reclaimer } from '../../src/table/reclaim.ts';

/** A word that nothing else uses. */
const CELL = 8;

function makeIndex() {
  const arena = new Arena(createSharedTable(2 ** 20, 2 ** 28));
  const reclaimer = new Reclaimer(arena);
  const index = new IndexWriter(arena, reclaimer);
  index.create(CELL);
  /** A name of one label, under a hash of the test's choice; false: refused. */
  const insert = (number: number, hash: number): boolean => {
    const entry = arena.allocate(ENTRY.NAME_BYTES + 2);
    arena.view.words[entry + ENTRY.HASH] = hash;
    arena.view.words[entry + ENTRY.NAME] = 6;
    arena.view.bytes.set(nameOf(number), (entry + ENTRY.NAME_BYTES) * 4);
    return index.insert(CELL, entry);
  };
  const find = (number: number, hash: number): number => findEntry(arena.view, CELL, hash, nameOf(number), 0, 6);
  const remove = (number: number, hash: number): void => index.remove(CELL, find(number, hash));
  return { insert, find, remove, hasMore: (most: number) => index.hasMore(CELL, most) };
}

function nameOf(number: number): Uint8Array {
  return Uint8Array.of(4, number >>> 24, (number >>> 16) & 0xff, (number >>> 8) & 0xff, number & 0xff, 0);
}

t.test('names with one hash are told apart', (t) => {
  const { insert, find } = makeIndex();
  for (let i = 0; i < 1000; i++) t.ok(insert(i, 0x12345678));
  const found = new Set(Array.from({ length: 1000 }, (_, i) => find(i, 0x12345678)));
  t.equal(found.size, 1000);
  t.notOk(found.has(0));
  t.equal(find(1000, 0x12345678), 0);
  t.end();
});

t.test('whether there are more names than so many is known to the last one, with those that have gone', (t) => {
  const { insert, remove, hasMore } = makeIndex();
  t.equal(hasMore(0), false);
  const hashOf = (i: number): number => Math.imul(i, 0x9e3779b1);
  for (let i = 0; i < 5000; i++) insert(i, hashOf(i));
  t.same([4999, 5000, 10_000].map(hasMore), [true, false, false]);
  for (let i = 0; i < 5000; i += 3) remove(i, hashOf(i));
  t.same([3332, 3333, 4000].map(hasMore), [true, false, false]);
  t.end();
});

t.test('names made to agree in the bits that a directory tells apart are refused at last, and do no harm', (t) => {
  const { insert, find } = makeIndex();
  const hashOf = (i: number): number => 0x7a5c3e00 | (i & 0xff);
  let taken = 0;
  while (taken < 2 ** 17 && insert(taken, hashOf(taken))) taken++;
  t.ok(taken > 10_000 && taken < 2 ** 15, `${taken} were taken`);
  for (let i = 0; i < taken; i += 97) t.not(find(i, hashOf(i)), 0);
  t.ok(insert(1, 0x11111111), 'others are taken as before');
  t.not(find(1, 0x11111111), 0);
  t.end();
});

t.test('an index for more names than there is room for is refused, and all that it had taken is there again', (t) => {
  const arena = new Arena(createSharedTable(2 ** 20, 2 ** 22));
  const index = new IndexWriter(arena, new Reclaimer(arena));
  const before = arena.usedBytes;
  t.equal(index.create(CELL, 10_000_000), false);
  t.equal(arena.usedBytes, before);
  t.ok(index.create(CELL, 10_000));
  t.end();
});
