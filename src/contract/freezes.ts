/** Freezes, and emergencies in which one is passed over, as they are sent and shown. */
import { Type } from 'typebox';
import { labels } from './labels.ts';
import { limit } from './pages.ts';
import { name, patterns, revision, strict, timeOrNull } from './shapes.ts';
import { why } from './why.ts';

/** In the body of what a freeze refuses. */
export const override = Type.Optional(
  Type.Object(
    {
      reason: Type.String({
        description: 'What the emergency is: one line of 1 to 500 characters.',
        'x-code': 'override_invalid',
      }),
    },
    {
      ...strict,
      description:
        'Of an emergency: passes over the freeze that is on, if one is. Kept with the revision, the release and the event. The header `Teal-Override` says the same.',
    },
  ),
);

/** As a revision or a release shows it. */
export const shownOverride = Type.Object(
  { freeze: Type.String({ description: 'Name of the freeze.' }), reason: Type.String() },
  { description: 'An emergency: the freeze that was passed over, and what was said of it.' },
);

const Window = Type.Object(
  {
    from: Type.String({ description: '`Fri 16:00` of each week, or once `2026-12-24T16:00` or `2026-12-24`.' }),
    to: Type.String({ description: 'Its end, in the same form.' }),
  },
  {
    ...strict,
    description:
      'By the wall clock of `timeZone`. What that shows twice counts in full, what it leaves out begins or ends when it does so.',
  },
);

const properties = {
  timeZone: Type.String({
    description: 'As the tz database names it: Europe/Berlin, UTC.',
    'x-code': 'freeze_invalid',
  }),
  windows: Type.Array(Window, { description: '1 to 20.' }),
  services: patterns('For services whose name fits'),
  zones: patterns('For services of zones whose name fits; with neither, for all'),
  labels,
  message: Type.Optional(
    Type.String({ description: 'Why, in one line: whoever is refused reads it.', 'x-code': 'freeze_invalid' }),
  ),
};

export const FreezeBody = Type.Object(
  { ...properties, ...why },
  {
    ...strict,
    $id: 'FreezeBody',
    examples: [
      {
        timeZone: 'Europe/Berlin',
        windows: [{ from: 'Fri 16:00', to: 'Mon 08:00' }],
        message: 'No releases at weekends',
      },
      {
        timeZone: 'UTC',
        windows: [{ from: '2026-12-20', to: '2027-01-03' }],
        services: ['shop.example.com'],
      },
    ],
  },
);

export const Freeze = Type.Object(
  {
    name: Type.String(),
    ...properties,
    active: Type.Boolean({ description: 'Whether it is on now.' }),
    until: timeOrNull('When it ends, where it is on; null: it is not, or no end can be seen.'),
    revision,
  },
  { $id: 'Freeze' },
);

export const FreezePageQuery = Type.Object(
  {
    after: Type.Optional(Type.String({ description: '`next` of the page before.' })),
    limit,
    service: Type.Optional(Type.String({ description: 'Only those that are for this service.' })),
  },
  strict,
);

export const FreezeParams = Type.Object({ name: name('Name of the freeze.') });
