/**
 * Room on the disk, as a database there needs it. What is only in the write-ahead log needs as much of it once more, for the
 * database grows when it is brought there; and until it is there the log cannot begin anew, and grows by each change.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { Database, Statement } from 'better-sqlite3';
import { StoreUnavailable } from '../model/errors.ts';
import { logFileOf } from './log-file.ts';
import type { Reserve } from './reserve.ts';

/**
 * Imports and signatures leave so much free: an import is refused before it takes that. A shift takes 40 KiB of a log that
 * cannot begin anew, and a hundred may come until what the import has left there is brought in.
 */
export const KEPT_FREE_BYTES = 4 * 2 ** 20;

/** So much nobody else takes between two pieces of an import: where that is free what it will need need not be taken before. */
const PLENTY_BYTES = 2 ** 30;

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

/** In which stat(2) counts, whatever the blocks of the file system are. */
const STAT_BLOCK_BYTES = 512;

/** What SQLite says of the log, pages. */
interface LogState {
  readonly log: number;
  readonly checkpointed: number;
}

export class Room {
  readonly #database: Database;
  readonly #reserve: Reserve | undefined;
  readonly #folder: string;
  readonly #logFile: string;
  readonly #pages: Statement;
  readonly #freePages: Statement;
  readonly #pageBytes: number;

  /** `database`: the connection of the thread that asks. `reserve`: undefined for who takes nothing beforehand. */
  constructor(database: Database, reserve?: Reserve) {
    this.#database = database;
    this.#reserve = reserve;
    this.#logFile = logFileOf(database.name);
    this.#folder = path.dirname(this.#logFile);
    this.#pages = database.prepare('PRAGMA page_count').pluck();
    this.#freePages = database.prepare('PRAGMA freelist_count').pluck();
    this.#pageBytes = database.pragma('page_size', { simple: true }) as number;
  }

  /**
   * An import has so many bytes to stage. On return nobody takes the room away in which the database will grow by them. Throws
   * StoreUnavailable where changes of others would have no room after it.
   */
  mustHave(bytes: number): void {
    const pages = bytes * PAGES_PER_STAGED;
    const left = this.#left(pages);
    if (left !== undefined && left >= PLENTY_BYTES) return;
    if ((left === undefined || left >= KEPT_FREE_BYTES) && this.#isReserved(pages)) return;
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

  /** Whether what is in the log can be brought into the database, as far as is known. */
  isEnough(): boolean {
    const left = this.#left();
    return left === undefined || left >= 0;
  }

  /** Takes what is kept for changes, where it may soon be gone: to be called once all of the log was brought in. */
  keep(): void {
    try {
      const left = this.#left();
      if (left === undefined || left < PLENTY_BYTES) this.#isReserved();
    } catch {
      // What it was for goes on without.
    }
  }

  /** Whether the database has room for its part of all that is meant, and for what is kept, whoever else takes what is free. */
  #isReserved(bytes = 0): boolean {
    return this.#reserve === undefined || this.#reserve.upTo(this.#needed(bytes) + KEPT_FREE_BYTES);
  }

  /** How long the database will be with all that is in the log, and so many bytes of pages: what was deleted is used first. */
  #needed(bytes: number): number {
    const deleted = bytes === 0 ? 0 : (this.#freePages.get() as number) * this.#pageBytes;
    return (this.#pages.get() as number) * this.#pageBytes + Math.max(0, bytes - deleted);
  }

  /**
   * What is free once all that is in the log has been brought into the database, and so many bytes of pages more; less than
   * nothing: that cannot be. Undefined: nobody tells.
   */
  #left(bytes = 0): number | undefined {
    const needed = this.#needed(bytes);
    try {
      const free = freeBytes(this.#folder);
      // What it has taken before is free for it alone.
      return free === undefined
        ? free
        : free + takenBy(this.#database.name) - needed - (bytes === 0 ? 0 : this.#logGrowth(bytes));
    } catch {
      // Whoever writes is told what is wrong.
      return undefined;
    }
  }

  /** By how much the log grows by them: what stands there that is in the database is written over first. */
  #logGrowth(bytes: number): number {
    const [{ log, checkpointed }] = this.#database.pragma('wal_checkpoint(NOOP)') as [LogState];
    const used = log === checkpointed ? 0 : log * this.#pageBytes;
    return Math.min(bytes, Math.max(0, used + bytes - takenBy(this.#logFile)));
  }
}

/** What a file has of the disk, bytes: it may have blocks behind its end. */
function takenBy(file: string): number {
  const { size, blocks } = fs.statSync(file);
  return Math.max(size, blocks * STAT_BLOCK_BYTES);
}
