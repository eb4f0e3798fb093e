/** Copies of the store: whole while it changes, checked, brought back, and nothing is lost on the way. */
import { appendFileSync, existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import t from 'tap';
import type { Problem } from '../../src/model/errors.ts';
import { backupStore, inspectBackup, restoreStore } from '../../src/store/backup.ts';
import { openStore, type Store } from '../../src/store/sqlite.ts';
import { temporaryFolder } from '../fixtures/engine.ts';

/** Appends a revision about nothing. */
function commit(store: Store, revision: number): Problem | undefined {
  const summary = `revision ${revision} of a test, with some text so that the log grows by pages`;
  const told = { revision, atMs: revision, actor: 'test', kind: 'shift', summary, subjects: [] } as const;
  return store.commit({ revision: told, changes: [] }, []);
}

const quiet = { replace: false, progress: () => {} };

t.test('a backup under changes is whole, and as of one instant', async (t) => {
  const folder = temporaryFolder(t);
  const store = openStore(folder);
  for (let revision = 1; revision <= 200; revision++) commit(store, revision);
  const file = join(folder, 'copy.db');
  let done = false;
  const copying = backupStore(folder, file, quiet).finally(() => {
    done = true;
  });
  let revision = 200;
  while (!done) {
    commit(store, ++revision);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const content = await copying;
  t.ok(content.revision >= 200 && content.revision <= revision, `${content.revision} of ${revision}`);
  t.equal(content.bytes, statSync(file).size);
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.same(
    readdirSync(folder).filter((name) => name.includes('partial') || name.startsWith('copy.db-')),
    [],
  );
  const copy = new Sqlite(file, { readonly: true });
  const { n } = copy.prepare('SELECT count(*) AS n FROM revisions').get() as { n: number };
  t.equal(n, content.revision, 'every revision up to its last');
  copy.close();
  store.close();
});

t.test('it does not overwrite, unless it is to', async (t) => {
  const folder = temporaryFolder(t);
  openStore(folder).close();
  const file = join(folder, 'copy.db');
  writeFileSync(file, 'mine');
  await t.rejects(backupStore(folder, file, quiet), /is there already/);
  t.equal(readFileSync(file, 'utf8'), 'mine');
  t.match(await backupStore(folder, file, { ...quiet, replace: true }), { revision: 0 });
  await t.rejects(backupStore(join(folder, 'nothing'), file, quiet), /there is no store in/);
  t.notOk(existsSync(join(folder, 'nothing')), 'and none is made');
});

t.test('what is damaged or something else is refused', async (t) => {
  const folder = temporaryFolder(t);
  const store = openStore(folder);
  for (let revision = 1; revision <= 500; revision++) commit(store, revision);
  store.close();
  const file = join(folder, 'copy.db');
  await backupStore(folder, file, quiet);
  const bytes = readFileSync(file);
  const damage = (change: (copy: Buffer) => void): string => {
    const copy = Buffer.from(bytes);
    change(copy);
    writeFileSync(file, copy);
    return file;
  };
  t.throws(
    () => inspectBackup(damage((copy) => copy.fill(0xff, 4096 * 4, 4096 * 5))),
    /is damaged|is no store of teal/,
    'a page',
  );
  t.throws(() => inspectBackup(damage((copy) => copy.fill(0, 0, 16))), /is no store of teal/, 'the head');
  damage(() => {});
  truncateSync(file, 4096 * 3);
  t.throws(() => inspectBackup(file), /is damaged|is no store of teal/, 'cut off');
  writeFileSync(file, '');
  t.throws(() => inspectBackup(file), /is no store of teal/, 'empty');
  damage((copy) => copy.writeUInt32BE(1000, 60));
  t.throws(() => inspectBackup(file), /has version 1000, this program knows up to/, 'of a newer teal');
  t.throws(() => inspectBackup(join(folder, 'absent.db')), /cannot open/);
});

t.test('a restore refuses while the store is in use, and where there is one; else it brings all back', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'copy.db');
  const store = openStore(folder);
  for (let revision = 1; revision <= 3; revision++) commit(store, revision);
  await backupStore(folder, file, quiet);
  commit(store, 4);
  t.throws(() => restoreStore(file, folder, { replace: true }), /is in use by a teal server: stop it first/);
  store.close();
  t.throws(() => restoreStore(file, folder, { replace: false }), /is there already/);
  appendFileSync(join(folder, 'teal.db-wal'), '');
  const { kept, ...content } = restoreStore(file, folder, { replace: true });
  t.match(content, { revision: 3 });
  t.match(inspectBackup(kept as string), { revision: 4 }, 'what was there is kept, whole');
  const restored = openStore(folder);
  t.equal(restored.lastRevision, 3);
  t.equal(commit(restored, 4), undefined, 'and goes on from there');
  restored.close();
  const fresh = join(folder, 'fresh');
  t.match(restoreStore(file, fresh, { replace: false }), { revision: 3, kept: undefined });
  t.equal(statSync(join(fresh, 'teal.db')).mode & 0o777, 0o600);
});

t.test('a store that was killed is kept whole when it is replaced: its log is not taken for the new one', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'copy.db');
  const store = openStore(folder);
  commit(store, 1);
  await backupStore(folder, file, quiet);
  commit(store, 2);
  // As a kill leaves it: the last commits are in the log beside the database only.
  const killed = join(folder, 'killed');
  openStore(killed).close();
  for (const end of ['', '-wal'])
    writeFileSync(join(killed, `teal.db${end}`), readFileSync(join(folder, `teal.db${end}`)));
  store.close();
  const { kept } = restoreStore(file, killed, { replace: true });
  t.match(inspectBackup(kept as string), { revision: 2 });
  const restored = openStore(killed);
  t.equal(restored.lastRevision, 1);
  restored.close();
});
