/** Writes a zone as a zone file; its services are comments in it. */
import { nameToWire } from '../../model/name.ts';
import type { RRset } from '../../model/rrset.ts';
import type { Service } from '../../model/service.ts';
import type { Zone } from '../../model/zone.ts';
import type { ZoneSnapshot } from '../../store/staging.ts';
import { soaRdata } from '../../table/compile.ts';
import { TYPE } from '../../wire/constants.ts';
import { canonicalOrder, writeZoneFile } from '../../wire/zone-file/writer.ts';

const utf8 = new TextEncoder();

export function exportZone({ zone, rrsets, services }: ZoneSnapshot): Uint8Array<ArrayBuffer>[] {
  const ordered = canonicalOrder([...apexRRsets(zone), ...rrsets]);
  return Array.from(writeZoneFile(zone.name, services.map(commentOf), ordered), (piece) => utf8.encode(piece));
}

function apexRRsets(zone: Zone): RRset[] {
  const { name, revision } = zone;
  const common = { zone: name, name, revision };
  return [
    { ...common, type: TYPE.SOA, ttlSeconds: zone.ttlSeconds, rdata: [soaRdata(zone)] },
    { ...common, type: TYPE.NS, ttlSeconds: zone.nameserversTtlSeconds, rdata: zone.nameservers.map(nameToWire) },
  ];
}

/** `service app.example.com. 5 random blue=90 192.0.2.10 green=10 192.0.2.20`. */
function commentOf({ name, ttlSeconds, pick, pools }: Service): string {
  const shown = pools.map((pool) => `${pool.name}=${pool.weight} ${pool.targets.join(' ')}`);
  return `service ${name}. ${ttlSeconds} ${pick} ${shown.join(' ')}`;
}
