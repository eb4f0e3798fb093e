/** Freezes as the API shows them. */
import { type Freeze, freezeBody, frozenAt } from '../../model/freeze.ts';

/** `nowMs`: Unix time, milliseconds, of what is said of now. */
export function freezeReply(freeze: Freeze, nowMs: number) {
  const frozen = frozenAt([freeze], nowMs);
  const until = frozen?.untilMs === undefined ? null : new Date(frozen.untilMs).toISOString();
  return {
    name: freeze.name,
    ...freezeBody(freeze),
    active: frozen !== undefined,
    until,
    revision: freeze.revision,
  };
}
