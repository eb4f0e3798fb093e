/** From what is seen of targets and what people force to what a service answers from. */
import type { ForcedHealth } from './health-forced.ts';
import type { Pool, Service } from './service.ts';

/** A pool, and what of it may answer. */
export interface PoolHealth {
  readonly pool: Pool;
  /** Those of its targets that are up. A pool without any is unhealthy. */
  readonly up: readonly string[];
}

/** `isUp`: what probes say of a target; true where nothing is known. `forced`: what is in force of it. */
export function poolHealths(
  service: Service,
  isUp: (target: string) => boolean,
  forced: readonly ForcedHealth[],
): PoolHealth[] {
  return service.pools.map((pool) => {
    const ofPool = forced.filter((each) => each.pool === pool.name);
    const whole = ofPool.find(({ target }) => target === undefined)?.state;
    const isAnswered = (target: string): boolean => {
      // A person who takes a pool out means all of it; else the narrower word counts.
      if (whole === 'down') return false;
      const own = ofPool.find((each) => each.target === target)?.state ?? whole;
      return own === undefined ? isUp(target) : own === 'up';
    };
    return { pool, up: pool.targets.filter(isAnswered) };
  });
}

/** No pool that has weight is healthy: all count as healthy then, since an answer that may be wrong beats none. */
export function failsOpen(healths: readonly PoolHealth[]): boolean {
  return healths.every(({ pool, up }) => pool.weight === 0 || up.length === 0);
}

/**
 * The service as it is answered: unhealthy pools have no weight and are marked, targets that are down are left out. A
 * pool without weight never gets one, so that a failure promotes nobody. The same object where all is well.
 */
export function withHealth(service: Service, healths: readonly PoolHealth[]): Service {
  if (failsOpen(healths) || healths.every(({ pool, up }) => up.length === pool.targets.length)) return service;
  return { ...service, pools: healths.map(effectivePool) };
}

function effectivePool({ pool, up }: PoolHealth): Pool {
  if (up.length === pool.targets.length) return pool;
  // Its targets stay: who asks for just this pool gets them all the same.
  if (up.length === 0) return { ...pool, weight: 0, isUnhealthy: true };
  return { ...pool, targets: up };
}
