/** When something is to be done that is asked for now, and what it was made of. */
import { mapOf, revision } from './shapes.ts';
import { Type } from './type.ts';

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
  seen: Type.Optional(
    mapOf(revision, {
      description:
        'What was looked at: services that it moves, each with its revision then. Where one has another by now nothing is done, and nothing planned (412 `revision_stale`).',
    }),
  ),
};
