/** Writes a zone as a zone file; its services are comments in it. */

import { nameToWire, wireToName } from '../../model/name.ts';
import type { Service } from '../../model/service.ts';
import { SortedRRsets, type ViewRRset } from '../../signing/sorted-rrsets.ts';
import type { ReadZone } from '../../store/zone-reads.ts';
import { typeRank, type WritableRRset, writeZoneFile } from '../../wire/zone-file/writer.ts';
import { apexRRsets } from './rrset-json.ts';

const utf8 = new TextEncoder();

/** In canonical order. A million RRsets are never there as objects at once. */
export function exportZone({ zone, rrsets, services }: ReadZone): Uint8Array<ArrayBuffer>[] {
  const sorted = new SortedRRsets(nameToWire(zone.name), typeRank);
  for (const some of [apexRRsets(zone), rrsets]) {
    for (const { name, type, ttlSeconds, recordTtlSeconds, rdata } of some) {
      const owner = nameToWire(name);
      if (recordTtlSeconds === undefined) sorted.add({ owner, type, ttlSeconds, rdata });
      else
        for (const [i, own] of recordTtlSeconds.entries())
          sorted.add({ owner, type, ttlSeconds: own, rdata: [rdata[i]] });
    }
  }
  const text = writeZoneFile(zone.name, services.map(commentOf), writable(sorted.rrsets()));
  return Array.from(text, (piece) => utf8.encode(piece));
}

/** As they are written. */
export function* writable(rrsets: Iterable<ViewRRset>): Generator<WritableRRset> {
  for (const { owner, type, ttlSeconds, rdata } of rrsets) yield { name: wireToName(owner), type, ttlSeconds, rdata };
}

/** `service app.example.com. 5 random blue=90 192.0.2.10 green=10 192.0.2.20`. */
export function commentOf({ name, ttlSeconds, pick, pools }: Service): string {
  const shown = pools.map((pool) => `${pool.name}=${pool.weight} ${pool.targets.join(' ')}`);
  return `service ${name}. ${ttlSeconds} ${pick} ${shown.join(' ')}`;
}
