/**
 * Signatures in a file of their own beside the store. Nothing here waits for the disk: what is lost, or damaged, is signed
 * again.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import Sqlite, { type Database, type Statement } from 'better-sqlite3';
import { makePrivate } from './files.ts';
import { Room } from './room.ts';
import { isPackable, PACKED_MAX, PackIndex, packed } from './signature-packs.ts';
import { columnsOf, found, inOrder, type Row, type SignatureRow } from './signature-rows.ts';

export const SIGNATURES_FILE = 'signatures.db';

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
/** An earlier build has none of it, and leaves it as it is. */
const PACKS = `
  CREATE TABLE IF NOT EXISTS packs (
    id INTEGER PRIMARY KEY,
    zone BLOB NOT NULL,
    inception INTEGER NOT NULL,
    sum INTEGER NOT NULL,
    bytes BLOB NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS packs_of_zone ON packs (zone);
`;
const PACKS_OF = 'SELECT sum, bytes FROM packs WHERE zone = ? ORDER BY id';
/** So many rows are looked through for which there are; where there are more, each digest is looked for. */
const ROWS_KNOWN_MAX = 50_000;
const IS_MORE = `SELECT 1 FROM signatures LIMIT 1 OFFSET ${ROWS_KNOWN_MAX}`;
const GET = 'SELECT inception, expiration, signature, sum FROM signatures WHERE digest = ?';
const LATEST = 'SELECT inception AS latest FROM latest';
/**
 * Of what is not kept, when it began is noted no more often than this, seconds: it is held against clocks that are more than
 * an hour behind, and each note takes a page of a disk that is nearly full.
 */
const NOTED_EVERY = 600;
/** Rows of one statement: to begin and end one costs more than to add a row. */
const ROWS_A_STATEMENT = 50;
/** Another thread writes to it too, a tenth of a second at a time; the one that shifts does not wait for that. */
export const BUSY_MS = 10_000;
const SHORT_BUSY_MS = 5;
/** Of a connection: a few megabytes more while much is written. */
const CACHE_KIB = 16_384;
/** Rows that are looked at in one go, for those to be forgotten. */
const FORGOTTEN_AT_ONCE = 500;
/** And packs, of some ten thousand signatures at most. */
const PACKS_FORGOTTEN_AT_ONCE = 4;

/** Beside its signature: the digest, times and a sum. */
const ROW_BYTES = 64;

/** Another thread writes to it. */
const BUSY = 'busy';

/** Before and behind all digests. */
const NOTHING = new Uint8Array(0);
const BEYOND = new Uint8Array(64).fill(0xff);

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

  /**
   * `zone` (lower-case wire form): they are all of it, and are found only where it is read whole. Of each digest the one
   * that was put last is found. On a disk that is nearly full they are not kept: what is left there is for changes, which
   * cannot be made again. When they began is noted all the same, for the next process. False: another thread writes to it now.
   */
  put(rows: readonly SignatureRow[], zone?: Uint8Array): boolean {
    const written = this.#ask((opened) => {
      if (!opened.room.has(bytesOf(rows))) {
        opened.noteUnkept.run(latestOf(rows), latestOf(rows) - NOTED_EVERY);
        return;
      }
      const all = opened.database.transaction(() => {
        if (zone !== undefined && rows.every(isPackable)) putPacks(opened, rows, zone);
        else putEach(opened, rows);
        opened.noteLatest.run(latestOf(rows));
      });
      all.immediate();
    });
    return written !== BUSY;
  }

  /** What there is of a zone, all of whose signatures are about to be asked for; `end` is to be called after that. */
  readZone(zone: Uint8Array): { readonly get: SignaturesFile['get']; end(): void } {
    const get = this.#ask(({ database, get }) => {
      database.exec('BEGIN');
      return finderIn(database, get, zone);
    });
    const end = (): void => {
      this.#ask(({ database }) => database.inTransaction && database.exec('COMMIT'));
    };
    if (get === BUSY || get === undefined) return { get: () => undefined, end };
    return { get: (digest) => this.#found(() => get(digest)), end };
  }

  #found(get: () => SignatureRow | undefined): SignatureRow | undefined {
    const row = this.#ask(get);
    return row === BUSY ? undefined : row;
  }

  /** Forgets those that began before then among some, and goes on behind them the next time; true: these were not the last. */
  forget(before: number): boolean {
    const start = this.#forgottenTo;
    const end = this.#ask(({ database, end, forget, forgetPacks, forgetLatest }) => {
      forgetLatest.run(before);
      const isMore = forgetPacks.run(before, PACKS_FORGOTTEN_AT_ONCE).changes === PACKS_FORGOTTEN_AT_ONCE;
      const last = (end.get(start, FORGOTTEN_AT_ONCE - 1) as { digest: Buffer } | undefined)?.digest;
      const all = database.transaction(() => forget.run(start, last ?? BEYOND, before));
      all.immediate();
      return { last, isMore };
    });
    if (end === BUSY) return true;
    this.#forgottenTo = end?.last ?? NOTHING;
    return end?.last !== undefined || end?.isMore === true;
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
      const { code } = error as { code?: string };
      if (code?.startsWith('SQLITE_BUSY')) return BUSY;
      // Others took the room meanwhile. What is there is whole, and would be missed.
      if (code === 'SQLITE_FULL') return undefined;
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
      database.exec(PACKS);
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
  readonly #get: ((digest: Uint8Array) => SignatureRow | undefined) | undefined;
  /** When the signature that began last did; 0: there is none. */
  readonly latestInception: number = 0;

  /** `zone`: see SignaturesFile.put. */
  constructor(directory: string, zone: Uint8Array) {
    try {
      this.#database = new Sqlite(join(directory, SIGNATURES_FILE), { readonly: true, timeout: BUSY_MS });
      if (this.#database.pragma('user_version', { simple: true }) !== VERSION) return;
      // To begin and end a transaction for each signature costs more than to read it.
      this.#database.exec('BEGIN');
      this.#get = finderIn(this.#database, this.#database.prepare(GET), zone);
      this.latestInception = (this.#database.prepare(LATEST).get() as { latest: number | null }).latest ?? 0;
    } catch {
      this.#get = undefined;
    }
  }

  get(digest: Uint8Array): SignatureRow | undefined {
    try {
      return this.#get?.(digest);
    } catch {
      return undefined;
    }
  }

  close(): void {
    this.#database?.close();
  }
}

/** Finds what there is of a zone. */
function finderIn(
  database: Database,
  get: Statement,
  zone: Uint8Array,
): (digest: Uint8Array) => SignatureRow | undefined {
  const rows = database.prepare(PACKS_OF).all(zone) as { readonly sum: number; readonly bytes: Buffer }[];
  const packs = new PackIndex(rows.filter(({ sum, bytes }) => crc32(bytes) === sum).map(({ bytes }) => bytes));
  const hasRow = rowsIn(database);
  // What is put in packs replaces a row that there is: so a row is the last one.
  return (digest) =>
    (hasRow(digest) ? found(digest, get.get(digest) as Row | undefined) : undefined) ?? packs.get(digest);
}

/** Whether there may be a row of a digest: nearly all those of a large zone are in packs. */
function rowsIn(database: Database): (digest: Uint8Array) => boolean {
  if (database.prepare(IS_MORE).get() !== undefined) return () => true;
  const first = (digest: Uint8Array): number => new DataView(digest.buffer, digest.byteOffset).getUint32(0);
  const known = new Set<number>();
  for (const digest of database.prepare('SELECT digest FROM signatures').pluck().iterate())
    known.add(first(digest as Buffer));
  return (digest) => known.has(first(digest));
}

function putEach({ put, putMany }: Opened, rows: readonly SignatureRow[]): void {
  const sorted = inOrder(rows);
  let at = 0;
  for (; at + ROWS_A_STATEMENT <= sorted.length; at += ROWS_A_STATEMENT) {
    putMany.run(sorted.slice(at, at + ROWS_A_STATEMENT).flatMap(columnsOf));
  }
  for (; at < sorted.length; at++) put.run(columnsOf(sorted[at]));
}

function putPacks({ database, putPack, replace }: Opened, rows: readonly SignatureRow[], zone: Uint8Array): void {
  const hasRow = rowsIn(database);
  for (const row of rows) if (hasRow(row.digest)) replace.run([...columnsOf(row).slice(1), row.digest]);
  for (let at = 0; at < rows.length; at += PACKED_MAX) {
    const some = rows.slice(at, at + PACKED_MAX);
    const bytes = packed(some);
    putPack.run(zone, latestOf(some), crc32(bytes), bytes);
  }
}

function bytesOf(rows: readonly SignatureRow[]): number {
  return rows.reduce((bytes, { signature }) => bytes + ROW_BYTES + signature.length, 0);
}

function latestOf(rows: readonly SignatureRow[]): number {
  return rows.reduce((latest, { inception }) => Math.max(latest, inception), 0);
}

interface Opened {
  readonly database: Database;
  readonly room: Room;
  readonly get: Statement;
  readonly put: Statement;
  readonly putPack: Statement;
  readonly replace: Statement;
  readonly forgetPacks: Statement;
  readonly putMany: Statement;
  readonly noteLatest: Statement;
  readonly noteUnkept: Statement;
  readonly forgetLatest: Statement;
  readonly end: Statement;
  readonly forget: Statement;
  readonly latest: Statement;
}

function prepare(database: Database): Opened {
  return {
    database,
    room: new Room(database),
    get: database.prepare(GET),
    put: database.prepare(putRows(1)),
    replace: database.prepare(
      'UPDATE signatures SET inception = ?, expiration = ?, signature = ?, sum = ? WHERE digest = ?',
    ),
    putPack: database.prepare('INSERT INTO packs (zone, inception, sum, bytes) VALUES (?, ?, ?, ?)'),
    forgetPacks: database.prepare(
      'DELETE FROM packs WHERE id IN (SELECT id FROM packs WHERE inception < ? ORDER BY id LIMIT +?)',
    ),
    putMany: database.prepare(putRows(ROWS_A_STATEMENT)),
    noteLatest: database.prepare('UPDATE latest SET inception = max(inception, ?)'),
    noteUnkept: database.prepare('UPDATE latest SET inception = ? WHERE inception < ?'),
    // None of them is there any more.
    forgetLatest: database.prepare('UPDATE latest SET inception = 0 WHERE inception > 0 AND inception < ?'),
    end: database.prepare('SELECT digest FROM signatures WHERE digest > ? ORDER BY digest LIMIT 1 OFFSET ?'),
    forget: database.prepare('DELETE FROM signatures WHERE digest > ? AND digest <= ? AND inception < ?'),
    latest: database.prepare(LATEST),
  };
}

function putRows(count: number): string {
  const rows = Array.from({ length: count }, () => '(?, ?, ?, ?, ?)').join(', ');
  return `INSERT OR REPLACE INTO signatures VALUES ${rows}`;
}
