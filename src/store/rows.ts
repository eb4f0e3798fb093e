/** How nouns of the model are kept in rows. */
import assert from 'node:assert/strict';
import type { Labels } from '../model/labels.ts';
import type { PackedCursor } from '../model/packed-form.ts';
import type { Revision, RevisionKind, StagedRRset, Subject } from '../model/revision.ts';
import type { RRset } from '../model/rrset.ts';
import { withoutSecrets } from '../model/subject-secrets.ts';

export interface RRsetRow {
  readonly name: string;
  readonly type: number;
  readonly ttl_seconds: number;
  /** JSON. */
  readonly record_ttls: string | null;
  /** JSON. */
  readonly labels: string | null;
  /** JSON. */
  readonly written: string | null;
  readonly rdata: Uint8Array;
  /** 0: that of its content. */
  readonly revision: number;
}

export interface RevisionRow {
  readonly revision: number;
  readonly at_ms: number;
  readonly actor: string;
  readonly kind: RevisionKind;
  readonly summary: string;
  /** JSON. */
  readonly why: string | null;
}

export interface SubjectRow {
  readonly kind: Subject['kind'];
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

/** Each record's RDATA, preceded by its length in two bytes. */
function packRdata(rdata: readonly Uint8Array[]): Buffer {
  const packed = Buffer.allocUnsafe(rdata.reduce((size, data) => size + 2 + data.length, 0));
  let at = 0;
  for (const data of rdata) {
    at = packed.writeUInt16BE(data.length, at);
    packed.set(data, at);
    at += data.length;
  }
  return packed;
}

function unpackRdata(packed: Uint8Array): Uint8Array[] {
  const rdata: Uint8Array[] = [];
  for (let at = 0; at < packed.length; ) {
    const length = (packed[at] << 8) | packed[at + 1];
    rdata.push(packed.slice(at + 2, at + 2 + length));
    at += 2 + length;
    assert(at <= packed.length, 'a row of the store holds whole records');
  }
  return rdata;
}

/** `content`: whose it is, and the revision that brought it. */
export function toRRset(row: RRsetRow, content: { readonly zone: string; readonly revision: number }): RRset {
  const { name, type, ttl_seconds: ttlSeconds } = row;
  const { zone } = content;
  const revision = row.revision === 0 ? content.revision : row.revision;
  const ttls = row.record_ttls === null ? {} : { recordTtlSeconds: JSON.parse(row.record_ttls) as number[] };
  const labelled = row.labels === null ? {} : { labels: JSON.parse(row.labels) as Labels };
  const written = row.written === null ? {} : { written: JSON.parse(row.written) as (string | null)[] };
  return { zone, name, type, ttlSeconds, ...ttls, rdata: unpackRdata(row.rdata), ...written, ...labelled, revision };
}

/** The same of one in packed form, which is as it came with its content. */
export function packedRRset(
  cursor: PackedCursor,
  content: { readonly zone: string; readonly revision: number },
): RRset {
  const { name, type, ttlSeconds, rdata, recordTtlSeconds } = cursor.rrset;
  const ttls = recordTtlSeconds === undefined ? {} : { recordTtlSeconds };
  return { zone: content.zone, name, type, ttlSeconds, ...ttls, rdata, revision: content.revision };
}

/** The columns `name`, `type`, `ttl_seconds`, `rdata` and `record_ttls` of an RRset. */
export function rrsetColumns({ name, type, ttlSeconds, rdata, recordTtlSeconds }: StagedRRset) {
  const ttls = recordTtlSeconds === undefined ? null : JSON.stringify(recordTtlSeconds);
  return [name, type, ttlSeconds, packRdata(rdata), ttls] as const;
}

/** The same of one in packed form: without TTLs of their own its records stand there as they do in a row. */
export function packedColumns(cursor: PackedCursor): ReturnType<typeof rrsetColumns> {
  if (cursor.hasTtls) return rrsetColumns(cursor.rrset);
  const { bytes, name, type, ttlSeconds, recordsStart, end } = cursor;
  return [name, type, ttlSeconds, Buffer.from(bytes.buffer, bytes.byteOffset + recordsStart, end - recordsStart), null];
}

/** The columns `labels` and `written`, which staged records have not. */
export function notedColumns({ labels, written }: Pick<RRset, 'labels' | 'written'>) {
  return [labels, written].map((noted) => (noted === undefined ? null : JSON.stringify(noted)));
}

type Said = Pick<Revision, 'reason' | 'links' | 'requestId' | 'traceparent' | 'override'>;

/** The columns of a revision. */
export function revisionColumns(entry: Revision) {
  const { revision, atMs, actor, kind, summary, reason, links, requestId, traceparent, override } = entry;
  const said: Said = Object.fromEntries(
    Object.entries({ reason, links, requestId, traceparent, override }).filter(([, each]) => each !== undefined),
  );
  const why = Object.keys(said).length === 0 ? null : JSON.stringify(said);
  return [revision, atMs, actor, kind, summary, why] as const;
}

/** What an entry of a subject stands for; undefined: it was forgotten. */
type TextOf = (entry: string) => string | undefined;

export function toRevision(row: RevisionRow, subjects: readonly SubjectRow[], textOf: TextOf): Revision {
  return {
    revision: row.revision,
    atMs: row.at_ms,
    actor: row.actor,
    kind: row.kind,
    summary: row.summary,
    ...(row.why !== null && (JSON.parse(row.why) as Said)),
    subjects: subjects.map((subject) => withoutSecrets(toSubject(subject, textOf))),
  };
}

function toSubject({ kind, name, ...entries }: SubjectRow, textOf: TextOf): Subject {
  const texts = { before: textOf(entries.before), after: textOf(entries.after) };
  const forgotten = (['before', 'after'] as const).filter((side) => texts[side] === undefined);
  const read = (text = 'null'): unknown => JSON.parse(text);
  const subject = { kind, name, before: read(texts.before), after: read(texts.after) };
  return forgotten.length === 0 ? subject : { ...subject, forgotten };
}
