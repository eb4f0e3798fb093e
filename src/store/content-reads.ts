/** The RRsets of a content, wherever they stand: in blocks, as an import brought them, or in rows. */
import type { Database } from 'better-sqlite3';
import { PackedCursor } from '../model/packed-form.ts';
import type { RRset } from '../model/rrset.ts';
import { type BlockRow, Blocks, beforeName, damaged, FIRST_KEY, isBefore, type RRsetKey } from './blocks.ts';
import { packedColumns, packedRRset, type RRsetRow, type rrsetColumns, toRRset } from './rows.ts';

/** Rows and blocks that a walk reads at once: few at first, since many walks are short. */
const ROWS_AT_FIRST = 32;
const ROWS_AT_ONCE = 512;
const BLOCKS_AT_ONCE = 16;

/** Whose content it is. */
export interface ContentPlace {
  readonly zone: string;
  readonly content: number;
  /** Of RRsets that have not changed since they came with it. */
  readonly revision: number;
}

export class ContentReads {
  readonly blocks: Blocks;
  readonly #statements: ReturnType<typeof prepare>;

  constructor(database: Database) {
    this.blocks = new Blocks(database);
    this.#statements = prepare(database);
  }

  /** Where the RRsets of a zone stand. */
  placeOf(zone: string): ContentPlace | undefined {
    return this.#statements.place.get(zone) as ContentPlace | undefined;
  }

  /** Goes through all of them by name, then by type, after one of them (exclusive). Nothing should be written meanwhile. */
  walk(content: number, after: RRsetKey = FIRST_KEY): ContentWalk {
    return new ContentWalk(this.blocks, this.#statements, content, after);
  }

  rrset(place: ContentPlace, name: string, type: number): RRset | undefined {
    const row = this.#statements.rrset.get(place.content, name, type) as RRsetRow | undefined;
    if (row !== undefined) return toRRset(row, place);
    const found = this.blocks.find(place.content, { name, type });
    return found && packedRRset(found, place);
  }

  /** All of one name. */
  rrsetsAt(place: ContentPlace, name: string): RRset[] {
    const rows = (this.#statements.rrsetsAt.all(place.content, name) as RRsetRow[]).map((row) => toRRset(row, place));
    const packed = this.#packedAt(place.content, name, (cursor) => packedRRset(cursor, place));
    return packed.length === 0 ? rows : [...rows, ...packed].sort((a, b) => a.type - b.type);
  }

  /** The types that there are at a name. */
  typesAt(content: number, name: string): number[] {
    const rows = (this.#statements.typesAt.all(content, name) as { type: number }[]).map(({ type }) => type);
    return [...rows, ...this.#packedAt(content, name, ({ type }) => type)].sort((a, b) => a - b);
  }

  /** The longest TTL; 0 where there is nothing. */
  maxTtlOf(content: number): number {
    let { ttl } = this.#statements.maxTtl.get(content) as { ttl: number };
    const walk = new BlockWalk(this.blocks, content, FIRST_KEY);
    while (walk.next()) ttl = Math.max(ttl, walk.cursor.ttlSeconds);
    return ttl;
  }

  /** Something of each RRset of a name that is in a block. */
  #packedAt<Made>(content: number, name: string, make: (cursor: PackedCursor) => Made): Made[] {
    const made: Made[] = [];
    const walk = new BlockWalk(this.blocks, content, beforeName(name));
    while (walk.next() && walk.cursor.name === name) made.push(make(walk.cursor));
    return made;
  }
}

/** Goes through what is in blocks, after an RRset (exclusive). */
class BlockWalk {
  readonly cursor = new PackedCursor();
  readonly #blocks: Blocks;
  readonly #content: number;
  readonly #after: RRsetKey;
  /** What was read; undefined: nothing yet. */
  #read: BlockRow[] | undefined;
  #next = 0;
  #limit = 1;

  constructor(blocks: Blocks, content: number, after: RRsetKey) {
    this.#blocks = blocks;
    this.#content = content;
    this.#after = after;
  }

  /** Goes to the next one; false where there is none. */
  next(): boolean {
    if (this.#read === undefined) return this.#begin();
    return this.cursor.next() || (this.#open() && this.cursor.next());
  }

  #begin(): boolean {
    const holding = this.#blocks.holding(this.#content, this.#after);
    this.#read = holding === undefined ? this.#blocks.after(this.#content, this.#after, 1) : [holding];
    if (!this.#open()) return false;
    while (this.cursor.next()) if (isBefore(this.#after, this.cursor)) return true;
    return this.#open() && this.cursor.next();
  }

  #open(): boolean {
    let read = this.#read as BlockRow[];
    if (this.#next === read.length) {
      const last = read.at(-1);
      if (last === undefined) return false;
      this.#limit = Math.min(2 * this.#limit, BLOCKS_AT_ONCE);
      read = this.#blocks.after(this.#content, last, this.#limit);
      this.#read = read;
      this.#next = 0;
      if (read.length === 0) return false;
    }
    this.cursor.begin(read[this.#next++].body);
    return true;
  }
}

export class ContentWalk implements RRsetKey {
  readonly #blocks: BlockWalk;
  readonly #statements: Pick<ReturnType<typeof prepare>, 'rowsAfter'>;
  readonly #content: number;
  #rows: RRsetRow[] = [];
  #nextRow = 0;
  #limit = ROWS_AT_FIRST;
  /** The last row that was read; undefined: there are no more. */
  #lastRow: RRsetKey | undefined;
  /** Whether the block's RRset comes next, or after rows; its name, where rows are left. */
  #isBlockReady = false;
  #isBlockOver = false;
  #blockName = '';
  /** Where it is; undefined: in a block. */
  #row: RRsetRow | undefined;

  constructor(
    blocks: Blocks,
    statements: Pick<ReturnType<typeof prepare>, 'rowsAfter'>,
    content: number,
    after: RRsetKey,
  ) {
    this.#blocks = new BlockWalk(blocks, content, after);
    this.#statements = statements;
    this.#content = content;
    this.#lastRow = after;
  }

  /** Goes to the next RRset; false where there is none. */
  next(): boolean {
    if (!this.#isBlockReady && !this.#isBlockOver) {
      this.#isBlockReady = this.#blocks.next();
      this.#isBlockOver = !this.#isBlockReady;
      this.#blockName = '';
    }
    const row = this.#readRow();
    if (row !== undefined && (this.#isBlockOver || this.#isRowFirst(row))) {
      this.#nextRow++;
      this.#row = row;
      return true;
    }
    this.#row = undefined;
    const isThere = this.#isBlockReady;
    this.#isBlockReady = false;
    return isThere;
  }

  get name(): string {
    return this.#row === undefined ? this.#blocks.cursor.name : this.#row.name;
  }

  get type(): number {
    return this.#row === undefined ? this.#blocks.cursor.type : this.#row.type;
  }

  get isLabelled(): boolean {
    return this.#row !== undefined && this.#row.labels !== null;
  }

  /** What it has, as a row has it: but for labels and texts. */
  get columns(): ReturnType<typeof rrsetColumns> {
    if (this.#row === undefined) return packedColumns(this.#blocks.cursor);
    const { name, type, ttl_seconds, rdata, record_ttls } = this.#row;
    return [name, type, ttl_seconds, rdata as Buffer, record_ttls];
  }

  /** `place`: of the content that is walked through. */
  rrset(place: ContentPlace): RRset {
    return this.#row === undefined ? packedRRset(this.#blocks.cursor, place) : toRRset(this.#row, place);
  }

  #isRowFirst(row: RRsetRow): boolean {
    if (this.#blockName === '') this.#blockName = this.#blocks.cursor.name;
    const { type } = this.#blocks.cursor;
    if (row.name !== this.#blockName) return row.name < this.#blockName;
    if (row.type === type) throw damaged('it has an RRset that stands in a row');
    return row.type < type;
  }

  /** The row that comes next. */
  #readRow(): RRsetRow | undefined {
    if (this.#nextRow === this.#rows.length && this.#lastRow !== undefined) {
      const { name, type } = this.#lastRow;
      this.#rows = this.#statements.rowsAfter.all(this.#content, name, type, this.#limit) as RRsetRow[];
      this.#nextRow = 0;
      this.#lastRow = this.#rows.length < this.#limit ? undefined : this.#rows.at(-1);
      this.#limit = ROWS_AT_ONCE;
    }
    return this.#rows[this.#nextRow];
  }
}

const COLUMNS = 'name, type, ttl_seconds, record_ttls, rdata, labels, written, revision';

function prepare(database: Database) {
  const sql = (text: string) => database.prepare<unknown[]>(text);
  return {
    place: sql(`SELECT zones.name AS zone, content, contents.revision AS revision
      FROM zones JOIN contents ON contents.id = content WHERE zones.name = +?`),
    rrset: sql(`SELECT ${COLUMNS} FROM rrsets WHERE content = ? AND name = ? AND type = ?`),
    rrsetsAt: sql(`SELECT ${COLUMNS} FROM rrsets WHERE content = +? AND name = +? ORDER BY type`),
    rowsAfter: sql(`SELECT ${COLUMNS} FROM rrsets WHERE content = +? AND (name, type) > (?, ?)
      ORDER BY name, type LIMIT +?`),
    typesAt: sql('SELECT type FROM rrsets WHERE content = ? AND name = ?'),
    maxTtl: sql('SELECT ifnull(max(ttl_seconds), 0) AS ttl FROM rrsets WHERE content = ?'),
  };
}
