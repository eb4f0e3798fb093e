/** Writes a zone as a zone file; its services are comments in it. */
import type { Service } from '../../model/service.ts';
import type { ZoneSnapshot } from '../../store/zone-reads.ts';
import { canonicalOrder, writeZoneFile } from '../../wire/zone-file/writer.ts';
import { apexRRsets } from './rrset-json.ts';

const utf8 = new TextEncoder();

export function exportZone({ zone, rrsets, services }: ZoneSnapshot): Uint8Array<ArrayBuffer>[] {
  const ordered = canonicalOrder([...apexRRsets(zone), ...rrsets]);
  return Array.from(writeZoneFile(zone.name, services.map(commentOf), ordered), (piece) => utf8.encode(piece));
}

/** `service app.example.com. 5 random blue=90 192.0.2.10 green=10 192.0.2.20`. */
export function commentOf({ name, ttlSeconds, pick, pools }: Service): string {
  const shown = pools.map((pool) => `${pool.name}=${pool.weight} ${pool.targets.join(' ')}`);
  return `service ${name}. ${ttlSeconds} ${pick} ${shown.join(' ')}`;
}
