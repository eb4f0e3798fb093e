/**
 * The entries of the log with all that they change, and what zone files brought: kept for as many revisions as the log's large texts,
 * and up to as many bytes again, so that no import takes a way back away. Older ones are forgotten little by little.
 */
import type { Database } from 'better-sqlite3';
import { decodeEntry, type Entry, encodeEntry } from '../model/entry.ts';
import { Packed } from './packed.ts';
import type { Retention } from './texts.ts';

/** Forgotten in one transaction, for which a shift may have to wait. */
const FORGOTTEN_AT_ONCE = 100;

export class Entries {
  readonly #statements: ReturnType<typeof prepare>;
  readonly packed: Packed;
  /**
   * Bytes of the entries from the oldest up to a revision: what was added since is counted when it is asked for. Where
   * another thread has forgotten some the oldest is another one, and all are counted anew.
   */
  #counted: { oldest: number | null; revision: number; bytes: number } = { oldest: null, revision: 0, bytes: 0 };

  constructor(database: Database) {
    this.#statements = prepare(database);
    this.packed = new Packed(database);
  }

  /** To be called in the revision's transaction. */
  add(entry: Entry): void {
    this.#statements.add.run(entry.revision.revision, encodeEntry(entry));
  }

  /** Undefined: it was forgotten, made before the log carried its changes, or by a version that writes another format. */
  get(revision: number): Entry | undefined {
    const row = this.#statements.get.get(revision) as { body: string } | undefined;
    return row && decodeEntry(row.body);
  }

  /** Forgets some of what is kept no longer; false where there is none. `write` is a transaction of its own. */
  forget({ revisions, maxBytes }: Retention, lastRevision: number, write: (work: () => void) => void): boolean {
    const kept = lastRevision - revisions;
    const entry = this.#statements.oldest.get() as { revision: number | null };
    const bytes = this.#bytes(entry.revision);
    const content = this.packed.oldest();
    const oldest = Math.min(entry.revision ?? Number.POSITIVE_INFINITY, content?.revision ?? Number.POSITIVE_INFINITY);
    if (oldest === Number.POSITIVE_INFINITY || (oldest > 0 && oldest > kept && bytes <= maxBytes)) return false;
    if (content?.revision === oldest) write(() => this.packed.forgetSome(content));
    else this.#forgetEntries(kept, bytes - maxBytes, write);
    return true;
  }

  /** Some of the oldest: those up to a revision, and as many as make so many bytes. */
  #forgetEntries(upTo: number, tooManyBytes: number, write: (work: () => void) => void): void {
    // And the one after them.
    const rows = this.#statements.some.all(FORGOTTEN_AT_ONCE + 1) as { revision: number; bytes: number }[];
    let bytes = 0;
    let count = 0;
    for (const row of rows.slice(0, FORGOTTEN_AT_ONCE)) {
      if (row.revision > upTo && bytes >= tooManyBytes) break;
      bytes += row.bytes;
      count++;
    }
    write(() => this.#statements.remove.run(rows[count - 1]?.revision ?? 0));
    this.#counted.bytes -= bytes;
    this.#counted.oldest = rows[count]?.revision ?? null;
  }

  /** `oldest`: the revision of the oldest entry. */
  #bytes(oldest: number | null): number {
    if (oldest !== this.#counted.oldest) this.#counted = { oldest, revision: 0, bytes: 0 };
    const since = this.#statements.bytesSince.get(this.#counted.revision) as { bytes: number; revision: number | null };
    this.#counted.bytes += since.bytes;
    this.#counted.revision = since.revision ?? this.#counted.revision;
    return this.#counted.bytes + this.packed.bytes;
  }
}

function prepare(database: Database) {
  const sql = (text: string) => database.prepare<unknown[]>(text);
  return {
    add: sql('INSERT INTO entries VALUES (?, ?)'),
    get: sql('SELECT body FROM entries WHERE revision = ?'),
    oldest: sql('SELECT min(revision) AS revision FROM entries'),
    bytesSince: sql(`SELECT ifnull(sum(octet_length(body)), 0) AS bytes, max(revision) AS revision
      FROM entries WHERE revision > ?`),
    some: sql('SELECT revision, octet_length(body) AS bytes FROM entries ORDER BY revision LIMIT +?'),
    remove: sql('DELETE FROM entries WHERE revision <= ?'),
  };
}
