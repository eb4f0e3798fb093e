/** When something is to be done and what it was made of, as a body says it. */
import type { Moment } from '../../control/commands/proposals.ts';
import { Problem } from '../../model/errors.ts';

/** For a command; empty: now, and whatever is there. */
export function momentOf({
  at,
  timeZone,
  seen,
}: {
  readonly at?: string;
  readonly timeZone?: string;
  readonly seen?: Readonly<Record<string, number>>;
}): Moment | Problem {
  const ground = seen === undefined ? {} : { seen };
  if (at !== undefined) return { schedule: { at, ...(timeZone !== undefined && { timeZone }) }, ...ground };
  if (timeZone === undefined) return ground;
  return new Problem('schedule_invalid', 'timeZone says by whose clock `at` is meant, which is not here.', {
    pointer: '/timeZone',
  });
}
