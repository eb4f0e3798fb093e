/** The RRsets of a PATCH, or of a new zone, as changes of records; what is wrong with one is said in PowerDNS's words. */
import { Problem } from '../../model/errors.ts';
import { canonicalName, isAtOrBelow, nameToWire } from '../../model/name.ts';
import type { RecordChange } from '../../model/record-change.ts';
import { parseStoredType, type RRsetBody } from '../../model/rrset.ts';
import { TYPE } from '../../wire/constants.ts';
import { Malformed } from '../../wire/malformed.ts';
import { formatRdata, formatType, parseRdata } from '../../wire/rdata.ts';
import { parseTypedRdata, undottedNames } from '../../wire/typed-rdata.ts';
import { withoutPlace } from '../door-context.ts';
import { splitStrings } from './texts.ts';

/** One RRset as it is to be. */
export interface AskedRRset {
  /** Canonical. */
  readonly name: string;
  readonly type: number;
  /** As messages name it: `www.example.com. IN A`. */
  readonly shown: string;
  readonly ttlSeconds: number;
  /** As Teal reads records. None: there shall be no such RRset. */
  readonly contents: readonly string[];
  /** The same as they were sent: clients compare them with what they are shown. */
  readonly sent: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

/** Types that hold one text. */
const SPF = 99;
const texts: readonly number[] = [TYPE.TXT, SPF];

const WORDS = /^\S+(?: \S+)*$/;

const NO_ALIAS = 'Teal has no ALIAS; where a CNAME cannot stand, write A and AAAA, or make a service of addresses';
const NO_LUA = 'Teal runs no code for an answer; make a service of what is to be weighted or checked';

/** An origin that no name is meant to be below (RFC 6761 §6.4). */
const ELSEWHERE = nameToWire('invalid');

/**
 * Each RRset once, as the last change leaves it: DELETE and REPLACE of one are one change. `zone`: canonical name.
 * `isNew`: the RRsets are a new zone's, which need no word on what shall be done with them.
 */
export function readRRsets(zone: string, list: unknown, isNew = false): AskedRRset[] | Problem {
  if (!Array.isArray(list)) return bad('No rrsets given in update request');
  const seen = new Set<string>();
  const asked = new Map<string, AskedRRset>();
  for (const each of list) {
    const fields = fieldsOf(each);
    if (fields === undefined) return bad('An RRset is an object with name, type, changetype, ttl and records');
    const change = isNew ? 'REPLACE' : textOf(fields, 'changetype');
    if (change instanceof Problem) return change;
    const verb = change.toUpperCase();
    const rrset = readRRset(zone, fields, verb);
    if (rrset instanceof Problem) return rrset;
    const key = `${rrset.name}/${rrset.type}`;
    if (seen.has(`${key}/${verb}`)) return bad(`Duplicate RRset ${rrset.shown} with changetype: ${verb}`);
    seen.add(`${key}/${verb}`);
    if (rrset.isUntouched) continue;
    asked.delete(key);
    asked.set(key, rrset);
  }
  return [...asked.values()];
}

/** As the command takes it. */
export function asChange(asked: AskedRRset): RecordChange {
  const ref = { name: `${asked.name}.`, type: formatType(asked.type) };
  return asked.contents.length === 0 ? { delete: ref } : { put: { ...ref, ...bodyOf(asked) } };
}

/** A text is shown as it was sent; of others what is only spelt otherwise, in words with a blank between them. */
export function bodyOf({ type, ttlSeconds, contents, sent }: AskedRRset): RRsetBody {
  const written = sent.map((text) => (texts.includes(type) || WORDS.test(text) ? text : null));
  return { ttlSeconds, rdata: contents, written };
}

/** The engine's word on one of the changes, in the words that clients look for. */
export function inClientsWords(problem: Problem, asked: readonly AskedRRset[]): Problem {
  if (problem.pointer === '/changes') return bad(`${problem.detail} Send the other RRsets in another PATCH.`);
  const place = /^\/changes\/(\d+)(?:\/put\/rdata\/(\d+))?/.exec(problem.pointer ?? '');
  const rrset = asked[Number(place?.[1])];
  if (place === null || rrset === undefined || problem.status >= 500) return problem;
  const detail = withoutPlace(problem.detail);
  const record = place[2] === undefined ? undefined : Number(place[2]);
  return explain(rrset, new Problem(problem.code, detail), record);
}

/** What is wrong with an RRset, or with one record of it. */
export function explain({ shown, sent }: AskedRRset, { code, detail }: Problem, record: number | undefined): Problem {
  if (record !== undefined) {
    if (detail.includes(' says the same as ')) {
      return bad(`Duplicate record in RRset ${shown} with content "${sent[record]}"`);
    }
    return bad(
      `Record ${shown.replace(' IN ', '/')} '${sent[record]}': Parsing record content: ${detail.replace(/^Record \d+: /, '')}`,
    );
  }
  const isClash = code === 'cname_conflict' || code === 'dname_conflict';
  return bad(`RRset ${shown}: ${isClash ? `Conflicts with pre-existing RRset: ${detail}` : detail}`);
}

export function bad(detail: string): Problem {
  return new Problem('rrset_invalid', detail);
}

export function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

export function textOf(fields: Fields, key: string): string | Problem {
  const value = fields[key];
  return typeof value === 'string' ? value : bad(`Key '${key}' not present or not a String`);
}

/** A name as this API has them: whole, and with its final dot. */
export function nameOf(text: string): string | Problem {
  const name = text.endsWith('.') ? canonicalName(text) : undefined;
  return typeof name === 'string' ? name : bad(`DNS Name '${text}' is not canonical`);
}

function readRRset(zone: string, fields: Fields, verb: string): (AskedRRset & { isUntouched: boolean }) | Problem {
  const nameText = textOf(fields, 'name');
  if (nameText instanceof Problem) return nameText;
  const name = nameOf(nameText);
  if (name instanceof Problem) return name;
  const typeText = textOf(fields, 'type');
  if (typeText instanceof Problem) return typeText;
  const shown = `${name}. IN ${typeText.toUpperCase()}`;
  if (!isAtOrBelow(name, zone)) return bad(`RRset ${shown}: Name is out of zone`);
  const type = parseStoredType(typeText.toUpperCase());
  if (type instanceof Problem) return bad(`RRset ${shown}: unknown type given: ${unlike(typeText) ?? type.detail}`);
  const nothing = { name, type, shown, ttlSeconds: 0, contents: [], sent: [], isUntouched: false };
  if (verb === 'DELETE') return nothing;
  if (verb !== 'REPLACE') return bad(`Changetype not understood: ${verb}`);
  const { records } = fields;
  if (records === undefined && Array.isArray(fields.comments)) return { ...nothing, isUntouched: true };
  if (!Array.isArray(records)) return bad(`No change for RRset ${shown}`);
  if (records.length === 0) return nothing;
  const ttlSeconds = secondsOf(fields.ttl);
  if (ttlSeconds === undefined) return bad("Key 'ttl' not present or not an Integer");
  const read = readContents(zone, { ...nothing, ttlSeconds }, records);
  return read instanceof Problem ? read : { ...nothing, ttlSeconds, ...read };
}

function readContents(
  zone: string,
  { shown, type }: AskedRRset,
  records: readonly unknown[],
): Pick<AskedRRset, 'contents' | 'sent'> | Problem {
  const contents = new Map<string, string>();
  for (const record of records) {
    const fields = fieldsOf(record);
    if (fields === undefined) return bad(`RRset ${shown}: a record is an object with content and disabled`);
    const content = textOf(fields, 'content');
    if (content instanceof Problem) return content;
    const text = texts.includes(type) ? splitStrings(content) : content;
    const where = `Record ${shown.replace(' IN ', '/')} '${content}'`;
    if (text === undefined) return bad(`${where}: Not in expected format (parsed as '${quoted(content)}')`);
    const whole = withFinalDots(type, text, zone);
    if (whole !== undefined) return bad(`${where}: Not in expected format (parsed as ${whole}`);
    const disabled = fields.disabled ?? false;
    if (typeof disabled !== 'boolean') return bad(`${where}: Key 'disabled' is not a Bool`);
    if (disabled) return bad(`${where}: Teal keeps no records that are disabled; leave it out`);
    if (contents.has(text)) return bad(`Duplicate record in RRset ${shown} with content "${content}"`);
    contents.set(text, content);
  }
  return { contents: [...contents.keys()], sent: [...contents.values()] };
}

/** What a content would be read as, where a name in it lacks its final dot: who reads it again would not find what it sent. */
function withFinalDots(type: number, text: string, zone: string): string | undefined {
  if (undottedNames(type, text, ELSEWHERE).length === 0) return undefined;
  const rdata = parseRdata(type, text);
  if (rdata instanceof Malformed) return undefined;
  const typed = parseTypedRdata(type, text, nameToWire(zone));
  const why = typed instanceof Malformed ? `: ${typed.reason}` : '';
  return `'${formatRdata(type, rdata)}')${why}`;
}

/** What is to be done where PowerDNS has a type that is in no zone file. */
function unlike(type: string): string | undefined {
  return { ALIAS: NO_ALIAS, LUA: NO_LUA }[type.toUpperCase()];
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** Some clients send numbers as texts. */
function secondsOf(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;
  return typeof seconds === 'number' && Number.isInteger(seconds) ? seconds : undefined;
}
