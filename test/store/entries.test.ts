/** What the log keeps of its entries and of imported zones is bounded: by revisions, and by bytes. */
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import t, { type Test } from 'tap';
import { Entries } from '../../src/store/entries.ts';
import { pack } from '../../src/store/packed.ts';
import { openStore } from '../../src/store/sqlite.ts';
import { temporaryFolder } from '../fixtures/engine.ts';

/** The entries of a new store, by a connection of its own. */
function makeEntries(t: Test) {
  const folder = temporaryFolder(t);
  openStore(folder).close();
  const database = new Sqlite(join(folder, 'teal.db'));
  t.teardown(() => database.close());
  const entries = new Entries(database);
  let last = 0;
  const add = (summary: string): void => {
    const revision = { revision: ++last, atMs: 0, actor: 'test', kind: 'shift', summary, subjects: [] } as const;
    entries.add({ revision, changes: [] });
  };
  const forget = (revisions: number, maxBytes: number): void => {
    const retention = { revisions, maxBytes };
    for (let n = 0; entries.forget(retention, last, (work) => work()); n++) if (n > 10_000) throw new Error('no end');
  };
  const kept = (): number[] =>
    Array.from({ length: last }, (_, i) => i + 1).filter((n) => entries.get(n) !== undefined);
  return { database, entries, add, forget, kept };
}

const content = (text: string) =>
  pack([{ name: 'a.example', type: 16, ttlSeconds: 60, rdata: [new TextEncoder().encode(text)] }]);

t.test('only so many revisions are kept', async (t) => {
  const { add, forget, kept } = makeEntries(t);
  for (let i = 0; i < 350; i++) add('x');
  forget(10, 2 ** 30);
  t.same(kept(), [341, 342, 343, 344, 345, 346, 347, 348, 349, 350]);
  add('x');
  forget(10, 2 ** 30);
  t.equal(kept()[0], 342);
});

t.test('and so many bytes, whoever has counted them', async (t) => {
  const { database, add, forget, kept } = makeEntries(t);
  const bytes = (): number =>
    database.prepare('SELECT ifnull(sum(octet_length(body)), 0) FROM entries').pluck().get() as number;
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 40; i++) add('x'.repeat(1000));
    forget(1000, 20_000);
    t.ok(bytes() <= 20_000 && bytes() > 17_000, `${bytes()}`);
    t.equal(kept().at(-1), (round + 1) * 40, 'the newest is there');
  }
});

t.test(
  'a content is kept as long as the last revision that has it, and one that an import waits for longer',
  async (t) => {
    const { entries, add, forget } = makeEntries(t);
    const { packed } = entries;
    const [old, again, staged, given] = ['old', 'again', 'staged', 'given up'].map(content);
    for (const each of [old, again]) {
      add('import');
      packed.use(each.hash, 1, each.chunks);
    }
    for (const each of [staged, given]) {
      packed.begin(each);
      each.chunks.forEach((chunk, i) => {
        packed.addChunk(each.hash, i, chunk);
      });
    }
    packed.unpin(given.hash);
    for (let i = 0; i < 20; i++) add('x');
    packed.use(again.hash, 20, undefined);
    forget(10, 2 ** 30);
    t.equal(packed.get(old.hash), undefined);
    t.match(packed.get(again.hash), { chunks: { length: 1 } });
    t.equal(packed.get(given.hash), undefined);
    packed.use(staged.hash, 22, undefined);
    t.equal(packed.get(staged.hash)?.chunks.length, 1);
    packed.unpinAll();
    forget(0, 0);
    t.equal(packed.bytes, 0);
  },
);

t.test('a content that two imports bring is kept for the other one where one comes to nothing', async (t) => {
  const { entries, add, forget } = makeEntries(t);
  const { packed } = entries;
  const both = content('of two nodes');
  t.notOk(packed.pin(both), 'it is not there yet');
  packed.begin(both);
  t.notOk(packed.pin(both), 'nor is it whole');
  both.chunks.forEach((chunk, i) => {
    packed.addChunk(both.hash, i, chunk);
  });
  t.ok(packed.pin(both), 'it is not brought in once more: the other one may be reading it');
  packed.unpin(both.hash);
  for (let i = 0; i < 20; i++) add('x');
  forget(10, 2 ** 30);
  packed.use(both.hash, 20, undefined);
  t.equal(packed.get(both.hash)?.chunks.length, 1);
  forget(0, 0);
  t.equal(packed.get(both.hash), undefined, 'nobody waits for it any more');
});

/** What the staging thread has beside the builder thread: another connection. */
function another(t: Test, { name }: { readonly name: string }): Entries {
  const database = new Sqlite(name);
  t.teardown(() => database.close());
  return new Entries(database);
}

t.test('what another thread has forgotten is not counted any more', async (t) => {
  const { database, entries, add, forget, kept } = makeEntries(t);
  const other = another(t, database);
  const retention = { revisions: 1000, maxBytes: 20_000 };
  for (let round = 1; round < 4; round++) {
    for (let i = 0; i < 40; i++) add('x'.repeat(1000));
    t.notOk(
      entries.forget({ ...retention, maxBytes: 2 ** 30 }, 40 * round, (work) => work()),
      'only counted',
    );
    while (other.forget(retention, 40 * round, (work) => work()));
    const left = kept();
    forget(retention.revisions, retention.maxBytes);
    t.same(kept(), left);
    t.ok(left.length > 10);
  }
});

t.test('a content that is to be forgotten stays where another thread makes use of it just before', async (t) => {
  const uses: readonly ((packed: Entries['packed'], old: ReturnType<typeof content>) => void)[] = [
    (packed, old) => t.ok(packed.pin(old), 'an import is under way'),
    (packed, old) => packed.use(old.hash, 20, undefined),
  ];
  for (const use of uses) {
    const { database, entries, add } = makeEntries(t);
    const { packed } = another(t, database);
    const old = content('old');
    for (let i = 0; i < 20; i++) add('x');
    packed.use(old.hash, 1, old.chunks);
    entries.forget({ revisions: 10, maxBytes: 2 ** 30 }, 20, (work) => {
      use(packed, old);
      work();
    });
    t.match(packed.get(old.hash), { chunks: { length: 1 } });
    t.ok(
      entries.forget({ revisions: 10, maxBytes: 2 ** 30 }, 20, (work) => work()),
      'others are',
    );
    t.match(packed.get(old.hash), { chunks: { length: 1 } });
  }
});

t.test('what was forgotten just before is not there for an import', async (t) => {
  const { entries } = makeEntries(t);
  const { packed } = entries;
  const old = content('old');
  packed.use(old.hash, 1, old.chunks);
  packed.forgetSome({ hash: old.hash, revision: 1 });
  t.notOk(packed.pin(old));
  packed.begin(old);
  t.notOk(packed.pin(old), 'nor what is half there');
});
