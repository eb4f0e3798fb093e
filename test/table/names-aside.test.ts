/** Names that come into their index many at once are all in it, wherever they were kept. */
import t from 'tap';
import { nameToWire } from '../../src/model/name.ts';
import { finishHash, HashedName } from '../../src/table/hash.ts';
import { findEntry, IndexWriter } from '../../src/table/index.ts';
import { Arena, createSharedTable } from '../../src/table/memory.ts';
import { NamesAside } from '../../src/table/names-aside.ts';
import { writeName } from '../../src/table/unseen-nodes.ts';
import { nameKeys } from '../fixtures/table.ts';

t.test('more of them than are kept at a time', async (t) => {
  const arena = new Arena(createSharedTable(2 ** 20, 2 ** 24));
  const blocks = { view: arena.view, allocate: (words: number) => arena.allocate(words) };
  const index = new IndexWriter(arena, { retire: () => {} }, true);
  const cell = arena.allocate(1);
  t.ok(index.create(cell, 0));
  const apex = nameToWire('example.test');
  const aside = new NamesAside(arena.view, index, cell, apex.length, 7);
  const hashed = new HashedName(nameKeys());
  const hashOf = (name: Uint8Array): number => {
    hashed.set(name, 0);
    return finishHash(hashed.states[0]);
  };
  const names = Array.from({ length: 1000 }, (_, i) => nameToWire(`n${1000 + i}.example.test`));
  const entries = names.map((name) => {
    t.ok(aside.isNew(name, 0));
    aside.makeRoom();
    const entry = writeName(blocks, name, 0, name.length, hashOf(name));
    aside.add(entry, hashOf(name));
    t.ok(aside.isLast(name, 0, name.length));
    t.notOk(aside.isNew(name, 0), 'not twice');
    return entry;
  });
  t.ok(aside.left.length > 0);
  aside.putIn();
  t.equal(aside.left.length, 0);
  const found = names.map((name) => findEntry(arena.view, cell, hashOf(name), name, 0, name.length));
  t.strictSame(found, entries);
});

t.test('what may be there already is not taken for new', async (t) => {
  const arena = new Arena(createSharedTable(2 ** 20, 2 ** 24));
  const blocks = { view: arena.view, allocate: (words: number) => arena.allocate(words) };
  const index = new IndexWriter(arena, { retire: () => {} }, true);
  const aside = new NamesAside(arena.view, index, 0, nameToWire('example.test').length);
  const ordered = ['-', 'a', 'a-', 'a-b', 'a0', 'aa', 'b'].map((label) => nameToWire(`${label}.example.test`));
  for (const [i, name] of ordered.entries()) {
    aside.last = writeName(blocks, name, 0, name.length, 0);
    for (const [k, other] of ordered.entries()) {
      // By their text: a hyphen comes before a dot.
      const text = (n: Uint8Array) => `${Buffer.from(n.subarray(1, 1 + n[0])).toString('latin1')}.example.test`;
      t.equal(aside.isNew(other, 0), text(other) > text(name), `${i} ${k}`);
    }
  }
});
