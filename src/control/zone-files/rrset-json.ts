/**
 * RRsets as PowerDNS's API shows them, made where the zone is read: a list of 100,000 takes a second of whoever writes
 * it, and the thread that shifts has none to give. Keys are in the order of the alphabet, as PowerDNS has them: acme.sh
 * cuts from `"name":` to the first `]`.
 */
import { nameToWire } from '../../model/name.ts';
import { type RRset, writtenRecords } from '../../model/rrset.ts';
import type { Zone } from '../../model/zone.ts';
import { soaRdata } from '../../table/compile.ts';
import { TYPE } from '../../wire/constants.ts';
import { formatType } from '../../wire/rdata.ts';

/** A list is never one string. */
const CHUNK_CHARS = 65_536;

const utf8 = new TextEncoder();

/** What stands between the brackets of a list, in pieces. */
export function writeRRsets(rrsets: Iterable<RRset>): Uint8Array<ArrayBuffer>[] {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let chunk = '';
  let comma = '';
  for (const rrset of rrsets) {
    chunk += comma + rrsetJson(rrset);
    comma = ',';
    if (chunk.length < CHUNK_CHARS) continue;
    pieces.push(utf8.encode(chunk));
    chunk = '';
  }
  if (chunk !== '') pieces.push(utf8.encode(chunk));
  return pieces;
}

function rrsetJson(rrset: RRset): string {
  const { name, type, ttlSeconds } = rrset;
  const records = writtenRecords(rrset).map((content) => ({ content, disabled: false }));
  return JSON.stringify({ comments: [], name: `${name}.`, records, ttl: ttlSeconds, type: formatType(type) });
}

/** SOA and NS at the top of a zone, which the zone itself has. */
export function apexRRsets(zone: Zone): [soa: RRset, ns: RRset] {
  const { name, revision } = zone;
  const common = { zone: name, name, revision };
  return [
    { ...common, type: TYPE.SOA, ttlSeconds: zone.ttlSeconds, rdata: [soaRdata(zone)] },
    { ...common, type: TYPE.NS, ttlSeconds: zone.nameserversTtlSeconds, rdata: zone.nameservers.map(nameToWire) },
  ];
}
