/**
 * What the builder thread does for the write-ahead log, which an import fills by tens of megabytes. They are on their way to
 * the disk while the next ones are made, so that the commit which takes them over has little to wait for. And nobody who
 * waits for a reply waits until they are in the database: they are brought there when nothing else is to be done.
 */
import fs from 'node:fs';
import type { Database } from 'better-sqlite3';
import { StoreUnavailable } from '../model/errors.ts';
import { logFileOf } from './log-file.ts';
import type { Turn } from './turn.ts';

/** The disk is kept busy, and each wait is for much. */
const SENT_AT_ONCE_BYTES = 8 * 2 ** 20;

/** So much is brought in at once at most: a start after a crash reads all that is left in the log. */
export const LEFT_MAX_BYTES = 64 * 2 ** 20;

/** What SQLite says of a checkpoint. */
export interface Checkpoint {
  readonly busy: number;
  readonly log: number;
  readonly checkpointed: number;
}

/**
 * The log, opened twice before it is sent: the kernel tells of pages that it could not write once for each descriptor, and who
 * waits has to hear of it though whoever sent them has (fsync(2)).
 */
interface OpenLog {
  readonly sent: number;
  readonly waitedFor: number;
}

export class StagedLog {
  readonly #database: Database;
  readonly #turn: Turn;
  readonly #file: string;
  readonly #leftMaxBytes: number;
  #files: OpenLog | undefined;
  #unsent = 0;
  #left = 0;
  #isSynced = true;

  /** `database`: the connection that stages. */
  constructor(database: Database, turn: Turn, leftMaxBytes = LEFT_MAX_BYTES) {
    this.#database = database;
    this.#turn = turn;
    this.#file = logFileOf(database.name);
    this.#leftMaxBytes = leftMaxBytes;
    // In a commit of this connection, which has the turn then, a shift would wait until all of it is in the database.
    database.pragma('wal_autocheckpoint = 0');
  }

  /** So many bytes more of an import. To be called outside of the turn. Throws StoreUnavailable. */
  wrote(bytes: number): void {
    this.#isSynced = false;
    this.#files ??= this.#open();
    this.#unsent += bytes;
    if (this.#unsent >= SENT_AT_ONCE_BYTES) {
      this.#unsent = 0;
      // What fails here fails again where it is waited for.
      fs.fdatasync(this.#files.sent, () => {});
    }
    this.changed(bytes);
  }

  /** Something of so many bytes was written, or taken out. To be called outside of the turn. */
  changed(bytes: number): void {
    this.#turn.isLogOwed = true;
    this.#left += bytes;
    if (this.#left >= this.#leftMaxBytes) this.tryToBringIn();
  }

  /** On return all of it is on the disk. Throws StoreUnavailable. */
  sync(): void {
    if (this.#isSynced || this.#files === undefined) return;
    try {
      fs.fdatasyncSync(this.#files.waitedFor);
    } catch (error) {
      throw unwritable(error);
    }
    this.#isSynced = true;
    this.#unsent = 0;
  }

  /** Brings what an import has left in the log into the database, as far as nobody reads what was there before. */
  bringIn(): void {
    if (!this.#turn.isLogOwed) return;
    this.#left = 0;
    const [done] = this.#database.pragma('wal_checkpoint(PASSIVE)') as [Checkpoint];
    if (done.busy === 0 && done.checkpointed === done.log) this.#turn.isLogOwed = false;
  }

  /** The same; where that fails it stays in the log, where it is as good: so does SQLite in a commit. */
  tryToBringIn(): void {
    try {
      this.bringIn();
    } catch {
      // As it says.
    }
  }

  close(): void {
    if (this.#files === undefined) return;
    fs.closeSync(this.#files.sent);
    fs.closeSync(this.#files.waitedFor);
    this.#files = undefined;
  }

  /** SQLite has no lock on this file that would go with a descriptor. Throws StoreUnavailable. */
  #open(): OpenLog {
    try {
      return { sent: fs.openSync(this.#file, 'r'), waitedFor: fs.openSync(this.#file, 'r') };
    } catch (error) {
      throw unwritable(error);
    }
  }
}

function unwritable(error: unknown): StoreUnavailable {
  return new StoreUnavailable(`the store cannot be written: ${(error as Error).message}`);
}
