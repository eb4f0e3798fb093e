/**
 * RRsets as an import brought them: in blocks, which are runs of them in packed form, known by the first one in each. An
 * RRset is in a block or in a row, never in both: who changes one that is in a block takes it out. Blocks of a content do
 * not overlap; rows may lie between the RRsets of one.
 */
import { crc32 } from 'node:zlib';
import type { Database } from 'better-sqlite3';
import { StoreUnavailable } from '../model/errors.ts';
import { PACKED_NAME_LENGTH_BYTES, PackedCursor } from '../model/packed-form.ts';

/**
 * Of a block, where no single RRset is larger: its row fills one page of the database, 4096 bytes, with its name and the
 * page's own head. A larger one is written hardly faster, and is read and written anew whole for each RRset of it.
 */
export const BLOCK_BYTES = 3900;

/** Before all types: with a name it is the place before all that stands there. */
const BEFORE_TYPES = -1;

/** Which RRset of a content. */
export interface RRsetKey {
  readonly name: string;
  readonly type: number;
}

/** Where a walk begins that is to have all of a content. */
export const FIRST_KEY: RRsetKey = { name: '', type: BEFORE_TYPES };

/** Before all RRsets of a name. */
export function beforeName(name: string): RRsetKey {
  return { name, type: BEFORE_TYPES };
}

/** A row of the table. */
export interface BlockRow extends RRsetKey {
  readonly id: number;
  readonly checksum: number;
  readonly body: Uint8Array;
}

export class Blocks {
  readonly #statements: ReturnType<typeof prepare>;

  constructor(database: Database) {
    this.#statements = prepare(database);
  }

  /** Adds a block: at least one RRset, all of them after those of the block before it. */
  add(content: number, body: Uint8Array): void {
    const first = new PackedCursor();
    first.begin(body);
    first.next();
    this.#statements.add.run(content, first.name, first.type, crc32(body), asBuffer(body));
  }

  /** Whether a content has any. */
  haveAny(content: number): boolean {
    return this.#statements.any.get(content) !== undefined;
  }

  /** The one that has the RRset, if any has. */
  holding(content: number, { name, type }: RRsetKey): BlockRow | undefined {
    const row = this.#statements.upTo.get(content, name, type) as BlockRow | undefined;
    return row && checked(row);
  }

  /** Those that begin after an RRset, in their order. */
  after(content: number, { name, type }: RRsetKey, limit: number): BlockRow[] {
    return (this.#statements.after.all(content, name, type, limit) as BlockRow[]).map(checked);
  }

  /** The RRset in its block; undefined: it is in none. */
  find(content: number, key: RRsetKey): PackedCursor | undefined {
    const row = this.holding(content, key);
    return row && findIn(row, key);
  }

  /**
   * Takes an RRset out of its block, if it is in one: for who makes a row of it, or deletes it. To be called in a
   * transaction.
   */
  takeOut(content: number, key: RRsetKey): void {
    this.takeOutEach(content, [key], () => {});
  }

  /**
   * Takes those out that are in blocks, of keys in order, and gives `took` each; many of one block at once. To be called
   * in a transaction.
   */
  takeOutEach(content: number, keys: readonly RRsetKey[], took: (found: PackedCursor) => void): void {
    let row: BlockRow | undefined;
    // All keys up to it are in the block before it, or nowhere.
    let next: BlockRow | undefined;
    let isFirst = true;
    const cursor = new PackedCursor();
    let isOver = true;
    const parts: Uint8Array[] = [];
    let from = 0;
    const flush = (): void => {
      if (row === undefined || from === 0) return;
      this.#rewrite(row, Buffer.concat([...parts, row.body.subarray(from)]));
    };
    for (const key of keys) {
      if (isFirst || (next !== undefined && !isBefore(key, next))) {
        flush();
        isFirst = false;
        row = this.holding(content, key);
        [next] = this.after(content, row ?? key, 1);
        parts.length = 0;
        from = 0;
        if (row !== undefined) cursor.begin(row.body);
        isOver = row === undefined || !cursor.next();
      }
      while (!isOver && isBefore(cursor, key)) isOver = !cursor.next();
      if (isOver || row === undefined || cursor.type !== key.type || cursor.name !== key.name) continue;
      took(cursor);
      parts.push(row.body.subarray(from, cursor.nameStart - PACKED_NAME_LENGTH_BYTES));
      from = cursor.end;
    }
    flush();
  }

  #rewrite({ id }: BlockRow, rest: Buffer): void {
    const first = new PackedCursor();
    first.begin(rest);
    if (first.next()) this.#statements.rewrite.run(first.name, first.type, crc32(rest), rest, id);
    else this.#statements.remove.run(id);
  }

  /** Deletes some of a content; how many. */
  sweep(content: number, limit: number): number {
    return this.#statements.sweep.run(content, limit).changes;
  }
}

/** Whether an RRset comes before another one. */
export function isBefore(a: RRsetKey, b: RRsetKey): boolean {
  return a.name === b.name ? a.type < b.type : a.name < b.name;
}

/** The RRset of a block that has the key. */
function findIn(row: BlockRow, { name, type }: RRsetKey): PackedCursor | undefined {
  const wanted = Buffer.from(name, 'latin1');
  const cursor = new PackedCursor();
  cursor.begin(row.body);
  while (cursor.next()) if (cursor.type === type && isNamed(cursor, wanted)) return cursor;
  return undefined;
}

function isNamed({ bytes, nameStart, nameEnd }: PackedCursor, name: Uint8Array): boolean {
  if (nameEnd - nameStart !== name.length) return false;
  for (let i = 0; i < name.length; i++) if (bytes[nameStart + i] !== name[i]) return false;
  return true;
}

/** A block that is as it was written, and as blocks are: a damaged one must not be taken for a zone without its names. */
function checked(row: BlockRow): BlockRow {
  const { body, checksum, name, type } = row;
  if (!(body instanceof Uint8Array) || crc32(body) !== checksum) throw damaged('it is not what its checksum says');
  const cursor = new PackedCursor();
  cursor.begin(body);
  if (!cursor.next() || cursor.type !== type || cursor.name !== name) {
    throw damaged('it does not begin with what it is known by');
  }
  for (let { nameStart, nameEnd, type: before } = cursor; cursor.next(); ) {
    if (!isAfter(cursor, nameStart, nameEnd, before)) throw damaged('its RRsets are out of order');
    ({ nameStart, nameEnd, type: before } = cursor);
  }
  if (cursor.end !== body.length) throw damaged('it does not end with an RRset');
  return row;
}

/** Whether an RRset comes after one of the same bytes. */
function isAfter(
  { bytes, nameStart, nameEnd, type }: PackedCursor,
  start: number,
  end: number,
  before: number,
): boolean {
  const length = Math.min(nameEnd - nameStart, end - start);
  for (let i = 0; i < length; i++) {
    const difference = bytes[nameStart + i] - bytes[start + i];
    if (difference !== 0) return difference > 0;
  }
  const longer = nameEnd - nameStart - (end - start);
  return longer === 0 ? type > before : longer > 0;
}

/** The store is at fault, and not this program. */
export function damaged(why: string): StoreUnavailable {
  return new StoreUnavailable(`the store cannot be read: a block of records is damaged: ${why}`);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

const COLUMNS = 'id, name, type, checksum, body';

function prepare(database: Database) {
  const sql = (text: string) => database.prepare<unknown[]>(text);
  return {
    add: sql('INSERT INTO blocks (content, name, type, checksum, body) VALUES (?, ?, ?, ?, ?)'),
    any: sql('SELECT 1 FROM blocks WHERE content = ? LIMIT 1'),
    upTo: sql(`SELECT ${COLUMNS} FROM blocks WHERE content = +? AND (name, type) <= (?, ?)
      ORDER BY name DESC, type DESC LIMIT 1`),
    after: sql(`SELECT ${COLUMNS} FROM blocks WHERE content = +? AND (name, type) > (?, ?)
      ORDER BY name, type LIMIT +?`),
    rewrite: sql('UPDATE blocks SET name = ?, type = ?, checksum = ?, body = ? WHERE id = ?'),
    remove: sql('DELETE FROM blocks WHERE id = ?'),
    sweep: sql('DELETE FROM blocks WHERE id IN (SELECT id FROM blocks WHERE content = ? LIMIT +?)'),
  };
}
