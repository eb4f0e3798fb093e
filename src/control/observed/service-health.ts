/** The health of a service as it is seen here: what is known of each pool and target, and what comes of it. */
import { failsOpen, withHealth } from '../../model/health-effect.ts';
import type { ForcedHealth } from '../../model/health-forced.ts';
import type { TargetHealth } from '../../model/health-state.ts';
import { type Service, sharesOf } from '../../model/service.ts';
import { type HealthView, poolsSeen } from './health.ts';

interface SeenTarget {
  readonly target: string;
  /** undefined: it is not probed. */
  readonly seen: TargetHealth | undefined;
  readonly forced: ForcedHealth | undefined;
}

interface SeenPool {
  readonly name: string;
  readonly isHealthy: boolean;
  /** Of the answers now. */
  readonly share: number;
  /** The pool as such. */
  readonly forced: ForcedHealth | undefined;
  readonly targets: readonly SeenTarget[];
}

export interface ServiceHealth {
  /** Canonical name. */
  readonly service: string;
  /** No pool that has weight is healthy, so that all are answered from. */
  readonly failsOpen: boolean;
  readonly pools: readonly SeenPool[];
}

export function serviceHealth(service: Service, view: HealthView): ServiceHealth {
  const pools = poolsSeen(service, view);
  const allForced = view.forced(service);
  const shares = sharesOf(withHealth(service, pools));
  const forcedOf = (pool: string, target: string | undefined): ForcedHealth | undefined =>
    allForced.find((each) => each.pool === pool && each.target === target);
  return {
    service: service.name,
    failsOpen: failsOpen(pools),
    pools: pools.map(({ pool: { name, targets }, up }) => ({
      name,
      isHealthy: up.length > 0,
      share: shares[name],
      forced: forcedOf(name, undefined),
      targets: targets.map((target) => ({
        target,
        seen: view.target(service.name, target),
        forced: forcedOf(name, target),
      })),
    })),
  };
}
