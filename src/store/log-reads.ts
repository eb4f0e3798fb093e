/** What the log says: revisions, what each was about, and its entries as long as they are kept. */
import type { Database } from 'better-sqlite3';
import type { Entry, KeptReply } from '../model/entry.ts';
import { suffixesOf } from '../model/name.ts';
import type { Revision, Subject } from '../model/revision.ts';
import { Entries } from './entries.ts';
import { NounReads } from './noun-reads.ts';
import type { PackedContent } from './packed.ts';
import { type RevisionRow, type SubjectRow, toRevision } from './rows.ts';
import { Texts } from './texts.ts';

/** How long a reply is kept (API contract). */
export const IDEMPOTENCY_KEPT_MS = 24 * 3600 * 1000;
/** Entries of the log that one look goes through: a few milliseconds. */
const SUBJECTS_LOOKED_AT = 1000;

/** A subject of a revision. */
interface LogEntry {
  readonly revision: number;
  readonly position: number;
}

export class LogReads extends NounReads {
  protected readonly texts: Texts;
  protected readonly entries: Entries;

  protected constructor(database: Database) {
    super(database);
    this.texts = new Texts(database);
    this.entries = new Entries(database);
  }

  /** The last revision of the log; 0 where it is empty. */
  get lastRevision(): number {
    return this.read(
      'lastRevision',
      () => (this.statements.lastRevision.get() as { revision: number | null }).revision ?? 0,
    );
  }

  /** True as long as there has been no revision, since the directory was new. */
  get isUnused(): boolean {
    return this.read('isUnused', () => this.statements.unused.get() !== undefined);
  }

  /**
   * The name of the zone that owned a name at a revision, or right before it: of what a revision took away it is the zone
   * that had it.
   */
  zoneAt(name: string, revision: number): string | undefined {
    return this.read('zoneAt', () => suffixesOf(name).find((suffix) => this.#stood(suffix, revision)));
  }

  /** Whether a zone was there at a revision. Where the log says nothing of it, it is as it is now. */
  #stood(zone: string, revision: number): boolean {
    const { zoneStoodAfter, zoneStoodBefore } = this.statements;
    const told = zoneStoodAfter.get(revision, zone, revision) ?? zoneStoodBefore.get(zone, revision);
    return told === undefined ? this.zone(zone) !== undefined : (told as { stood: number }).stood === 1;
  }

  /** How the log names RRsets that were changed, after an entry of it; `last` where there may be more. */
  rrsetsChanged(after: LogEntry): { readonly labels: readonly string[]; readonly last?: LogEntry } {
    return this.read('rrsetsChanged', () => {
      const rows = this.statements.subjectsAfter.all(after.revision, after.position, SUBJECTS_LOOKED_AT);
      const found = rows as (LogEntry & { kind: Subject['kind']; name: string })[];
      const last = found.length === SUBJECTS_LOOKED_AT ? found.at(-1) : undefined;
      return { labels: found.filter(({ kind }) => kind === 'rrset').map(({ name }) => name), ...(last && { last }) };
    });
  }

  revision(revision: number): Revision | undefined {
    return this.read('revision', () => {
      const row = this.statements.revision.get(revision) as RevisionRow | undefined;
      return row && this.#withSubjects(row);
    });
  }

  /** Revisions in order, after a number (exclusive). */
  revisions(after: number, limit: number): Revision[] {
    return this.read('revisions', () =>
      (this.statements.revisionsAfter.all(after, limit) as RevisionRow[]).map((row) => this.#withSubjects(row)),
    );
  }

  /** The newest first, before a number (exclusive). */
  revisionsBefore(before: number, limit: number): Revision[] {
    return this.read('revisionsBefore', () => {
      const rows = this.statements.revisionsBefore.all(before, limit) as RevisionRow[];
      return rows.map((row) => this.#withSubjects(row));
    });
  }

  /** Revisions about one subject, the newest first, before a number (exclusive). */
  history(kind: Subject['kind'], name: string, before: number, limit: number): Revision[] {
    return this.read('history', () => {
      const rows = this.statements.history.all(kind, name, before, limit) as RevisionRow[];
      return rows.map((row) => this.#withSubjects(row));
    });
  }

  /** Revisions about one subject, the oldest first, after a number (exclusive). */
  historyAfter(kind: Subject['kind'], name: string, after: number, limit: number): Revision[] {
    return this.read('historyAfter', () => {
      const rows = this.statements.historyAfter.all(kind, name, after, limit) as RevisionRow[];
      return rows.map((row) => this.#withSubjects(row));
    });
  }

  /**
   * What a subject was before each revision about it, the newest first, and no more of the log than that; what is no
   * longer kept is left out.
   */
  pastOf(kind: Subject['kind'], name: string, limit: number): { readonly atMs: number; readonly before: unknown }[] {
    return this.read('pastOf', () => {
      const rows = this.statements.subjectBefore.all(kind, name, limit) as { at_ms: number; before: string }[];
      return rows.flatMap(({ at_ms: atMs, before }) => {
        const text = this.texts.get(before);
        return text === undefined ? [] : [{ atMs, before: JSON.parse(text) as unknown }];
      });
    });
  }

  /**
   * The last revision that is older than a time, found by looking at a few: clocks of nodes that differ, and one that was set
   * back, make it another by as much.
   */
  revisionBefore(atMs: number): number {
    return this.read('revisionBefore', () => {
      let [older, younger] = [0, this.lastRevision + 1];
      while (younger - older > 1) {
        const middle = Math.floor((older + younger) / 2);
        const row = this.statements.atMs.get(middle) as { at_ms: number } | undefined;
        if (row !== undefined && row.at_ms < atMs) older = middle;
        else younger = middle;
      }
      return older;
    });
  }

  /** The revision after one (exclusive) in which a subject was made that is there now; undefined: there is none. */
  madeAfter(kind: Subject['kind'], name: string, after: number): number | undefined {
    return this.read('madeAfter', () => {
      const { revision } = this.statements.madeAfter.get(kind, name, after) as { revision: number | null };
      return revision ?? undefined;
    });
  }

  /**
   * The last revision after one (exclusive) and up to another (inclusive) in which an import replaced a zone's records, or they
   * went with the zone. It costs as much as the zone has changed between them.
   */
  recordsTaken(
    zone: string,
    { after, upTo }: { readonly after: number; readonly upTo: number },
  ): { readonly revision: number; readonly atMs: number } | undefined {
    return this.read('recordsTaken', () => {
      const row = this.statements.recordsTaken.get(zone, after, upTo) as
        | { revision: number; at_ms: number }
        | undefined;
      return row && { revision: row.revision, atMs: row.at_ms };
    });
  }

  #withSubjects(row: RevisionRow): Revision {
    const subjects = this.statements.subjects.all(row.revision) as SubjectRow[];
    return toRevision(row, subjects, (entry) => this.texts.get(entry));
  }

  /** An entry of the log; undefined where it was forgotten, or made before the log carried its changes. */
  entry(revision: number): Entry | undefined {
    return this.read('entry', () => this.entries.get(revision));
  }

  /** How many chunks there are of a packed content, also of one that was staged only. */
  packedChunksOf(hash: string): number {
    return this.read('packedChunksOf', () => this.entries.packed.chunksOf(hash));
  }

  packedChunk(hash: string, position: number): Uint8Array | undefined {
    return this.read('packedChunk', () => this.entries.packed.chunk(hash, position));
  }

  /** The last revision that has a packed content; 0: none that is known. */
  packedRevision(hash: string): number {
    return this.read('packedRevision', () => this.entries.packed.revisionOf(hash));
  }

  /** The records that an entry names by their hash; undefined where they were forgotten. */
  packedContent(hash: string): PackedContent | undefined {
    return this.read('packedContent', () => this.entries.packed.get(hash));
  }

  /** The reply kept for a token's key, unless it is too old. */
  keptReply(token: string, key: string, atMs: number): KeptReply | undefined {
    return this.read('keptReply', () => {
      const row = this.statements.keptReply.get(token, key, atMs - IDEMPOTENCY_KEPT_MS);
      const kept = row as { body_hash: string; outcome: string; at_ms: number } | undefined;
      return kept && { token, key, bodyHash: kept.body_hash, outcome: kept.outcome, atMs: kept.at_ms };
    });
  }

  /** Bytes of the log's large texts, and of the replies kept for Idempotency-Keys. */
  get kept(): { readonly textBytes: number; readonly replyBytes: number } {
    return this.read('kept', () => {
      const replies = this.statements.allRepliesSize.get() as { bytes: number | null };
      return { textBytes: this.texts.bytes, replyBytes: replies.bytes ?? 0 };
    });
  }
}
