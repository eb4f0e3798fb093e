/** The data directory: an emptied one is no new one, another program's is not taken, and the files are for their owner. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import t, { type Test } from 'tap';
import { backupStore, restoreStore } from '../../src/store/backup.ts';
import { openStore } from '../../src/store/sqlite.ts';
import { makeEngine, temporaryFolder, withService } from '../fixtures/engine.ts';

/** A directory that was in use, with its files. */
function used(t: Test): string {
  const fixture = withService(makeEngine(t));
  fixture.close();
  writeFileSync(join(fixture.folder, 'admin.token'), 'x');
  return fixture.folder;
}

/** Changes the database by SQL, as somebody else may. */
function sql(file: string, text: string): void {
  const database = new Sqlite(file);
  database.pragma('foreign_keys = OFF');
  database.exec(text);
  database.close();
}

const lost: Readonly<Record<string, (folder: string) => void>> = {
  'without its database': (folder) => rmSync(join(folder, 'teal.db')),
  'a database of 0 bytes': (folder) => truncateSync(join(folder, 'teal.db'), 0),
  'a log without its database': (folder) => {
    rmSync(join(folder, 'teal.db'));
    rmSync(join(folder, 'admin.token'));
    rmSync(join(folder, 'teal.lock'));
    writeFileSync(join(folder, 'teal.db-wal'), 'x'.repeat(5000));
  },
  'the lock alone': (folder) => {
    for (const name of readdirSync(folder)) if (name !== 'teal.lock') rmSync(join(folder, name));
  },
  'the token alone': (folder) => {
    for (const name of readdirSync(folder)) if (name !== 'admin.token') rmSync(join(folder, name));
  },
  'the copy of a table alone': (folder) => {
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
    writeFileSync(join(folder, 'table.img'), 'x');
  },
  'a store that was put aside, alone': (folder) => {
    for (const name of readdirSync(folder)) if (name !== 'teal.db') rmSync(join(folder, name));
    renameSync(join(folder, 'teal.db'), join(folder, 'teal.db.before-restore-1'));
  },
  'a database without tables': (folder) => {
    rmSync(join(folder, 'teal.db'));
    sql(join(folder, 'teal.db'), 'CREATE TABLE x (y); DROP TABLE x;');
  },
  'tables without a revision': (folder) =>
    sql(
      join(folder, 'teal.db'),
      `DROP TRIGGER revisions_remain; DROP TRIGGER subjects_remain; DELETE FROM subjects; DELETE FROM revisions;
      DELETE FROM services; DELETE FROM zones; DELETE FROM tokens;`,
    ),
  'a link that leads nowhere': (folder) => {
    rmSync(join(folder, 'teal.db'));
    symlinkSync(join(folder, 'elsewhere.db'), join(folder, 'teal.db'));
  },
};

t.test('a directory that has lost its content is refused in one line, and begins anew only when told so', async (t) => {
  for (const [title, lose] of Object.entries(lost)) {
    const folder = used(t);
    lose(folder);
    const before = readdirSync(folder).filter((name) => name !== 'teal.lock');
    const refusal = {
      message: /^[^\n]*(lost|leads nowhere)[^\n]*; teal restore brings a backup back; [^\n]*startEmpty/,
    };
    t.throws(() => openStore(folder), refusal, title);
    t.throws(() => openStore(folder), refusal, `${title}, tried again`);
    t.same(
      readdirSync(folder).filter((name) => name !== 'teal.lock'),
      before,
      `${title}: nothing was touched`,
    );
    const store = openStore(folder, { startEmpty: true });
    t.equal(store.isUnused, true, title);
    store.close();
    const kept = before.filter((name) => name.startsWith('teal.db') && !name.includes('before-restore')).length;
    t.equal(
      readdirSync(folder).filter((name) => name.includes('.lost-1')).length,
      kept,
      `${title}: what is left is kept`,
    );
    openStore(folder).close();
  }
});

t.test('startEmpty does nothing to a store that is well', async (t) => {
  const folder = used(t);
  const store = openStore(folder, { startEmpty: true });
  t.equal(store.lastRevision, 2);
  store.close();
});

t.test("what is another program's, or cannot be read, is refused in one line, also with startEmpty", async (t) => {
  const others: Readonly<Record<string, [(file: string) => void, RegExp]>> = {
    'another database': [
      (file) => sql(file, 'CREATE TABLE bookmarks (url)'),
      /is a SQLite database, but no store of teal/,
    ],
    'with a version of its own': [
      (file) => sql(file, 'CREATE TABLE bookmarks (url); PRAGMA user_version = 1'),
      /is a SQLite database, but no store of teal/,
    ],
    'with another application_id': [
      (file) => sql(file, 'CREATE TABLE revisions (x); PRAGMA user_version = 1; PRAGMA application_id = 1196444487'),
      /is a SQLite database, but no store of teal/,
    ],
    'a directory': [(file) => mkdirSync(file), /cannot open the store in/],
    'no database': [(file) => writeFileSync(file, 'text '.repeat(1000)), /file is not a database/],
  };
  for (const [title, [make, message]] of Object.entries(others)) {
    const folder = temporaryFolder(t);
    make(join(folder, 'teal.db'));
    const before = statSync(join(folder, 'teal.db'));
    t.throws(() => openStore(folder), { message }, title);
    t.throws(() => openStore(folder, { startEmpty: true }), { message }, title);
    t.equal(statSync(join(folder, 'teal.db')).size, before.size, `${title}: it is as it was`);
  }
});

t.test(
  'a new directory is new, also with what file systems and others put there, or after a start that was cut off',
  async (t) => {
    const nested = join(temporaryFolder(t), 'a/b/c');
    openStore(nested).close();
    t.equal(statSync(nested).mode & 0o777, 0o700);
    const folder = temporaryFolder(t);
    mkdirSync(join(folder, 'lost+found'));
    writeFileSync(join(folder, 'teal.yaml'), '');
    // As a kill leaves them between the first file and the last.
    writeFileSync(join(folder, 'teal.db.new'), 'half');
    writeFileSync(join(folder, 'teal.lock'), '');
    const store = openStore(folder);
    t.equal(store.isUnused, true);
    t.notOk(existsSync(join(folder, 'teal.db.new')));
    store.close();
    const again = openStore(folder);
    t.equal(again.isUnused, true, 'still unused, so that a seed that was cut off is made');
    again.close();
  },
);

t.test('the lock is for its owner: nobody else can hold it', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'teal.lock'), '', { mode: 0o644 });
  writeFileSync(join(folder, 'teal.db.new'), '');
  chmodSync(join(folder, 'teal.lock'), 0o644);
  openStore(folder).close();
  for (const name of ['teal.lock', 'teal.db']) t.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
});

t.test(
  'a place where no directory can be made is refused at once',
  { skip: process.platform !== 'linux' },
  async (t) => {
    for (const place of ['/proc/teal', '/proc/teal/a/b', '/proc/self/fd/teal', '/dev/null/teal', '/sys/teal']) {
      t.throws(() => openStore(place), { message: new RegExp(`^cannot open the store in ${place}: E[A-Z]+`) }, place);
    }
  },
);

t.test('a restore replaces a store that is damaged, and no log that it left is taken for the new one', async (t) => {
  const copy = join(temporaryFolder(t), 'copy.db');
  const folder = used(t);
  await backupStore(folder, copy, { replace: false, progress: () => {} });
  const damages: Readonly<Record<string, () => void>> = {
    overwritten: () => writeFileSync(join(folder, 'teal.db'), Buffer.alloc(20_000, 0xff)),
    empty: () => truncateSync(join(folder, 'teal.db'), 0),
    gone: () => rmSync(join(folder, 'teal.db')),
  };
  for (const [title, damage] of Object.entries(damages)) {
    damage();
    writeFileSync(join(folder, 'teal.db-wal'), 'what a damaged store left');
    const { kept } = restoreStore(copy, folder, { replace: true });
    t.notOk(existsSync(join(folder, 'teal.db-wal')), title);
    t.ok(existsSync(`${kept}-wal`) || existsSync(kept as string), `${title}: it is kept`);
    const store = openStore(folder);
    t.equal(store.lastRevision, 2, title);
    store.close();
  }
  t.equal(readFileSync(copy).subarray(0, 15).toString(), 'SQLite format 3');
});
