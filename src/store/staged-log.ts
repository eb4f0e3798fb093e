/**
 * What the builder thread does for the write-ahead log, which an import fills by tens of megabytes. They are on their way to
 * the disk while the next ones are made, so that the commit which takes them over has little to wait for. And nobody who
 * waits for a reply waits until they are in the database: they are brought there when nothing else is to be done.
 */
import fs from 'node:fs';
import type { Database } from 'better-sqlite3';
import { StoreUnavailable } from '../model/errors.ts';
import type { Turn } from './turn.ts';

/** The disk is kept busy, and each wait is for much. */
const SENT_AT_ONCE_BYTES = 8 * 2 ** 20;

/** Pages of the log before an import brings them in by itself, 64 MiB: a start after a crash reads them all. */
const IMPORT_CHECKPOINT_PAGES = 16_384;

/** What SQLite says of a checkpoint. */
interface Checkpoint {
  readonly busy: number;
  readonly log: number;
  readonly checkpointed: number;
}

export class StagedLog {
  readonly #database: Database;
  readonly #turn: Turn;
  readonly #file: string;
  #fd: number | undefined;
  #unsent = 0;
  #isSynced = true;

  /** `database`: the connection that stages. */
  constructor(database: Database, turn: Turn) {
    this.#database = database;
    this.#turn = turn;
    this.#file = `${database.name}-wal`;
    database.pragma(`wal_autocheckpoint = ${IMPORT_CHECKPOINT_PAGES}`);
  }

  /** So many bytes more of an import. */
  wrote(bytes: number): void {
    this.#isSynced = false;
    this.#turn.isLogOwed = true;
    this.#unsent += bytes;
    if (this.#unsent < SENT_AT_ONCE_BYTES) return;
    this.#unsent = 0;
    // What fails here fails again when it is waited for, and when it is committed.
    fs.fdatasync(this.#open(), () => {});
  }

  /** On return all of it is on the disk. Throws StoreUnavailable. */
  sync(): void {
    if (this.#isSynced) return;
    try {
      fs.fdatasyncSync(this.#open());
    } catch (error) {
      throw new StoreUnavailable(`the store cannot be written: ${(error as Error).message}`);
    }
    this.#isSynced = true;
    this.#unsent = 0;
  }

  /** Brings what an import has left in the log into the database, as far as nobody reads what was there before. */
  bringIn(): void {
    if (!this.#turn.isLogOwed) return;
    const [done] = this.#database.pragma('wal_checkpoint(PASSIVE)') as [Checkpoint];
    if (done.busy === 0 && done.checkpointed === done.log) this.#turn.isLogOwed = false;
  }

  close(): void {
    if (this.#fd !== undefined) fs.closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** SQLite has no lock on this file that would go with the descriptor. */
  #open(): number {
    this.#fd ??= fs.openSync(this.#file, 'r');
    return this.#fd;
  }
}
