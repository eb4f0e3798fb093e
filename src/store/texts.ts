/**
 * The large texts of the log, each once, by its hash. They are kept for a number of revisions and up to a number of
 * bytes; what is older is forgotten little by little, and the log says then that something was there.
 */
import { createHash } from 'node:crypto';
import type { Database } from 'better-sqlite3';

/**
 * Characters of JSON that stand in the log itself, for ever: the weights of sixteen pools with the longest names are
 * shorter, so that a shift can be rolled back however old it is.
 */
export const INLINE_MAX = 2048;
/** JSON never begins with it. */
const MARK = '@';

/** What of the log's large texts is kept. */
export interface Retention {
  /** Revisions whose texts are kept. */
  readonly revisions: number;
  /** And how much of them, bytes; the oldest go first. */
  readonly maxBytes: number;
}

/** Forgotten in one transaction, for which a shift may have to wait: a few milliseconds. */
const FORGOTTEN_AT_ONCE = 50;
const FORGOTTEN_BYTES_AT_ONCE = 2 ** 20;

export class Texts {
  readonly #statements: ReturnType<typeof prepare>;

  constructor(database: Database) {
    this.#statements = prepare(database);
  }

  /** All that is kept. */
  get bytes(): number {
    return (this.#statements.size.get() as { bytes: number }).bytes;
  }

  /** What stands in the log for a text; a long one is kept beside it. To be called in the revision's transaction. */
  put(text: string, revision: number): string {
    if (text.length <= INLINE_MAX) return text;
    const hash = createHash('sha256').update(text).digest('hex');
    this.#statements.put.run(hash, text, Buffer.byteLength(text), revision);
    return MARK + hash;
  }

  /** The text that an entry of the log stands for; undefined: it was forgotten. */
  get(entry: string): string | undefined {
    if (!entry.startsWith(MARK)) return entry;
    return (this.#statements.get.get(entry.slice(MARK.length)) as { body: string } | undefined)?.body;
  }

  /** True where there is something to forget. */
  isOverdue({ revisions, maxBytes }: Retention): boolean {
    const oldest = this.#statements.oldest.get() as { revision: number } | undefined;
    if (oldest === undefined) return false;
    return oldest.revision <= this.lastRevision - revisions || this.bytes > maxBytes;
  }

  /** Forgets some. To be called in a transaction of its own. */
  forget(retention: Retention): void {
    let bytes = 0;
    for (let n = 0; n < FORGOTTEN_AT_ONCE && bytes < FORGOTTEN_BYTES_AT_ONCE && this.isOverdue(retention); n++) {
      const oldest = this.#statements.oldest.get() as { id: number; bytes: number };
      this.#statements.remove.run(oldest.id);
      bytes += oldest.bytes;
    }
  }

  get lastRevision(): number {
    return (this.#statements.last.get() as { revision: number | null }).revision ?? 0;
  }
}

function prepare(database: Database) {
  const sql = (text: string) => database.prepare<unknown[]>(text);
  return {
    put: sql(`INSERT INTO texts (hash, body, bytes, revision) VALUES (?, ?, ?, ?)
      ON CONFLICT (hash) DO UPDATE SET revision = excluded.revision`),
    get: sql('SELECT body FROM texts WHERE hash = ?'),
    size: sql('SELECT bytes FROM texts_size'),
    oldest: sql('SELECT id, bytes, revision FROM texts ORDER BY revision, id LIMIT 1'),
    remove: sql('DELETE FROM texts WHERE id = ?'),
    last: sql('SELECT max(revision) AS revision FROM revisions'),
  };
}
