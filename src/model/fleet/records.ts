/**
 * What stands under a fleet's keys, written and read. What is read was written by others, perhaps by hand or by another
 * version: it is judged, and what is wrong with it is said in words.
 */

/** Of the values below; another number: a later version of Teal wrote it. */
const RECORD_FORM = 1;
/** A record of ours has some hundred bytes. */
const RECORD_MAX_BYTES = 4096;
const TEXT_MAX_LENGTH = 200;

/** `live`: shifts wait for it. `out`: they do not, and it claims nothing. */
type MemberState = 'live' | 'out';

/** In place of an incarnation: the node is being taken out of the fleet by others. */
export const REMOVED = 'removed';

/** What is known of a node by all. */
export interface Member {
  readonly state: MemberState;
  /** Random, of the process that runs as this node. */
  readonly incarnation: string;
  /** Of Teal. */
  readonly version: string;
  /** The record said live when this process took it over from one that may have been alive. */
  readonly isTaken?: true;
}

/** What was wrong with a value that was read. */
export class Unreadable {
  /** A sentence's end: "the record of ns1 …". */
  readonly words: string;

  constructor(words: string) {
    this.words = words;
  }
}

const encoder = new TextEncoder();
// A byte order mark is no part of JSON or of a number.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function bytesOf(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The text of bytes; undefined: they are not UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** A revision as `head` and `ack/<node>` hold it: decimal. */
export function encodeRevision(revision: number): Uint8Array {
  return encoder.encode(String(revision));
}

export function parseRevision(value: Uint8Array): number | Unreadable {
  const text = value.length <= RECORD_MAX_BYTES ? textOf(value) : undefined;
  const revision = text !== undefined && /^(?:0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(revision) ? revision : new Unreadable('is no whole number below 2^53');
}

export function encodeMember({ state, incarnation, version, isTaken }: Member): Uint8Array {
  return encoder.encode(JSON.stringify({ form: RECORD_FORM, state, incarnation, version, taken: isTaken }));
}

export function parseMember(value: Uint8Array): Member | Unreadable {
  const record = parseRecord(value);
  if (record instanceof Unreadable) return record;
  const { state, incarnation, version, taken } = record;
  if (state !== 'live' && state !== 'out') return new Unreadable('has a state that is neither live nor out');
  if (!isText(incarnation)) return new Unreadable(`has no incarnation of 1 to ${TEXT_MAX_LENGTH} characters`);
  if (!isText(version)) return new Unreadable(`has no version of 1 to ${TEXT_MAX_LENGTH} characters`);
  return { state, incarnation, version, ...(taken === true && { isTaken: true }) };
}

/** A JSON object of our form. */
export function parseRecord(
  value: Uint8Array,
  maxBytes = RECORD_MAX_BYTES,
): Readonly<Record<string, unknown>> | Unreadable {
  if (value.length > maxBytes) return new Unreadable(`has ${value.length} bytes, more than ${maxBytes}`);
  const text = textOf(value);
  if (text === undefined) return new Unreadable('is not UTF-8');
  const record = parseJson(text);
  if (!isObject(record)) return new Unreadable('is no JSON object');
  if (record.form !== RECORD_FORM) return new Unreadable(formWords(record.form));
  return record;
}

/** A record with our form, for `parseRecord`. */
export function encodeRecord(record: object): Uint8Array {
  return encoder.encode(JSON.stringify({ form: RECORD_FORM, ...record }));
}

function formWords(form: unknown): string {
  const isNewer = typeof form === 'number' && form > RECORD_FORM;
  return isNewer ? `has form ${form}, which only a newer Teal reads` : `has not form ${RECORD_FORM}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= TEXT_MAX_LENGTH;
}

export function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
