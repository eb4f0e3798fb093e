/** Health as the API shows it. */
import type { ForcedHealth } from '../../model/health-forced.ts';
import { shown } from '../../shown.ts';
import type { OtherView } from '../nodes.ts';
import type { ServiceHealth } from '../observed/service-health.ts';

/** A state that somebody decided, and until when. */
export function forcedReply({ state, startedAtMs, seconds, actor }: ForcedHealth) {
  return { state, until: timeOf(startedAtMs + seconds * 1000), actor };
}

/** What is known of each pool and target of a service, and what comes of it. */
export function healthReply({ service, quorum, failsOpen, pools }: ServiceHealth) {
  return {
    service: shown(service),
    quorum: quorum ?? null,
    failOpen: failsOpen,
    pools: Object.fromEntries(pools.map(poolEntry)),
  };
}

type Pool = ServiceHealth['pools'][number];

function poolEntry({ name, isHealthy, share, forced, targets }: Pool) {
  const seen = Object.fromEntries(targets.map((each) => [each.target, targetReply(each)]));
  return [name, { healthy: isHealthy, share, forced: maybeForced(forced), targets: seen }] as const;
}

function targetReply({ seen, forced, agreed, views }: Pool['targets'][number]) {
  const { state = 'unknown', reason = 'not checked' } = seen ?? {};
  const rest = { agreed: agreed ?? null, views: views.map(viewReply), forced: maybeForced(forced) };
  return { state, since: maybeTime(seen?.sinceMs), reason, ...rest };
}

/** What it saw before it fell silent is shown, and not counted. */
function viewReply({ node, vote, seen }: OtherView) {
  const { state = 'unknown', reason = '' } = seen ?? {};
  const heard = vote !== 'silent' && vote !== 'awaited';
  return { node, state, since: maybeTime(seen?.sinceMs), reason, heard };
}

function maybeTime(ms: number | undefined): string | null {
  return ms === undefined ? null : timeOf(ms);
}

function maybeForced(forced: ForcedHealth | undefined) {
  return forced === undefined ? null : forcedReply(forced);
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
