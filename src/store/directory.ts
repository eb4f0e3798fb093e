/** The data directory at the start: new, in use already, or one that has lost what was in it, which is not a new one. */
import { existsSync, lstatSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { keepOwner, makeFolder } from '../folders.ts';
import { DirectoryInUse, StoreError } from './error.ts';
import { makePrivate, sync } from './files.ts';
import { lockDirectory } from './lock.ts';
import { migrate, SCHEMA_VERSION } from './migrations.ts';

const DATABASE = 'teal.db';

/** The database while it is made: with its tables it gets its name. A start that was cut off leaves it, and no harm. */
const IN_THE_MAKING = 'teal.db.new';

/** Files that Teal puts beside its database. Where one of these is without a database, that was lost. */
const REMAINS =
  /^(?:admin\.token|teal\.lock|table\.img|teal\.db-(?:wal|shm|journal)|teal\.db\.(?:before-restore|lost)-\d+.*)$/;

const APPLICATION_ID = 0x5445414c;

/**
 * Locks the directory, made if need be, and sees to it that its database is there with its tables. Throws StoreError
 * where that is somebody else's, or lost. `startEmpty`: what is lost is lost; the remains are put aside.
 */
export function openDirectory(directory: string, startEmpty: boolean): { lock: Database; file: string } {
  makeFolder(directory);
  const file = join(directory, DATABASE);
  let lost = whatIsLost(directory);
  if (lost !== undefined && !startEmpty) throw new StoreError(`${lost}; ${ADVICE}`);
  // Before the lock: a start that ends between the two must not look like one that lost its database.
  if (lost === undefined && !isThere(file)) makePrivate(join(directory, IN_THE_MAKING));
  const lock = lockDirectory(directory);
  if (lock === undefined) {
    throw new DirectoryInUse(`${directory} is in use by another teal process; each needs a data directory of its own`);
  }
  try {
    lost ??= isThere(file) ? whatIsWrong(file) : undefined;
    if (lost !== undefined) {
      if (!startEmpty) throw new StoreError(`${lost}; ${ADVICE}`);
      putAside(file);
    }
    if (!isThere(file)) found(directory, file);
    rmSync(join(directory, IN_THE_MAKING), { force: true });
    makePrivate(file);
    return { lock, file };
  } catch (error) {
    lock.close();
    throw error;
  }
}

const ADVICE =
  'teal restore brings a backup back; with startEmpty: true (TEAL_START_EMPTY=true), once, it starts as a new one and keeps what is left beside it';

/** Also where it is a link that leads nowhere. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Undefined: nothing is lost. */
function whatIsLost(directory: string): string | undefined {
  const names = readdirSync(directory);
  if (names.includes(DATABASE)) {
    const file = join(directory, DATABASE);
    const size = statSync(file, { throwIfNoEntry: false })?.size;
    if (size === undefined) return `${file} is a link that leads nowhere`;
    return size === 0 ? `${file} is empty (0 bytes): its content was lost` : undefined;
  }
  if (names.includes(IN_THE_MAKING)) return undefined;
  const remains = names.filter((name) => REMAINS.test(name)).sort();
  if (remains.length === 0) return undefined;
  return `${directory} has lost its database: there is ${remains.join(', ')}, but no ${DATABASE}`;
}

/** Whether a database is one of Teal's. Throws StoreError where it is not, or of a newer version; undefined: all is well. */
function whatIsWrong(file: string): string | undefined {
  // Not read-only: what a process that was killed left in the log beside it is part of it.
  const database = new Sqlite(file, { fileMustExist: true });
  try {
    const number = (pragma: string): number => database.pragma(pragma, { simple: true }) as number;
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all() as string[];
    const [id, version] = [number('application_id'), number('user_version')];
    const isForeign = id !== APPLICATION_ID && (id !== 0 || (tables.length > 0 && !tables.includes('revisions')));
    if (isForeign) throw new StoreError(`${file} is a SQLite database, but no store of teal`);
    if (version > SCHEMA_VERSION) {
      throw new StoreError(
        `${file} has version ${version}, this program knows up to ${SCHEMA_VERSION}: start a newer teal`,
      );
    }
    if (tables.length === 0) return `${file} has no tables: its content was lost`;
    if (version === 0) throw new StoreError(`${file} is a SQLite database, but no store of teal`);
    const isEmpty = (table: string): boolean => database.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get() === undefined;
    if (!isEmpty('revisions')) return undefined;
    const isUnused = tables.includes('unused') ? !isEmpty('unused') : isEmpty('zones') && isEmpty('services');
    return isUnused ? undefined : `${file} has lost its revisions`;
  } finally {
    database.close();
  }
}

/** The files that are left may still be of use to somebody. */
function putAside(file: string): void {
  let n = 1;
  while (['', '-wal', '-shm', '-journal'].some((end) => isThere(`${file}.lost-${n}${end}`))) n++;
  for (const end of ['', '-wal', '-shm', '-journal']) {
    if (isThere(file + end)) renameSync(file + end, `${file}.lost-${n}${end}`);
  }
}

/** A database with its tables, whole, or none. */
function found(directory: string, file: string): void {
  const made = join(directory, IN_THE_MAKING);
  for (const end of ['', '-journal', '-wal', '-shm']) rmSync(made + end, { force: true });
  makePrivate(made);
  const database = new Sqlite(made);
  try {
    // Nobody sees it before it is whole, so that one sync at the end is enough.
    database.pragma('journal_mode = MEMORY');
    database.pragma('synchronous = OFF');
    database.pragma('foreign_keys = OFF');
    migrate(database);
  } finally {
    database.close();
  }
  keepOwner(made);
  sync(made);
  // A database that came meanwhile is not replaced.
  if (existsSync(file)) throw new StoreError(`${file} came while it was made`);
  renameSync(made, file);
  sync(directory);
}
