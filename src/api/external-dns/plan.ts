/** From what stands at a name and what ExternalDNS wants there to commands. Pure. */
import { createHash } from 'node:crypto';
import type { Command } from '../../control/commands/command.ts';
import { Problem } from '../../model/errors.ts';
import type { Labels } from '../../model/labels.ts';
import type { RecordChange } from '../../model/record-change.ts';
import { makeRRset, type RRset } from '../../model/rrset.ts';
import { type Pool, SERVICE_TTL_DEFAULT_SECONDS, type Service, serviceBody } from '../../model/service.ts';
import { formatType } from '../../wire/rdata.ts';
import { type Endpoint, POOL_TYPES } from './endpoint.ts';
import { type Found, type Releasing, type Share, sharesOfRRset, sharesOfService } from './found.ts';
import { notesOf, withClaims, withNotes } from './notes.ts';
import { rdataText, typeCode } from './targets.ts';

/** One endpoint that is to be there, or not. */
export interface Edit {
  readonly verb: 'set' | 'remove';
  readonly endpoint: Endpoint;
  /** What it was, where it is an update. */
  readonly old?: Endpoint | undefined;
}

export interface Plan {
  /** One after the other, each on what the one before it left. */
  readonly services: readonly Extract<Command, { kind: 'service.put' | 'service.delete' }>[];
  readonly changes: readonly RecordChange[];
}

type Shares = Map<string, Share>;

/** Of records for which no TTL was asked, as other providers have it. */
const RECORD_TTL_SECONDS = 300;
/** Of whoever answered alone until now. */
const WHOLE = 100;
const POOL_NAME_MAX_CHARS = 63;

export function planName(found: Found, edits: readonly Edit[]): Plan | Problem {
  const { service, rrsets } = found;
  const shares: Shares = new Map();
  const ofService = service === undefined ? [] : sharesOfService(service, found.isReleasing);
  const noted = ofService.filter(({ set }) => set !== '');
  for (const share of [...noted, ...rrsets.flatMap(sharesOfRRset)]) shares.set(keyOf(share), share);
  const before: Shares = new Map(shares);
  // What goes makes room for what comes, in whatever order they are told.
  for (const verb of ['remove', 'set'] as const) {
    for (const edit of edits) {
      const problem = edit.verb === verb ? carryOut(shares, edit) : undefined;
      if (problem !== undefined) return problem;
    }
  }
  const touched = [...new Set(edits.map(({ endpoint }) => endpoint.type))];
  const [ofPools, ofOthers] = [true, false].map((wanted) =>
    touched.filter((type) => POOL_TYPES.includes(type) === wanted),
  ) as [string[], string[]];
  const changes: RecordChange[] = [];
  const sets = setsOf(shares);
  const services = ofPools.length === 0 ? [] : planService(found, { shares, before, sets });
  if (services instanceof Problem) return services;
  const areRecords = service === undefined && sets.length < 2;
  for (const type of areRecords ? touched : ofOthers) {
    const change = planRRset(found, type, shares);
    if (change instanceof Problem) return change;
    if (change !== undefined) changes.push(change);
  }
  return { services, changes };
}

function keyOf({ set, type }: { set: string; type: string }): string {
  return `${type} ${set}`;
}

function setsOf(shares: Shares): string[] {
  const ofPools = [...shares.values()].filter(({ set, type }) => set !== '' && POOL_TYPES.includes(type));
  return [...new Set(ofPools.map(({ set }) => set))];
}

function carryOut(shares: Shares, { verb, endpoint, old }: Edit): Problem | undefined {
  const { type, set, ttlSeconds, resource, weight, isDeclared, owner } = endpoint;
  const key = keyOf(endpoint);
  const was = shares.get(key);
  if (was?.owner !== undefined && owner !== undefined && ![owner, old?.owner].includes(was.owner)) {
    const what = `${type} of ${endpoint.name}${set === '' ? '' : ` (${set})`}`;
    return new Problem('service_conflict', `${what} is of the owner ${was.owner}, not of ${owner}.`);
  }
  // Records of no set identifier may be of people too: value by value.
  const gone = new Set(verb === 'remove' ? endpoint.targets : (old?.targets ?? []));
  const kept = set === '' ? (was?.targets ?? []).filter((target) => !gone.has(target)) : [];
  if (verb === 'remove') {
    if (was === undefined) return undefined;
    if (kept.length === 0) shares.delete(key);
    else shares.set(key, { ...was, targets: kept, owner: undefined, resource: undefined });
    return undefined;
  }
  const targets = [...new Set([...kept, ...endpoint.targets])];
  const share = { type, set, targets, owner, resource, isDeclared, ttlSeconds: ttlSeconds ?? was?.ttlSeconds };
  shares.set(key, { ...share, weight: was === undefined || isDeclared ? weight : was.weight });
  return undefined;
}

interface Wanted {
  readonly shares: Shares;
  readonly before: Shares;
  readonly sets: readonly string[];
}

function planService(found: Found, wanted: Wanted): Plan['services'] | Problem {
  const { name, service, rrsets } = found;
  const { shares, sets } = wanted;
  const plain = [...shares.values()].find(({ set, type }) => set === '' && POOL_TYPES.includes(type));
  if (service === undefined) {
    if (sets.length < 2) return [];
    if (plain !== undefined) {
      const detail = `${name} has ${plain.type} records of no set identifier beside ${sets.join(', ')}: remove them, or give them one too.`;
      return new Problem('service_conflict', detail);
    }
    const replaced = rrsets.filter(({ type }) => POOL_TYPES.includes(formatType(type)));
    return [makeService(name, replaced, wanted)];
  }
  if (plain !== undefined) {
    const detail = `${name} is a service, whose pools have set identifiers: give ${plain.type} of it one too (the annotation external-dns.kubernetes.io/set-identifier).`;
    return new Problem('service_conflict', detail);
  }
  return changeService(service, wanted, found.isReleasing);
}

function makeService(name: string, replaced: readonly RRset[], { shares, before, sets }: Wanted): Plan['services'][0] {
  const incumbents = setsOf(before);
  const weights = new Map(
    sets.map((set) => {
      const asked = sharesOf(shares, set).find(({ weight }) => weight !== undefined)?.weight;
      return [set, asked ?? (incumbents.includes(set) ? WHOLE : 0)];
    }),
  );
  // What answers now goes on, whatever nobody said.
  if ([...weights.values()].every((weight) => weight === 0)) {
    for (const set of sets) if (incumbents.length === 0 || incumbents.includes(set)) weights.set(set, WHOLE);
  }
  const pools: Record<string, PoolBody> = {};
  for (const set of sets) {
    pools[poolName(set, Object.keys(pools))] = { ...poolOf(shares, set, {}), weight: weights.get(set) as number };
  }
  const labels: Labels = Object.assign({}, ...replaced.map((rrset) => withNotes(rrset.labels, {})));
  const revisions = replaced.map(({ type, revision }) => [formatType(type), revision]);
  const body = {
    ttlSeconds: lowestTtl(shares) ?? SERVICE_TTL_DEFAULT_SECONDS,
    previewNames: false,
    pools,
    labels,
    ...(replaced.length > 0 && { replace: Object.fromEntries(revisions) as Record<string, number> }),
  };
  return { kind: 'service.put', name, body };
}

function changeService(service: Service, { shares, before, sets }: Wanted, isReleasing: Releasing): Plan['services'] {
  const { name } = service;
  const body = serviceBody(service);
  const pools: Record<string, PoolBody> = {};
  const known = new Map<string, Pool>();
  for (const pool of service.pools) {
    const { set } = notesOf(pool.labels);
    if (set === undefined) pools[pool.name] = { targets: pool.targets };
    else known.set(set, pool);
  }
  for (const set of sets) {
    const pool = known.get(set);
    if (pool === undefined) continue;
    const { weight } = sharesOf(shares, set).find((share) => share.isDeclared) ?? {};
    const isSet = weight !== undefined && !isReleasing(name);
    pools[pool.name] = { ...poolOf(shares, set, pool.labels), ...(isSet && { weight }) };
  }
  const taken = [...Object.keys(pools), ...[...known.values()].map((pool) => pool.name)];
  for (const set of sets) {
    if (known.has(set)) continue;
    const fresh = poolName(set, taken);
    taken.push(fresh);
    const asked = sharesOf(shares, set).find(({ weight }) => weight !== undefined)?.weight;
    pools[fresh] = { ...poolOf(shares, set, {}), weight: asked ?? 0 };
  }
  const names = Object.keys(pools);
  if (names.length === 0) return [{ kind: 'service.delete', name }];
  if (names.length === 1) return leave(service, names[0] as string, pools);
  // The order of pools stays, so that nothing is changed where nothing is.
  const order = service.pools.map((pool) => pool.name).filter((each) => names.includes(each));
  const ordered = Object.fromEntries([...new Set([...order, ...names])].map((each) => [each, pools[each] as PoolBody]));
  const pins = body.pins.filter(({ pool }) => names.includes(pool));
  const isRetimed = lowestTtl(shares) !== lowestTtl(before) && lowestTtl(shares) !== undefined;
  const ttlSeconds = isRetimed ? (lowestTtl(shares) as number) : body.ttlSeconds;
  return [{ kind: 'service.put', name, body: { ...body, ttlSeconds, pins, pools: ordered } }];
}

/**
 * One pool is no choice: its records stay, with what is noted of it. In two steps, so that the name is never without an
 * answer: what is noted goes to the service first, whose labels the records keep.
 */
function leave(service: Service, pool: string, pools: Readonly<Record<string, PoolBody>>): Plan['services'] {
  const { name } = service;
  const { labels, ...body } = serviceBody(service);
  const kept = service.pools.map(({ name: each, targets }) => [each, { targets }] as const);
  const told = notesOf(pools[pool]?.labels);
  const weight = service.pools.find((each) => each.name === pool)?.weight;
  // The share that it was moved to is what it begins with, should others come again.
  const begins = told.isDeclared ? told.weight : weight || undefined;
  const notes = told.set === undefined ? {} : { ...told, weight: begins };
  const put = { ...body, pools: { ...Object.fromEntries(kept), ...pools }, labels: withNotes(labels, notes) };
  return [
    { kind: 'service.put', name, body: put },
    { kind: 'service.delete', name, leave: pool },
  ];
}

interface PoolBody {
  readonly targets: readonly string[];
  readonly labels?: Labels;
  readonly weight?: number;
}

function sharesOf(shares: Shares, set: string): Share[] {
  return POOL_TYPES.flatMap((type) => shares.get(keyOf({ type, set })) ?? []);
}

function poolOf(shares: Shares, set: string, labels: Labels | undefined): PoolBody {
  const own = sharesOf(shares, set);
  return {
    targets: own.flatMap(({ type, targets }) => targets.map((target) => (type === 'CNAME' ? `${target}.` : target))),
    labels: withNotes(labels, notesFor(set, own)),
  };
}

function notesFor(set: string, own: readonly Share[]) {
  const ttls = own.flatMap(({ type, ttlSeconds }) => (ttlSeconds === undefined ? [] : [[type, ttlSeconds] as const]));
  const first = <Key extends 'owner' | 'resource' | 'weight'>(key: Key): Share[Key] | undefined =>
    own.find((share) => share[key] !== undefined)?.[key];
  return {
    set,
    owner: first('owner'),
    resource: first('resource'),
    weight: first('weight'),
    isDeclared: own.some((share) => share.isDeclared),
    ttls: Object.fromEntries(ttls),
  };
}

function lowestTtl(shares: Shares): number | undefined {
  const ttls = [...shares.values()].flatMap(({ type, set, ttlSeconds }) => {
    return ttlSeconds === undefined || set === '' || !POOL_TYPES.includes(type) ? [] : [ttlSeconds];
  });
  return ttls.length === 0 ? undefined : Math.min(...ttls);
}

/** Set identifiers are free text; a pool's name is not. */
function poolName(set: string, taken: readonly string[]): string {
  const plain = set
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, POOL_NAME_MAX_CHARS);
  if (plain !== '' && !taken.includes(plain)) return plain;
  const suffix = createHash('sha256').update(set).digest('hex').slice(0, 8);
  return `${plain.slice(0, POOL_NAME_MAX_CHARS - suffix.length - 1)}-${suffix}`.replace(/^-/, '');
}

/** Why there can be no RRset of it, be it alone at its name: it fits into no message, or cannot be told from that of others. */
export function whyNoRRset(
  zone: string,
  { name, type, set, targets, owner, ttlSeconds }: Endpoint,
): string | undefined {
  const rdata = targets.map((target) => rdataText(type, target));
  const made = makeRRset({ zone, name, type: typeCode(type) as number }, { ttlSeconds: ttlSeconds ?? 0, rdata }, 0);
  if (made instanceof Problem) return made.detail;
  const claimed = set === '' || POOL_TYPES.includes(type) ? {} : withClaims({}, [{ set, targets, ttlSeconds, owner }]);
  return claimed instanceof Problem ? claimed.detail : undefined;
}

/** What the RRset of a type is to be; undefined: nothing that is not so. */
function planRRset({ name, rrsets }: Found, type: string, shares: Shares): RecordChange | Problem | undefined {
  const before = rrsets.find((rrset) => formatType(rrset.type) === type);
  const own = [...shares.values()].filter((share) => share.type === type);
  if (own.length === 0) return before === undefined ? undefined : { delete: { name, type } };
  const plain = own.find(({ set }) => set === '');
  const isPool = POOL_TYPES.includes(type);
  if (isPool && own.length > 1) {
    const detail = `${name} has ${type} records of no set identifier already: remove them, or give them one too.`;
    return new Problem('service_conflict', detail);
  }
  const noted = plain ?? own[0];
  const notes =
    isPool && plain === undefined
      ? notesFor((noted as Share).set, own)
      : { owner: plain?.owner, resource: plain?.resource };
  const labelled = withNotes(before?.labels, notes);
  const claims = isPool ? [] : own.filter(({ set }) => set !== '');
  const labels = withClaims(labelled, claims);
  if (labels instanceof Problem) return labels;
  const rdata = [...new Set(own.flatMap(({ targets }) => targets))].map((target) => rdataText(type, target));
  const asked = own.flatMap(({ ttlSeconds }) => ttlSeconds ?? []);
  const ttlSeconds = asked.length > 0 ? Math.min(...asked) : (before?.ttlSeconds ?? RECORD_TTL_SECONDS);
  return { put: { name, type, ttlSeconds, rdata, labels } };
}
