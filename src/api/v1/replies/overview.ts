/** Services at a glance, as they are shown. */
import type * as contract from '../../../contract/types.ts';
import type { Glance, OverviewPage } from '../../../control/overview.ts';
import type { Frozen } from '../../../model/freeze.ts';
import type { Release } from '../../../model/release.ts';
import type { Revision } from '../../../model/revision.ts';
import { shown } from '../../../shown.ts';
import { serviceReply } from './nouns.ts';
import { timeOf } from './time.ts';

export function overviewReply(page: OverviewPage): contract.Overview {
  const { items, next, total, found, attention, isCurrent, stale } = page;
  return {
    items: items.map(glanceReply),
    ...(next !== undefined && { next }),
    total,
    found,
    attention: { items: attention.items.map(glanceReply), counts: attention.counts },
    current: isCurrent,
    stale: [...stale],
  };
}

function glanceReply(glance: Glance): contract.Glance {
  const { service, states, unhealthyPools, downTargets, release, drainedAtMs, observed } = glance;
  const { lastChange, frozen } = glance;
  return {
    service: serviceReply(service),
    states,
    unhealthyPools,
    downTargets,
    ...(release !== undefined && { release: releaseGlance(release) }),
    ...(drainedAtMs !== undefined && drainedAtMs > 0 && { drainedAt: timeOf(drainedAtMs) }),
    ...(observed !== undefined && { observed }),
    ...(lastChange !== undefined && { lastChange: changeGlance(lastChange) }),
    ...(frozen.length > 0 && { frozen: frozen.map(freezeGlance) }),
  };
}

function freezeGlance({ freeze, untilMs }: Frozen): NonNullable<contract.Glance['frozen']>[number] {
  const { name, message } = freeze;
  return { name, ...(message !== undefined && { message }), until: untilMs === undefined ? null : timeOf(untilMs) };
}

function releaseGlance(release: Release): NonNullable<contract.Glance['release']> {
  const { id, to, state, reason, message, stepIndex, steps, services } = release;
  return {
    id,
    to,
    state,
    reason,
    message,
    stepIndex,
    steps: steps.length,
    services: services.map(({ name }) => shown(name)),
  };
}

function changeGlance(change: Revision): NonNullable<contract.Glance['lastChange']> {
  const { revision, atMs, actor, kind, summary, reason, links } = change;
  return {
    revision,
    at: timeOf(atMs),
    actor,
    kind,
    summary,
    ...(takesBack(change) && { aborted: true }),
    ...(reason !== undefined && { reason }),
    ...(links !== undefined && { links }),
  };
}

/** Whether a release was aborted by it: by a gate that failed, by somebody, or by a rollback. */
function takesBack({ subjects }: Revision): boolean {
  return subjects.some(({ kind, after }) => {
    return kind === 'release' && (after as { readonly state?: string } | null)?.state === 'aborted';
  });
}
