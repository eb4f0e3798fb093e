/** When something is to be done that is asked for now. */
import { Type } from 'typebox';

/** To be mixed into the body of what can wait for its time. */
export const schedule = {
  at: Type.Optional(
    Type.String({
      description:
        'Only then, at most a year from now: `2026-12-01T10:00:00+01:00`, or `2026-12-01T10:00` by the clock of `timeZone`. It is a proposal (202) until then, and not done where the service was changed meanwhile, a freeze is on, or no server could within five minutes.',
      'x-code': 'schedule_invalid',
    }),
  ),
  timeZone: Type.Optional(
    Type.String({ description: 'Of `at`, as the tz database names it: Europe/Berlin.', 'x-code': 'schedule_invalid' }),
  ),
};
