/** Health as the API shows it. */
import { failsOpen, withHealth } from '../../model/health-effect.ts';
import type { ForcedHealth } from '../../model/health-forced.ts';
import { type Service, sharesOf } from '../../model/service.ts';
import { shown } from '../names.ts';
import { type HealthView, poolsSeen } from '../observed/health.ts';

/** A state that somebody decided, and until when. */
export function forcedReply({ state, startedAtMs, seconds, actor }: ForcedHealth): object {
  return { state, until: timeOf(startedAtMs + seconds * 1000), actor };
}

/** What is known of each pool and target of a service, and what comes of it. */
export function healthReply(service: Service, view: HealthView): object {
  const pools = poolsSeen(service, view);
  const forced = view.forced(service);
  const shares = sharesOf(withHealth(service, pools));
  const forcedOf = (pool: string, target: string | undefined): object | null => {
    const found = forced.find((each) => each.pool === pool && each.target === target);
    return found === undefined ? null : forcedReply(found);
  };
  const targetReply = (pool: string, target: string): object => {
    const seen = view.target(service.name, target);
    const { state = 'unknown', sinceMs, reason = 'not checked' } = seen ?? {};
    const since = sinceMs === undefined ? null : timeOf(sinceMs);
    return { state, since, reason, forced: forcedOf(pool, target) };
  };
  const entries = pools.map(({ pool: { name, targets }, up }) => {
    const each = Object.fromEntries(targets.map((target) => [target, targetReply(name, target)]));
    return [name, { healthy: up.length > 0, share: shares[name], forced: forcedOf(name, undefined), targets: each }];
  });
  return { service: shown(service.name), failOpen: failsOpen(pools), pools: Object.fromEntries(entries) };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
