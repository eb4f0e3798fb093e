/** The shapes of health checks and forced states, in requests and replies. */
import { Type } from 'typebox';
import { HEALTH_DEFAULTS } from '../model/health.ts';
import { FORCED_DEFAULT_SECONDS, FORCED_MAX_SECONDS } from '../model/health-forced.ts';
import { BODY_READ_MAX_BYTES, METHODS, REDIRECTS_MAX } from '../model/health-http.ts';
import type { HeadersBody } from '../model/http-headers.ts';
import type { SecretBody } from '../model/secret.ts';

const strict = { additionalProperties: false } as const;

const count = (description: string) => Type.Optional(Type.Number({ description }));

/** An object that maps names to texts; see mapOf in schemas.ts. */
const texts = (description: string) =>
  Type.Unsafe<Record<string, string>>({ type: 'object', additionalProperties: { type: 'string' }, description });

/** A text that is written once: a reply has the object in its place, and who sends that back keeps the text. */
export const secret = (description: string) =>
  Type.Unsafe<SecretBody>({
    description,
    anyOf: [
      { type: 'string' },
      { type: 'object', required: ['set'], properties: { set: { const: true } }, additionalProperties: false },
    ],
  });

/** Headers of a request; any of them can be a key. */
export const headers = Type.Unsafe<HeadersBody>({
  type: 'object',
  additionalProperties: secret('Written once, shown as {"set":true}; that sent back keeps it.'),
  description: 'Values by name. Each is a secret: written once, shown as {"set":true}, which keeps it where sent back.',
});

/** One of two words; see oneOf in schemas.ts. */
const upOrDown = (description: string) =>
  Type.Unsafe<'up' | 'down'>({ type: 'string', enum: ['up', 'down'], description });

const HttpCheck = Type.Object(
  {
    scheme: Type.Optional(Type.String({ description: '`http` or `https`; `http` where left out.' })),
    port: count('80, or 443 for https, where left out.'),
    method: Type.Optional(Type.String({ description: `One of ${METHODS.join(', ')}; GET where left out.` })),
    path: Type.Optional(Type.String({ description: 'With the query; `/` where left out.' })),
    host: Type.Optional(
      Type.String({ description: "The Host header, and the server's name over TLS; the service's where left out." }),
    ),
    headers: Type.Optional(headers),
    expectStatus: Type.Optional(
      Type.Array(Type.Number(), { description: 'Statuses that pass; 200 to 299 where left out.' }),
    ),
    expectBody: Type.Optional(
      Type.String({ description: `A text that the first ${BODY_READ_MAX_BYTES} bytes of the body must hold.` }),
    ),
    maxRedirects: count(`Redirects to follow, up to ${REDIRECTS_MAX}; 0 where left out.`),
    verifyCertificate: Type.Optional(Type.Boolean({ description: 'False: any certificate will do.' })),
  },
  strict,
);

export const HealthBody = Type.Object(
  {
    http: Type.Optional(HttpCheck),
    tcp: Type.Optional(
      Type.Object({ port: Type.Number() }, { ...strict, description: 'A connection that is made has passed.' }),
    ),
    intervalSeconds: count(`Between probes of a target; ${HEALTH_DEFAULTS.intervalSeconds} where left out.`),
    timeoutSeconds: count(`Without an answer for so long a probe has failed; ${HEALTH_DEFAULTS.timeoutSeconds}.`),
    rise: count(`Passed probes in a row that bring a target up; ${HEALTH_DEFAULTS.rise}.`),
    fall: count(`Failed probes in a row that take a target down; ${HEALTH_DEFAULTS.fall}.`),
    probe: Type.Optional(
      texts('Where targets are asked, if not at their own address: an address or host name, with a port if need be.'),
    ),
  },
  { ...strict, description: 'How the targets are checked: exactly one of `http` and `tcp`.' },
);

const target = Type.Optional(Type.String({ description: 'One target of the pool; the whole pool where left out.' }));

export const ForcedBody = Type.Object(
  {
    state: upOrDown('What counts as true until the time is over, whatever probes see.'),
    durationSeconds: count(`How long; ${FORCED_DEFAULT_SECONDS} where left out, at most ${FORCED_MAX_SECONDS}.`),
    target,
  },
  {
    ...strict,
    examples: [
      { state: 'down', durationSeconds: 600 },
      { state: 'up', target: '192.0.2.10' },
    ],
  },
);

export const UnforceQuery = Type.Object({ target }, strict);

const Forced = Type.Object(
  {
    state: upOrDown('Counts as true.'),
    until: Type.String({ format: 'date-time' }),
    actor: Type.String({ description: 'The name of the token that decided it.' }),
  },
  strict,
);

const maybeForced = Type.Union([Type.Null(), Forced], { description: 'null: nothing is forced.' });

const TargetHealth = Type.Object(
  {
    state: Type.Unsafe<string>({
      type: 'string',
      enum: ['up', 'down', 'unknown'],
      description: 'What probes see. `unknown` counts as up.',
    }),
    since: Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time' }),
    reason: Type.String({ description: 'What the last probe came to.' }),
    forced: maybeForced,
  },
  strict,
);

/** An object that maps names to values. */
const mapOf = (value: object) => Type.Unsafe<object>({ type: 'object', additionalProperties: value });

/** Schemas with names of their own in the document. */
export const healthComponents = [
  Type.Object(
    {
      service: Type.String(),
      failOpen: Type.Boolean({ description: 'No pool that has weight is healthy, so all are answered from.' }),
      pools: mapOf(
        Type.Object(
          {
            healthy: Type.Boolean({ description: 'It has a target that is up, or forced up.' }),
            share: Type.Number({ description: 'Its share of the answers now.' }),
            forced: maybeForced,
            targets: mapOf(TargetHealth),
          },
          strict,
        ),
      ),
    },
    { ...strict, $id: 'ServiceHealth' },
  ),
  Type.Object(
    {
      service: Type.String(),
      pool: Type.String(),
      target,
      forced: Forced,
      revision: Type.Integer({ description: 'The last revision that changed the service; its ETag.' }),
    },
    { ...strict, $id: 'ForcedHealth' },
  ),
];
