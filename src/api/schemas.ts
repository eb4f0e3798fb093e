/**
 * The shapes of requests and replies: they validate, type the handlers and make the OpenAPI document. They hold the
 * shape only; the rules about values (a weight's range, RDATA, names) are the model's, so that each has one home and
 * a code of its own.
 */
import { type Static, type TSchema, Type } from 'typebox';
import { DRAWS_DEFAULT, DRAWS_MAX, EXPLAINED_TYPES } from '../control/explain.ts';
import { PRESETS } from '../model/release-steps.ts';
import { TOKEN_SCOPES } from '../model/token.ts';
import { WEBHOOK_TRIGGERS } from '../model/webhook.ts';
import { HealthBody, headers, secret } from './health-schemas.ts';

/** Items of a list page: the default, and the most one request may ask for, which bounds the work of one turn. */
export const PAGE_DEFAULT = 100;
const PAGE_MAX = 1000;

const strict = { additionalProperties: false } as const;

/** An object that maps names to values. Type.Record would not look at keys with a line break, its pattern being `.*`. */
function mapOf<Value extends TSchema>(value: Value, options: object = {}) {
  return Type.Unsafe<Record<string, Static<Value>>>({ type: 'object', additionalProperties: value, ...options });
}

/** One of some words. */
export function oneOf<const Words extends string[]>(words: Words, options: object = {}) {
  return Type.Unsafe<Words[number]>({ type: 'string', enum: words, ...options });
}

const seconds = (description: string) => Type.Number({ description });

const zoneTimes = {
  ttlSeconds: Type.Optional(seconds('TTL of the SOA; 3600 where left out.')),
  nameserversTtlSeconds: Type.Optional(seconds('TTL of the NS records; that of the SOA where left out.')),
  negativeTtlSeconds: Type.Optional(seconds('How long resolvers keep a negative answer (RFC 2308); 60.')),
  refreshSeconds: Type.Optional(seconds('SOA REFRESH, for secondaries.')),
  retrySeconds: Type.Optional(seconds('SOA RETRY, for secondaries.')),
  expireSeconds: Type.Optional(seconds('SOA EXPIRE, for secondaries.')),
};

export const ZoneBody = Type.Object(
  {
    nameservers: Type.Array(Type.String(), { description: 'Host names of the NS records at the apex.' }),
    hostmaster: Type.String({ description: 'Mailbox of the SOA as a name: `hostmaster.example.com`.' }),
    primary: Type.Optional(Type.String({ description: "The SOA's MNAME; the first nameserver where left out." })),
    ...zoneTimes,
  },
  {
    ...strict,
    examples: [
      {
        nameservers: ['ns1.example.com'],
        hostmaster: 'hostmaster.example.com',
        ttlSeconds: 3600,
        negativeTtlSeconds: 60,
      },
    ],
  },
);

export const RRsetBody = Type.Object(
  {
    ttlSeconds: seconds('0 to 2147483647 (RFC 2181 §8).'),
    recordTtlSeconds: Type.Optional(
      Type.Array(Type.Number(), {
        description:
          'Of an RRSIG only: the TTL of each record, where they differ, since signatures have that of what they sign (RFC 4034 §3). ttlSeconds is the lowest then.',
      }),
    ),
    rdata: Type.Array(Type.String(), {
      description: 'The RDATA of each record as in a zone file (RFC 1035 §5.1), names in it in full.',
    }),
  },
  { ...strict, examples: [{ ttlSeconds: 300, rdata: ['10 mail.example.com.'] }] },
);

const Pool = Type.Object(
  {
    weight: Type.Optional(
      Type.Number({
        description: 'Integer 0 to 65535; left out, a pool keeps the one in force. A new pool needs one.',
      }),
    ),
    targets: Type.Array(Type.String(), { description: 'IP addresses, or exactly one host name.' }),
  },
  strict,
);

const Pin = Type.Object(
  {
    network: Type.String({
      description: "Of clients, as ECS (RFC 7871) tells it, else the sender's: 198.51.100.0/24.",
    }),
    pool: Type.String(),
  },
  strict,
);

export const ServiceBody = Type.Object(
  {
    ttlSeconds: Type.Optional(seconds('TTL of its answers; 5 where left out.')),
    release: Type.Optional(
      Type.Object(
        { ttlSeconds: seconds('A release lowers a higher TTL to this until its last step has settled.') },
        { ...strict, description: 'What releases of the service do besides their steps.' },
      ),
    ),
    health: Type.Optional(HealthBody),
    pick: Type.Optional(
      oneOf(['random', 'sticky'], {
        description:
          "`random` (if left out): each answer is an independent draw by weight. `sticky`: the client's network decides.",
      }),
    ),
    salt: Type.Optional(
      Type.String({
        description:
          'What `sticky` hashes networks with, 32 hexadecimal digits; left out, the one in force or a new one. Services of one salt and pools choose alike.',
      }),
    ),
    pins: Type.Optional(
      Type.Array(Pin, { description: 'Networks that always get one pool; the longest prefix wins. Left out: none.' }),
    ),
    previewNames: Type.Optional(
      Type.Boolean({
        description:
          'Whether `green.app.example.com` answers from the pool green of app.example.com, whatever the weights, unless something else stands there. Left out: true.',
      }),
    ),
    pools: mapOf(Pool, { description: '2 to 16 pools by name, all of addresses or all of one host name.' }),
  },
  {
    ...strict,
    examples: [
      {
        ttlSeconds: 5,
        pick: 'random',
        pools: {
          blue: { weight: 100, targets: ['192.0.2.10'] },
          green: { weight: 0, targets: ['192.0.2.20'] },
        },
        pins: [{ network: '198.51.100.0/24', pool: 'green' }],
      },
    ],
  },
);

const weight = Type.Number({ description: 'Integer 0 to 65535; 0 means never.' });

export const WeightsBody = mapOf(weight, {
  description: 'The weight of every pool of the service; at least one above 0.',
  examples: [{ blue: 90, green: 10 }],
});

export const ShiftBody = Type.Object(
  { services: mapOf(mapOf(weight), { description: 'Weights by pool, by service.' }) },
  {
    ...strict,
    examples: [
      { services: { 'app.example.com': { blue: 0, green: 100 }, 'api.example.com': { blue: 0, green: 100 } } },
    ],
  },
);

export const CompareServicesBody = Type.Object(
  {
    services: mapOf(ServiceBody, { description: '1 to 100 services by name, each as for its PUT.' }),
    dryRun: Type.Literal(true, { description: 'Nothing is done: services are written one by one.' }),
  },
  {
    ...strict,
    examples: [
      {
        services: {
          'app.example.com': {
            ttlSeconds: 5,
            pools: { blue: { targets: ['192.0.2.10'] }, green: { targets: ['192.0.2.20'] } },
          },
        },
        dryRun: true,
      },
    ],
  },
);

export const RollbackBody = Type.Object(
  {
    revision: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Restores the weights in force at this revision.' }),
    ),
  },
  { ...strict, examples: [{}, { revision: 12 }] },
);

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
        { answers: Type.Optional(Type.Number()), resolvers: Type.Optional(Type.Number()) },
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

const Analysis = Type.Object(
  {
    intervalSeconds: Type.Optional(seconds('Between measurements; 10 where left out.')),
    count: Type.Optional(Type.Number({ description: 'Measurements of each metric; 1.' })),
    failureLimit: Type.Optional(Type.Number({ description: 'Failed measurements that one metric may have; 0.' })),
    consecutiveErrorLimit: Type.Optional(
      Type.Number({ description: 'Measurements in a row of one metric that may be errors; 4.' }),
    ),
    timeoutSeconds: Type.Optional(seconds('Without an answer for so long a measurement is an error; 5.')),
    metrics: Type.Array(Metric),
  },
  { ...strict, description: 'Gates: too many failures, or errors in a row, abort the release.' },
);

/** What Argo Rollouts takes: seconds, or a text. */
const duration = Type.Unsafe<number | string>({
  type: ['number', 'string'],
  description: 'Seconds, or a text such as `30s`, `5m`, `1h`; left out: until promoted.',
});

const Step = Type.Object(
  {
    setWeight: Type.Optional(
      Type.Number({ description: 'Percentage of traffic for the target pool; the others share the rest as before.' }),
    ),
    pause: Type.Optional(Type.Object({ duration: Type.Optional(duration) }, strict)),
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

export const Steps = Type.Array(Step);

const releaseProperties = {
  to: Type.String({ description: 'The pool that traffic moves to.' }),
  steps: Type.Optional(Steps),
  preset: Type.Optional(
    Type.String({
      description: `In place of steps, by the names of AWS CodeDeploy: ${Object.keys(PRESETS).join(', ')}.`,
    }),
  ),
  dryRun: Type.Optional(Type.Boolean({ description: 'Only gives the plan, with times.' })),
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

export const ReleaseBody = Type.Object(releaseProperties, {
  ...strict,
  examples: [
    { to: 'green', steps: exampleSteps },
    { to: 'green', preset: 'Canary10Percent5Minutes', dryRun: true },
  ],
});

export const ReleasesBody = Type.Object(
  {
    services: Type.Array(Type.String(), { description: 'Names of the services that move together.' }),
    ...releaseProperties,
  },
  { ...strict, examples: [{ services: ['app.example.com', 'api.example.com'], to: 'green', preset: 'AllAtOnce' }] },
);

export const PromoteBody = Type.Object(
  { full: Type.Optional(Type.Boolean({ description: 'Skips every pause and analysis that is left.' })) },
  { ...strict, examples: [{}, { full: true }] },
);

/** Verbs that need no more than the path. */
export const EmptyBody = Type.Object({}, { ...strict, examples: [{}] });

const patterns = (description: string) =>
  Type.Optional(
    Type.Array(Type.String(), {
      description: `${description}: \`app.example.com\`, \`*.example.com\` for every name below it, or \`*\`.`,
    }),
  );

export const TokenBody = Type.Object(
  {
    name: Type.String({ description: '1 to 63 letters, digits and ._@-; the log of changes names the token by it.' }),
    scope: oneOf([...TOKEN_SCOPES], {
      description:
        'Each may do what those before it may: `read` looks, `shift` changes weights and rolls back, `release` makes releases and moves them on, `admin` does everything.',
    }),
    services: patterns('Limits the token to these services, and to what `zones` gives'),
    zones: patterns('Limits the token to these zones with all that is in them, and to what `services` gives'),
    expiresAt: Type.Optional(Type.String({ description: 'RFC 3339; left out: it does not expire.' })),
  },
  {
    ...strict,
    examples: [
      { name: 'ci', scope: 'release', services: ['*.example.com'], expiresAt: '2030-01-31T12:00:00Z' },
      { name: 'dashboard', scope: 'read' },
    ],
  },
);

/** An empty path segment is no name: the root is not meant by `/v1/zones/`. */
const name = (description: string) => Type.String({ minLength: 1, description });

export const ZoneParams = Type.Object({ zone: name('Name of the zone, without the final dot.') });
export const RRsetParams = Type.Object({
  zone: name('Name of the zone, without the final dot.'),
  name: name('Owner name in full, without the final dot; `*` as the leftmost label, other bytes as `\\DDD`.'),
  type: name('Record type such as `MX`, or `TYPE65280` (RFC 3597).'),
});
const releaseId = Type.String({ minLength: 1, description: 'Id of the release, as the reply that made it says.' });
export const ReleaseParams = Type.Object({ id: releaseId });
export const ServiceReleaseParams = Type.Object({
  name: name('Name of the service, without the final dot.'),
  id: releaseId,
});
export const TokenParams = Type.Object({ name: name('Name of the token.') });
export const ServiceParams = Type.Object({ name: name('Name of the service, without the final dot.') });

export const ServicePoolParams = Type.Object({
  name: name('Name of the service, without the final dot.'),
  pool: Type.String({ minLength: 1, description: 'Name of one of its pools.' }),
});

const limit = Type.Optional(
  Type.Integer({ minimum: 1, maximum: PAGE_MAX, description: `${PAGE_DEFAULT} if left out.` }),
);

export const NamePageQuery = Type.Object(
  { after: Type.Optional(Type.String({ description: '`next` of the page before.' })), limit },
  strict,
);
export const ExplainQuery = Type.Object(
  {
    client: Type.Optional(
      Type.String({ description: 'An address or a network: 203.0.113.7; left out, the one that asks.' }),
    ),
    type: Type.Optional(oneOf([...EXPLAINED_TYPES], { description: 'A if left out.' })),
    draws: Type.Optional(
      Type.Integer({ minimum: 1, maximum: DRAWS_MAX, description: `Answers that \`split\` counts; ${DRAWS_DEFAULT}.` }),
    ),
  },
  strict,
);

const revisionAfter = (description: string) => Type.Optional(Type.Integer({ minimum: 0, description }));

const releasePage = { after: revisionAfter('Only releases with a higher id.'), limit };

export const ReleasePageQuery = Type.Object(releasePage, strict);
export const AllReleasesPageQuery = Type.Object(
  {
    ...releasePage,
    state: Type.Optional(oneOf(['active'], { description: 'Only those that go on or are paused.' })),
  },
  strict,
);

/** Of the log, and of what concerns one service. */
export const RevisionPageQuery = Type.Object(
  {
    after: revisionAfter('The last revision of the page before: only what follows it in the order asked for.'),
    limit,
    order: Type.Optional(oneOf(['oldest', 'newest'], { description: 'Which comes first; `oldest` if left out.' })),
  },
  strict,
);
export const WebhookBody = Type.Object(
  {
    url: Type.String({ description: 'http or https; the setting `probes.allow` says which networks it may be in.' }),
    secret: Type.Optional(
      secret(
        '`whsec_` and base64 (Standard Webhooks). Left out: the one it has, or a new one, which the reply has this once; else that has {"set":true}.',
      ),
    ),
    triggers: Type.Array(oneOf([...WEBHOOK_TRIGGERS]), { description: 'What it is told of.' }),
    services: patterns('Only what is about one of these services'),
  },
  {
    ...strict,
    examples: [
      {
        url: 'https://chat.example.com/hooks/releases',
        triggers: ['on-release-completed', 'on-release-aborted', 'on-analysis-run-failed'],
        services: ['*.example.com'],
      },
    ],
  },
);
export const WebhookParams = Type.Object({ name: name('Name of the webhook.') });
export const DeliveryParams = Type.Object({
  name: name('Name of the webhook.'),
  id: Type.String({ minLength: 1, description: 'Id of the delivery; the receiver knows it as webhook-id.' }),
});
export const DeliveryPageQuery = Type.Object(
  {
    state: Type.Optional(oneOf(['pending', 'dead'], { description: 'Left out: both.' })),
    after: Type.Optional(Type.Integer({ minimum: 0, description: '`next` of the page before.' })),
    limit,
  },
  strict,
);
export const EventsQuery = Type.Object(
  { lastEventId: Type.Optional(Type.String({ description: 'As `Last-Event-ID`, which counts where both are sent.' })) },
  strict,
);
export const DrainQuery = Type.Object(
  {
    check: Type.Optional(
      oneOf(['now'], { description: 'Asks the resolvers of the setting propagation.resolvers before it answers.' }),
    ),
  },
  strict,
);

export const ZoneDeleteQuery = Type.Object(
  {
    services: Type.Optional(
      oneOf(['delete'], { description: 'Deletes the services of the zone with it; without it they are a 409.' }),
    ),
  },
  strict,
);
