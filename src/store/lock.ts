/** One process to a data directory: a lock that the kernel releases with the process, however it ends. */

import { join } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { makePrivate } from './files.ts';

/** Holds an exclusive SQLite lock on a small file of its own; undefined where another process holds it. */
export function lockDirectory(directory: string): Database | undefined {
  const file = join(directory, 'teal.lock');
  // A user who may read a file may lock it, so that any user of the machine could keep the server from starting.
  makePrivate(file);
  const lock = new Sqlite(file, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    if ((error as { code?: string }).code === 'SQLITE_BUSY') return undefined;
    throw error;
  }
}
