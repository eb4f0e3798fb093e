/** All services at a glance: what wants somebody's eye, and a list of the rest. */
import { label, limit } from './pages.ts';
import { revisionHead } from './revisions.ts';
import { Service, shares } from './services.ts';
import { message, oneOf, strict, time, timeOrNull, whole } from './shapes.ts';
import { Type } from './type.ts';

/** What may be said of a service, the most urgent first. */
export const GLANCE_STATES = ['unhealthy', 'waiting', 'releasing', 'draining'] as const;

const states = {
  description:
    '`unhealthy`: a target is down, or a pool is said to be. `waiting`: a release or a proposal waits for somebody. `releasing`: one goes on. `draining`: a cache may still hold an answer of a pool without weight.',
};

export const OverviewQuery = Type.Object(
  {
    after: Type.Optional(Type.String({ description: '`next` of the page before, of the same order.' })),
    limit,
    order: Type.Optional(
      oneOf(['zone', 'name', 'changed'], {
        description: 'By zone and then name, by name, or what was changed last first; `zone` if left out.',
      }),
    ),
    q: Type.Optional(
      Type.String({ description: 'Only services that have this text in their name, in whatever case.' }),
    ),
    zone: Type.Optional(Type.String({ description: 'Only services of this zone.' })),
    label,
    state: Type.Optional(oneOf(GLANCE_STATES, { description: 'Only services of which this is said.' })),
  },
  strict,
);

const LastChange = Type.Object(
  {
    ...revisionHead,
    aborted: Type.Optional(
      Type.Literal(true, { description: 'It took a release back, and nothing has changed the service since.' }),
    ),
  },
  { description: 'The revision that changed it last.' },
);

const GlanceRelease = Type.Object(
  {
    id: Type.String(),
    to: Type.String(),
    state: oneOf(['progressing', 'paused', 'completed', 'aborted']),
    reason: Type.String({ description: 'Stable: scripts may rely on it.' }),
    message,
    stepIndex: whole('The step that it is at, or that comes next.'),
    steps: whole('How many it has.'),
    services: Type.Array(Type.String(), { description: 'All that it moves, as far as the token reaches.' }),
  },
  { description: 'The release that it is in.' },
);

const GlanceFreeze = Type.Object({
  name: Type.String(),
  message: Type.Optional(Type.String({ description: 'Why, as the freeze says it.' })),
  until: timeOrNull('null: no end can be seen.'),
});

export const Glance = Type.Object(
  {
    service: Service,
    states: Type.Array(oneOf(GLANCE_STATES), states),
    unhealthyPools: Type.Array(Type.String(), { description: 'Pools that get no answers since no target is up.' }),
    downTargets: whole('Targets that are down, or said to be.'),
    release: Type.Optional(GlanceRelease),
    drainedAt: Type.Optional(
      time('When the last of its pools without weight is drained; absent: none drains, or it is not known yet.'),
    ),
    observed: Type.Optional({
      ...shares,
      description: 'Of the answers of this server since the weights are what they are; absent: there were none.',
    }),
    lastChange: Type.Optional(LastChange),
    frozen: Type.Optional(
      Type.Array(GlanceFreeze, { description: 'Freezes that hold its traffic now; absent: none does.' }),
    ),
  },
  { $id: 'Glance' },
);

const count = (description: string) => whole(description);

export const Overview = Type.Object(
  {
    items: Type.Array(Glance),
    next: Type.Optional(Type.String({ description: '`after` of the next page; absent on the last.' })),
    total: count('Services in reach of the token.'),
    found: count('Those of them that are asked for, on all pages.'),
    attention: Type.Object(
      {
        items: Type.Array(Glance, { description: 'Whatever is asked for: the most urgent, at most 50.' }),
        counts: Type.Object({
          unhealthy: count('Services that are so.'),
          waiting: count('Services that are so.'),
          releasing: count('Services that are so.'),
          draining: count('Services that are so.'),
        }),
      },
      { description: 'Of all services in reach: those of which something is said.' },
    ),
    current: Type.Boolean({
      description: 'This server may claim to answer from the last revision; one that is alone always may.',
    }),
    stale: Type.Array(Type.String(), { description: 'Nodes of the fleet that may answer by what was before.' }),
  },
  { $id: 'Overview' },
);
