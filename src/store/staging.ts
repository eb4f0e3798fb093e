/**
 * The builder thread's own connection to the store, and the staging thread's: it brings a zone's records in beside those in
 * use, and sweeps out what no zone has any more, in transactions so small that a shift never waits long for its turn.
 */
import Sqlite, { type Database, type Statement } from 'better-sqlite3';
import { PACKED_NAME_LENGTH_BYTES, PackedCursor } from '../model/packed-form.ts';
import type { StagedRRset } from '../model/revision.ts';
import { BLOCK_BYTES, type Blocks, FIRST_KEY, isBefore, type RRsetKey } from './blocks.ts';
import { ContentReads } from './content-reads.ts';
import { Entries } from './entries.ts';
import { LogLength } from './log-length.ts';
import type { PackedContent } from './packed.ts';
import { Reserve } from './reserve.ts';
import { Room } from './room.ts';
import { packedColumns, rrsetColumns } from './rows.ts';
import { LEFT_MAX_BYTES, StagedLog } from './staged-log.ts';
import { INLINE_MAX, type Retention, Texts } from './texts.ts';
import { Turn } from './turn.ts';

/** What another thread needs to open the store. */
export interface SharedStore {
  readonly file: string;
  /** Of the file, open for writing as long as the store is. */
  readonly fd: number;
  readonly turn: SharedArrayBuffer;
  readonly retention: Retention;
}

/** Releases whose plans are forgotten in one transaction; each has some 100 KB at most. */
const RELEASES_AT_ONCE = 10;

/** Rows a transaction: a few milliseconds that the main thread may have to wait. */
const ROWS_AT_ONCE = 500;
/** And blocks: as many bytes as are brought at once. */
const BLOCKS_AT_ONCE = 64;
/** RRsets with labels or texts of a client that are looked for at once. */
const NOTED_AT_ONCE = 1000;

/** Does something in a transaction, and says for which content. */
type Write = (work: (content: number) => void) => number;

interface StagedParts {
  readonly write: Write;
  readonly addRRset: Statement<unknown[]>;
  readonly blocks: Blocks;
  readonly blockBytes: number;
  /** Those of the content that is replaced which have labels or texts: they will be kept, in rows; after one, in order. */
  readonly noted: (after: RRsetKey) => RRsetKey[];
  readonly abandon: () => void;
  /** See `Staging.tidy`; never throws. */
  readonly tidy: () => boolean;
  readonly log: StagedLog;
  readonly room: Room;
}

/** A content in the making: RRsets that come one after the other, in small transactions. */
class StagedRows {
  readonly #parts: StagedParts;
  readonly #cursor = new PackedCursor();
  #noted: RRsetKey[] | undefined;
  #nextNoted = 0;
  #content = 0;
  /** As far as is known, there is something to take out. */
  #isUntidy = true;

  constructor(parts: StagedParts) {
    this.#parts = parts;
  }

  /** The number of the content; 0: nothing was added yet. */
  get content(): number {
    return this.#content;
  }

  /**
   * Adds RRsets in packed form: after all of before, in their order. As much as that of what nobody has any more is taken out
   * on the way: where large imports follow each other closely there is no other time for it, and the file would grow by each.
   * Throws StoreUnavailable, or what SQLite says.
   */
  addPiece(piece: Uint8Array): void {
    const cursor = this.#cursor;
    cursor.begin(piece);
    for (let isMore = cursor.next(); isMore; ) {
      this.#parts.room.mustHave(piece.length - cursor.nameStart);
      this.#content = this.#parts.write((content) => {
        for (let i = 0; isMore && i < BLOCKS_AT_ONCE; i++) isMore = this.#addBlock(content);
      });
      this.#isUntidy &&= this.#parts.tidy();
    }
    this.#parts.log.wrote(piece.length);
  }

  /** Adds the block that begins with the cursor's RRset, or that RRset as a row; false where it was the last of the piece. */
  #addBlock(content: number): boolean {
    const cursor = this.#cursor;
    const { blocks, blockBytes, addRRset } = this.#parts;
    if (this.#isRow()) {
      addRRset.run(content, ...packedColumns(cursor));
      return cursor.next();
    }
    const start = cursor.nameStart - PACKED_NAME_LENGTH_BYTES;
    let end = cursor.end;
    let isMore = cursor.next();
    while (isMore && cursor.end - start <= blockBytes && !this.#isRow()) {
      end = cursor.end;
      isMore = cursor.next();
    }
    blocks.add(content, cursor.bytes.subarray(start, end));
    return isMore;
  }

  /** Whether the cursor's RRset is to be a row. */
  #isRow(): boolean {
    if (this.#parts.blockBytes === 0) return true;
    this.#noted ??= this.#parts.noted(FIRST_KEY);
    if (this.#noted.length === 0) return false;
    const { name, type } = this.#cursor;
    const key = { name, type };
    for (;;) {
      const noted = this.#noted[this.#nextNoted];
      if (noted === undefined) {
        const last = this.#noted.at(-1);
        if (last === undefined) return false;
        this.#noted = this.#parts.noted(last);
        this.#nextNoted = 0;
      } else if (isBefore(noted, key)) this.#nextNoted++;
      else return !isBefore(key, noted);
    }
  }

  /** The number of the content. On return it is on the disk, and so is all that was staged before. */
  end(): number {
    if (this.#content === 0) this.#content = this.#parts.write(() => {});
    this.#parts.log.sync();
    return this.#content;
  }

  /** Nothing comes of it: it is swept out like what a zone had before. */
  abandon(): void {
    if (this.#content !== 0) this.#parts.abandon();
  }
}

export class Staging {
  readonly shared: SharedStore;
  readonly #database: Database;
  readonly #statements: ReturnType<typeof prepare>;
  readonly #contents: ContentReads;
  readonly #blockBytes: number;
  readonly #turn: Turn;
  readonly #log: StagedLog;
  readonly #length: LogLength;
  readonly #room: Room;
  readonly #texts: Texts;
  readonly #entries: Entries;
  readonly #retention: Retention;
  /** The last release that was looked at. */
  #releasesSeen = 0;

  /** The database is one that the main thread has opened and migrated. `blockBytes`: 0 makes a row of each RRset. */
  constructor(shared: SharedStore, blockBytes = BLOCK_BYTES, leftMaxBytes = LEFT_MAX_BYTES) {
    const { file, turn, retention } = shared;
    this.shared = shared;
    this.#turn = new Turn(turn);
    this.#retention = retention;
    this.#database = new Sqlite(file, { fileMustExist: true });
    // NORMAL: no wait for the disk at each of thousands of small commits. The one that takes over what was staged is the
    // main connection's, which is FULL: it syncs the same log, with all that stands before it there. What a checkpoint
    // has moved on by then is synced at either level (https://sqlite.org/pragma.html#pragma_synchronous).
    this.#database.pragma('synchronous = NORMAL');
    this.#log = new StagedLog(this.#database, this.#turn, leftMaxBytes);
    this.#length = new LogLength(this.#database, this.#turn);
    this.#room = new Room(this.#database, new Reserve(shared.fd));
    this.#statements = prepare(this.#database);
    this.#contents = new ContentReads(this.#database);
    this.#blockBytes = blockBytes;
    this.#texts = new Texts(this.#database);
    this.#entries = new Entries(this.#database);
  }

  /** A new content of a zone, for RRsets that come one after the other in the order of the packed form. */
  begin(zone: string): StagedRows {
    let content = 0;
    const write = (work: (content: number) => void): number => {
      this.#inTurn(() => {
        if (content === 0) content = Number(this.#statements.addContent.run().lastInsertRowid);
        work(content);
      });
      return content;
    };
    const replaced = this.#contents.placeOf(zone)?.content;
    const { addRRset, noted, abandon } = this.#statements;
    return new StagedRows({
      write,
      addRRset,
      blocks: this.#contents.blocks,
      blockBytes: this.#blockBytes,
      noted: ({ name, type }) =>
        replaced === undefined ? [] : (noted.all(replaced, name, type, NOTED_AT_ONCE) as RRsetKey[]),
      abandon: () => {
        // On a disk that is nearly full the log has to begin anew before it takes the last room; where it cannot grow any more,
        // nothing can be written before that.
        this.#log.tryToBringIn();
        this.#room.keep();
        this.#inTurn(() => abandon.run(content));
      },
      tidy: () => this.#tryTidy(),
      log: this.#log,
      room: this.#room,
    });
  }

  /** Keeps a packed content for the import that is to come; one that is there already stays until then. */
  stagePacked(content: PackedContent): void {
    const { packed } = this.#entries;
    const { hash, chunks } = content;
    let isThere = false;
    this.#inTurn(() => {
      isThere = packed.pin(content);
      if (!isThere) packed.begin(content);
    });
    if (isThere) return;
    for (const [position, chunk] of chunks.entries()) {
      this.#room.mustHave(chunk.length);
      this.#inTurn(() => packed.addChunk(hash, position, chunk));
      this.#log.wrote(chunk.length);
    }
  }

  /** The import has come to nothing: what was kept for it is forgotten like what no revision has any more. */
  dropPacked(hash: string): void {
    this.#inTurn(() => this.#entries.packed.unpin(hash));
  }

  /** One small transaction. */
  #inTurn(work: () => void): void {
    this.#turn.isLogOwed = true;
    this.#turn.asBuilder(this.#database.transaction(work).immediate);
  }

  /** Whether the zone holds just these RRsets, which come in the order of the packed form. */
  holds(zone: string, rrsets: Iterable<StagedRRset>): boolean {
    const place = this.#contents.placeOf(zone);
    if (place === undefined) return false;
    const walk = this.#contents.walk(place.content);
    for (const rrset of rrsets) {
      if (!walk.next() || !isSame(walk.columns, rrsetColumns(rrset))) return false;
    }
    return !walk.next();
  }

  /** Some of what is to be swept out and forgotten, each in a small transaction: a shift comes in between. False where there was nothing. */
  tidy(): boolean {
    const isForgetting = this.forget();
    return this.sweep() || isForgetting;
  }

  /** No import is refused because of it: a store that cannot be written refuses the import itself, and all else is told of the next sweep. */
  #tryTidy(): boolean {
    try {
      return this.tidy();
    } catch {
      return false;
    }
  }

  /** Deletes some rows and blocks of contents that no zone has; false where there are none. */
  sweep(): boolean {
    const dead = this.#statements.dead.get() as { id: number } | undefined;
    if (dead === undefined) return false;
    this.#inTurn(() => {
      if (this.#contents.blocks.sweep(dead.id, BLOCKS_AT_ONCE) === BLOCKS_AT_ONCE) return;
      const { changes } = this.#statements.sweepRRsets.run(dead.id, dead.id, ROWS_AT_ONCE);
      if (changes < ROWS_AT_ONCE) this.#statements.sweepContent.run(dead.id);
    });
    this.#log.changed(BLOCKS_AT_ONCE * this.#blockBytes);
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
    this.#inTurn(() => {
      this.#texts.forget(this.#retention);
      for (const id of releases) this.#statements.forgetPlan.run(id);
    });
    // One that goes on is looked at again after the next start.
    this.#releasesSeen = releases.at(-1) ?? this.#releasesSeen;
    return true;
  }

  /** Brings what imports have left in the write-ahead log into the database; to be called when nothing else is to be done. */
  bringIn(): void {
    this.#log.bringIn();
  }

  /** See `LogLength.lengthen`. */
  lengthenLog(): boolean {
    return this.#length.lengthen();
  }

  close(): void {
    this.#log.close();
    this.#length.close();
    this.#database.close();
  }
}

/** Whether two RRsets are alike, as rows have them. */
function isSame(a: ReturnType<typeof rrsetColumns>, b: ReturnType<typeof rrsetColumns>): boolean {
  return a.every((column, i) => {
    const other = b[i];
    return column instanceof Uint8Array ? Buffer.compare(column, other as Uint8Array) === 0 : column === other;
  });
}

function prepare(database: Database) {
  const sql = (text: string) => database.prepare<unknown[]>(text);
  return {
    addContent: sql("INSERT INTO contents (state, revision) VALUES ('staged', 0)"),
    addRRset: sql(`INSERT INTO rrsets (content, name, type, ttl_seconds, rdata, record_ttls, revision)
      VALUES (?, ?, ?, ?, ?, ?, 0)`),
    noted: sql(`SELECT name, type FROM rrsets WHERE content = ? AND (name, type) > (?, ?)
      AND (labels IS NOT NULL OR written IS NOT NULL) ORDER BY name, type LIMIT +?`),
    abandon: sql("UPDATE contents SET state = 'dead' WHERE id = ? AND state = 'staged'"),
    dead: sql("SELECT id FROM contents WHERE state = 'dead' LIMIT 1"),
    sweepRRsets: sql(`DELETE FROM rrsets WHERE content = ? AND (name, type) IN
      (SELECT name, type FROM rrsets WHERE content = ? LIMIT +?)`),
    largeReleases: sql(`SELECT id FROM releases WHERE id > ? AND id <= ? AND octet_length(body) > ?
      ORDER BY id LIMIT +?`),
    forgetPlan: sql(`UPDATE releases SET body = json_set(json_remove(body, '$.analyses'), '$.steps', json('[]'),
      '$.forgotten', json('true')) WHERE id = ? AND json_extract(body, '$.state') IN ('completed', 'aborted')`),
    sweepContent: sql('DELETE FROM contents WHERE id = ?'),
  };
}
