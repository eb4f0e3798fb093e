/** Freezes, and emergencies in which one is passed over, as they are sent and shown. */
import { labels } from './labels.ts';
import { limit } from './pages.ts';
import { name, patterns, revision, strict, time, timeOrNull } from './shapes.ts';
import { Type } from './type.ts';
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
  labels: Type.Optional({
    ...labels,
    description: 'And of these only for services that have all of these labels; left out: whatever labels they have.',
  }),
  ownLabels: Type.Optional({
    ...labels,
    description:
      'Labels of the freeze itself, by which `prune` of `POST /v1/apply` finds it. Left out of a PUT: those that it has; `{}`: none.',
  }),
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

/** How it stands at the moment. */
const standing = {
  active: Type.Boolean({ description: 'Whether it is on now.' }),
  until: timeOrNull('When it ends, where it is on; null: it is not, or no end can be seen.'),
  begins: timeOrNull('When it is on next, where it is off; null: it is on, or never again.'),
};

export const FreezeDryRunBody = Type.Object(
  {
    ...properties,
    dryRun: Type.Literal(true, { description: 'Nothing is done: a freeze is made by its own request.' }),
    ...why,
  },
  {
    ...strict,
    $id: 'FreezeDryRunBody',
    examples: [{ dryRun: true, timeZone: 'Europe/Berlin', windows: [{ from: 'Fri 16:00', to: 'Mon 08:00' }] }],
  },
);

export const FreezeOutlook = Type.Object(
  {
    dryRun: Type.Literal(true),
    ...properties,
    ...standing,
    coming: Type.Array(
      Type.Object({
        from: time('RFC 3339, UTC.'),
        to: time('RFC 3339, UTC.'),
        wall: Type.String({ description: 'Both as the clocks of the time zone show them.' }),
        message: Type.Optional(
          Type.String({ description: 'What a clock that is set does to it; left out: it is as long as it reads.' }),
        ),
      }),
      { description: 'The windows that are on or come next, at most 5, in order of time.' },
    ),
    clocks: Type.Optional(
      Type.String({
        description:
          'When the clocks of the time zone are set next, and what that does to a window; left out: it is not known that they are.',
      }),
    ),
  },
  { $id: 'FreezeOutlook' },
);

export const Freeze = Type.Object(
  {
    name: Type.String(),
    ...properties,
    ...standing,
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
