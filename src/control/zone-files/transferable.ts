/**
 * A zone as RRsets alone, for a file that others serve or check. A service answers from several pools, and RRsets can say
 * one thing: it stands there as its heaviest pool, the first of equal ones, as people order them; each preview as its pool.
 */
import { nameToWire } from '../../model/name.ts';
import { previewNames } from '../../model/preview.ts';
import { type Pool, type Service, ttlInForce } from '../../model/service.ts';
import { heaviestPool } from '../../model/transferred.ts';
import type { ViewRRset } from '../../signing/sorted-rrsets.ts';
import type { ReadZone } from '../../store/zone-reads.ts';
import { TYPE } from '../../wire/constants.ts';
import { parseIpv4, parseIpv6 } from '../../wire/rdata.ts';
import { apexRRsets } from './rrset-json.ts';

/** In no order. The records of one RRset get one TTL, the lowest that one of them has (RFC 2181 §5.2). */
export function* transferable({ zone, rrsets, services }: ReadZone): Generator<ViewRRset> {
  const previews = new Map<string, readonly [Service, Pool]>();
  for (const service of services) {
    for (const [name, of] of previewNames(service)) {
      const pool = service.pools.find((each) => each.name === of);
      if (pool !== undefined) previews.set(name, [service, pool]);
    }
  }
  for (const { name } of services) previews.delete(name);
  for (const own of [apexRRsets(zone), rrsets]) {
    for (const { name, type, ttlSeconds, recordTtlSeconds = [], rdata } of own) {
      previews.delete(name);
      yield { owner: nameToWire(name), type, ttlSeconds: Math.min(ttlSeconds, ...recordTtlSeconds), rdata };
    }
  }
  for (const service of services) yield* ofPool(service, heaviestPool(service), service.name);
  for (const [name, [service, pool]] of previews) yield* ofPool(service, pool, name);
}

function ofPool(service: Service, { targets }: Pool, name: string): ViewRRset[] {
  const common = { owner: nameToWire(name), ttlSeconds: ttlInForce(service) };
  if (service.kind === 'host') return [{ ...common, type: TYPE.CNAME, rdata: [nameToWire(targets[0])] }];
  const six = targets.filter((target) => target.includes(':'));
  const four = targets.filter((target) => !target.includes(':'));
  return [
    { ...common, type: TYPE.A, rdata: four.map((target) => parseIpv4(target) as Uint8Array) },
    { ...common, type: TYPE.AAAA, rdata: six.map((target) => parseIpv6(target) as Uint8Array) },
  ].filter(({ rdata }) => rdata.length > 0);
}
