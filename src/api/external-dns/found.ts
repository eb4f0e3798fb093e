/** What stands at names, as shares: what each set identifier has there of each type. */
import type { Grant } from '../../control/grant.ts';
import { Passed } from '../../control/listing.ts';
import type { Queries } from '../../control/queries.ts';
import { Problem } from '../../model/errors.ts';
import { suffixesOf } from '../../model/name.ts';
import type { RRset } from '../../model/rrset.ts';
import type { Pool, Service } from '../../model/service.ts';
import type { Zone } from '../../model/zone.ts';
import { shown } from '../../shown.ts';
import { formatType } from '../../wire/rdata.ts';
import { declaredWeight, POOL_TYPES, type WrittenEndpoint } from './endpoint.ts';
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
  /** With which it begins, or which it has where it is declared. */
  readonly weight: number | undefined;
  readonly isDeclared: boolean;
}

/** Whether a release moves the service now. Asked where it matters only: it looks at all releases that go on. */
export type Releasing = (service: string) => boolean;

/** What stands at one name. */
export interface Found {
  readonly zone: Zone;
  readonly name: string;
  readonly service: Service | undefined;
  readonly isReleasing: Releasing;
  readonly rrsets: readonly RRset[];
}

export const TYPES = ['A', 'AAAA', 'CNAME', 'TXT', 'SRV', 'NS', 'PTR', 'MX', 'NAPTR', 'DNAME'];

/** The zone that a name belongs to. */
export function zoneOf(queries: Queries, name: string): Zone | undefined {
  for (const suffix of suffixesOf(name)) {
    const zone = queries.zone(shown(suffix));
    if (!(zone instanceof Problem)) return zone;
  }
  return undefined;
}

/** Whether who asks may see and change records or pools there. */
export function isInReach(grant: Grant, zone: string, { name, type }: { name: string; type: string }): boolean {
  return grant.rrset(zone, name, typeCode(type) as number) || (POOL_TYPES.includes(type) && grant.service(name));
}

/**
 * Whether who asks may make a service there, or change the one that is there. A token for records may, where it reaches
 * all that a service answers with, and as long as all pools came through this door: that is no more than its records.
 */
export function reachesService(
  grant: Grant,
  { zone, name }: { zone: string; name: string },
  service?: Service,
): boolean {
  if (!grant.isOfRecords) return grant.service(name);
  // Names of previews are others, that it may not reach.
  if (service !== undefined && (service.previewNames || !service.pools.every(isNoted))) return false;
  return POOL_TYPES.every((type) => grant.rrset(zone, name, typeCode(type) as number));
}

export function releasingIn(queries: Queries): Releasing {
  return (service) => {
    const active = queries.releases(undefined, 0, queries.grant(undefined), { state: 'active' });
    if (active instanceof Problem) return false;
    const releases = [...active.found].flatMap((release) => (release instanceof Passed ? [] : [release]));
    return releases.some(({ services }) => services.some(({ name }) => name === service));
  };
}

/** `types`: that are asked about; those of pools come together. */
export function find(queries: Queries, zone: Zone, name: string, types: readonly string[]): Found {
  const areOfPools = types.some((type) => POOL_TYPES.includes(type));
  const read = new Set([...(areOfPools ? POOL_TYPES : []), ...types]);
  const service = queries.service(name);
  const rrsets = [...read].map((type) => queries.rrset(zone.name, name, type));
  return {
    zone,
    name,
    service: service instanceof Problem ? undefined : service,
    isReleasing: releasingIn(queries),
    rrsets: rrsets.flatMap((rrset) => (rrset instanceof Problem ? [] : [rrset])),
  };
}

function isNoted(pool: Pool): boolean {
  return notesOf(pool.labels).set !== undefined;
}

/**
 * The pools that came through this door, and all others as one share of no set identifier and no owner. A declared weight
 * is the one in force, so that one which was moved is moved back; but what a release does is its own until it ends.
 */
export function sharesOfService({ name, kind, pools, ttlSeconds }: Service, isReleasing: Releasing): Share[] {
  const noted = pools.filter(isNoted).flatMap((pool) => {
    const { set = '', owner, resource, weight: begins, isDeclared = false, ttls } = notesOf(pool.labels);
    const weight = isDeclared && !isReleasing(name) ? pool.weight : begins;
    return byType(kind, pool.targets).map(([type, targets]) => {
      return { type, set, targets, ttlSeconds: ttls?.[type], owner, resource, weight, isDeclared };
    });
  });
  const others = pools.filter((pool) => !isNoted(pool)).flatMap((pool) => pool.targets);
  const none = { set: '', owner: undefined, resource: undefined, weight: undefined, isDeclared: false, ttlSeconds };
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
  const { set = '', owner, resource, weight, isDeclared = false, ttls } = notesOf(labels);
  if (set !== '') return [{ type, set, targets, owner, resource, weight, isDeclared, ttlSeconds: ttls?.[type] }];
  const claims = claimsOf(labels, targets);
  const claimed = new Set(claims.flatMap((claim) => claim.targets));
  const rest = targets.filter((target) => !claimed.has(target));
  const none = { weight: undefined, isDeclared: false };
  const shares = claims.map((claim) => ({ ...claim, ...none, type, resource: undefined }));
  if (rest.length === 0) return shares;
  const unclaimed = { type, set: '', targets: rest, owner, resource, ...none, ttlSeconds: inForce };
  return [...shares, unclaimed];
}

/** As ExternalDNS reads it. No weight that is not declared: it would be held against its own, and set back what a release moved. */
export function written(name: string, share: Share, inForceSeconds: number): WrittenEndpoint {
  const { type, set, targets, owner, resource, ttlSeconds, weight } = share;
  const labels = { ...(owner !== undefined && { owner }), ...(resource !== undefined && { resource }) };
  return {
    dnsName: name,
    targets,
    recordType: type,
    ...(set !== '' && { setIdentifier: set }),
    recordTTL: ttlSeconds ?? inForceSeconds,
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(share.isDeclared && weight !== undefined && { providerSpecific: declaredWeight(weight) }),
  };
}
