/** A service: an owner name whose answer is chosen among pools by weight. */
import { Problem } from './errors.ts';
import { type HealthBody, type HealthCheck, makeHealthCheck, shownHealth } from './health.ts';
import { type ForcedHealth, keptForced } from './health-forced.ts';
import { type Labels, settleLabels, unlabelled } from './labels.ts';
import { makePins, type Pin } from './pin.ts';
import { makeTargets, type ServiceKind } from './target.ts';
import { checkSeconds } from './zone.ts';

export interface Pool {
  /** 1 to 63 of a–z, 0–9, `-`. */
  readonly name: string;
  /** 0..65535; 0 means never. */
  readonly weight: number;
  /** IP addresses in canonical text (RFC 5952 for IPv6), or exactly one host name (canonical text). */
  readonly targets: readonly string[];
  /** Only in what is answered from: none of its targets is up, so it has no weight. */
  readonly isUnhealthy?: true;
  /** Unix time, milliseconds, when the answers from before the service's last change have expired; see drain.ts. */
  readonly heldUntilMs?: number;
  /** Unix time, milliseconds, since when it has a weight of 0 after it had one above. */
  readonly drainingSinceMs?: number;
  readonly labels?: Labels;
}

/** Targets that have left their place, and until when resolvers may hold answers that lead to them; see drain.ts. */
export interface GivenUp {
  readonly targets: readonly string[];
  /** Unix time, milliseconds. */
  readonly untilMs: number;
}

/** How a pool is chosen. `random`: a draw of its own for each answer; `sticky`: by the client's network. */
type Pick = 'random' | 'sticky';

export interface Service {
  readonly name: string;
  /** Name of the zone that holds it. */
  readonly zone: string;
  readonly kind: ServiceKind;
  readonly ttlSeconds: number;
  /** What releases of the service do besides their steps. */
  readonly release?: ReleaseSettings;
  /** While a release has lowered the TTL: the one that answers have. */
  readonly loweredTtlSeconds?: number;
  /** How its targets are checked; undefined: they are not. */
  readonly health?: HealthCheck;
  /** What people decided of the health of its pools; at most one for each pool and each target. */
  readonly forced?: readonly ForcedHealth[];
  readonly pick: Pick;
  /** 32 hexadecimal digits: what makes `sticky` choose as it does. Services of equal salt and pools choose alike. */
  readonly salt: string;
  /** Networks that get their pool whatever the weights; the longest prefix wins. */
  readonly pins: readonly Pin[];
  /** Whether each pool has a name of its own; see preview.ts. */
  readonly previewNames: boolean;
  /** In the order given by the user. */
  readonly pools: readonly Pool[];
  /** What moves its traffic forward wants the word of a second person; absent: it does not. */
  readonly approval?: 'required';
  /** Unix time, milliseconds, since when the weights are what they are. */
  readonly weightsSinceMs?: number;
  /** What its name led to before, and no pool that leads to it now has counted. */
  readonly givenUp?: readonly GivenUp[];
  readonly labels?: Labels;
  readonly revision: number;
}

interface ReleaseSettings {
  /** The TTL to which a release lowers a higher one until its last step has settled. */
  readonly ttlSeconds: number;
}

/** What a user says of a service. */
export interface ServiceBody {
  readonly ttlSeconds?: number;
  readonly pick?: Pick;
  /** Left out: the one in force; a new service gets one of its own. */
  readonly salt?: string;
  readonly pins?: readonly Pin[];
  /** Left out: true. */
  readonly previewNames?: boolean;
  readonly release?: ReleaseSettings;
  readonly health?: HealthBody;
  /** Left out: the one in force. */
  readonly approval?: 'required' | 'none';
  /** A pool without `weight` keeps the one in force; a new pool needs one. */
  readonly pools: Readonly<Record<string, PoolBody>>;
  /** Left out: those that it has; so of its pools. */
  readonly labels?: Labels;
}

interface PoolBody {
  readonly weight?: number;
  readonly targets: readonly string[];
  readonly labels?: Labels;
}

/** Weights by pool name, all pools of a service. */
export type Weights = Readonly<Record<string, number>>;

export const WEIGHT_MAX = 65535;
const POOLS_MIN = 2;
/** Enough for every release pattern we know; bounds the work of one pick. */
export const POOLS_MAX = 16;
/** Low enough that a cutover is felt at once, high enough that resolvers honour it. */
export const SERVICE_TTL_DEFAULT_SECONDS = 5;

/**
 * The service that a body describes. Pools that `before` has keep their weights where the body names none. `owner.salt`
 * is for a service that has no salt yet.
 */
export function makeService(
  owner: { name: string; zone: string; salt: string },
  body: ServiceBody,
  before: Service | undefined,
  revision: number,
): Service | Problem {
  const ttlSeconds = body.ttlSeconds ?? SERVICE_TTL_DEFAULT_SECONDS;
  const badTtl = checkSeconds(ttlSeconds, 'ttlSeconds');
  if (badTtl !== undefined) return badTtl;
  const badRelease = body.release && checkSeconds(body.release.ttlSeconds, 'release/ttlSeconds');
  if (badRelease !== undefined) return badRelease;
  const names = Object.keys(body.pools);
  if (names.length < POOLS_MIN || names.length > POOLS_MAX) {
    const detail = `A service has ${POOLS_MIN} to ${POOLS_MAX} pools, not ${names.length}.`;
    return new Problem('service_invalid', detail, { pointer: '/pools' });
  }
  const pools: Pool[] = [];
  const known = before?.pools.flatMap((pool) => pool.targets) ?? [];
  const kinds = new Map<ServiceKind, string>();
  for (const [name, { weight, targets }] of Object.entries(body.pools)) {
    if (!/^[a-z0-9-]{1,63}$/.test(name)) {
      const detail = `A pool's name is 1 to 63 of a-z, 0-9 and -, not ${JSON.stringify(name)}.`;
      return new Problem('service_invalid', detail, { pointer: '/pools' });
    }
    const pointer = `/pools/${name}`;
    const made = makeTargets(targets, { name: owner.name, zone: owner.zone, targets: known }, pointer);
    if (made instanceof Problem) return made;
    kinds.set(made.kind, name);
    const inForce = weight ?? before?.pools.find((pool) => pool.name === name)?.weight;
    if (inForce === undefined) {
      const detail = `The pool ${name} is new and needs a weight (0: it gets no traffic yet).`;
      return new Problem('weights_invalid', detail, { pointer: `${pointer}/weight` });
    }
    const badWeight = checkWeight(owner.name, name, inForce, `${pointer}/weight`);
    if (badWeight !== undefined) return badWeight;
    pools.push({ name, weight: inForce + 0, targets: made.targets });
  }
  const [kind, other] = kinds.keys();
  if (other !== undefined) {
    const detail = `Pool ${kinds.get('host')} is a host name and pool ${kinds.get('addresses')} has addresses: a service is all of one kind, since a resolver that caches the CNAME would never ask for the address.`;
    return new Problem('targets_mixed', detail, { pointer: '/pools' });
  }
  const targets = [...new Set(pools.flatMap((pool) => pool.targets))];
  const health = body.health && makeHealthCheck(body.health, { name: owner.name, targets }, before?.health);
  if (health instanceof Problem) return health;
  const forced = keptForced({ name: owner.name, pools, ...(before?.forced && { forced: before.forced }) });
  const salt = body.salt ?? before?.salt ?? owner.salt;
  if (!/^[0-9a-f]{32}$/.test(salt)) {
    const detail = `A salt is 32 hexadecimal digits in lower case, not ${JSON.stringify(salt)}.`;
    return new Problem('service_invalid', detail, { pointer: '/salt' });
  }
  const pins = makePins(body.pins ?? [], names);
  if (pins instanceof Problem) return pins;
  const service: Service = {
    name: owner.name,
    zone: owner.zone,
    kind: kind as ServiceKind,
    ttlSeconds,
    ...(body.release !== undefined && { release: { ttlSeconds: body.release.ttlSeconds } }),
    ...(before?.loweredTtlSeconds !== undefined && { loweredTtlSeconds: before.loweredTtlSeconds }),
    pick: body.pick ?? 'random',
    ...(health !== undefined && { health }),
    ...(forced.length > 0 && { forced }),
    salt,
    pins,
    previewNames: body.previewNames ?? true,
    ...((body.approval ?? before?.approval) === 'required' && { approval: 'required' as const }),
    pools,
    revision,
  };
  return checkWeights(service, weightsOf(service), '/pools') ?? withLabels(service, body, before);
}

function withLabels(service: Service, body: ServiceBody, before: Service | undefined): Service | Problem {
  const labelled = settleLabels(body.labels, before?.labels);
  if (labelled instanceof Problem) return labelled;
  const pools: Pool[] = [];
  for (const pool of service.pools) {
    const was = before?.pools.find(({ name }) => name === pool.name);
    const own = settleLabels(body.pools[pool.name].labels, was?.labels, `/pools/${pool.name}`);
    if (own instanceof Problem) return own;
    pools.push({ ...pool, ...own });
  }
  return { ...service, ...labelled, pools };
}

/** What is wrong with weights for a service: they name every pool, are integers 0..65535, and at least one is above 0. */
export function checkWeights(service: Service, weights: Weights, pointer: string): Problem | undefined {
  const names = service.pools.map((pool) => pool.name);
  const missing = names.filter((name) => !Object.hasOwn(weights, name));
  const unknown = Object.keys(weights).filter((name) => !names.includes(name));
  if (missing.length > 0 || unknown.length > 0) {
    const parts = [
      ...(missing.length > 0 ? [`${missing.join(', ')} left out`] : []),
      ...(unknown.length > 0 ? [`${unknown.join(', ')} unknown`] : []),
    ];
    const detail = `Weights name every pool of ${service.name} (${names.join(', ')}): ${parts.join('; ')}.`;
    return new Problem('pools_mismatch', detail, { pointer });
  }
  for (const name of names) {
    const bad = checkWeight(service.name, name, weights[name], `${pointer}/${name}`);
    if (bad !== undefined) return bad;
  }
  if (names.some((name) => weights[name] > 0)) return undefined;
  const detail = `All weights of ${service.name} would be 0 and nothing could be answered: at least one is above 0.`;
  return new Problem('weights_all_zero', detail, { pointer });
}

function checkWeight(service: string, pool: string, weight: number, pointer: string): Problem | undefined {
  if (Number.isInteger(weight) && weight >= 0 && weight <= WEIGHT_MAX) return undefined;
  const detail = `A weight is an integer from 0 to ${WEIGHT_MAX}; ${pool} of ${service} has ${weight}.`;
  return new Problem('weights_invalid', detail, { pointer });
}

/** The weights of a service as an object, pools in their own order. */
export function weightsOf(service: Service): Record<string, number> {
  return Object.fromEntries(service.pools.map((pool) => [pool.name, pool.weight]));
}

/** The same service with other weights; `weights` must name every pool. */
export function withWeights(service: Service, weights: Weights, revision: number): Service {
  const pools = service.pools.map((pool) => ({
    ...pool,
    // JSON has a negative zero, which is no other weight than zero.
    weight: weights[pool.name] + 0,
  }));
  return { ...service, pools, revision };
}

/** Whether two states of a service have the same pools with the same weights. */
export function hasSameWeights(a: Service, b: Service): boolean {
  const weights = weightsOf(a);
  return a.pools.length === b.pools.length && b.pools.every(({ name, weight }) => weights[name] === weight);
}

/** When a pool of the service last began to drain; Unix time, milliseconds, 0: none has. */
export function drainingSinceMs({ pools }: Service): number {
  return Math.max(...pools.map((pool) => pool.drainingSinceMs ?? 0));
}

/** The TTL that its answers have. */
export function ttlInForce({ ttlSeconds, loweredTtlSeconds }: Service): number {
  return loweredTtlSeconds ?? ttlSeconds;
}

/** Each pool's share of answers: weight / sum of weights. */
export function sharesOf(service: Service): Record<string, number> {
  return sharesOfWeights(weightsOf(service));
}

export function sharesOfWeights(weights: Weights): Record<string, number> {
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  return Object.fromEntries(Object.entries(weights).map(([name, weight]) => [name, total === 0 ? 0 : weight / total]));
}

/** A body in which nothing is left out that every service has. */
type WholeServiceBody = Required<Omit<ServiceBody, 'release' | 'health' | 'approval' | 'labels' | 'pools'>> & {
  readonly approval?: 'required';
  readonly release?: ReleaseSettings;
  readonly health?: HealthBody;
  readonly labels?: Labels;
  readonly pools: Readonly<Record<string, PoolBody & { readonly weight: number }>>;
};

/** What a service's own body says, without its secrets. */
export function serviceBody(service: Service): WholeServiceBody {
  const pools = service.pools.map(
    ({ name, weight, targets, labels }) =>
      [name, { weight, targets, ...(labels !== undefined && { labels }) }] as const,
  );
  return {
    ttlSeconds: service.ttlSeconds,
    pick: service.pick,
    salt: service.salt,
    pins: service.pins,
    previewNames: service.previewNames,
    ...(service.release !== undefined && { release: service.release }),
    ...(service.health !== undefined && { health: shownHealth(service.health) }),
    ...(service.approval !== undefined && { approval: service.approval }),
    ...(service.labels !== undefined && { labels: service.labels }),
    pools: Object.fromEntries(pools),
  };
}

/** What its answers are made of: its body without labels. */
export function answeredBody(service: Service): object {
  const { approval: _approval, ...body } = serviceBody(service);
  const pools = Object.entries(body.pools).map(([name, pool]) => [name, unlabelled(pool)]);
  return { ...unlabelled(body), pools: Object.fromEntries(pools) };
}
