/** Releases, their steps and gates, as they are sent and shown. */
import type { Static } from 'typebox';
import { AnalysisProgress, AnalysisRecord } from './analysis.ts';
import { override, shownOverride } from './freezes.ts';
import { schedule } from './schedule.ts';
import { shares, weights } from './services.ts';
import {
  decimal,
  headers,
  mapOf,
  message,
  name,
  oneOf,
  revision,
  secret,
  strict,
  time,
  timeOrNull,
  ttl,
  whole,
  wholeOrNull,
} from './shapes.ts';
import { Type } from './type.ts';
import { shownWhy, why } from './why.ts';

const code = 'release_invalid';

/** What a gate is asked with. */
const credentials = {
  headers: Type.Optional(headers),
  bearer: Type.Optional(secret('A bearer token (RFC 6750), a secret: shown as {"set":true}, which keeps it.')),
  basic: Type.Optional(
    Type.Object(
      { username: Type.String(), password: secret('A secret: shown as {"set":true}, which keeps it.') },
      { ...strict, description: 'RFC 7617.' },
    ),
  ),
};

/** More than a nameserver answers in a day. */
const sample = (description: string) => Type.Optional(whole(description, { minimum: 1, maximum: 1_000_000_000, code }));

const Metric = Type.Object(
  {
    name: Type.String(),
    web: Type.Optional(
      Type.Object(
        { url: Type.String(), ...credentials },
        { ...strict, description: 'GET; a status of 2xx passes. Redirects are not followed.' },
      ),
    ),
    prometheus: Type.Optional(
      Type.Object(
        {
          address: Type.String({ description: 'Base URL of the server.' }),
          query: Type.String({ description: 'PromQL.' }),
          ...credentials,
        },
        { ...strict, description: 'Passes where every value of the result is within `thresholdRange`.' },
      ),
    ),
    health: Type.Optional(
      Type.Object(
        { pool: Type.String() },
        { ...strict, description: 'Passes while the pool has a target that is up.' },
      ),
    ),
    samples: Type.Optional(
      Type.Object(
        { answers: sample('Answers of the target pool.'), resolvers: sample('Resolvers that got it.') },
        {
          ...strict,
          description:
            'Passes once the target pool has given so many answers, and to so many resolvers, since the step began; what is too few after the last measurement is inconclusive, which pauses.',
        },
      ),
    ),
    thresholdRange: Type.Optional(
      Type.Object({ min: Type.Optional(Type.Number()), max: Type.Optional(Type.Number()) }, strict),
    ),
  },
  strict,
);

/** A whole number that the model holds to these bounds. */
const count = (description: string, [minimum, maximum]: readonly [number, number]) =>
  Type.Optional(whole(description, { minimum, maximum, code }));

const Analysis = Type.Object(
  {
    intervalSeconds: count('Between measurements; 10 where left out.', [1, 3600]),
    count: count('Measurements of each metric; 1.', [1, 1000]),
    failureLimit: count('Failed measurements that one metric may have; 0.', [0, 999]),
    consecutiveErrorLimit: count('Measurements in a row of one metric that may be errors; 4.', [0, 999]),
    timeoutSeconds: count('Without an answer for so long a measurement is an error; 5.', [1, 60]),
    metrics: Type.Array(Metric),
  },
  { ...strict, description: 'Gates: too many failures, or errors in a row, abort the release.' },
);

/** What Argo Rollouts takes: seconds, or a text. */
const duration = Type.Unsafe<number | string>({
  type: ['number', 'string'],
  description: 'Seconds, or a text such as `30s`, `5m`, `1h`; left out: until promoted.',
});

const approval = Type.Object(
  { by: oneOf(['other'], { description: 'Than whoever asked for the release.' }) },
  { ...strict, description: 'The pause ends when somebody else approves it; promote does not leave it.' },
);

export const Step = Type.Object(
  {
    setWeight: Type.Optional(
      decimal('Percentage of traffic for the target pool; the others share the rest as before.', {
        minimum: 0,
        maximum: 100,
        code,
      }),
    ),
    pause: Type.Optional(Type.Object({ duration: Type.Optional(duration), approval: Type.Optional(approval) }, strict)),
    analysis: Type.Optional(Analysis),
    drain: Type.Optional(
      Type.Object(
        {},
        { ...strict, description: 'Waits until every pool without weight is drained; see the drain report.' },
      ),
    ),
  },
  { ...strict, description: 'Exactly one of them.' },
);

const Steps = Type.Array(Step);

const releaseProperties = {
  to: Type.String({ description: 'The pool that traffic moves to.' }),
  steps: Type.Optional(Steps),
  preset: Type.Optional(
    Type.String({
      description:
        'In place of steps, by the names of AWS CodeDeploy: AllAtOnce, Canary10Percent5Minutes, Canary10Percent10Minutes, Canary10Percent15Minutes, Canary10Percent30Minutes, Linear10PercentEvery1Minute, Linear10PercentEvery2Minutes, Linear10PercentEvery3Minutes, Linear10PercentEvery10Minutes.',
    }),
  ),
  dryRun: Type.Optional(Type.Boolean({ description: 'Only gives the plan, with times.' })),
  ...schedule,
  override,
};

const exampleSteps = [
  { setWeight: 10 },
  { pause: { duration: '5m' } },
  {
    analysis: {
      intervalSeconds: 10,
      count: 3,
      metrics: [
        { name: 'smoke', web: { url: 'https://app.example.com/healthz' } },
        {
          name: 'errors',
          prometheus: { address: 'https://prometheus.example.com', query: 'sum(rate(errors[1m]))' },
          thresholdRange: { max: 0.01 },
        },
      ],
    },
  },
  { setWeight: 50 },
  { pause: {} },
  { setWeight: 100 },
];

export const ReleaseBody = Type.Object(
  { ...releaseProperties, ...why },
  {
    ...strict,
    $id: 'ReleaseBody',
    examples: [
      { to: 'green', steps: exampleSteps },
      { to: 'green', preset: 'Canary10Percent5Minutes', dryRun: true },
    ],
  },
);

export const ReleasesBody = Type.Object(
  {
    services: Type.Array(Type.String(), { description: 'Names of the services that move together.' }),
    ...releaseProperties,
    ...why,
  },
  {
    ...strict,
    $id: 'ReleasesBody',
    examples: [{ services: ['app.example.com', 'api.example.com'], to: 'green', preset: 'AllAtOnce' }],
  },
);

export const PromoteBody = Type.Object(
  {
    full: Type.Optional(Type.Boolean({ description: 'Skips every pause and analysis that is left.' })),
    override,
    ...why,
  },
  { ...strict, $id: 'PromoteBody', examples: [{}, { full: true }] },
);

export const RetryBody = Type.Object({ override, ...why }, { ...strict, $id: 'RetryBody', examples: [{}] });

export const ApproveReleaseBody = Type.Object(
  {
    revision: whole(
      'The last revision of the release, and of its services, that was looked at: an approval is of that.',
      {
        minimum: 1,
      },
    ),
    ...why,
  },
  { ...strict, $id: 'ApproveReleaseBody', examples: [{ revision: 17 }] },
);

/** Verbs that need no more than the path. */
export const EmptyBody = Type.Object({ ...why }, { ...strict, $id: 'EmptyBody', examples: [{}] });

const Wait = Type.Object({
  kind: oneOf([
    'lowering',
    'turn',
    'pause',
    'promotion',
    'analysis',
    'inconclusive',
    'drain',
    'settling',
    'frozen',
    'approval',
  ]),
  seconds: wholeOrNull('null: not ended by time.'),
  until: timeOrNull('null: not ended by time.'),
});

/** Where a release stands, or will stand. */
const standing = {
  state: oneOf(['progressing', 'paused', 'completed', 'aborted']),
  reason: oneOf(
    [
      ...(['ttl_lowering', 'step_due', 'analysis_running', 'ttl_settling', 'pause_step', 'pause_requested'] as const),
      ...(['analysis_inconclusive', 'draining', 'steps_done', 'abort_requested', 'analysis_failed'] as const),
      ...(['rolled_back', 'frozen', 'approval_needed'] as const),
    ],
    { description: 'Why it is in this state. Stable: scripts may rely on it; more may come.' },
  ),
  message,
  stepIndex: whole('The step that it is at or that comes next, from 0.'),
  wait: Type.Unsafe<Static<typeof Wait> | null>({
    anyOf: [Wait, { type: 'null' }],
    description: 'What it waits for; null once it has ended.',
  }),
  weights: Type.Optional(weights('Of the service under whose path it was asked for.')),
  services: mapOf(
    Type.Object({
      weights: weights('What the release set last.'),
      shares,
      before: weights('The weights when the release began.'),
      ttlSeconds: ttl('The TTL while the release goes on.'),
      steadyTtlSeconds: ttl('The TTL before and after.'),
    }),
  ),
};

export const Standing = Type.Object(standing);

const planned = {
  to: Type.String(),
  steps: Steps,
  warnings: Type.Array(Type.Object({ code: oneOf(['ttl_short', 'ttl_long']), message: Type.String() })),
};

export const Release = Type.Object(
  {
    id: Type.String(),
    ...planned,
    ...standing,
    analysis: Type.Optional(AnalysisProgress),
    analyses: Type.Optional(
      Type.Array(AnalysisRecord, {
        description: 'In replies about one release: what its gates said, in order of time; the last one may go on.',
      }),
    ),
    forgotten: Type.Optional(
      Type.Literal(true, { description: 'It ended long ago; its steps and analyses are no longer kept.' }),
    ),
    why: Type.Optional(Type.Object(shownWhy, { description: 'What was said when it was made.' })),
    askedBy: Type.Optional(Type.Array(Type.String(), { description: 'Who began it, and who began it again.' })),
    approvals: Type.Optional(
      Type.Array(Type.Object({ stepIndex: whole('The step, from 0.'), by: Type.String(), at: time() }), {
        description: "Somebody else's words on its steps.",
      }),
    ),
    override: Type.Optional(shownOverride),
    createdAt: time(),
    revision,
  },
  { $id: 'Release' },
);

export const Plan = Type.Object(
  {
    dryRun: Type.Literal(true),
    ...planned,
    plan: Type.Array(
      Type.Object({
        at: time(),
        certain: Type.Boolean({ description: 'False: the earliest time, if gates and people agree at once.' }),
        ...standing,
      }),
    ),
  },
  { $id: 'Plan' },
);

const releaseId = name('Id of the release, as the reply that made it says.');
export const ReleaseParams = Type.Object({ id: releaseId });
export const ServiceReleaseParams = Type.Object({
  name: name('Name of the service, without the final dot.'),
  id: releaseId,
});
