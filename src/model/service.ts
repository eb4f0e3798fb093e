/** A service: an owner name whose answer is chosen among pools by weight. */

/** `addresses`: its pools answer A and AAAA. `host`: its pools answer CNAME. Never mixed. */
export type ServiceKind = 'addresses' | 'host';

export interface Pool {
  /** 1 to 63 of a–z, 0–9, `-`. */
  readonly name: string;
  /** 0..65535; 0 means never. */
  readonly weight: number;
  /** IP addresses in canonical text (RFC 5952 for IPv6), or exactly one host name (canonical text). */
  readonly targets: readonly string[];
}

export interface Service {
  readonly name: string;
  /** Name of the zone that holds it. */
  readonly zone: string;
  readonly kind: ServiceKind;
  readonly ttlSeconds: number;
  /** How a pool is chosen; `random`: an independent draw for each answer. */
  readonly pick: 'random';
  /** In the order given by the user. */
  readonly pools: readonly Pool[];
  readonly revision: number;
}

export const WEIGHT_MAX = 65535;
export const POOLS_MIN = 2;
/** Enough for every release pattern we know; bounds the work of one pick. */
export const POOLS_MAX = 16;
/** 32 AAAA records take 32 * 28 bytes: the answer still fits into 1,232 bytes. */
export const TARGETS_MAX = 32;

/** Weights by pool name, all pools of a service. */
export type Weights = Readonly<Record<string, number>>;

/** The weights of a service as an object, pools in their own order. */
export function weightsOf(service: Service): Record<string, number> {
  return Object.fromEntries(service.pools.map((pool) => [pool.name, pool.weight]));
}

/** The same service with other weights; `weights` must name every pool. */
export function withWeights(service: Service, weights: Weights, revision: number): Service {
  const pools = service.pools.map((pool) => ({ ...pool, weight: weights[pool.name] as number }));
  return { ...service, pools, revision };
}

/** Each pool's share of answers: weight / sum of weights. */
export function sharesOf(service: Service): Record<string, number> {
  const total = service.pools.reduce((sum, pool) => sum + pool.weight, 0);
  return Object.fromEntries(service.pools.map((pool) => [pool.name, total === 0 ? 0 : pool.weight / total]));
}
