/** Records that become a service, and a service that becomes records again. Pure. */
import { TYPE } from '../wire/constants.ts';
import { formatIpv4, formatIpv6, formatType, parseIpv4, parseIpv6 } from '../wire/rdata.ts';
import { Problem } from './errors.ts';
import type { Labels } from './labels.ts';
import { nameToWire, wireToName } from './name.ts';
import type { RRset } from './rrset.ts';
import { type Pool, SERVICE_TTL_DEFAULT_SECONDS, type Service, type ServiceBody, serviceBody } from './service.ts';

/** The types that a service answers in place of; what else stands at its name stays, or is a conflict. */
export const adoptedTypes: ReadonlySet<number> = new Set([TYPE.A, TYPE.AAAA, TYPE.CNAME]);

/** True: whatever of those types is there; or exactly these, by type, at these revisions. */
type Replace = boolean | Readonly<Record<string, number>>;

/** A body as it is written: with `replace`, what it leaves out is that of the records. */
export interface WrittenServiceBody extends Omit<ServiceBody, 'pools'> {
  readonly replace?: Replace;
  readonly pools?: Readonly<Record<string, Partial<ServiceBody['pools'][string]>>>;
}

/** What is proposed of records; all that a service needs and they do not say is chosen so that no answer changes. */
type Proposed = Pick<ServiceBody, 'ttlSeconds' | 'release' | 'labels' | 'pools'>;

/** A share of the whole, as percentages are written. */
const WHOLE = 100;

/**
 * The service that answers as these targets do with this TTL. Blue has them and all traffic; green has the same until
 * somebody says where the next version will be. A high TTL stays, and releases lower it.
 */
export function propose(targets: readonly string[], ttlSeconds: number): Proposed {
  const isHigh = ttlSeconds > SERVICE_TTL_DEFAULT_SECONDS;
  return {
    ttlSeconds,
    ...(isHigh && { release: { ttlSeconds: SERVICE_TTL_DEFAULT_SECONDS } }),
    pools: { blue: { weight: WHOLE, targets }, green: { weight: 0, targets } },
  };
}

/** What A, AAAA or CNAME records at one name come to. */
export function proposeFrom(rrsets: readonly RRset[]): Proposed {
  const proposed = propose(targetsOf(rrsets), Math.min(...rrsets.map(({ ttlSeconds }) => ttlSeconds)));
  const labels: Labels = Object.assign({}, ...rrsets.map((rrset) => rrset.labels ?? {}));
  return Object.keys(labels).length === 0 ? proposed : { ...proposed, labels };
}

/** Addresses and host names that records lead to: as they stand, A before AAAA. */
export function targetsOf(rrsets: readonly RRset[]): string[] {
  const ordered = [...rrsets].sort((a, b) => a.type - b.type);
  return ordered.flatMap(({ type, rdata }) => rdata.map((data) => targetOf(type, data)));
}

function targetOf(type: number, data: Uint8Array): string {
  if (type === TYPE.A) return formatIpv4(data);
  if (type === TYPE.AAAA) return formatIpv6(data);
  const host = wireToName(data);
  // Typed without its final dot, a name of one label is refused: it is hardly ever meant.
  return host.includes('.') ? host : `${host}.`;
}

/**
 * The whole body: what is left out is that of the records whose place the service takes or, once it has taken it, that of
 * the service `before`, so that the same body sent again changes nothing.
 */
export function completeBody(
  { replace = false, ...body }: WrittenServiceBody,
  records: readonly RRset[],
  before: Service | undefined,
): ServiceBody | Problem {
  const base = replace === false ? undefined : records.length > 0 ? proposeFrom(records) : before && kept(before);
  const found = records.length > 0 ? base?.pools.blue.targets : undefined;
  if (body.pools === undefined) {
    if (base === undefined) return lacks('The body lacks', 'pools', '/pools', replace !== false);
    return { ...base, ...body, pools: base.pools };
  }
  const pools: Record<string, ServiceBody['pools'][string]> = {};
  for (const [name, pool] of Object.entries(body.pools)) {
    const targets = pool.targets ?? base?.pools[name]?.targets ?? found;
    if (targets === undefined) {
      const what = `The property ${JSON.stringify(name)} in "pools" lacks`;
      return lacks(what, 'targets', `/pools/${name}/targets`, replace !== false);
    }
    const weight = pool.weight ?? (before === undefined ? base?.pools[name]?.weight : undefined);
    pools[name] = { ...pool, ...(weight !== undefined && { weight }), targets };
  }
  const { ttlSeconds, release, labels } = base ?? {};
  // A TTL that was said is meant as it is: then none is lowered that nobody spoke of.
  const times = body.ttlSeconds === undefined &&
    ttlSeconds !== undefined && { ttlSeconds, ...(release && { release }) };
  return { ...times, ...(labels && { labels }), ...body, pools };
}

function kept(before: Service): Proposed {
  const { ttlSeconds, release, pools } = serviceBody(before);
  return { ...(ttlSeconds !== undefined && { ttlSeconds }), ...(release && { release }), pools };
}

function lacks(what: string, property: string, pointer: string, replaces: boolean): Problem {
  const why = replaces ? ', and there are no records here to take it from' : '';
  return new Problem('body_invalid', `${what} the property "${property}"${why}.`, { pointer });
}

/** 412 unless the records are those that `replace` names, where it names any. */
export function checkReplaced(name: string, replace: Replace, records: readonly RRset[]): Problem | undefined {
  if (typeof replace === 'boolean') return undefined;
  const named = Object.entries(replace);
  const isThere = ([type, revision]: [string, number]): boolean =>
    records.some((rrset) => formatType(rrset.type) === type && rrset.revision === revision);
  if (named.length === records.length && named.every(isThere)) return undefined;
  const found = records.map(({ type, revision }) => `${formatType(type)} of revision ${revision}`);
  const detail = `The records at ${name} are no longer those that \`replace\` names: there is ${found.join(' and ') || 'none'} now. Look at them again, then decide.`;
  return new Problem('revision_stale', detail, { pointer: '/replace' });
}

/**
 * The records that answer as one pool of the service does, with the TTL that the service has outside of releases, and its
 * labels.
 */
export function recordsOf(service: Service, pool: Pool, revision: number): RRset[] {
  const { name, zone, ttlSeconds, labels } = service;
  const owner = { name, zone, ttlSeconds, revision, ...(labels && { labels }) };
  if (service.kind === 'host') return [{ ...owner, type: TYPE.CNAME, rdata: pool.targets.map(nameToWire) }];
  const [six, four] = [true, false].map((wanted) => pool.targets.filter((target) => target.includes(':') === wanted));
  return [
    { ...owner, type: TYPE.A, rdata: four.map((target) => parseIpv4(target) as Uint8Array) },
    { ...owner, type: TYPE.AAAA, rdata: six.map((target) => parseIpv6(target) as Uint8Array) },
  ].filter(({ rdata }) => rdata.length > 0);
}
