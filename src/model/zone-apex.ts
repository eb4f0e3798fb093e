/** What the SOA and NS records at the top of a zone say, in the words of the model. */
import assert from 'node:assert/strict';
import { TYPE } from '../wire/constants.ts';
import { nameLength } from '../wire/name.ts';
import { wireToName } from './name.ts';
import type { Zone } from './zone.ts';
import type { ZoneContent } from './zone-content.ts';

/** All of a zone but its name and what the log gives it. */
export type ZoneApex = Omit<Zone, 'name' | 'revision'>;

/** The apex of a zone that was checked without an error. */
export function apexOf(content: ZoneContent): ZoneApex {
  const soa = content.rrset(content.zone, TYPE.SOA);
  const ns = content.rrset(content.zone, TYPE.NS);
  assert(soa && ns, 'a zone without SOA or NS is an error of its check');
  const rdata = soa.rdata[0];
  const mailboxAt = nameLength(rdata);
  const numbersAt = mailboxAt + nameLength(rdata, mailboxAt);
  const numbers = new DataView(rdata.buffer, rdata.byteOffset + numbersAt);
  return {
    primary: wireToName(rdata.subarray(0, mailboxAt)),
    hostmaster: wireToName(rdata.subarray(mailboxAt, numbersAt)),
    serial: numbers.getUint32(0),
    refreshSeconds: numbers.getUint32(4),
    retrySeconds: numbers.getUint32(8),
    expireSeconds: numbers.getUint32(12),
    negativeTtlSeconds: numbers.getUint32(16),
    ttlSeconds: soa.ttlSeconds,
    nameservers: ns.rdata.map((name) => wireToName(name)),
    nameserversTtlSeconds: ns.ttlSeconds,
  };
}
