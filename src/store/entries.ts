/**
 * What the entries of the log change, and what zone files brought: kept for as many revisions as the log's large texts,
 * and up to as many bytes again, so that no import takes a way back away. What is older is forgotten little by little.
 */
import type { Database } from 'better-sqlite3';
import { decodeChanges, encodeChanges, type KeptReply } from '../model/entry.ts';
import type { ModelChange } from '../model/revision.ts';
import { Packed } from './packed.ts';
import type { Retention } from './texts.ts';

/** Forgotten in one transaction, for which a shift may have to wait. */
const FORGOTTEN_AT_ONCE = 100;

/** What an entry changes, and which reply was kept with it. */
interface StoredChanges {
  readonly changes: readonly ModelChange[];
  readonly reply?: { readonly token: string; readonly key: string };
}

export class Entries {
  readonly #statements: ReturnType<typeof prepare>;
  readonly packed: Packed;
  /** Bytes of the changes up to a revision: what was added since is counted when it is asked for. */
  #counted = { revision: 0, bytes: 0 };

  constructor(database: Database) {
    this.#statements = prepare(database);
    this.packed = new Packed(database);
  }

  /** To be called in the revision's transaction. */
  add(revision: number, changes: readonly ModelChange[], reply: KeptReply | undefined): void {
    this.#statements.add.run(revision, encodeChanges(changes), reply?.token ?? null, reply?.key ?? null);
  }

  /** What a revision changed; undefined: it was forgotten, or made before the log carried it. */
  get(revision: number): StoredChanges | undefined {
    const row = this.#statements.get.get(revision) as EntryRow | undefined;
    if (row === undefined) return undefined;
    const { reply_token: token, reply_key: key } = row;
    const changes = decodeChanges(row.changes);
    return token === null || key === null ? { changes } : { changes, reply: { token, key } };
  }

  /** Forgets some of what is kept no longer; false where there is none. `write` is a transaction of its own. */
  forget({ revisions, maxBytes }: Retention, lastRevision: number, write: (work: () => void) => void): boolean {
    const bytes = this.#bytes();
    const kept = lastRevision - revisions;
    const entry = this.#statements.oldest.get() as { revision: number | null };
    const content = this.packed.oldest();
    const oldest = Math.min(entry.revision ?? Number.POSITIVE_INFINITY, content?.revision ?? Number.POSITIVE_INFINITY);
    if (oldest === Number.POSITIVE_INFINITY || (oldest > 0 && oldest > kept && bytes <= maxBytes)) return false;
    if (content?.revision === oldest) write(() => this.packed.forgetSome(content.hash));
    else this.#forgetChanges(kept, bytes - maxBytes, write);
    return true;
  }

  /** Some of the oldest: those up to a revision, and as many as make so many bytes. */
  #forgetChanges(upTo: number, tooManyBytes: number, write: (work: () => void) => void): void {
    const rows = this.#statements.some.all(FORGOTTEN_AT_ONCE) as { revision: number; bytes: number }[];
    let bytes = 0;
    let last = 0;
    for (const row of rows) {
      if (row.revision > upTo && bytes >= tooManyBytes) break;
      bytes += row.bytes;
      last = row.revision;
    }
    write(() => this.#statements.remove.run(last));
    this.#counted.bytes -= bytes;
  }

  #bytes(): number {
    const since = this.#statements.bytesSince.get(this.#counted.revision) as { bytes: number; revision: number | null };
    this.#counted.bytes += since.bytes;
    this.#counted.revision = since.revision ?? this.#counted.revision;
    return this.#counted.bytes + this.packed.bytes;
  }
}

interface EntryRow {
  readonly changes: string;
  readonly reply_token: string | null;
  readonly reply_key: string | null;
}

function prepare(database: Database) {
  const sql = (text: string) => database.prepare<unknown[]>(text);
  return {
    add: sql('INSERT INTO entries VALUES (?, ?, ?, ?)'),
    get: sql('SELECT changes, reply_token, reply_key FROM entries WHERE revision = ?'),
    oldest: sql('SELECT min(revision) AS revision FROM entries'),
    bytesSince: sql(`SELECT ifnull(sum(octet_length(changes)), 0) AS bytes, max(revision) AS revision
      FROM entries WHERE revision > ?`),
    some: sql('SELECT revision, octet_length(changes) AS bytes FROM entries ORDER BY revision LIMIT ?'),
    remove: sql('DELETE FROM entries WHERE revision <= ?'),
  };
}
