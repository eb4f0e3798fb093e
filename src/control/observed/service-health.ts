/** The health of a service as it is seen here: what is known of each pool and target, and what comes of it. */
import { type Quorum, quorumOf } from '../../model/health.ts';
import { failsOpen, withHealth } from '../../model/health-effect.ts';
import type { ForcedHealth } from '../../model/health-forced.ts';
import type { TargetHealth } from '../../model/health-state.ts';
import { type Service, sharesOf } from '../../model/service.ts';
import type { OtherView } from '../nodes.ts';
import { type HealthView, poolsSeen } from './health.ts';

interface SeenTarget {
  readonly target: string;
  /** undefined: it is not probed. */
  readonly seen: TargetHealth | undefined;
  readonly forced: ForcedHealth | undefined;
  /** What a quorum of nodes makes of it; undefined: the check has none. */
  readonly agreed: 'up' | 'down' | undefined;
  /** What each node of the fleet sees, this one first; empty: there is no fleet, or it is not probed. */
  readonly views: readonly OtherView[];
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
  /** undefined: the check has none. `nodes`: of the fleet. */
  readonly quorum: { readonly asked: Quorum; readonly needed: number; readonly nodes: number } | undefined;
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
  const { name: of, health } = service;
  const nodes = 1 + (view.others(of, '')?.views.length ?? 0);
  const quorum = health?.quorum;
  return {
    service: of,
    quorum: quorum === undefined ? undefined : { asked: quorum, needed: quorumOf(quorum, nodes), nodes },
    failsOpen: failsOpen(pools),
    pools: pools.map(({ pool: { name, targets }, up }) => ({
      name,
      isHealthy: up.length > 0,
      share: shares[name],
      forced: forcedOf(name, undefined),
      targets: targets.map((target) => ({
        target,
        seen: view.target(of, target),
        forced: forcedOf(name, target),
        agreed: quorum === undefined ? undefined : view.isUp(service, target) ? 'up' : 'down',
        views: health === undefined ? [] : viewsOf(of, target, view),
      })),
    })),
  };
}

function viewsOf(service: string, target: string, view: HealthView): OtherView[] {
  const others = view.others(service, target);
  if (others === undefined) return [];
  const seen = view.target(service, target);
  return [{ node: others.own, vote: seen?.state ?? 'unknown', seen }, ...others.views];
}
