/** An RRset: the records of one owner name and type (RFC 2181 §5). */
import { TYPE } from '../wire/constants.ts';
import { Malformed } from '../wire/malformed.ts';
import { formatRdata, formatType, isMetaType, parseType, rdataKey, whyNotStored } from '../wire/rdata.ts';
import { parseTypedRdata } from '../wire/typed-rdata.ts';
import { Problem } from './errors.ts';
import type { Labels } from './labels.ts';
import { nameToWire } from './name.ts';
import { oversize, RECORDS_MAX, singletons } from './record-rules.ts';
import { checkSeconds } from './zone.ts';

export interface RRset {
  /** Name of the zone that holds it (canonical text). */
  readonly zone: string;
  /** Owner name (canonical text, full). */
  readonly name: string;
  /** RR type code (RFC 1035 §3.2.2). */
  readonly type: number;
  /** The lowest where those of its records differ. */
  readonly ttlSeconds: number;
  /** The TTL of each record where they differ: only signatures, which are no RRset together (RFC 4034 §3). */
  readonly recordTtlSeconds?: readonly number[];
  /** RDATA of each record in wire form, names in it uncompressed, in the order given. */
  readonly rdata: readonly Uint8Array[];
  /**
   * What a client wrote for each record, null where that is what `formatRdata` gives: some compare it with what they are
   * shown. Nothing is answered by it, and only who reads it as it was written is shown it.
   */
  readonly written?: readonly (string | null)[];
  readonly labels?: Labels;
  readonly revision: number;
}

/** What a user says of an RRset. */
export interface RRsetBody {
  readonly ttlSeconds: number;
  /** Of an RRSIG, the TTL of each record where they differ. */
  readonly recordTtlSeconds?: readonly number[];
  /** Presentation form of each record's RDATA (RFC 1035 §5.1), names absolute with or without the final dot. */
  readonly rdata: readonly string[];
  /** How each record is to be shown to who wrote it; left out: as it was, where the records stay. */
  readonly written?: readonly (string | null)[];
  /** Left out: those that it has. */
  readonly labels?: Labels;
}

/** The code of a type that can be stored. */
export function parseStoredType(text: string): number | Problem {
  const type = parseType(text);
  if (type instanceof Malformed) return new Problem('type_unknown', `Not a record type: ${type.reason}.`);
  if (isMetaType(type)) {
    return new Problem('type_unknown', `${formatType(type)} cannot be stored: it ${whyNotStored(type)}.`);
  }
  return type;
}

/** Which RRset: names are canonical. */
export type RRsetOwner = Pick<RRset, 'zone' | 'name' | 'type'>;

/** The RRset that a body describes. */
export function makeRRset(owner: RRsetOwner, body: RRsetBody, revision: number): RRset | Problem {
  const badTtl = checkSeconds(body.ttlSeconds, 'ttlSeconds');
  if (badTtl !== undefined) return badTtl;
  const rdata = parseRecords(owner, body.rdata, 'rdata');
  if (rdata instanceof Problem) return rdata;
  const seen = new Map<string, number>();
  for (const [i, data] of rdata.entries()) {
    const key = rdataKey(owner.type, data);
    const twin = seen.get(key);
    if (twin !== undefined) {
      // RFC 2181 §5: records of one RRset differ, and not only in the case of names (RFC 4343 §3).
      return new Problem('rdata_invalid', `Record ${i} says the same as record ${twin}.`, { pointer: `/rdata/${i}` });
    }
    seen.set(key, i);
  }
  const rrset = assembleRRset(owner, body, rdata, revision);
  return rrset instanceof Problem || body.written === undefined ? rrset : withWritten(rrset, body.written);
}

/** The RRset with what was written for each of its records. */
export function withWritten(rrset: RRset, texts: readonly (string | null)[]): RRset {
  const { written: _before, ...plain } = rrset;
  const written = rrset.rdata.map((data, i) =>
    formatRdata(rrset.type, data) === texts[i] ? null : (texts[i] ?? null),
  );
  return written.every((text) => text === null) ? plain : { ...plain, written };
}

/** Its records as they were written, or as Teal writes them. */
export function writtenRecords({ type, rdata, written }: RRset): string[] {
  return rdata.map((data, i) => written?.[i] ?? formatRdata(type, data));
}

/** The records that texts stand for. `member`: of the body, for messages. */
export function parseRecords(
  { type, zone }: RRsetOwner,
  texts: readonly string[],
  member: 'rdata' | 'values',
): Uint8Array[] | Problem {
  // Counted before they are read: reading more than could ever be kept is work for nothing.
  const tooMany = checkCount(texts.length, member);
  if (tooMany !== undefined) return tooMany;
  const rdata: Uint8Array[] = [];
  const origin = nameToWire(zone);
  for (const [i, text] of texts.entries()) {
    const data = parseTypedRdata(type, text, origin);
    if (data instanceof Malformed) {
      const pointer = `/${member}/${i}`;
      return new Problem('rdata_invalid', `Record ${i}: ${data.reason}.`, { pointer });
    }
    rdata.push(data);
  }
  return rdata;
}

/** An RRset of records that differ, if it may be one. */
export function assembleRRset(
  owner: RRsetOwner,
  ttls: Pick<RRsetBody, 'ttlSeconds' | 'recordTtlSeconds'>,
  rdata: readonly Uint8Array[],
  revision: number,
): RRset | Problem {
  const made = makeTtls(owner.type, ttls, rdata.length);
  if (made instanceof Problem) return made;
  return checkSize(owner, rdata) ?? { ...owner, ...made, rdata, revision };
}

function checkCount(records: number, member: string): Problem | undefined {
  if (records <= RECORDS_MAX) return undefined;
  const detail = `An RRset has at most ${RECORDS_MAX} records, or no message could carry it; this one has ${records}.`;
  return new Problem('rrset_invalid', detail, { pointer: `/${member}` });
}

/** One TTL for all (RFC 2181 §5.2), but for signatures. */
function makeTtls(type: number, { ttlSeconds, recordTtlSeconds }: RRsetTtls, records: number): RRsetTtls | Problem {
  if (recordTtlSeconds === undefined) return { ttlSeconds };
  const pointer = '/recordTtlSeconds';
  if (type !== TYPE.RRSIG) {
    const detail = `All records of an RRset have one TTL (RFC 2181 §5.2): recordTtlSeconds is for RRSIG, not for ${formatType(type)}.`;
    return new Problem('rrset_invalid', detail, { pointer });
  }
  if (recordTtlSeconds.length !== records) {
    const detail = `recordTtlSeconds has a TTL for each of the ${records} records, not ${recordTtlSeconds.length}.`;
    return new Problem('rrset_invalid', detail, { pointer });
  }
  for (const [i, seconds] of recordTtlSeconds.entries()) {
    const bad = checkSeconds(seconds, `recordTtlSeconds/${i}`);
    if (bad !== undefined) return bad;
  }
  const lowest = Math.min(...recordTtlSeconds);
  if (recordTtlSeconds.every((seconds) => seconds === lowest)) return { ttlSeconds: lowest };
  return { ttlSeconds: lowest, recordTtlSeconds };
}

type RRsetTtls = Pick<RRset, 'ttlSeconds' | 'recordTtlSeconds'>;

function checkSize({ name, type }: RRsetOwner, rdata: readonly Uint8Array[]): Problem | undefined {
  const tooMany = checkCount(rdata.length, 'rdata');
  if (tooMany !== undefined) return tooMany;
  if (rdata.length === 0) {
    const detail = 'An RRset has at least one record; delete it to have none.';
    return new Problem('rrset_invalid', detail, { pointer: '/rdata' });
  }
  if (singletons.has(type) && rdata.length > 1) {
    const detail = `A name has one ${formatType(type)} record at most, not ${rdata.length}.`;
    return new Problem('rrset_invalid', detail, { pointer: '/rdata' });
  }
  const over = oversize(name, rdata);
  if (over === undefined) return undefined;
  const detail = `The records of this name have at most ${over.maxBytes} bytes on the wire, or no message could carry them; these have ${over.bytes}.`;
  return new Problem('rrset_invalid', detail, { pointer: '/rdata' });
}

/** What an RRset's own body says. */
export function rrsetBody(rrset: RRset): RRsetBody {
  const { type, ttlSeconds, recordTtlSeconds } = rrset;
  const ttls = recordTtlSeconds === undefined ? { ttlSeconds } : { ttlSeconds, recordTtlSeconds };
  const rdata = rrset.rdata.map((data) => formatRdata(type, data));
  return { ...ttls, rdata, ...(rrset.labels !== undefined && { labels: rrset.labels }) };
}
