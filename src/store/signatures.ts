/**
 * Signatures in a file of their own beside the store. Nothing here waits for the disk: what is lost, or damaged, is signed
 * again.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
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
const VERSION = 2;
/** One order alone: to keep a second one would cost as much again for each signature. */
const SCHEMA = `
  CREATE TABLE signatures (
    digest BLOB PRIMARY KEY,
    inception INTEGER NOT NULL,
    expiration INTEGER NOT NULL,
    signature BLOB NOT NULL,
    sum INTEGER NOT NULL
  ) WITHOUT ROWID, STRICT;
  CREATE TABLE latest (inception INTEGER NOT NULL) STRICT;
  INSERT INTO latest VALUES (0);
  PRAGMA user_version = ${VERSION};
`;
const GET = 'SELECT inception, expiration, signature, sum FROM signatures WHERE digest = ?';
const LATEST = 'SELECT iif(EXISTS (SELECT 1 FROM signatures), inception, 0) AS latest FROM latest';
/** Rows of one statement: to begin and end one costs more than to add a row. */
const ROWS_A_STATEMENT = 50;
/** Another thread writes to it too, a tenth of a second at a time; the one that shifts does not wait for that. */
export const BUSY_MS = 10_000;
const SHORT_BUSY_MS = 5;
/** Of a connection: a few megabytes more while much is written. */
const CACHE_KIB = 16_384;
/** Rows that are looked at in one go, for those to be forgotten. */
const FORGOTTEN_AT_ONCE = 500;

/** Another thread writes to it. */
const BUSY = 'busy';

/** Before and behind all digests. */
const NOTHING = new Uint8Array(0);
const BEYOND = new Uint8Array(64).fill(0xff);

interface Row {
  readonly inception: number;
  readonly expiration: number;
  readonly signature: Buffer;
  readonly sum: number;
}

export class SignaturesFile {
  readonly #path: string;
  readonly #busyMs: number;
  #open: Opened | undefined;
  #forgottenTo: Uint8Array = NOTHING;
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
    const sorted = inOrder(rows);
    const written = this.#ask(({ database, put, putMany, noteLatest }) => {
      const all = database.transaction(() => {
        let at = 0;
        for (; at + ROWS_A_STATEMENT <= sorted.length; at += ROWS_A_STATEMENT) {
          putMany.run(sorted.slice(at, at + ROWS_A_STATEMENT).flatMap(columnsOf));
        }
        for (; at < sorted.length; at++) put.run(columnsOf(sorted[at]));
        noteLatest.run(rows.reduce((latest, { inception }) => Math.max(latest, inception), 0));
      });
      all.immediate();
    });
    return written !== BUSY;
  }

  /** Forgets those that began before then among some, and goes on behind them the next time; true: these were not the last. */
  forget(before: number): boolean {
    const start = this.#forgottenTo;
    const end = this.#ask(({ database, end, forget }) => {
      const last = (end.get(start, FORGOTTEN_AT_ONCE - 1) as { digest: Buffer } | undefined)?.digest;
      const all = database.transaction(() => forget.run(start, last ?? BEYOND, before));
      all.immediate();
      return last;
    });
    if (end === BUSY) return true;
    this.#forgottenTo = end ?? NOTHING;
    return end !== undefined;
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

/** The same file, as it is at one moment, for a thread that reads much: of a file that is of no use it finds nothing, and leaves it to who writes. */
export class ReadSignatures {
  readonly #database: Database | undefined;
  readonly #get: Statement | undefined;
  /** When the signature that began last did; 0: there is none. */
  readonly latestInception: number = 0;

  constructor(directory: string) {
    try {
      this.#database = new Sqlite(join(directory, SIGNATURES_FILE), { readonly: true, timeout: BUSY_MS });
      if (this.#database.pragma('user_version', { simple: true }) !== VERSION) return;
      // To begin and end a transaction for each signature costs more than to read it.
      this.#database.exec('BEGIN');
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
  const read = { digest, inception, expiration, signature };
  return sumOf(read) === sum ? read : undefined;
}

interface Opened {
  readonly database: Database;
  readonly get: Statement;
  readonly put: Statement;
  readonly putMany: Statement;
  readonly noteLatest: Statement;
  readonly end: Statement;
  readonly forget: Statement;
  readonly latest: Statement;
}

function prepare(database: Database): Opened {
  return {
    database,
    get: database.prepare(GET),
    put: database.prepare(putRows(1)),
    putMany: database.prepare(putRows(ROWS_A_STATEMENT)),
    noteLatest: database.prepare('UPDATE latest SET inception = max(inception, ?)'),
    end: database.prepare('SELECT digest FROM signatures WHERE digest > ? ORDER BY digest LIMIT 1 OFFSET ?'),
    forget: database.prepare('DELETE FROM signatures WHERE digest > ? AND digest <= ? AND inception < ?'),
    latest: database.prepare(LATEST),
  };
}

function putRows(count: number): string {
  const rows = Array.from({ length: count }, () => '(?, ?, ?, ?, ?)').join(', ');
  return `INSERT OR REPLACE INTO signatures VALUES ${rows}`;
}

function columnsOf(row: SignatureRow): unknown[] {
  return [row.digest, row.inception, row.expiration, row.signature, sumOf(row)];
}

/** In the order of the file's pages, as far as the first bytes say it. */
function inOrder(rows: readonly SignatureRow[]): SignatureRow[] {
  const first = ({ digest }: SignatureRow): number => (digest[0] << 16) | (digest[1] << 8) | digest[2];
  return [...rows].sort((a, b) => first(a) - first(b));
}

const times = new DataView(new ArrayBuffer(8));

/** SQLite has no checksums of its own, and a signature with a wrong bit would be answered for two weeks. Against what disks do, and not against people: whoever can write the file can take it away. */
function sumOf({ digest, inception, expiration, signature }: SignatureRow): number {
  times.setUint32(0, inception);
  times.setUint32(4, expiration);
  return crc32(signature, crc32(new Uint8Array(times.buffer), crc32(digest)));
}
