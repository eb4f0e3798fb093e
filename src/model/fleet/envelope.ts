/**
 * An entry as it stands in the log of a fleet: a line of JSON that says what it is, and the text of `entry.ts` behind it,
 * compressed where that is worth it. What is too large for one value of the engine goes into chunks first, under the hash
 * of what they hold, and the line names them.
 */
import assert from 'node:assert/strict';
import { contentKey } from './keys.ts';
import { bytesOf, encodeRecord, isText, isWhole, parseRecord, textOf, Unreadable } from './records.ts';

/** Below, compression gains less than a page of the engine's file. */
export const COMPRESS_ABOVE_BYTES = 4096;
/** Of one value: far below the 1.5 MiB that the engine takes in one request, and sent in a few milliseconds. */
export const VALUE_MAX_BYTES = 256 * 1024;
/** Of the line: it has a few hundred bytes. */
const HEADER_MAX_BYTES = 1024;
/** Of an entry's text: more than the largest body that the API takes comes to; what says more is damaged. */
export const ENTRY_MAX_BYTES = 256 * 1024 * 1024;

const NEW_LINE = 10;

/** What the model does not bring along. */
export interface EnvelopeTools {
  compress(bytes: Uint8Array): Uint8Array;
  /** Throws where it is damaged, or comes to more than that. */
  decompress(bytes: Uint8Array, maxBytes: number): Uint8Array;
  /** Hexadecimal. */
  sha256(bytes: Uint8Array): string;
}

interface EntryName {
  /** Random: the same for each try to append it. */
  readonly id: string;
  readonly revision: number;
  /** Of the leader whose work it is; 0: of none. */
  readonly epoch: number;
}

interface Header extends EntryName {
  readonly body: 'plain' | 'compressed' | 'content';
  /** Of the text. */
  readonly bytes: number;
  /** Where the body is in chunks: their SHA-256 one after the other, and how many they are. */
  readonly content?: string;
  readonly chunks?: number;
}

export interface SealedEntry {
  readonly value: Uint8Array;
  /** To be put before the entry is appended. */
  readonly chunks: readonly { readonly key: string; readonly value: Uint8Array }[];
}

interface OpenedEntry {
  readonly header: Header;
  readonly body: Uint8Array;
}

/** Makes of an entry's text what is put into the log. */
export function sealEntry(name: EntryName, text: string, tools: EnvelopeTools): SealedEntry {
  const plain = bytesOf(text);
  assert(plain.length <= ENTRY_MAX_BYTES, 'an entry is not larger than what can be read again');
  const { length: bytes } = plain;
  if (bytes <= COMPRESS_ABOVE_BYTES) return { value: written({ ...name, body: 'plain', bytes }, plain), chunks: [] };
  const packed = tools.compress(plain);
  if (packed.length <= VALUE_MAX_BYTES - HEADER_MAX_BYTES) {
    return { value: written({ ...name, body: 'compressed', bytes }, packed), chunks: [] };
  }
  const content = tools.sha256(packed);
  const count = Math.ceil(packed.length / VALUE_MAX_BYTES);
  const chunks = Array.from({ length: count }, (_, i) => ({
    key: contentKey(content, i),
    value: packed.subarray(i * VALUE_MAX_BYTES, (i + 1) * VALUE_MAX_BYTES),
  }));
  const header: Header = { ...name, body: 'content', bytes, content, chunks: count };
  return { value: written(header, new Uint8Array()), chunks };
}

function written(header: Header, body: Uint8Array): Uint8Array {
  const line = encodeRecord(header);
  assert(line.length < HEADER_MAX_BYTES, 'the line of an entry is short');
  const value = new Uint8Array(line.length + 1 + body.length);
  value.set(line);
  value[line.length] = NEW_LINE;
  value.set(body, line.length + 1);
  return value;
}

/** The parts of what stands in the log. */
export function openEntry(value: Uint8Array): OpenedEntry | Unreadable {
  const end = value.subarray(0, HEADER_MAX_BYTES).indexOf(NEW_LINE);
  if (end < 0) return new Unreadable('does not begin with a line of JSON');
  const record = parseRecord(value.subarray(0, end), HEADER_MAX_BYTES);
  if (record instanceof Unreadable) return record;
  const header = headerOf(record);
  if (header instanceof Unreadable) return header;
  const body = value.subarray(end + 1);
  if (header.body === 'content' && body.length > 0) return new Unreadable('has its body in chunks, and one of its own');
  return { header, body };
}

function headerOf(record: Readonly<Record<string, unknown>>): Header | Unreadable {
  const { id, revision, epoch, body, bytes, content, chunks } = record;
  if (!isText(id)) return new Unreadable('has no id');
  if (!isWhole(revision) || revision === 0) return new Unreadable('has no revision');
  if (!isWhole(epoch)) return new Unreadable('has no epoch');
  if (!isWhole(bytes) || bytes > ENTRY_MAX_BYTES) return new Unreadable(`has not 0 to ${ENTRY_MAX_BYTES} bytes`);
  const name = { id, revision, epoch, bytes };
  if (body === 'plain' || body === 'compressed') return { ...name, body };
  if (body !== 'content') return new Unreadable('has a body of a kind that is not known');
  if (typeof content !== 'string' || !/^[0-9a-f]{64}$/.test(content)) return new Unreadable('names no content');
  if (!isWhole(chunks) || chunks === 0 || (chunks - 1) * VALUE_MAX_BYTES > bytes) {
    return new Unreadable('names no number of chunks that its bytes could have');
  }
  return { ...name, body, content, chunks };
}

/** By which id an entry was appended; undefined: it cannot be read. */
export function entryId(value: Uint8Array): string | undefined {
  const opened = openEntry(value);
  return opened instanceof Unreadable ? undefined : opened.header.id;
}

/** Keys of the chunks that the text of an entry is in, in their order; none where it is in the entry itself. */
export function chunkKeysOf({ header }: OpenedEntry): string[] {
  const { content, chunks = 0 } = header;
  return content === undefined ? [] : Array.from({ length: chunks }, (_, i) => contentKey(content, i));
}

/** The text of an entry. `chunks`: what stands under `chunkKeysOf`, in that order; undefined: nothing does. */
export function entryText(
  { header, body }: OpenedEntry,
  chunks: readonly (Uint8Array | undefined)[],
  tools: EnvelopeTools,
): string | Unreadable {
  const packed = header.body === 'content' ? joined(header, chunks, tools) : body;
  if (packed instanceof Unreadable) return packed;
  const plain = header.body === 'plain' ? packed : unpacked(packed, header.bytes, tools);
  if (plain instanceof Unreadable) return plain;
  if (plain.length !== header.bytes) return new Unreadable(`has ${plain.length} bytes instead of ${header.bytes}`);
  return textOf(plain) ?? new Unreadable('is not UTF-8');
}

function joined(
  { content = '', chunks: count = 0 }: Header,
  chunks: readonly (Uint8Array | undefined)[],
  tools: EnvelopeTools,
): Uint8Array | Unreadable {
  const there = chunks.filter((chunk) => chunk !== undefined);
  if (there.length !== count) return new Unreadable(`has ${there.length} of its ${count} chunks`);
  const packed = new Uint8Array(there.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of there) {
    packed.set(chunk, at);
    at += chunk.length;
  }
  return tools.sha256(packed) === content ? packed : new Unreadable('has chunks that are not those of its hash');
}

function unpacked(packed: Uint8Array, bytes: number, tools: EnvelopeTools): Uint8Array | Unreadable {
  try {
    return tools.decompress(packed, bytes);
  } catch {
    return new Unreadable(`cannot be decompressed to ${bytes} bytes`);
  }
}
