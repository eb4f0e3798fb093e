/** The shapes of replies, for the OpenAPI document; the control path makes the bodies, a test holds the two together. */
import { type TSchema, Type } from 'typebox';
import { EXPLAIN_REASONS, EXPLAINED_TYPES } from '../control/explain.ts';
import { type ProblemCode, problemStatus } from '../model/errors.ts';
import { healthComponents } from './health-schemas.ts';
import { PROBLEM_TYPE } from './problems.ts';
import { oneOf, RRsetBody, ServiceBody, Steps, TokenBody, WebhookBody, WeightsBody, ZoneBody } from './schemas.ts';

const revision = Type.Integer({ description: 'The last revision that changed it; its ETag.' });
const shares = Type.Unsafe<Record<string, number>>({
  type: 'object',
  additionalProperties: { type: 'number' },
  description: "Each pool's share of answers: weight / sum of weights.",
});

const finding = Type.Object({
  severity: oneOf(['error', 'warning']),
  code: Type.String({ description: 'Stable: scripts may rely on it.' }),
  file: Type.String({ description: 'Empty: the file that was sent.' }),
  line: Type.Integer({ description: 'From 1; 0: the whole zone is meant.' }),
  column: Type.Integer(),
  message: Type.String({ description: 'What was expected, and what was found.' }),
});

const releaseStates = ['progressing', 'paused', 'completed', 'aborted'];

/** Where a release stands, or will stand. */
const standing = {
  state: oneOf(releaseStates),
  reason: Type.String({ description: 'Why it is in this state. Stable: scripts may rely on it.' }),
  message: Type.String({ description: 'A sentence for people.' }),
  stepIndex: Type.Integer({ description: 'The step that it is at or that comes next, from 0.' }),
  wait: Type.Unsafe<object | null>({
    type: ['object', 'null'],
    description: 'What it waits for; null once it has ended.',
    required: ['kind', 'seconds', 'until'],
    additionalProperties: false,
    properties: {
      kind: {
        type: 'string',
        enum: ['lowering', 'turn', 'pause', 'promotion', 'analysis', 'inconclusive', 'drain', 'settling'],
      },
      seconds: { type: ['integer', 'null'], description: 'null: not ended by time.' },
      until: { type: ['string', 'null'], format: 'date-time' },
    },
  }),
  weights: Type.Optional(
    Type.Unsafe<object>({ ...WeightsBody, description: 'Of the service under whose path it was asked for.' }),
  ),
  services: Type.Unsafe<object>({
    type: 'object',
    additionalProperties: Type.Object(
      {
        weights: WeightsBody,
        shares,
        before: Type.Unsafe<object>({ ...WeightsBody, description: 'The weights when the release began.' }),
        ttlSeconds: Type.Integer({ description: 'The TTL while the release goes on.' }),
        steadyTtlSeconds: Type.Integer({ description: 'The TTL before and after.' }),
      },
      { additionalProperties: false },
    ),
  }),
};

const outcome = oneOf(['passed', 'failed', 'inconclusive', 'error'], {
  description: '`error`: it could not be asked, so that nothing was measured.',
});

const analysisProgress = Type.Object(
  {
    count: Type.Integer({ description: 'How often each metric is measured.' }),
    failureLimit: Type.Integer({ description: 'Failed measurements that one metric may have.' }),
    consecutiveErrorLimit: Type.Integer({ description: 'Errors in a row that one metric may have.' }),
    lastAt: Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time' }),
    metrics: Type.Array(
      Type.Object(
        {
          name: Type.String(),
          measurements: Type.Integer({ description: 'Without those that were errors.' }),
          failures: Type.Integer(),
          inconclusive: Type.Integer(),
          errors: Type.Integer(),
          consecutiveErrors: Type.Integer({ description: 'Since the last measurement that was none.' }),
          last: Type.Union([
            Type.Null(),
            Type.Object(
              { outcome, message: Type.String(), value: Type.Optional(Type.Number()) },
              { additionalProperties: false },
            ),
          ]),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false, description: 'While it is in an analysis: how far that is, on this server.' },
);

/** Many words, so that more may come. */
const phase = Type.String({
  description: 'passed, failed, inconclusive, error; running, stopped; none: not measured.',
});

const analyses = Type.Array(
  Type.Object(
    {
      stepIndex: Type.Integer(),
      phase,
      message: Type.String(),
      startedAt: Type.String({ format: 'date-time' }),
      endedAt: Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time' }),
      earlier: Type.Boolean({ description: 'Of an attempt before the release was retried.' }),
      failureLimit: Type.Integer(),
      metrics: Type.Array(
        Type.Object(
          {
            name: Type.String(),
            phase,
            counts: Type.Unsafe<object>({
              type: 'object',
              description: 'Measurements by phase, those too that are not kept.',
              additionalProperties: { type: 'integer' },
            }),
            measurements: Type.Array(
              Type.Object(
                {
                  at: Type.String({ format: 'date-time' }),
                  phase,
                  value: Type.Optional(Type.Number()),
                  message: Type.String(),
                },
                { additionalProperties: false },
              ),
              { description: 'The last ones, in order of time.' },
            ),
          },
          { additionalProperties: false },
        ),
      ),
    },
    { additionalProperties: false },
  ),
  { description: 'In replies about one release: what its gates said, in order of time; the last one may go on.' },
);

const planned = {
  to: Type.String(),
  steps: Steps,
  warnings: Type.Array(
    Type.Object({ code: oneOf(['ttl_short', 'ttl_long']), message: Type.String() }, { additionalProperties: false }),
  ),
};

const time = Type.String({ format: 'date-time', description: 'RFC 3339, UTC.' });
const timeOrNull = (description: string) =>
  Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time', description });

const held = Type.Object(
  {
    resolver: Type.String(),
    pool: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'null: the answer is of no pool.' }),
    answers: Type.Array(Type.String()),
    ttlSeconds: Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      description: 'For how long it goes on giving this answer.',
    }),
    error: Type.Optional(Type.String({ description: 'Why there is no answer.' })),
  },
  { additionalProperties: false },
);

const poolDrain = Type.Object(
  {
    weight: Type.Integer(),
    answers: Type.Integer({ description: 'Since the pool was made, or the server started.' }),
    lastAnswerAt: timeOrNull('null: none since the server started.'),
    lastTtlSeconds: Type.Unsafe<number | null>({ type: ['integer', 'null'] }),
    drainedAt: timeOrNull(
      'After this no cache that honours TTL holds an answer; null: the weight is above 0, or there never was an answer.',
    ),
    drained: Type.Boolean({ description: '`drainedAt` is over, and the weight is 0.' }),
    assumed: Type.Boolean({
      description: 'Answers from before the start of the server, which it has not counted, decide `drainedAt`.',
    }),
    share: Type.Object(
      {
        configured: Type.Number({ description: 'weight / sum of weights' }),
        answers: Type.Number({ description: 'Share of the answers since `since`.' }),
        resolvers: Type.Number({
          description: 'Share of the resolvers since `since`; one that got two pools counts for both.',
        }),
      },
      { additionalProperties: false },
    ),
    resolvers: Type.Object(
      {
        distinct: Type.Integer({ description: 'Resolvers that got the pool since the server started.' }),
        notBack: Type.Integer({ description: 'Those whose last answer was of this pool.' }),
        errorPercent: Type.Number({ description: 'Two standard errors of `distinct`; 0: everybody is counted.' }),
        method: Type.String(),
      },
      { additionalProperties: false },
    ),
    lateQueries: Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      description:
        'Resolvers whose first answer since the pool drains came after its answer had expired; null: it does not drain, or another pool began to drain later.',
    }),
    topNetworks: Type.Array(
      Type.Object(
        {
          network: Type.String({ description: 'A /24 or /56.' }),
          answers: Type.Integer({ description: 'An estimate; answers to one resolver within one second count once.' }),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);
const token = {
  ...TokenBody.properties,
  expiresAt: Type.Optional(Type.String({ format: 'date-time' })),
  createdAt: Type.String({ format: 'date-time' }),
  revision: Type.Integer({ description: 'The revision that made it.' }),
};

const recordWarnings = Type.Optional(
  Type.Array(Type.Object({ code: Type.String(), message: Type.String() }, { additionalProperties: false }), {
    description: 'Of a PUT: what the zone as a file would be warned of, where there is anything.',
  }),
);

/** Schemas with names of their own in the document. */
export const components: readonly TSchema[] = [
  ...healthComponents,
  Type.Object(
    {
      name: Type.String(),
      ...Type.Required(Type.Object(ZoneBody.properties)).properties,
      serial: Type.Integer({ description: 'SOA serial (RFC 1982); a shift does not raise it.' }),
      revision,
    },
    { $id: 'Zone', additionalProperties: false },
  ),
  Type.Object(
    {
      name: Type.String(),
      ...Type.Required(Type.Object(ZoneBody.properties)).properties,
      serial: Type.Integer(),
      revision,
      rrsets: Type.Integer({ description: "How many RRsets the file has, but for the apex's SOA and NS." }),
      warnings: Type.Array(finding),
    },
    { $id: 'Import', additionalProperties: false },
  ),
  Type.Object(
    {
      zone: Type.String(),
      name: Type.String(),
      type: Type.String(),
      ...RRsetBody.properties,
      revision,
      warnings: recordWarnings,
    },
    { $id: 'RRset', additionalProperties: false },
  ),
  Type.Object(
    {
      name: Type.String(),
      zone: Type.String(),
      kind: oneOf(['addresses', 'host']),
      ...Type.Required(Type.Object(ServiceBody.properties)).properties,
      release: ServiceBody.properties.release,
      health: ServiceBody.properties.health,
      loweredTtlSeconds: Type.Optional(
        Type.Number({ description: 'The TTL of its answers while a release has lowered it.' }),
      ),
      shares,
      revision,
      warnings: recordWarnings,
    },
    { $id: 'Service', additionalProperties: false },
  ),
  Type.Object(
    {
      dryRun: Type.Literal(true),
      services: Type.Array(
        Type.Object(
          {
            name: Type.String(),
            action: oneOf(['make', 'change', 'none'], { description: 'What a PUT of the body would do.' }),
            before: Type.Unsafe<object | null>({
              anyOf: [{ $ref: 'Service#' }, { type: 'null' }],
              description: 'null: it is not there.',
            }),
            after: Type.Unsafe<object>({ $ref: 'Service#' }),
          },
          { additionalProperties: false },
        ),
      ),
    },
    { $id: 'ServiceComparison', additionalProperties: false },
  ),
  Type.Object({ revision, weights: WeightsBody, shares }, { $id: 'Weights', additionalProperties: false }),
  Type.Object(
    {
      revision,
      services: Type.Unsafe<object>({
        type: 'object',
        additionalProperties: Type.Object({ weights: WeightsBody, shares }, { additionalProperties: false }),
      }),
    },
    { $id: 'Shift', additionalProperties: false },
  ),
  Type.Object(
    {
      id: Type.String(),
      ...planned,
      ...standing,
      analysis: Type.Optional(analysisProgress),
      analyses: Type.Optional(analyses),
      forgotten: Type.Optional(
        Type.Literal(true, { description: 'It ended long ago; its steps and analyses are no longer kept.' }),
      ),
      createdAt: Type.String({ format: 'date-time' }),
      revision,
    },
    { $id: 'Release', additionalProperties: false },
  ),
  Type.Object(
    {
      dryRun: Type.Literal(true),
      ...planned,
      plan: Type.Array(
        Type.Object(
          {
            at: Type.String({ format: 'date-time' }),
            certain: Type.Boolean({ description: 'False: the earliest time, if gates and people agree at once.' }),
            ...standing,
          },
          { additionalProperties: false },
        ),
      ),
    },
    { $id: 'Plan', additionalProperties: false },
  ),
  Type.Object(
    { name: Type.String(), ...WebhookBody.properties, revision },
    { $id: 'Webhook', additionalProperties: false },
  ),
  Type.Object(
    {
      id: Type.String({ description: 'webhook-id of every attempt.' }),
      trigger: Type.String(),
      event: Type.String({ description: 'Id of the event, as `GET /v1/events` has it.' }),
      state: oneOf(['pending', 'dead']),
      attempts: Type.Integer(),
      createdAt: Type.String({ format: 'date-time' }),
      nextAttemptAt: Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time' }),
      lastError: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
    },
    { $id: 'Delivery', additionalProperties: false },
  ),
  Type.Object(token, { $id: 'Token', additionalProperties: false }),
  Type.Object(
    {
      ...token,
      secret: Type.Optional(
        Type.String({ description: 'To be sent as `Authorization: Bearer`. It cannot be read again.' }),
      ),
    },
    { $id: 'NewToken', additionalProperties: false },
  ),
  Type.Object(
    {
      service: Type.String(),
      at: time,
      since: Type.String({
        format: 'date-time',
        description: 'Shares are counted since then: the last change of the weights, or the start of the server.',
      }),
      pools: Type.Unsafe<object>({ type: 'object', additionalProperties: poolDrain }),
      propagation: Type.Array(held, {
        description: 'What the resolvers of the setting propagation.resolvers said last; asked anew in the background.',
      }),
      message: Type.String({ description: 'A sentence for people.' }),
    },
    { $id: 'Drain', additionalProperties: false },
  ),
  Type.Object(
    {
      service: Type.String(),
      client: Type.String(),
      network: Type.String({ description: 'Whoever is in it would have got an answer by the same rule.' }),
      type: oneOf([...EXPLAINED_TYPES]),
      pool: Type.Unsafe<string | null>({
        type: ['string', 'null'],
        description: 'null: no pool was asked for it; another zone, or an alias, answers at the name.',
      }),
      reason: oneOf([...EXPLAIN_REASONS], { description: 'Stable: scripts may rely on it.' }),
      answer: Type.Array(Type.String(), { description: 'The records of the answer section as in a zone file.' }),
      ttlSeconds: Type.Integer({ description: 'The lowest of the answer, or that of the denial.' }),
      scope: Type.Integer({ description: 'SCOPE PREFIX-LENGTH that a resolver is told (RFC 7871).' }),
      split: Type.Unsafe<Record<string, number>>({
        type: 'object',
        additionalProperties: { type: 'number' },
        description: "Each pool's share of `draws` answers to this client.",
      }),
      draws: Type.Integer(),
      message: Type.String({ description: 'A sentence for people.' }),
    },
    { $id: 'Explanation', additionalProperties: false },
  ),
  Type.Object(
    {
      revision: Type.Integer(),
      at: Type.String({ format: 'date-time', description: 'RFC 3339, UTC.' }),
      actor: Type.String({ description: "The token's name." }),
      kind: Type.String(),
      summary: Type.String({ description: 'A sentence for people.' }),
      subjects: Type.Array(
        Type.Object({
          kind: oneOf(['zone', 'rrset', 'service', 'release', 'health', 'token', 'webhook']),
          name: Type.String(),
          before: Type.Unknown({ description: 'null: it was not there, or see `forgotten`.' }),
          after: Type.Unknown({ description: 'null: it is gone, or see `forgotten`.' }),
          forgotten: Type.Optional(
            Type.Array(oneOf(['before', 'after']), {
              description: 'What of the two was large and is no longer kept: see history.contentRevisions.',
            }),
          ),
        }),
      ),
    },
    {
      $id: 'Revision',
      additionalProperties: false,
      examples: [
        {
          revision: 17,
          at: '2026-01-31T12:00:00.000Z',
          actor: 'admin',
          kind: 'shift',
          summary: 'app.example.com blue 100→90 green 0→10',
          subjects: [
            {
              kind: 'service',
              name: 'app.example.com',
              before: { blue: 100, green: 0 },
              after: { blue: 90, green: 10 },
            },
          ],
        },
      ],
    },
  ),
  Type.Object(
    {
      type: Type.String(),
      title: Type.String(),
      status: Type.Integer(),
      code: oneOf(Object.keys(problemStatus), { description: 'Stable: scripts may rely on it.' }),
      detail: Type.String({ description: 'What was wrong, where, and what would be right.' }),
      pointer: Type.Optional(Type.String({ description: 'JSON pointer (RFC 6901) into the body.' })),
      conflict: Type.Optional(Type.String({ description: 'The other party of a conflict.' })),
      findings: Type.Optional(Type.Array(finding, { description: 'What is wrong in a zone file, place by place.' })),
    },
    {
      $id: 'Problem',
      additionalProperties: false,
      examples: [
        {
          type: 'about:blank',
          title: 'Unprocessable Entity',
          status: 422,
          code: 'weights_all_zero',
          detail: 'All weights of app.example.com would be 0 and nothing could be answered: at least one is above 0.',
          pointer: '',
        },
      ],
    },
  ),
];

export function refTo($id: string) {
  return { $ref: `${$id}#` };
}

const revisionHeader = { 'Teal-Revision': { type: 'integer', description: 'The revision that holds the result.' } };
const etagHeader = { ETag: { type: 'string', description: 'The revision in quotes, for If-Match.' } };

/** The reply to a GET of one resource. */
export function resourceReply($id: string, description: string) {
  return {
    200: { description, headers: etagHeader, ...refTo($id) },
    ...notModified,
  };
}

export const notModified = { 304: { description: 'If-None-Match names its revision.', type: 'null' } };

/** The reply to a GET of a list. */
export function pageReply($id: string, description: string) {
  return {
    200: {
      description,
      type: 'object',
      required: ['items'],
      properties: {
        items: { type: 'array', items: refTo($id) },
        next: { type: 'string', description: '`after` of the next page; absent on the last.' },
      },
    },
  };
}

export function putReply($id: string, options: { creates: boolean }) {
  const headers = { ...etagHeader, ...revisionHeader };
  return {
    200: { description: 'It is in force.', headers, ...refTo($id) },
    ...(options.creates && { 201: { description: 'Made, and in force.', headers, ...refTo($id) } }),
  };
}

export function postReply($id: string, description: string) {
  const replayed = { type: 'string', description: '`true` where an earlier reply is given again.' };
  return { 200: { description, headers: { ...revisionHeader, 'Idempotency-Replayed': replayed }, ...refTo($id) } };
}

/** The reply to a POST that makes a release, or only plans it. */
export const releaseReply = {
  ...postReply('Plan', 'The plan; nothing was done.'),
  201: { ...postReply('Release', 'Made; the first step that need not wait is in force.')[200] },
};

export const deleteReply = { 204: { description: 'It is gone.', headers: revisionHeader, type: 'null' } };

/** What every route with a token may refuse, and every write besides. */
const always: readonly ProblemCode[] = [
  'name_invalid',
  'url_invalid',
  'token_missing',
  'token_invalid',
  'token_forbidden',
  'rate_limited',
  'share_used_up',
  'busy',
  'internal',
  'store_unavailable',
];
const onWrites: readonly ProblemCode[] = ['header_invalid', 'revision_stale'];
const withBodies: readonly ProblemCode[] = [
  'body_invalid',
  'request_timeout',
  'body_too_large',
  'media_type_unknown',
  'table_full',
];

export const readProblems = (...codes: ProblemCode[]) => problemReplies([...always, ...codes]);
export const deleteProblems = (...codes: ProblemCode[]) => problemReplies([...always, ...onWrites, ...codes]);
export const writeProblems = (...codes: ProblemCode[]) =>
  problemReplies([...always, ...onWrites, ...withBodies, ...codes]);

/** Refusals by status, with the codes that each may have. */
export function problemReplies(codes: readonly ProblemCode[]) {
  const byStatus = Map.groupBy(codes, (code) => problemStatus[code]);
  const replies = [...byStatus].map(([status, same]) => [
    status,
    {
      description: same.map((code) => `\`${code}\``).join(', '),
      content: { [PROBLEM_TYPE]: { schema: refTo('Problem') } },
    },
  ]);
  return Object.fromEntries(replies) as Record<string, unknown>;
}

export const ifMatchHeader = {
  type: 'object',
  properties: { 'If-Match': { type: 'string', description: 'ETags one of which must be current, or `*`; else 412.' } },
};

export const postHeaders = {
  type: 'object',
  properties: {
    ...ifMatchHeader.properties,
    'Idempotency-Key': {
      type: 'string',
      minLength: 1,
      maxLength: 255,
      description: 'The same key with the same body gets the same reply for 24 hours, and changes nothing more.',
    },
  },
};

export const putHeaders = {
  type: 'object',
  properties: { ...ifMatchHeader.properties, 'If-None-Match': { type: 'string', description: '`*`: only create.' } },
};

export const getHeaders = {
  type: 'object',
  properties: { 'If-None-Match': { type: 'string', description: 'ETags that the client has; 304 if current.' } },
};
