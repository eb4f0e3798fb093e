/** Releases and plans as the API shows them. */
import type { Approval, Release, ReleaseService, Wait } from '../../model/release.ts';
import { warningsOf } from '../../model/release-messages.ts';
import type { PlanEntry } from '../../model/release-plan.ts';
import { shownSteps } from '../../model/release-secrets.ts';
import { sharesOfWeights } from '../../model/service.ts';
import { shown } from '../../shown.ts';

/** `name`: the service under whose path it was asked for, whose weights stand at the top. */
export function releaseReply(release: Release, name: string | undefined) {
  const { id, to, steps, why, askedBy, approvals, override, createdAtMs, revision } = release;
  return {
    id,
    to,
    ...standing(release, name),
    steps: shownSteps(steps),
    ...(release.forgotten && { forgotten: true as const }),
    ...(why !== undefined && { why }),
    ...(askedBy !== undefined && { askedBy }),
    ...(approvals !== undefined && { approvals: approvals.map(approvalReply) }),
    ...(override !== undefined && { override }),
    warnings: warningsOf(release),
    createdAt: new Date(createdAtMs).toISOString(),
    revision,
  };
}

function approvalReply({ stepIndex, by, atMs }: Approval) {
  return { stepIndex, by, at: new Date(atMs).toISOString() };
}

/** The release as it would be, and where it would stand when. */
export function planReply(plan: readonly PlanEntry[], name: string | undefined) {
  const { to, steps, ...first } = plan[0].release;
  return {
    dryRun: true as const,
    to,
    steps: shownSteps(steps),
    warnings: warningsOf(first),
    plan: plan.map(({ atMs, certain, release }) => ({
      at: new Date(atMs).toISOString(),
      certain,
      ...standing(release, name),
    })),
  };
}

function standing(release: Release, name: string | undefined) {
  const { state, reason, message, stepIndex, wait, services } = release;
  const own = services.find((service) => service.name === name);
  return {
    state,
    reason,
    message,
    stepIndex,
    wait: wait === null ? null : waitReply(wait, release.held),
    ...(own !== undefined && { weights: own.weights }),
    services: Object.fromEntries(services.map((service) => [shown(service.name), serviceReply(service)])),
  };
}

function waitReply({ kind, startedAtMs, seconds }: Wait, held: boolean) {
  const isTimed = seconds !== null && !held;
  return { kind, seconds, until: isTimed ? new Date(startedAtMs + seconds * 1000).toISOString() : null };
}

function serviceReply({ before, weights, ttlSeconds, steadyTtlSeconds }: ReleaseService) {
  return { weights, shares: sharesOfWeights(weights), before, ttlSeconds, steadyTtlSeconds };
}
