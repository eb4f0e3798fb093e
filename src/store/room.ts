/**
 * Room on the disk, as a database there needs it. What is only in the write-ahead log needs as much of it once more, for the
 * database grows when it is brought there; and until it is there the log cannot begin anew, and grows by each change.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { Database, Statement } from 'better-sqlite3';
import { StoreUnavailable } from '../model/errors.ts';
import { logFileOf } from './log-file.ts';

/**
 * Imports and signatures leave so much free: an import is refused before it takes that. A shift takes 40 KiB of a log that
 * cannot begin anew, and a hundred may come until what the import has left there is brought in.
 */
export const KEPT_FREE_BYTES = 4 * 2 ** 20;

/** What is staged is a little more in pages, which are not full and have others above them; in the log each has a head, too. */
const PAGES_PER_STAGED = 1.5;

/**
 * What may be written, bytes. Blocks are counted in `frsize`; `bsize` is what is best read and written at once (statvfs(3)),
 * of a file system in user space often a hundred times as much. Undefined: the file system tells nothing, or nonsense.
 */
export function freeBytes(folder: string): number | undefined {
  // An older Node has no `frsize`.
  const { bavail, blocks, bsize, frsize } = fs.statfsSync(folder);
  const blockBytes = frsize || bsize;
  return blocks > 0 && blockBytes > 0 && bavail >= 0 ? bavail * blockBytes : undefined;
}

/** What SQLite says of the log, pages. */
interface LogState {
  readonly log: number;
  readonly checkpointed: number;
}

export class Room {
  readonly #database: Database;
  readonly #folder: string;
  readonly #logFile: string;
  readonly #pages: Statement;
  readonly #freePages: Statement;
  readonly #pageBytes: number;

  /** `database`: the connection of the thread that asks. */
  constructor(database: Database) {
    this.#database = database;
    this.#logFile = logFileOf(database.name);
    this.#folder = path.dirname(this.#logFile);
    this.#pages = database.prepare('PRAGMA page_count').pluck();
    this.#freePages = database.prepare('PRAGMA freelist_count').pluck();
    this.#pageBytes = database.pragma('page_size', { simple: true }) as number;
  }

  /** An import has so many bytes to stage. Throws StoreUnavailable where changes of others would have no room after it. */
  mustHave(bytes: number): void {
    if (this.has(bytes)) return;
    throw new StoreUnavailable(
      `the disk has no room for it: the last ${KEPT_FREE_BYTES / 2 ** 20} MiB are kept for other changes; make room`,
    );
  }

  /** Whether changes have room after so many bytes that may be done without. */
  has(bytes: number): boolean {
    const left = this.#left(bytes * PAGES_PER_STAGED);
    return left === undefined || left >= KEPT_FREE_BYTES;
  }

  /** Whether the log should begin anew soon, while there still is the room for that. */
  isScarce(): boolean {
    const left = this.#left();
    return left !== undefined && left >= 0 && left < KEPT_FREE_BYTES;
  }

  /**
   * What is free once all that is in the log has been brought into the database, and so many bytes of pages more; less than
   * nothing: that cannot be. Undefined: nobody tells.
   */
  #left(bytes = 0): number | undefined {
    const owed = (this.#pages.get() as number) * this.#pageBytes;
    try {
      const free = freeBytes(this.#folder);
      return free === undefined
        ? free
        : free - grown(this.#database.name, owed) - (bytes === 0 ? 0 : this.#growth(bytes));
    } catch {
      // Whoever writes is told what is wrong.
      return undefined;
    }
  }

  /** By how much the files grow by them: what was deleted is used first, and what stands in the log that is in the database. */
  #growth(bytes: number): number {
    const [{ log, checkpointed }] = this.#database.pragma('wal_checkpoint(NOOP)') as [LogState];
    const used = log === checkpointed ? 0 : log * this.#pageBytes;
    const deleted = (this.#freePages.get() as number) * this.#pageBytes;
    return Math.max(0, bytes - deleted) + Math.min(bytes, grown(this.#logFile, used + bytes));
  }
}

/** By how much a file grows that is to be so long. */
function grown(file: string, bytes: number): number {
  return Math.max(0, bytes - fs.statSync(file).size);
}
