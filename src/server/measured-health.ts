/** The health of services and their targets, as the metrics tell it. */
import { poolsSeen, type SeenHealth } from '../control/observed/health.ts';
import type { MeasuredHealth, MeasuredServices } from '../metrics/services.ts';
import { failsOpen } from '../model/health-effect.ts';
import type { Store } from '../store/sqlite.ts';

export function measuredHealth(
  store: Pick<Store, 'service'>,
  answered: Pick<MeasuredServices, 'service'>,
  seen: SeenHealth,
): MeasuredHealth {
  const others = (name: string, target: string): { nodesDown?: number } => {
    const told = seen.others(name, target);
    if (told === undefined) return {};
    const votes = [seen.target(name, target)?.state, ...told.views.map(({ vote }) => vote)];
    return { nodesDown: votes.filter((vote) => vote === 'down').length };
  };
  return {
    targetsOf(name) {
      const service = store.service(name);
      if (service?.health === undefined) return [];
      return poolsSeen(service, seen).flatMap(({ pool, up }) =>
        pool.targets.map((target) => ({ pool: pool.name, target, up: up.includes(target), ...others(name, target) })),
      );
    },
    failingOpen() {
      // As it is answered, which needs no disk: a pool that counts as unhealthy has no weight there, and the rest is as it was.
      return [...seen.doubtful()].filter((name) => {
        const service = answered.service(name);
        return service !== undefined && failsOpen(poolsSeen(service, seen));
      });
    },
  };
}
