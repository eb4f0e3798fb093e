/** What is kept free of imports: by what the file system tells, and where it tells nothing, nobody is refused. */
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import t, { type Test } from 'tap';
import { Room } from '../../src/store/room.ts';
import { temporaryFolder } from '../fixtures/engine.ts';
import { pretendFree, replace } from '../fixtures/file-system.ts';

const MEBIBYTE = 2 ** 20;

function roomOf(t: Test): { room: Room; database: Sqlite.Database } {
  const database = new Sqlite(join(temporaryFolder(t), 'x.db'));
  t.teardown(() => database.close());
  database.pragma('journal_mode = WAL');
  database.pragma('wal_autocheckpoint = 0');
  database.exec('CREATE TABLE some (bytes BLOB)');
  return { room: new Room(database), database };
}

t.test('what is only in the log counts twice, and what was deleted not at all', async (t) => {
  const { room, database } = roomOf(t);
  pretendFree(t, 8);
  t.doesNotThrow(() => room.mustHave(MEBIBYTE));
  t.throws(() => room.mustHave(2 * MEBIBYTE), /the disk has no room/);
  t.notOk(room.isScarce());
  database.exec(`INSERT INTO some VALUES (zeroblob(${5 * MEBIBYTE}))`);
  t.throws(() => room.mustHave(1), /the disk has no room/, 'the database will grow by that');
  t.ok(room.isScarce(), 'and soon could no longer');
  database.pragma('wal_checkpoint(PASSIVE)');
  t.doesNotThrow(() => room.mustHave(MEBIBYTE));
  t.notOk(room.isScarce());
  database.exec('DELETE FROM some');
  pretendFree(t, 4.5);
  t.doesNotThrow(() => room.mustHave(2 * MEBIBYTE), 'in the place of what was deleted, in the database and in the log');
  t.throws(() => room.mustHave(8 * MEBIBYTE), /the disk has no room/);
});

t.test('where nobody tells how much is free', async (t) => {
  const { room } = roomOf(t);
  pretendFree(t, undefined);
  t.doesNotThrow(() => room.mustHave(MEBIBYTE));
  t.notOk(room.isScarce());
  replace(t, {
    statfsSync: () => {
      throw new Error('ENOSYS');
    },
  });
  t.doesNotThrow(() => room.mustHave(MEBIBYTE));
  pretendFree(t, -1);
  t.doesNotThrow(() => room.mustHave(MEBIBYTE));
});

t.test('a disk that is full', async (t) => {
  const { room, database } = roomOf(t);
  pretendFree(t, 0);
  t.throws(() => room.mustHave(1), /the disk has no room/);
  database.exec('INSERT INTO some VALUES (zeroblob(100000))');
  t.notOk(room.isScarce(), 'what cannot be brought in need not be tried at each change');
});
