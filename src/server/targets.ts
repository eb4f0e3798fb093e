/** The health of targets, as the metrics tell it. */
import { poolsSeen, type SeenHealth } from '../control/observed/health.ts';
import type { HealthOf } from '../metrics/services.ts';
import type { Store } from '../store/sqlite.ts';

export function targetsOf(store: Store, seen: SeenHealth): HealthOf {
  return (name) => {
    const service = store.service(name);
    if (service?.health === undefined) return [];
    return poolsSeen(service, seen).flatMap(({ pool, up }) =>
      pool.targets.map((target) => ({ pool: pool.name, target, up: up.includes(target) })),
    );
  };
}
