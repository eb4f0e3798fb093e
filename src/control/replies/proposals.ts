/** Proposals as the API shows them, without the secrets of gates. */
import type { Proposed } from '../../model/proposed.ts';
import { shownSteps } from '../../model/release-secrets.ts';
import { shown } from '../../shown.ts';

export function proposedReply(proposed: Proposed) {
  const { id, services, askedBy, approved, schedule, override, why, state, reason, message, outcome } = proposed;
  return {
    id,
    ...whatReply(proposed),
    services: Object.fromEntries(services.map(({ name, revision }) => [shown(name), revision])),
    askedBy,
    ...(approved && { approved: { by: approved.by, at: iso(approved.atMs) } }),
    ...(schedule && { at: iso(schedule.atMs) }),
    ...(schedule?.timeZone !== undefined && { timeZone: schedule.timeZone }),
    ...(override !== undefined && { override: { reason: override } }),
    ...(why && { why }),
    state,
    reason,
    message,
    ...(outcome !== undefined && { outcome }),
    createdAt: iso(proposed.createdAtMs),
    revision: proposed.revision,
  };
}

function whatReply({ command }: Proposed) {
  if (command.kind === 'release.create') {
    const { to, steps = [] } = command.body;
    return { kind: 'release' as const, release: { to, steps: shownSteps(steps) } };
  }
  const weights = Object.entries(command.services).map(([name, each]) => [shown(name), each] as const);
  return { kind: 'shift' as const, shift: Object.fromEntries(weights) };
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}
