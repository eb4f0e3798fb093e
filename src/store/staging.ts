/**
 * The builder thread's own connection to the store: it brings a zone's records in beside those in use, and sweeps out
 * what no zone has any more, in transactions so small that a shift never waits long for its turn.
 */
import Sqlite, { type Database } from 'better-sqlite3';
import { PackedCursor } from '../model/packed-form.ts';
import type { StagedRRset } from '../model/revision.ts';
import { Entries } from './entries.ts';
import type { PackedContent } from './packed.ts';
import { packedColumns, rrsetColumns } from './rows.ts';
import { INLINE_MAX, type Retention, Texts } from './texts.ts';
import { Turn } from './turn.ts';

/** What the builder thread needs to open the store. */
export interface SharedStore {
  readonly file: string;
  readonly turn: SharedArrayBuffer;
  readonly retention: Retention;
}

/** Releases whose plans are forgotten in one transaction; each has some 100 KB at most. */
const RELEASES_AT_ONCE = 10;

/** RRsets a transaction: a few milliseconds that the main thread may have to wait. */
const ROWS_AT_ONCE = 500;
/** And a statement: to begin and end one costs more than to add a row. With more nothing is gained. */
const ROWS_A_STATEMENT = 50;
/** Values of a row. */
const COLUMNS = 6;

/** Does something in a transaction, and says for which content. */
type Write = (work: (content: number) => void) => number;

/** A content in the making: rows that come one after the other, in small transactions. */
class StagedRows {
  readonly #write: Write;
  readonly #statements: Pick<ReturnType<typeof prepare>, 'addRRset' | 'addRRsets'>;
  readonly #abandon: () => void;
  readonly #cursor = new PackedCursor();
  /** Of the statement that adds many at once. */
  readonly #values: unknown[] = [];
  #content = 0;

  constructor(
    write: Write,
    statements: Pick<ReturnType<typeof prepare>, 'addRRset' | 'addRRsets'>,
    abandon: () => void,
  ) {
    this.#write = write;
    this.#statements = statements;
    this.#abandon = abandon;
  }

  /** Adds RRsets in packed form. */
  addPiece(piece: Uint8Array): void {
    const cursor = this.#cursor;
    cursor.begin(piece);
    for (let isMore = true; isMore; ) {
      this.#content = this.#write((content) => {
        for (let i = 0; isMore && i < ROWS_AT_ONCE; i++) {
          isMore = cursor.next();
          if (isMore) this.#add(content);
        }
        this.#flush();
      });
    }
  }

  #add(content: number): void {
    const values = this.#values;
    values.push(content, ...packedColumns(this.#cursor));
    if (values.length < ROWS_A_STATEMENT * COLUMNS) return;
    this.#statements.addRRsets.run(...values);
    values.length = 0;
  }

  #flush(): void {
    const values = this.#values;
    for (let at = 0; at < values.length; at += COLUMNS)
      this.#statements.addRRset.run(...values.slice(at, at + COLUMNS));
    values.length = 0;
  }

  /** The number of the content. */
  end(): number {
    if (this.#content === 0) this.#content = this.#write(() => {});
    return this.#content;
  }

  /** Nothing comes of it: it is swept out like what a zone had before. */
  abandon(): void {
    if (this.#content !== 0) this.#abandon();
  }
}

export class Staging {
  readonly shared: SharedStore;
  readonly #database: Database;
  readonly #statements: ReturnType<typeof prepare>;
  readonly #turn: Turn;
  readonly #texts: Texts;
  readonly #entries: Entries;
  readonly #retention: Retention;
  /** The last release that was looked at. */
  #releasesSeen = 0;

  /** The database is one that the main thread has opened and migrated. */
  constructor(shared: SharedStore) {
    const { file, turn, retention } = shared;
    this.shared = shared;
    this.#turn = new Turn(turn);
    this.#retention = retention;
    this.#database = new Sqlite(file, { fileMustExist: true });
    // NORMAL: no wait for the disk at each of thousands of small commits. The one that takes over what was staged is the
    // main connection's, which is FULL: it syncs the same log, with all that stands before it there. What a checkpoint
    // has moved on by then is synced at either level (https://sqlite.org/pragma.html#pragma_synchronous).
    this.#database.pragma('synchronous = NORMAL');
    this.#statements = prepare(this.#database);
    this.#texts = new Texts(this.#database);
    this.#entries = new Entries(this.#database);
  }

  /** A new content, for RRsets that come one after the other. */
  begin(): StagedRows {
    let content = 0;
    return new StagedRows(
      (work) => {
        this.#inTurn(() => {
          if (content === 0) content = Number(this.#statements.addContent.run().lastInsertRowid);
          work(content);
        });
        return content;
      },
      this.#statements,
      () => this.#inTurn(() => this.#statements.abandon.run(content)),
    );
  }

  /** Keeps a packed content for the import that is to come; one that is there already stays until then. */
  stagePacked(content: PackedContent): void {
    const { packed } = this.#entries;
    const { hash, chunks } = content;
    if (packed.has(hash)) {
      this.#inTurn(() => packed.pin(hash));
      return;
    }
    this.#inTurn(() => packed.begin(content));
    for (const [position, chunk] of chunks.entries()) this.#inTurn(() => packed.addChunk(hash, position, chunk));
  }

  /** One small transaction. */
  #inTurn(work: () => void): void {
    this.#turn.asBuilder(this.#database.transaction(work).immediate);
  }

  /** Whether the zone holds just these RRsets, of which there are `count`. */
  holds(zone: string, rrsets: Iterable<StagedRRset>, count: number): boolean {
    const row = this.#statements.contentOf.get(zone) as { content: number } | undefined;
    if (row === undefined) return false;
    for (const rrset of rrsets) {
      const same = this.#statements.sameRRset.get(row.content, ...rrsetColumns(rrset));
      if (same === undefined) return false;
    }
    return (this.#statements.count.get(row.content) as { count: number }).count === count;
  }

  /** Deletes some rows of contents that no zone has; false where there are none. */
  sweep(): boolean {
    const dead = this.#statements.dead.get() as { id: number } | undefined;
    if (dead === undefined) return false;
    const write = this.#database.transaction(() => {
      const { changes } = this.#statements.sweepRRsets.run(dead.id, dead.id, ROWS_AT_ONCE);
      if (changes < ROWS_AT_ONCE) this.#statements.sweepContent.run(dead.id);
    });
    this.#turn.asBuilder(write.immediate);
    return true;
  }

  /**
   * Forgets some of the log's large texts and changes that are kept no longer, and the plans of releases that ended as
   * long ago; false where there are none.
   */
  forget(): boolean {
    const isForgetting = this.#forgetTexts();
    const write = (work: () => void): void => this.#inTurn(work);
    return this.#entries.forget(this.#retention, this.#texts.lastRevision, write) || isForgetting;
  }

  #forgetTexts(): boolean {
    const upTo = this.#texts.lastRevision - this.#retention.revisions;
    const found = this.#statements.largeReleases.all(this.#releasesSeen, upTo, INLINE_MAX, RELEASES_AT_ONCE);
    const releases = (found as { id: number }[]).map(({ id }) => id);
    if (releases.length === 0 && !this.#texts.isOverdue(this.#retention)) return false;
    const write = this.#database.transaction(() => {
      this.#texts.forget(this.#retention);
      for (const id of releases) this.#statements.forgetPlan.run(id);
    });
    this.#turn.asBuilder(write.immediate);
    // One that goes on is looked at again after the next start.
    this.#releasesSeen = releases.at(-1) ?? this.#releasesSeen;
    return true;
  }

  close(): void {
    this.#database.close();
  }
}

function addRows(count: number): string {
  const rows = Array.from({ length: count }, () => '(?, ?, ?, ?, ?, ?, 0)').join(', ');
  return `INSERT INTO rrsets (content, name, type, ttl_seconds, rdata, record_ttls, revision) VALUES ${rows}`;
}

function prepare(database: Database) {
  const sql = (text: string) => database.prepare<unknown[]>(text);
  return {
    addContent: sql("INSERT INTO contents (state, revision) VALUES ('staged', 0)"),
    addRRset: sql(addRows(1)),
    addRRsets: sql(addRows(ROWS_A_STATEMENT)),
    abandon: sql("UPDATE contents SET state = 'dead' WHERE id = ? AND state = 'staged'"),
    contentOf: sql('SELECT content FROM zones WHERE name = ?'),
    sameRRset: sql(`SELECT 1 FROM rrsets
      WHERE content = ? AND name = ? AND type = ? AND ttl_seconds = ? AND rdata = ? AND record_ttls IS ?`),
    count: sql('SELECT count(*) AS count FROM rrsets WHERE content = ?'),
    dead: sql("SELECT id FROM contents WHERE state = 'dead' LIMIT 1"),
    sweepRRsets: sql(`DELETE FROM rrsets WHERE content = ? AND (name, type) IN
      (SELECT name, type FROM rrsets WHERE content = ? LIMIT ?)`),
    largeReleases: sql(`SELECT id FROM releases WHERE id > ? AND id <= ? AND octet_length(body) > ?
      ORDER BY id LIMIT ?`),
    forgetPlan: sql(`UPDATE releases SET body = json_set(json_remove(body, '$.analyses'), '$.steps', json('[]'),
      '$.forgotten', json('true')) WHERE id = ? AND json_extract(body, '$.state') IN ('completed', 'aborted')`),
    sweepContent: sql('DELETE FROM contents WHERE id = ?'),
  };
}
