/** Health as the API shows it. */
import type { ForcedHealth } from '../../model/health-forced.ts';
import { shown } from '../names.ts';
import type { ServiceHealth } from '../observed/service-health.ts';

/** A state that somebody decided, and until when. */
export function forcedReply({ state, startedAtMs, seconds, actor }: ForcedHealth) {
  return { state, until: timeOf(startedAtMs + seconds * 1000), actor };
}

/** What is known of each pool and target of a service, and what comes of it. */
export function healthReply({ service, failsOpen, pools }: ServiceHealth) {
  return { service: shown(service), failOpen: failsOpen, pools: Object.fromEntries(pools.map(poolEntry)) };
}

type Pool = ServiceHealth['pools'][number];

function poolEntry({ name, isHealthy, share, forced, targets }: Pool) {
  const seen = Object.fromEntries(targets.map((each) => [each.target, targetReply(each)]));
  return [name, { healthy: isHealthy, share, forced: maybeForced(forced), targets: seen }] as const;
}

function targetReply({ seen, forced }: Pool['targets'][number]) {
  const { state = 'unknown', sinceMs, reason = 'not checked' } = seen ?? {};
  return { state, since: sinceMs === undefined ? null : timeOf(sinceMs), reason, forced: maybeForced(forced) };
}

function maybeForced(forced: ForcedHealth | undefined) {
  return forced === undefined ? null : forcedReply(forced);
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
