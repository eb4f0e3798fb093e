/** Freezes as the API shows them. */
import { Problem } from '../../model/errors.ts';
import { type Freeze, type FreezeBody, freezeBody, frozenAt, makeFreeze } from '../../model/freeze.ts';
import { clockSaid, comingWindows, nextBegin } from '../../model/freeze-outlook.ts';

/** `nowMs`: Unix time, milliseconds, of what is said of now. */
export function freezeReply(freeze: Freeze, nowMs: number) {
  return { name: freeze.name, ...freezeBody(freeze), ...standing(freeze, nowMs), revision: freeze.revision };
}

function standing(freeze: Freeze, nowMs: number) {
  const frozen = frozenAt([freeze], nowMs);
  return {
    active: frozen !== undefined,
    until: timeOrNull(frozen?.untilMs),
    begins: timeOrNull(frozen === undefined ? nextBegin(freeze, nowMs) : undefined),
  };
}

function timeOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

/** What a freeze of such a body would come to: when it is on, and what clocks that are set do to it. */
export function freezeOutlook(body: FreezeBody, nowMs: number) {
  const made = makeFreeze('new', body);
  if (made instanceof Problem) return made;
  const freeze = { ...made, revision: 0 };
  const clocks = clockSaid(freeze, nowMs);
  return {
    dryRun: true as const,
    ...freezeBody(freeze),
    ...standing(freeze, nowMs),
    coming: comingWindows(freeze, nowMs).map(({ beginMs, endMs, wall, message }) => ({
      from: new Date(beginMs).toISOString(),
      to: new Date(endMs).toISOString(),
      wall,
      ...(message !== undefined && { message }),
    })),
    ...(clocks !== undefined && { clocks }),
  };
}
