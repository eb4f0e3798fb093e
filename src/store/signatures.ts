/**
 * Signatures in a file of their own beside the store. Nothing here waits for the disk: what is lost, or damaged, is signed
 * again.
 */
import { hash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite, { type Database, type Statement } from 'better-sqlite3';
import { makePrivate } from './files.ts';

export const SIGNATURES_FILE = 'signatures.db';

/** A signature, and what it was made for. Times are Unix time, seconds. */
export interface SignatureRow {
  /** Of the RRset and the key. */
  readonly digest: Uint8Array;
  readonly inception: number;
  readonly expiration: number;
  readonly signature: Uint8Array;
}

/** The numbers of this table are 1, 2, 3…: another one is made anew, and signed again. */
const VERSION = 1;
const SCHEMA = `
  CREATE TABLE signatures (
    digest BLOB PRIMARY KEY,
    inception INTEGER NOT NULL,
    expiration INTEGER NOT NULL,
    signature BLOB NOT NULL,
    sum BLOB NOT NULL
  ) WITHOUT ROWID, STRICT;
  CREATE INDEX by_inception ON signatures (inception);
  PRAGMA user_version = ${VERSION};
`;
const GET = 'SELECT inception, expiration, signature, sum FROM signatures WHERE digest = ?';
const LATEST = 'SELECT max(inception) AS latest FROM signatures';
/** SQLite has no checksums of its own, and a signature with a wrong bit would be answered for two weeks. */
const SUM_BYTES = 8;
/** Another thread writes to it too, a tenth of a second at a time; the one that shifts does not wait for that. */
export const BUSY_MS = 10_000;
const SHORT_BUSY_MS = 5;
/** Of a connection: a few megabytes more while much is written. */
const CACHE_KIB = 16_384;
/** Rows that are forgotten in one go. */
const FORGOTTEN_AT_ONCE = 500;

/** Another thread writes to it. */
const BUSY = 'busy';

interface Row {
  readonly inception: number;
  readonly expiration: number;
  readonly signature: Buffer;
  readonly sum: Buffer;
}

export class SignaturesFile {
  readonly #path: string;
  readonly #busyMs: number;
  #open: Opened | undefined;
  /** Why nothing is kept in the file any more; undefined: it is. */
  failure: string | undefined;
  /** Whether what was there was of no use. */
  isRenewed = false;

  /** In a data directory; never throws: a file that is of no use is made anew. */
  constructor(directory: string, busyMs = SHORT_BUSY_MS) {
    this.#busyMs = busyMs;
    this.#path = join(directory, SIGNATURES_FILE);
    this.#open = this.#tryOpen() ?? this.#renew();
  }

  /** When the signature that began last did; 0: there is none. */
  get latestInception(): number {
    const latest = this.#ask((opened) => (opened.latest.get() as { latest: number | null }).latest ?? 0);
    return latest === BUSY ? 0 : (latest ?? 0);
  }

  get(digest: Uint8Array): SignatureRow | undefined {
    const row = this.#ask(({ get }) => get.get(digest) as Row | undefined);
    return row === BUSY ? undefined : found(digest, row);
  }

  /** False: another thread writes to it now. */
  put(rows: readonly SignatureRow[]): boolean {
    // In the order of the file's pages.
    const sorted = [...rows].sort((a, b) => Buffer.compare(a.digest, b.digest));
    const written = this.#ask(({ database, put }) => {
      const all = database.transaction(() => {
        for (const row of sorted) put.run(row.digest, row.inception, row.expiration, row.signature, sumOf(row));
      });
      all.immediate();
    });
    return written !== BUSY;
  }

  /** Forgets some of those that began before then; true: there are more. */
  forget(before: number): boolean {
    const changes = this.#ask(({ forget }) => forget.run(before, FORGOTTEN_AT_ONCE).changes);
    return changes === FORGOTTEN_AT_ONCE;
  }

  close(): void {
    this.#open?.database.close();
    this.#open = undefined;
  }

  /** A file that fails is made anew, once: after that nothing is kept but what is in memory. */
  #ask<Result>(work: (opened: Opened) => Result): Result | typeof BUSY | undefined {
    if (this.#open === undefined) return undefined;
    try {
      return work(this.#open);
    } catch (error) {
      if ((error as { code?: string }).code?.startsWith('SQLITE_BUSY')) return BUSY;
      this.close();
      if (this.isRenewed) this.failure = (error as Error).message;
      else this.#open = this.#renew();
      return undefined;
    }
  }

  #renew(): Opened | undefined {
    this.isRenewed = true;
    try {
      for (const end of ['', '-wal', '-shm', '-journal'])
        rmSync(`${this.#path}${end}`, { force: true, recursive: true });
    } catch (error) {
      this.failure = (error as Error).message;
      return undefined;
    }
    return this.#tryOpen();
  }

  #tryOpen(): Opened | undefined {
    let database: Database | undefined;
    try {
      makePrivate(this.#path);
      database = new Sqlite(this.#path, { timeout: this.#busyMs });
      database.pragma(`cache_size = -${CACHE_KIB}`);
      database.pragma('journal_mode = WAL');
      database.pragma('synchronous = OFF');
      const version = database.pragma('user_version', { simple: true });
      if (version === 0) database.exec(SCHEMA);
      else if (version !== VERSION) throw new Error(`version ${version} of ${SIGNATURES_FILE} is not known`);
      return prepare(database);
    } catch (error) {
      database?.close();
      if (this.isRenewed) this.failure = (error as Error).message;
      return undefined;
    }
  }
}

/** The same file for a thread that reads only: of a file that is of no use it finds nothing, and leaves it to who writes. */
export class ReadSignatures {
  readonly #database: Database | undefined;
  readonly #get: Statement | undefined;
  /** When the signature that began last did; 0: there is none. */
  readonly latestInception: number = 0;

  constructor(directory: string) {
    try {
      this.#database = new Sqlite(join(directory, SIGNATURES_FILE), { readonly: true, timeout: BUSY_MS });
      if (this.#database.pragma('user_version', { simple: true }) !== VERSION) return;
      this.#get = this.#database.prepare(GET);
      this.latestInception = (this.#database.prepare(LATEST).get() as { latest: number | null }).latest ?? 0;
    } catch {
      this.#get = undefined;
    }
  }

  get(digest: Uint8Array): SignatureRow | undefined {
    try {
      return found(digest, this.#get?.get(digest) as Row | undefined);
    } catch {
      return undefined;
    }
  }

  close(): void {
    this.#database?.close();
  }
}

/** A row, where it is as it was written. */
function found(digest: Uint8Array, row: Row | undefined): SignatureRow | undefined {
  if (row === undefined) return undefined;
  const { inception, expiration, signature, sum } = row;
  const read = { digest: digest.slice(), inception, expiration, signature };
  return Buffer.compare(sumOf(read), sum) === 0 ? read : undefined;
}

interface Opened {
  readonly database: Database;
  readonly get: Statement;
  readonly put: Statement;
  readonly forget: Statement;
  readonly latest: Statement;
}

function prepare(database: Database): Opened {
  return {
    database,
    get: database.prepare(GET),
    put: database.prepare('INSERT OR REPLACE INTO signatures VALUES (?, ?, ?, ?, ?)'),
    forget: database.prepare(
      'DELETE FROM signatures WHERE digest IN (SELECT digest FROM signatures WHERE inception < ? LIMIT ?)',
    ),
    latest: database.prepare(LATEST),
  };
}

function sumOf({ digest, inception, expiration, signature }: SignatureRow): Buffer {
  const times = Buffer.alloc(8);
  times.writeUInt32BE(inception, 0);
  times.writeUInt32BE(expiration, 4);
  return hash('sha256', Buffer.concat([digest, times, signature]), 'buffer').subarray(0, SUM_BYTES);
}
