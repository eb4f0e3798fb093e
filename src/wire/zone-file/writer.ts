/** Writes a zone as a zone file that reads back as the same zone, and is written again as the same text. */
import { TYPE } from '../constants.ts';
import { formatRdata, formatType } from '../rdata.ts';

/** An RRset to write; the names are canonical text without the final dot. */
export interface WritableRRset {
  readonly name: string;
  readonly type: number;
  readonly ttlSeconds: number;
  /** Where they differ: see the model's RRset. */
  readonly recordTtlSeconds?: readonly number[] | undefined;
  readonly rdata: readonly Uint8Array[];
}

/** Text is handed out in pieces of about this size: a zone of a million names is never one string. */
const CHUNK_CHARS = 65_536;

/** Columns that most owners, TTLs and types fit in; a longer one only moves what follows. */
const OWNER_COLUMNS = 24;
const TTL_COLUMNS = 7;
const TYPE_COLUMNS = 8;

/**
 * The file's text: comments, then the RRsets in the given order. Owners are relative to the zone, names in RDATA are
 * absolute, and every record has its own TTL, so that any line can be understood and moved by itself.
 */
export function* writeZoneFile(
  zone: string,
  comments: Iterable<string>,
  rrsets: Iterable<WritableRRset>,
): Generator<string> {
  let chunk = '';
  for (const comment of comments) chunk += formatComment(comment);
  chunk += `$ORIGIN ${zone}.\n`;
  for (const { name, type, ttlSeconds, recordTtlSeconds, rdata } of rrsets) {
    const owner = relativeName(name, zone).padEnd(OWNER_COLUMNS - 1);
    const typeText = formatType(type).padEnd(TYPE_COLUMNS - 1);
    for (const [i, data] of rdata.entries()) {
      const ttl = String(recordTtlSeconds?.[i] ?? ttlSeconds).padEnd(TTL_COLUMNS - 1);
      chunk += `${owner} ${ttl} IN ${typeText} ${formatRdata(type, data)}\n`;
    }
    if (chunk.length < CHUNK_CHARS) continue;
    yield chunk;
    chunk = '';
  }
  yield chunk;
}

/** A comment cannot end its line early and so become a record. */
function formatComment(text: string): string {
  const line = `; ${text.replace(/[^\x20-\x7e]/g, '?')}`;
  return `${line.trimEnd()}\n`;
}

function relativeName(name: string, zone: string): string {
  if (name === zone) return '@';
  return zone === '' ? name : name.slice(0, -zone.length - 1);
}

/**
 * The RRsets in the order that people and tools expect: names in canonical order (RFC 4034 §6.1), the zone's own name
 * first; at each name SOA and NS first, then types by number.
 */
export function canonicalOrder<T extends WritableRRset>(rrsets: Iterable<T>): T[] {
  const keyed = Array.from(rrsets, (rrset) => ({ rrset, key: sortKey(rrset.name) }));
  keyed.sort((a, b) => (a.key === b.key ? typeRank(a.rrset.type) - typeRank(b.rrset.type) : a.key < b.key ? -1 : 1));
  return keyed.map(({ rrset }) => rrset);
}

/** By what types stand at a name: SOA and NS first, then by number. */
export function typeRank(type: number): number {
  if (type === TYPE.SOA) return -2;
  return type === TYPE.NS ? -1 : type;
}

/** Between labels; lower than anything that a label can hold, its zero byte included. */
const LABEL_END = '\0\0';
const ZERO_BYTE = '\0\x01';

/** Text that sorts, character by character, as the name does canonically: its labels from the right. */
function sortKey(name: string): string {
  if (!name.includes('\\')) return name.split('.').reverse().join(LABEL_END);
  const labels = name.match(/(?:\\\d{3}|\\.|[^.\\])+/g) ?? [];
  const unescaped = labels.map((label) =>
    label.replace(/\\(?:(\d{3})|(.))/g, (_, digits?: string, character?: string) =>
      digits === undefined ? (character as string) : String.fromCharCode(Number(digits)),
    ),
  );
  return unescaped
    .map((label) => label.replaceAll('\0', ZERO_BYTE))
    .reverse()
    .join(LABEL_END);
}
