/** When something is to be done, as a body says it. */
import type { ScheduleBody } from '../../control/commands/proposals.ts';
import { Problem } from '../../model/errors.ts';

/** For a command; empty: now. */
export function scheduleOf({
  at,
  timeZone,
}: {
  readonly at?: string;
  readonly timeZone?: string;
}): { readonly schedule?: ScheduleBody } | Problem {
  if (at !== undefined) return { schedule: { at, ...(timeZone !== undefined && { timeZone }) } };
  if (timeZone === undefined) return {};
  return new Problem('schedule_invalid', 'timeZone says by whose clock `at` is meant, which is not here.', {
    pointer: '/timeZone',
  });
}
