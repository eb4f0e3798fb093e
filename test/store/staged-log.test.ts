/** An import leaves what it stages in the write-ahead log, on the disk, and nobody's commit has to bring that into the database. */
import fs from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { packedBytes, writePacked } from '../../src/model/packed-form.ts';
import { BLOCK_BYTES } from '../../src/store/blocks.ts';
import { LOG_BYTES } from '../../src/store/log-length.ts';
import { openStore } from '../../src/store/sqlite.ts';
import { LEFT_MAX_BYTES, StagedLog } from '../../src/store/staged-log.ts';
import { Staging } from '../../src/store/staging.ts';
import { Turn } from '../../src/store/turn.ts';
import { temporaryFolder } from '../fixtures/engine.ts';

const MIB = 2 ** 20;
/** More than what a commit brings in by itself where nothing is owed. */
const PIECES = 330;
const RDATA_BYTES = 60_000;

function piece(i: number): Buffer {
  const name = `n${String(i).padStart(4, '0')}.log.test`;
  const rrset = { name, type: 65_280, ttlSeconds: 60, rdata: [Buffer.alloc(RDATA_BYTES, i)] };
  const bytes = Buffer.alloc(packedBytes(rrset));
  writePacked(bytes, 0, rrset);
  return bytes;
}

function begin(t: Test, leftMaxBytes = LEFT_MAX_BYTES) {
  const folder = temporaryFolder(t);
  const store = openStore(folder);
  const staging = new Staging(store.shared, BLOCK_BYTES, leftMaxBytes);
  t.teardown(() => {
    staging.close();
    store.close();
  });
  const stage = (pieces: number) => {
    const rows = staging.begin('log.test');
    for (let i = 0; i < pieces; i++) rows.addPiece(piece(i));
    return rows;
  };
  const databaseBytes = (): number => fs.statSync(store.shared.file).size;
  return { store, staging, stage, databaseBytes, folder };
}

t.test('it stays in the log until its thread brings it in', async (t) => {
  const { store, staging, stage, databaseBytes } = begin(t);
  const before = databaseBytes();
  const records = stage(PIECES).end();
  t.ok(fs.statSync(`${store.shared.file}-wal`).size > 16 * MIB);
  t.equal(store.tryAgain(), undefined);
  t.ok(databaseBytes() < before + MIB, 'not by a commit');
  t.equal(store.dropStaged({ records, content: '' }), undefined);
  t.ok(databaseBytes() < before + MIB, 'nor by the one that ends the import');
  staging.bringIn();
  t.ok(databaseBytes() > before + 16 * MIB);
  t.equal(store.tryAgain(), undefined, 'and commits go on');
});

t.test('a commit brings it in where nothing is owed', async (t) => {
  const { store, stage, databaseBytes } = begin(t);
  stage(PIECES).end();
  // As after a crash.
  new Int32Array(store.shared.turn).fill(0);
  t.equal(store.tryAgain(), undefined);
  t.ok(databaseBytes() > 16 * MIB, 'so the check above can fail');
});

t.test('what somebody still reads stays owed', async (t) => {
  const { store, staging, stage, databaseBytes } = begin(t);
  const { default: Sqlite } = await import('better-sqlite3');
  const reader = new Sqlite(store.shared.file);
  t.teardown(() => reader.close());
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM contents').get();
  stage(PIECES).end();
  staging.bringIn();
  t.equal(store.tryAgain(), undefined);
  t.ok(databaseBytes() < 16 * MIB);
  reader.exec('COMMIT');
  staging.bringIn();
  t.ok(databaseBytes() > 16 * MIB);
});

t.test('at its end it is on the disk, or it is refused', async (t) => {
  const { stage, folder } = begin(t);
  const { fdatasyncSync } = fs;
  t.teardown(() => {
    fs.fdatasyncSync = fdatasyncSync;
  });
  const synced: string[] = [];
  fs.fdatasyncSync = (fd) => {
    synced.push(path.relative(fs.realpathSync(folder), fs.readlinkSync(`/proc/self/fd/${fd}`)));
    fdatasyncSync(fd);
  };
  stage(3).end();
  if (process.platform === 'linux') t.match(synced, [/-wal$/]);
  else t.equal(synced.length, 1);
  const rows = stage(3);
  fs.fdatasyncSync = () => {
    throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
  };
  t.throws(() => rows.end(), /the store cannot be written: EIO/);
  rows.abandon();
});

t.test('what is brought in during an import is brought in between the turns of who writes', async (t) => {
  const { stage, databaseBytes } = begin(t, 4 * MIB);
  const { asBuilder } = Turn.prototype;
  t.teardown(() => {
    Turn.prototype.asBuilder = asBuilder;
  });
  let inTurns = 0;
  Turn.prototype.asBuilder = function (write) {
    const before = databaseBytes();
    const result = asBuilder.call(this, write) as never;
    inTurns += databaseBytes() - before;
    return result;
  };
  const before = databaseBytes();
  stage(PIECES).end();
  t.ok(databaseBytes() > before + 8 * MIB);
  t.equal(inTurns, 0, 'a shift that wants to be next would wait for it');
});

t.test('a log that cannot be brought in keeps nobody from giving an import up', async (t) => {
  const { stage } = begin(t);
  const rows = stage(3);
  t.intercept(StagedLog.prototype, 'bringIn', {
    value: () => {
      throw new Error('disk I/O error');
    },
  });
  t.doesNotThrow(() => rows.abandon(), 'there is more to give up behind it');
});

t.test('what is swept out is brought in by its thread, too', async (t) => {
  const { store, staging, stage } = begin(t);
  stage(3).abandon();
  staging.bringIn();
  const owed = new Turn(store.shared.turn);
  t.equal(owed.isLogOwed, false);
  t.equal(staging.sweep(), true);
  t.equal(owed.isLogOwed, true);
  staging.bringIn();
  t.equal(owed.isLogOwed, false);
});

t.test('who waits for the disk hears of what failed before, though it was told to who sent it', async (t) => {
  const { stage } = begin(t);
  const { openSync, fdatasync, fdatasyncSync } = fs;
  t.teardown(() => Object.assign(fs, { openSync, fdatasync, fdatasyncSync }));
  const done: { readonly what: 'open' | 'send' | 'wait'; readonly fd: number }[] = [];
  Object.assign(fs, {
    openSync: (file: string, flags: string) => {
      const fd = openSync(file, flags);
      done.push({ what: 'open', fd });
      return fd;
    },
    fdatasync: (fd: number, after: () => void) => {
      done.push({ what: 'send', fd });
      fdatasync(fd, after);
    },
    fdatasyncSync: (fd: number) => {
      done.push({ what: 'wait', fd });
      fdatasyncSync(fd);
    },
  });
  stage(PIECES).end();
  const [opened, sent, waitedFor] = (['open', 'send', 'wait'] as const).map((what) =>
    done.filter((each) => each.what === what).map(({ fd }) => fd),
  );
  t.ok(sent.length > 0);
  t.equal(waitedFor.length, 1);
  // The kernel tells of a failure once for each descriptor that is open by then.
  t.notOk(sent.includes(waitedFor[0]), 'by a descriptor of its own');
  t.ok(opened.includes(waitedFor[0]));
  t.ok(done.findLastIndex(({ what }) => what === 'open') < done.findIndex(({ what }) => what === 'send'));
});

t.test('where a link leads to the database, the log is beside the database', async (t) => {
  const folder = temporaryFolder(t);
  openStore(folder).close();
  const file = path.join(temporaryFolder(t), 'elsewhere.db');
  fs.renameSync(path.join(folder, 'teal.db'), file);
  fs.symlinkSync(file, path.join(folder, 'teal.db'));
  const store = openStore(folder);
  t.teardown(() => store.close());
  const staging = new Staging(store.shared);
  t.teardown(() => staging.close());
  const rows = staging.begin('log.test');
  rows.addPiece(piece(0));
  t.ok(rows.end() > 0, 'an import is staged, and waited for');
  while (staging.lengthenLog());
  t.equal(fs.statSync(`${file}-wal`).size, LOG_BYTES);
  t.equal(store.tryAgain(), undefined);
  fs.renameSync(`${file}-wal`, `${file}-wal-away`);
  t.match(store.tryAgain()?.detail, /-wal was removed while it was in use/);
});
