/** The write-ahead log is made long ahead of the changes that fill it; nothing of it is lost, whatever comes meanwhile. */
import fs from 'node:fs';
import path from 'node:path';
import Sqlite from 'better-sqlite3';
import t, { type Test } from 'tap';
import { LOG_BYTES, LogLength } from '../../src/store/log-length.ts';
import { createTurn, Turn } from '../../src/store/turn.ts';
import { makeEngine, temporaryFolder, withService } from '../fixtures/engine.ts';
import { replace } from '../fixtures/file-system.ts';

const MIB = 2 ** 20;
const PIECES = Math.ceil(LOG_BYTES / MIB);
/** Each look copies all of it. */
const LOOKED_AT = 3;

/** A database with two connections, as the main thread and the builder thread have it. */
function begin(t: Test) {
  const folder = temporaryFolder(t);
  const file = path.join(folder, 'teal.db');
  const main = new Sqlite(file, { timeout: 0 });
  main.pragma('journal_mode = WAL');
  main.pragma('synchronous = FULL');
  main.exec('CREATE TABLE kept (number INTEGER PRIMARY KEY, filler TEXT)');
  main.pragma('wal_checkpoint(TRUNCATE)');
  const builder = new Sqlite(file);
  const length = new LogLength(builder, new Turn(createTurn()));
  t.teardown(() => {
    length.close();
    builder.close();
    main.close();
  });
  const add = main.prepare('INSERT INTO kept (filler) VALUES (?)');
  const commit = (): void => {
    add.run('x'.repeat(9000));
  };
  const logBytes = (): number => fs.statSync(`${file}-wal`).size;
  /** How many commits the next process would find, had this one been killed now. */
  const afterKill = (): number => {
    const copy = path.join(temporaryFolder(t), 'teal.db');
    for (const end of ['', '-wal']) fs.copyFileSync(file + end, copy + end);
    const next = new Sqlite(copy);
    t.equal(next.pragma('integrity_check', { simple: true }), 'ok');
    const { count } = next.prepare('SELECT count(*) AS count FROM kept').get() as { count: number };
    next.prepare("INSERT INTO kept (filler) VALUES ('of the next process')").run();
    next.close();
    return count;
  };
  return { folder, file, main, length, commit, logBytes, afterKill };
}

t.test('it grows by pieces, and a process that ends between two leaves a log that the next one reads', async (t) => {
  const { length, commit, logBytes, afterKill } = begin(t);
  t.equal(logBytes(), 0);
  t.equal(afterKill(), 0, 'a log with nothing in it');
  t.equal(length.lengthen(), true);
  t.equal(logBytes(), MIB);
  t.equal(afterKill(), 0, 'a log of zeros');
  let pieces = 1;
  for (let commits = 1, isMore = true; isMore; commits++) {
    commit();
    if (pieces < LOOKED_AT) t.equal(afterKill(), commits, 'with a commit after each piece');
    isMore = length.lengthen();
    pieces++;
    if (pieces <= LOOKED_AT || !isMore) t.equal(afterKill(), commits);
  }
  t.equal(pieces, PIECES);
  t.equal(logBytes(), LOG_BYTES);
  t.equal(length.lengthen(), false, 'it is done once');
  t.equal(logBytes(), LOG_BYTES);
});

t.test('what is committed while a log grows stands before its zeros, and after them where it is long', async (t) => {
  const { length, main, commit, logBytes, afterKill } = begin(t);
  main.pragma('wal_autocheckpoint = 0');
  let commits = 0;
  const fill = (): void => {
    commit();
    commits++;
  };
  length.lengthen();
  for (let i = 0; i < 200; i++) fill();
  t.ok(logBytes() > 2 * MIB, 'longer than its zeros');
  t.equal(afterKill(), commits);
  length.lengthen();
  t.equal(afterKill(), commits);
  while (logBytes() < LOG_BYTES) fill();
  t.equal(length.lengthen(), false, 'SQLite has made it long enough');
  const bytes = logBytes();
  fill();
  t.ok(logBytes() > bytes);
  t.equal(afterKill(), commits);
});

t.test(
  'nobody else can write while zeros are written, and everybody while they are on their way to the disk',
  async (t) => {
    const { length, main, commit } = begin(t);
    const mayWrite = (): boolean => {
      try {
        main.exec('BEGIN IMMEDIATE; ROLLBACK');
        return true;
      } catch {
        return false;
      }
    };
    const { writeSync, fdatasyncSync } = fs;
    const seen: string[] = [];
    replace(t, {
      writeSync: ((fd: number, ...rest: [Buffer]) => {
        seen.push(`written: ${mayWrite()}`);
        return writeSync(fd, ...rest);
      }) as typeof writeSync,
      fdatasyncSync: (fd) => {
        seen.push(`synced: ${mayWrite()}`);
        fdatasyncSync(fd);
      },
    });
    length.lengthen();
    commit();
    length.lengthen();
    t.same(seen, ['written: false', 'synced: true', 'written: false', 'synced: true']);
  },
);

/** What a file system tells of its room. */
function tell(t: Test, told: Partial<fs.StatsFs>): void {
  const { statfsSync } = fs;
  replace(t, { statfsSync: ((of: string) => ({ ...statfsSync(of), ...told })) as typeof statfsSync });
}

const without: readonly (readonly [string, Partial<fs.StatsFs>])[] = [
  ['the disk is nearly full', { bsize: 4096, frsize: 4096, bavail: 60_000 }],
  ['a file system in user space reads and writes a MiB at once', { bsize: MIB, frsize: 4096, bavail: 60_000 }],
  ['no blocks are told of', { bsize: 0, frsize: 0, blocks: 0, bfree: 0, bavail: 0 }],
  ['blocks have no size', { bsize: 0, frsize: 0, bavail: 1e9 }],
  ['there is less than nothing', { bavail: -1 }],
  ['what is told is no number', { bavail: Number.NaN }],
];

for (const [where, told] of without) {
  t.test(`where ${where} it is left as it is`, async (t) => {
    const { length, commit, logBytes } = begin(t);
    tell(t, told);
    const synced: number[] = [];
    replace(t, { fdatasyncSync: (fd) => void synced.push(fd) });
    t.equal(length.lengthen(), false);
    t.equal(logBytes(), 0);
    commit();
    t.equal(length.lengthen(), false, 'and not looked at again');
    t.ok(logBytes() < MIB);
    t.same(synced, [], 'and nothing is waited for');
  });
}

const within: readonly (readonly [string, Partial<fs.StatsFs>])[] = [
  ['all there could ever be', { bsize: 2 ** 31, frsize: 2 ** 31, blocks: 2 ** 64, bavail: 2 ** 64 }],
  ['more than a number holds', { bavail: Number.POSITIVE_INFINITY }],
  ['blocks of a size that an older Node does not tell', { bsize: 4096, frsize: undefined, bavail: 80_000 } as never],
];

for (const [what, told] of within) {
  t.test(`where ${what} is free it is made long`, async (t) => {
    const { length, logBytes } = begin(t);
    tell(t, told);
    while (length.lengthen());
    t.equal(logBytes(), LOG_BYTES);
  });
}

t.test('a file system that cannot say what is free is told of once, and commits go on', async (t) => {
  const { length, commit, logBytes, afterKill } = begin(t);
  replace(t, {
    statfsSync: () => {
      throw Object.assign(new Error('ENOSYS: function not implemented'), { code: 'ENOSYS', errno: -38 });
    },
  });
  t.throws(() => length.lengthen(), /ENOSYS/);
  t.equal(length.lengthen(), false);
  commit();
  t.ok(logBytes() < MIB);
  t.equal(afterKill(), 1);
});

t.test('a disk that becomes full in the middle of a piece costs nothing but that', async (t) => {
  const { length, commit, logBytes, afterKill } = begin(t);
  const { writeSync } = fs;
  commit();
  length.lengthen();
  const before = logBytes();
  replace(t, {
    writeSync: ((fd: number, bytes: Buffer, offset: number, _length: number, at: number) =>
      writeSync(fd, bytes, offset, 5000, at)) as typeof writeSync,
  });
  t.equal(length.lengthen(), false);
  t.equal(logBytes(), before + 5000);
  t.equal(length.lengthen(), false);
  Object.assign(fs, { writeSync });
  t.equal(afterKill(), 1);
  for (let i = 0; i < 200; i++) commit();
  t.equal(afterKill(), 201, 'commits go over what is there and on');
});

t.test('a disk that fails is told of once, and commits go on', async (t) => {
  const { length, commit, afterKill } = begin(t);
  const { fdatasyncSync } = fs;
  const fault = Object.assign(new Error('EIO: i/o error'), { code: 'EIO', errno: -5 });
  const failing = {
    fdatasyncSync: () => {
      throw fault;
    },
  };
  replace(t, failing);
  t.throws(() => length.lengthen(), /EIO/);
  Object.assign(fs, { fdatasyncSync });
  t.equal(length.lengthen(), false);
  commit();
  t.equal(afterKill(), 1);
});

t.test('a thousand changes go into a log that stays as it is, and the next start has one again', async (t) => {
  const folder = temporaryFolder(t);
  const wal = path.join(folder, 'teal.db-wal');
  const shift = (i: number) =>
    ({ kind: 'weights.put', name: 'app.example.com', weights: { blue: i % 2, green: 1 } }) as const;
  const lengthen = (): void => {
    const builder = new Sqlite(path.join(folder, 'teal.db'));
    const length = new LogLength(builder, new Turn(createTurn()));
    while (length.lengthen());
    builder.close();
  };
  // https://sqlite.org/fileformat2.html#walformat
  const begunAnew = (): number => fs.readFileSync(wal).readUInt32BE(12);
  const first = withService(makeEngine(t, { folder }));
  t.ok(fs.statSync(wal).size < MIB);
  lengthen();
  const before = fs.statSync(wal);
  t.equal(before.size, LOG_BYTES);
  const begunBefore = begunAnew();
  for (let i = 0; i < 1000 || (begunAnew() === begunBefore && i < 5000); i++) first.must(shift(i));
  const after = fs.statSync(wal);
  t.same([after.ino, after.size, after.blocks], [before.ino, before.size, before.blocks]);
  const revision = first.store.lastRevision;
  t.ok(begunAnew() > begunBefore, 'it was written over from its beginning');
  first.close();
  t.notOk(fs.existsSync(wal), 'a stop leaves nothing of it');
  const second = makeEngine(t, { folder });
  t.equal(second.store.lastRevision, revision);
  lengthen();
  second.must(shift(0));
  t.equal(fs.statSync(wal).size, LOG_BYTES);
  second.close();
});
