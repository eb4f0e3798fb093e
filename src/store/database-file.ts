/** The files under an open database: still the ones that were opened, and whole enough for the next start to read. */
import { type BigIntStats, closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { logFileOf } from './log-file.ts';

/** How every SQLite database begins (https://sqlite.org/fileformat.html#the_database_header). */
const MAGIC = Buffer.from('SQLite format 3\0');

/**
 * SQLite keeps writing into a file that somebody has removed or replaced, and reads what it holds in memory from one that
 * was cut off: what it acknowledges then is lost with the process. So this is looked at before each commit.
 */
export class DatabaseFile {
  readonly #path: string;
  /** For writing, where that may be. */
  readonly fd: number;
  readonly #first: BigIntStats;
  readonly #head = Buffer.alloc(MAGIC.length);
  readonly #walPath: string;
  /** The log beside it, once it is there. */
  #wal: BigIntStats | undefined;
  #size: bigint;

  /**
   * To be made before SQLite opens the file, and closed after SQLite has closed it: closing a descriptor gives up the
   * locks that the process has on the file, whoever took them (https://sqlite.org/howtocorrupt.html, §2.2).
   */
  constructor(path: string) {
    this.#path = path;
    this.fd = openForWriting(path);
    this.#first = fstatSync(this.fd, { bigint: true });
    this.#size = this.#first.size;
    this.#walPath = logFileOf(path);
  }

  /** What is wrong, to complete a sentence; undefined: nothing. */
  fault(): string | undefined {
    try {
      const { size, dev, ino } = statSync(this.#path, { bigint: true });
      if (dev !== this.#first.dev || ino !== this.#first.ino) return `${this.#path} was replaced while it was in use`;
      // It is never made smaller by SQLite, since nothing here vacuums.
      if (size < this.#size) return `${this.#path} was cut off while it was in use`;
      this.#size = size;
      readSync(this.fd, this.#head, 0, MAGIC.length, 0);
      if (!this.#head.equals(MAGIC)) return `${this.#path} is no SQLite database any more`;
      return this.#walFault();
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      return code === 'ENOENT' ? `${this.#path} was removed while it was in use` : message;
    }
  }

  #walFault(): string | undefined {
    const path = this.#walPath;
    const found = statSync(path, { bigint: true, throwIfNoEntry: false });
    this.#wal ??= found;
    if (this.#wal === undefined || (found?.ino === this.#wal.ino && found.dev === this.#wal.dev)) return undefined;
    return `${path} was ${found === undefined ? 'removed' : 'replaced'} while it was in use`;
  }

  close(): void {
    closeSync(this.fd);
  }
}

/** Where it may only be read, SQLite says what is wrong. */
function openForWriting(path: string): number {
  try {
    return openSync(path, 'r+');
  } catch {
    return openSync(path, 'r');
  }
}
