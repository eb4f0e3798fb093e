/** An RRset: the records of one owner name and type (RFC 2181 §5). */
import { MAX_MESSAGE_BYTES, TYPE } from '../wire/constants.ts';
import { Malformed } from '../wire/malformed.ts';
import { formatRdata, formatType, isMetaType, parseRdata, parseType, whyNotStored } from '../wire/rdata.ts';
import { Problem } from './errors.ts';
import { checkSeconds } from './zone.ts';

export interface RRset {
  /** Name of the zone that holds it (canonical text). */
  readonly zone: string;
  /** Owner name (canonical text, full). */
  readonly name: string;
  /** RR type code (RFC 1035 §3.2.2). */
  readonly type: number;
  readonly ttlSeconds: number;
  /** RDATA of each record in wire form, names in it uncompressed, in the order given. */
  readonly rdata: readonly Uint8Array[];
  readonly revision: number;
}

/** What a user says of an RRset. */
export interface RRsetBody {
  readonly ttlSeconds: number;
  /** Presentation form of each record's RDATA (RFC 1035 §5.1), names absolute with or without the final dot. */
  readonly rdata: readonly string[];
}

/** Of one owner there can be only one of these (RFC 2181 §10.1, RFC 6672 §2.4, RFC 1035 §3.3.13). */
const singletons = new Set<number>([TYPE.CNAME, TYPE.DNAME, TYPE.SOA]);
/** An RRset must fit into a message with its header, the longest question and an OPT record (RFC 2181 §5.1). */
const RRSET_MAX_BYTES = MAX_MESSAGE_BYTES - 512;
/** Owner pointer, type, class, TTL, RDLENGTH. */
const RECORD_HEADER_BYTES = 12;

/** The code of a type that can be stored. */
export function parseStoredType(text: string): number | Problem {
  const type = parseType(text);
  if (type instanceof Malformed) return new Problem('type_unknown', `Not a record type: ${type.reason}.`);
  if (isMetaType(type)) {
    return new Problem('type_unknown', `${formatType(type)} cannot be stored: it ${whyNotStored(type)}.`);
  }
  return type;
}

/** The RRset that a body describes. */
export function makeRRset(
  owner: { zone: string; name: string; type: number },
  body: RRsetBody,
  revision: number,
): RRset | Problem {
  const badTtl = checkSeconds(body.ttlSeconds, 'ttlSeconds');
  if (badTtl !== undefined) return badTtl;
  const rdata: Uint8Array[] = [];
  const seen = new Map<string, number>();
  for (const [i, text] of body.rdata.entries()) {
    const pointer = `/rdata/${i}`;
    const data = parseRdata(owner.type, text);
    if (data instanceof Malformed) return new Problem('rdata_invalid', `Record ${i}: ${data.reason}.`, { pointer });
    const key = Buffer.from(data).toString('latin1');
    const twin = seen.get(key);
    if (twin !== undefined) {
      // RFC 2181 §5: records of one RRset differ.
      return new Problem('rdata_invalid', `Record ${i} says the same as record ${twin}.`, { pointer });
    }
    seen.set(key, i);
    rdata.push(data);
  }
  return checkSize(owner.type, rdata) ?? { ...owner, ttlSeconds: body.ttlSeconds, rdata, revision };
}

function checkSize(type: number, rdata: readonly Uint8Array[]): Problem | undefined {
  if (rdata.length === 0) {
    const detail = 'An RRset has at least one record; delete it to have none.';
    return new Problem('rrset_invalid', detail, { pointer: '/rdata' });
  }
  if (singletons.has(type) && rdata.length > 1) {
    const detail = `A name has one ${formatType(type)} record at most, not ${rdata.length}.`;
    return new Problem('rrset_invalid', detail, { pointer: '/rdata' });
  }
  const bytes = rdata.reduce((sum, data) => sum + RECORD_HEADER_BYTES + data.length, 0);
  if (bytes <= RRSET_MAX_BYTES) return undefined;
  const detail = `An RRset has at most ${RRSET_MAX_BYTES} bytes on the wire, or no message could carry it; this one has ${bytes}.`;
  return new Problem('rrset_invalid', detail, { pointer: '/rdata' });
}

/** What an RRset's own body says. */
export function rrsetBody(rrset: RRset): RRsetBody {
  return { ttlSeconds: rrset.ttlSeconds, rdata: rrset.rdata.map((data) => formatRdata(rrset.type, data)) };
}
