/** Copies of the store: taken while a server runs, checked before anybody relies on them, and brought back. */
import { copyFileSync, existsSync, linkSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { keepOwner, makeFolder } from '../folders.ts';
import { StoreError } from './error.ts';
import { makePrivate, sync } from './files.ts';
import { lockDirectory } from './lock.ts';
import { SCHEMA_VERSION } from './migrations.ts';

/** The destination is there already, and nobody said that it may be replaced. */
export class ExistsError extends StoreError {}

/** The destination cannot be written: its disk is full, say, or its folder is not there. */
export class UnwritableError extends StoreError {}

interface BackupContent {
  readonly bytes: number;
  /** The last change that is in it, 0 for none, and when it was made. */
  readonly revision: number;
  readonly atMs: number | undefined;
  readonly zones: number;
  readonly services: number;
  /** They need the wrapping key, which is not in it. */
  readonly signedZones: number;
}

/** The version that has zones that are signed, see steps/0010-dnssec.ts. */
const FIRST_WITH_SIGNINGS = 10;

/** Pages of 4 KiB copied at once: a millisecond or so for which a commit of the server waits. */
const PAGES_AT_ONCE = 256;

/**
 * Copies the store of a directory into one new file, whole and as of one instant, while a server may go on changing it.
 * What is given back was read from the copy, after SQLite's own check of it. `progress` is told the part that is done,
 * 0 to 1. Throws StoreError.
 */
export async function backupStore(
  directory: string,
  file: string,
  options: { replace: boolean; progress: (done: number) => void },
): Promise<BackupContent> {
  const source = join(directory, 'teal.db');
  if (!existsSync(source)) throw new StoreError(`there is no store in ${directory}: expected ${source}`);
  if (existsSync(file) && !options.replace) throw new ExistsError(`${file} is there already`);
  const partial = `${file}.partial`;
  try {
    rmSync(partial, { force: true });
    await copyOnline(source, partial, options.progress);
    const content = inspectBackup(partial);
    moveInto(partial, file, options.replace);
    return content;
  } catch (error) {
    throw asStoreError(error, `cannot back up ${source} to ${file}`);
  } finally {
    for (const end of ['', '-journal', '-wal', '-shm']) rmSync(partial + end, { force: true });
  }
}

/** The source is read by SQLite alone: what the system refuses, and what finds a disk full, is the destination. */
function asStoreError(error: unknown, what: string): StoreError {
  if (error instanceof StoreError) return error;
  const { code = '', message } = error as Error & { code?: string };
  const isUnwritable = code === 'SQLITE_FULL' || /^E[A-Z0-9]+$/.test(code);
  return new (isUnwritable ? UnwritableError : StoreError)(`${what}: ${message}`);
}

async function copyOnline(source: string, partial: string, progress: (done: number) => void): Promise<void> {
  const database = new Sqlite(source, { fileMustExist: true });
  try {
    // Made with its mode before SQLite writes to it: digests of tokens are in there.
    makePrivate(partial);
    await database.backup(partial, {
      progress: ({ totalPages, remainingPages }) => {
        progress(totalPages === 0 ? 1 : 1 - remainingPages / totalPages);
        return PAGES_AT_ONCE;
      },
    });
  } finally {
    database.close();
  }
  const copy = new Sqlite(partial);
  // One file, without a log beside it; and nothing of an import that was under way.
  copy.pragma('journal_mode = DELETE');
  copy.close();
  sync(partial);
}

/** Reads a copy through and says what is in it. Throws StoreError where it is damaged, or no store of Teal. */
export function inspectBackup(file: string): BackupContent {
  let database: Database;
  try {
    database = new Sqlite(file, { fileMustExist: true, readonly: true });
  } catch (error) {
    throw new StoreError(`cannot open ${file}: ${(error as Error).message}`);
  }
  try {
    const faults = database.pragma('integrity_check') as { integrity_check: string }[];
    if (faults[0]?.integrity_check !== 'ok') throw new StoreError(`${file} is damaged: ${faults[0]?.integrity_check}`);
    const orphans = (database.pragma('foreign_key_check') as unknown[]).length;
    if (orphans > 0) throw new StoreError(`${file} is damaged: ${orphans} rows refer to what is not there`);
    const version = database.pragma('user_version', { simple: true }) as number;
    if (version === 0) throw new StoreError(`${file} is no store of teal`);
    if (version > SCHEMA_VERSION) {
      throw new StoreError(
        `${file} has version ${version}, this program knows up to ${SCHEMA_VERSION}: use a newer teal`,
      );
    }
    return contentOf(database, statSync(file).size, version);
  } catch (error) {
    throw error instanceof StoreError
      ? error
      : new StoreError(`${file} is no store of teal: ${(error as Error).message}`);
  } finally {
    database.close();
  }
}

function contentOf(database: Database, bytes: number, version: number): BackupContent {
  const one = <Row>(sql: string): Row => database.prepare(sql).get() as Row;
  const last = one<{ revision: number; at_ms: number } | undefined>(
    'SELECT revision, at_ms FROM revisions ORDER BY revision DESC LIMIT 1',
  );
  const count = (table: string): number => one<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).n;
  return {
    bytes,
    revision: last?.revision ?? 0,
    atMs: last?.at_ms,
    zones: count('zones'),
    services: count('services'),
    signedZones: version < FIRST_WITH_SIGNINGS ? 0 : count('signings'),
  };
}

/**
 * Puts a checked copy in the place of a directory's store. The directory's lock is held meanwhile, so no server runs on
 * it. A store that is replaced is kept beside it; its name is given back. Throws StoreError.
 */
export function restoreStore(
  file: string,
  directory: string,
  options: { replace: boolean },
): BackupContent & { readonly kept: string | undefined } {
  const content = inspectBackup(file);
  makeFolder(directory);
  const lock = lockDirectory(directory);
  if (lock === undefined) throw new StoreError(`${directory} is in use by a teal server: stop it first`);
  const target = join(directory, 'teal.db');
  const partial = `${target}.partial`;
  try {
    if (existsSync(target) && !options.replace) throw new ExistsError(`${target} is there already`);
    rmSync(partial, { force: true });
    makePrivate(partial);
    copyFileSync(file, partial);
    keepOwner(partial);
    sync(partial);
    const kept = keepAside(target);
    renameSync(partial, target);
    sync(directory);
    return { ...content, kept };
  } catch (error) {
    throw asStoreError(error, `cannot restore into ${directory}`);
  } finally {
    rmSync(partial, { force: true });
    lock.close();
  }
}

const ENDS = ['', '-wal', '-shm', '-journal'] as const;

/**
 * Moves a store aside, as one file where that can be; its name. Undefined: there was none, nor anything left of one.
 */
function keepAside(target: string): string | undefined {
  if (ENDS.every((end) => !existsSync(target + end))) return undefined;
  if (existsSync(target)) foldLog(target);
  let n = 1;
  while (ENDS.some((end) => existsSync(`${target}.before-restore-${n}${end}`))) n++;
  const kept = `${target}.before-restore-${n}`;
  // A log that stayed would be taken for the log of what comes in its place.
  for (const end of ENDS) if (existsSync(target + end)) renameSync(target + end, kept + end);
  return kept;
}

/** Brings the log beside a store into it. One that is damaged stays as it is: that may be why it is replaced. */
function foldLog(target: string): void {
  try {
    const database = new Sqlite(target);
    try {
      database.pragma('journal_mode = DELETE');
    } finally {
      database.close();
    }
  } catch {
    // It is kept with what lies beside it.
  }
}

function moveInto(partial: string, file: string, replace: boolean): void {
  if (replace) {
    renameSync(partial, file);
  } else {
    // Unlike a rename this refuses where somebody made the file meanwhile.
    linkSync(partial, file);
  }
  sync(dirname(file));
}
