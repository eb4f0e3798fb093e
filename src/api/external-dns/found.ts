/** What stands at names, as shares: what each set identifier has there of each type. */
import type { Grant } from '../../control/grant.ts';
import type { Queries } from '../../control/queries.ts';
import { Problem } from '../../model/errors.ts';
import { suffixesOf } from '../../model/name.ts';
import type { RRset } from '../../model/rrset.ts';
import type { Pool, Service } from '../../model/service.ts';
import type { Zone } from '../../model/zone.ts';
import { formatType } from '../../wire/rdata.ts';
import { POOL_TYPES, type WrittenEndpoint } from './endpoint.ts';
import { claimsOf, notesOf } from './notes.ts';
import { shownTarget, typeCode } from './targets.ts';

export interface Share {
  readonly type: string;
  /** Empty: of none, and of everything that is nobody's. */
  readonly set: string;
  readonly targets: readonly string[];
  /** That was asked for; undefined: none. */
  readonly ttlSeconds: number | undefined;
  readonly owner: string | undefined;
  readonly resource: string | undefined;
  readonly weight: number | undefined;
}

/** What stands at one name. */
export interface Found {
  readonly zone: Zone;
  readonly name: string;
  readonly service: Service | undefined;
  readonly rrsets: readonly RRset[];
}

export const TYPES = ['A', 'AAAA', 'CNAME', 'TXT', 'SRV', 'NS', 'PTR', 'MX', 'NAPTR'];

/** The zone that a name belongs to. */
export function zoneOf(queries: Queries, name: string): Zone | undefined {
  for (const suffix of suffixesOf(name)) {
    const zone = queries.zone(suffix === '' ? '.' : suffix);
    if (!(zone instanceof Problem)) return zone;
  }
  return undefined;
}

/** Whether who asks may see and change what stands there. */
export function isInReach(grant: Grant, zone: Zone, { name, type }: { name: string; type: string }): boolean {
  return grant.rrset(zone.name, name, typeCode(type) as number) || (POOL_TYPES.includes(type) && grant.service(name));
}

/** `types`: that are asked about; those of pools come together. */
export function find(queries: Queries, zone: Zone, name: string, types: readonly string[]): Found {
  const areOfPools = types.some((type) => POOL_TYPES.includes(type));
  const read = new Set([...(areOfPools ? POOL_TYPES : []), ...types]);
  const service = queries.service(name);
  const rrsets = [...read].map((type) => queries.rrset(zone.name, name, type));
  return {
    ...{ zone, name },
    service: service instanceof Problem ? undefined : service,
    rrsets: rrsets.flatMap((rrset) => (rrset instanceof Problem ? [] : [rrset])),
  };
}

function isNoted(pool: Pool): boolean {
  return notesOf(pool.labels).set !== undefined;
}

/** The pools that came through this door, and all others as one share of no set identifier and no owner. */
export function sharesOfService({ kind, pools, ttlSeconds }: Service): Share[] {
  const noted = pools.filter(isNoted).flatMap((pool) => {
    const { set = '', owner, resource, weight, ttls } = notesOf(pool.labels);
    return byType(kind, pool.targets).map(([type, targets]) => {
      return { type, set, targets, ttlSeconds: ttls?.[type], owner, resource, weight };
    });
  });
  const others = pools.filter((pool) => !isNoted(pool)).flatMap((pool) => pool.targets);
  const none = { set: '', owner: undefined, resource: undefined, weight: undefined, ttlSeconds };
  return [...noted, ...byType(kind, [...new Set(others)]).map(([type, targets]) => ({ ...none, type, targets }))];
}

function byType(kind: Service['kind'], targets: readonly string[]): [string, string[]][] {
  const found: [string, string[]][] =
    kind === 'host'
      ? [['CNAME', targets.map((target) => target.replace(/\.$/, ''))]]
      : [
          ['A', targets.filter((target) => !target.includes(':'))],
          ['AAAA', targets.filter((target) => target.includes(':'))],
        ];
  return found.filter(([, those]) => those.length > 0);
}

export function sharesOfRRset({ type: code, rdata, labels, ttlSeconds: inForce }: RRset): Share[] {
  const type = formatType(code);
  const targets = rdata.map((data) => shownTarget(type, data));
  const { set = '', owner, resource, weight, ttls } = notesOf(labels);
  if (set !== '') return [{ ...{ type, set, targets, owner, resource, weight }, ttlSeconds: ttls?.[type] }];
  const claims = claimsOf(labels, targets);
  const claimed = new Set(claims.flatMap((claim) => claim.targets));
  const rest = targets.filter((target) => !claimed.has(target));
  const shares = claims.map((claim) => ({ ...claim, type, resource: undefined, weight: undefined }));
  if (rest.length === 0) return shares;
  const unclaimed = { ...{ type, set: '', targets: rest, owner, resource }, weight: undefined, ttlSeconds: inForce };
  return [...shares, unclaimed];
}

/** As ExternalDNS reads it. No weight: it would be held against its own, and set back what a release moved. */
export function written(name: string, share: Share, inForceSeconds: number): WrittenEndpoint {
  const { type, set, targets, owner, resource, ttlSeconds } = share;
  const labels = { ...(owner !== undefined && { owner }), ...(resource !== undefined && { resource }) };
  return {
    ...{ dnsName: name, targets, recordType: type },
    ...(set !== '' && { setIdentifier: set }),
    recordTTL: ttlSeconds ?? inForceSeconds,
    ...(Object.keys(labels).length > 0 && { labels }),
  };
}
