/** Whether the digest that a zone file brings is of what stands in it (RFC 8976 §4): one that is not tells of a file that was changed, or cut off. */
import { nameToWire } from '../model/name.ts';
import type { ZoneContent } from '../model/zone-content.ts';
import { TYPE } from '../wire/constants.ts';
import { readSignature } from '../wire/dnssec/rrsig.ts';
import type { Findings } from '../wire/zone-file/finding.ts';
import { SortedRRsets } from './sorted-rrsets.ts';
import { digestOf } from './zonemd.ts';

/** The one scheme that there is, and the two hashes (RFC 8976 §5.2, §5.3). */
const SIMPLE = 1;
const hashes: Readonly<Record<number, 'sha384' | 'sha512'>> = { 1: 'sha384', 2: 'sha512' };
/** Serial, scheme and hash stand before the digest. */
const DIGEST_AT = 6;

/** Adds what is wrong with it. `severity`: of a digest that is of something else. */
export function checkDigest(content: ZoneContent, findings: Findings, severity: 'error' | 'warning'): void {
  const { zone } = content;
  const zonemd = content.rrset(zone, TYPE.ZONEMD);
  const soa = content.rrset(zone, TYPE.SOA)?.rdata[0];
  if (zonemd === undefined || soa === undefined) return;
  const add = (how: 'error' | 'warning', code: 'digest_wrong' | 'digest_unknown', message: string): void => {
    findings.add({ severity: how, code, file: zonemd.file, line: zonemd.line, column: 1, message });
  };
  const known = zonemd.rdata.filter((rdata) => rdata[4] === SIMPLE && hashes[rdata[5]] !== undefined);
  if (known.length === 0) {
    const why = 'has no digest of a kind that is known here (1 1 or 1 2, RFC 8976 §5)';
    return add('warning', 'digest_unknown', `${zone}. ZONEMD ${why}: whether it is of this file was not looked at`);
  }
  const serial = Buffer.from(soa).readUInt32BE(soa.length - 20);
  const ofSerial = known.filter((rdata) => Buffer.from(rdata).readUInt32BE(0) === serial);
  if (ofSerial.length === 0) {
    const found = Buffer.from(known[0]).readUInt32BE(0);
    return add(
      severity,
      'digest_wrong',
      `${zone}. ZONEMD is of the serial ${found}, and the SOA has ${serial}: ${HOW}`,
    );
  }
  const view = viewOf(content);
  const isGood = ofSerial.some((rdata) => {
    const digest = digestOf(view.names(), hashes[rdata[5]]);
    return Buffer.compare(digest, rdata.subarray(DIGEST_AT)) === 0;
  });
  if (!isGood) add(severity, 'digest_wrong', `${zone}. ZONEMD is not the digest of what stands in this file: ${HOW}`);
}

const HOW =
  'the file was changed since, or is not whole. Get it again from whoever made it; or take the record out, if you changed the file yourself';

/** All but the digest itself and its signature (RFC 8976 §3.3.1). */
function viewOf(content: ZoneContent): SortedRRsets {
  const view = new SortedRRsets(nameToWire(content.zone));
  for (const [name, rrsets] of content.entries()) {
    const owner = nameToWire(name);
    for (const { type, ttlSeconds, rdata, recordTtlSeconds } of rrsets) {
      const isApex = name === content.zone;
      if (isApex && type === TYPE.ZONEMD) continue;
      const digested = rdata.map((data, i) => ({ data, ttlSeconds: recordTtlSeconds?.[i] ?? ttlSeconds }));
      for (const { data, ttlSeconds: ttl } of digested) {
        if (isApex && type === TYPE.RRSIG && readSignature(data).typeCovered === TYPE.ZONEMD) continue;
        view.add({ owner, type, ttlSeconds: ttl, rdata: [data] });
      }
    }
  }
  return view;
}
