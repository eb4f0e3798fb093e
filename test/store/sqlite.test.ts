/** The store: private, for one process, durable by its settings, and clear about what it cannot open. */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import t from 'tap';
import { Grant } from '../../src/control/grant.ts';
import { StoreError } from '../../src/store/error.ts';
import { SCHEMA_VERSION } from '../../src/store/migrations.ts';
import { openStore } from '../../src/store/sqlite.ts';
import { bluegreen, makeEngine, NOON_MS, temporaryFolder, withService } from '../fixtures/engine.ts';

const everything = new Grant({ zoneOf: () => undefined, zoneAt: () => undefined, service: () => undefined }, undefined);

t.test('the database and what SQLite puts beside it can be read by their owner only', async (t) => {
  const folder = temporaryFolder(t);
  const store = openStore(folder);
  t.teardown(() => store.close());
  t.equal(store.tryAgain(), undefined);
  for (const file of ['teal.db', 'teal.db-wal', 'teal.db-shm']) {
    t.equal(statSync(join(folder, file)).mode & 0o777, 0o600, file);
  }
});

t.test(
  'a second store on the same folder is refused with a clear message, and free again after the first',
  async (t) => {
    const folder = temporaryFolder(t);
    const first = openStore(folder);
    t.throws(
      () => openStore(folder),
      new StoreError(`${folder} is in use by another teal process; each needs a data directory of its own`),
    );
    first.close();
    openStore(folder).close();
  },
);

t.test('what is written to learn whether there is room for a change is room for the next one', async (t) => {
  const folder = temporaryFolder(t);
  const store = openStore(folder);
  const database = new Sqlite(join(folder, 'teal.db'), { readonly: true });
  const freeBytes = (): number =>
    Number(database.pragma('freelist_count', { simple: true })) *
    Number(database.pragma('page_size', { simple: true }));
  const before = freeBytes();
  t.equal(store.tryAgain(), undefined);
  t.ok(freeBytes() - before > 100 * 1024, `${freeBytes() - before} bytes`);
  database.close();
  store.close();
});

t.test('a database of a newer version, a broken one and a folder that is a file are refused', async (t) => {
  const folder = temporaryFolder(t);
  const database = new Sqlite(join(folder, 'teal.db'));
  database.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
  database.close();
  t.throws(() => openStore(folder), { message: /start a newer teal/ });
  const broken = join(temporaryFolder(t), 'broken');
  mkdirSync(broken);
  writeFileSync(join(broken, 'teal.db'), 'not a database, but long enough to look at'.repeat(100));
  t.throws(() => openStore(broken), { message: /cannot open the store in .*not a database/ });
  const file = join(temporaryFolder(t), 'file');
  writeFileSync(file, '');
  t.throws(() => openStore(file), { message: /cannot open the store/ });
});

t.test('commits wait for the disk: WAL with synchronous=FULL', async (t) => {
  const store = openStore(temporaryFolder(t));
  t.teardown(() => store.close());
  t.same(store.durability, { journalMode: 'wal', synchronous: 2 });
});

t.test('the log is append-only, even for SQL', async (t) => {
  const fixture = withService(makeEngine(t));
  fixture.close();
  const database = new Sqlite(join(fixture.folder, 'teal.db'));
  t.throws(() => database.exec("UPDATE revisions SET actor = 'x'"), { message: /append-only/ });
  t.throws(() => database.exec('DELETE FROM revisions'), { message: /append-only/ });
  t.throws(() => database.exec("UPDATE subjects SET after = 'null'"), { message: /append-only/ });
  t.throws(() => database.exec('DELETE FROM subjects'), { message: /append-only/ });
  database.close();
});

t.test('lists go by name and by number, page by page', async (t) => {
  const fixture = withService(makeEngine(t));
  for (const name of ['c', 'b', 'a'])
    fixture.must({ kind: 'service.put', name: `${name}.example.com`, body: bluegreen(1, 1) });
  const first = fixture.queries.services(undefined, 2, everything) as { items: { name: string }[]; next?: string };
  t.same(
    first.items.map(({ name }) => name),
    ['a.example.com', 'app.example.com'],
  );
  const second = fixture.queries.services(first.next, 2, everything) as typeof first;
  t.same(
    second.items.map(({ name }) => name),
    ['b.example.com', 'c.example.com'],
  );
  t.equal(second.next, undefined);
  t.match(fixture.queries.revisions(1, 2, false, everything), { items: [{ revision: 2 }, { revision: 3 }], next: '3' });
  t.match(fixture.queries.history('a.example.com', undefined, 10, true, everything), {
    items: [{ revision: 5, kind: 'service.put' }],
  });
});

t.test('the log is asked by time without being read: what came before is not looked at', async (t) => {
  const { store, must } = withService(makeEngine(t));
  const name = 'app.example.com';
  for (const atMs of [1000, 2000, 3000]) {
    must({ kind: 'service.delete', name }, { atMs: NOON_MS + atMs });
    must({ kind: 'service.put', name, body: bluegreen(1, 1) }, { atMs: NOON_MS + atMs });
  }
  const before = [-1, 1, 1000, 1001, 2500, 9000].map((ms) => store.revisionBefore(NOON_MS + ms));
  t.same(before, [0, 2, 2, 4, 6, 8]);
  t.equal(store.madeAfter('service', name, 4), 8);
  t.equal(store.madeAfter('service', name, 8), undefined);
});
