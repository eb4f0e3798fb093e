/** Health checks and forced states, as they are sent and shown. */
import { decimal, headers, mapOf, oneOf, revision, strict, time, timeOrNull, whole } from './shapes.ts';
import { Type } from './type.ts';
import { why } from './why.ts';

/** A whole number that the model holds to these bounds. */
const count = (description: string, [minimum, maximum]: readonly [number, number]) =>
  whole(description, { minimum, maximum, code: 'health_invalid' });

const PORTS = [1, 65_535] as const;

const upOrDown = (description: string) => oneOf(['up', 'down'], { description });

const HttpCheck = Type.Object(
  {
    scheme: Type.Optional(Type.String({ description: '`http` or `https`; `http` where left out.' })),
    port: Type.Optional(count('80, or 443 for https, where left out.', PORTS)),
    method: Type.Optional(Type.String({ description: 'One of GET, HEAD, OPTIONS, POST; GET where left out.' })),
    path: Type.Optional(Type.String({ description: 'With the query; `/` where left out.' })),
    host: Type.Optional(
      Type.String({ description: "The Host header, and the server's name over TLS; the service's where left out." }),
    ),
    headers: Type.Optional(headers),
    expectStatus: Type.Optional(
      Type.Array(count('Of HTTP.', [200, 599]), {
        description: 'Statuses that pass; 200 to 299 where left out.',
      }),
    ),
    expectBody: Type.Optional(Type.String({ description: 'A text that the first 65536 bytes of the body must hold.' })),
    maxRedirects: Type.Optional(count('Redirects to follow, up to 5; 0 where left out.', [0, 5])),
    verifyCertificate: Type.Optional(Type.Boolean({ description: 'False: any certificate will do.' })),
  },
  strict,
);

const quorum = Type.Unsafe<'majority' | number>({
  description:
    'In a fleet: how many nodes have to see a target down, or `majority`; where left out each goes by what it sees itself.',
  anyOf: [
    { type: 'string', enum: ['majority'], 'x-code': 'health_invalid' },
    count('All, where there are fewer.', [1, 50]),
  ],
});

export const HealthBody = Type.Object(
  {
    http: Type.Optional(HttpCheck),
    tcp: Type.Optional(
      Type.Object(
        { port: count('Of every target.', PORTS) },
        { ...strict, description: 'A connection that is made has passed.' },
      ),
    ),
    intervalSeconds: Type.Optional(count('Between probes of a target; 5 where left out.', [1, 3600])),
    timeoutSeconds: Type.Optional(count('Without an answer for so long a probe has failed; 2.', [1, 60])),
    rise: Type.Optional(count('Passed probes in a row that bring a target up; 2.', [1, 10])),
    fall: Type.Optional(count('Failed probes in a row that take a target down; 3.', [1, 10])),
    probe: Type.Optional(
      mapOf(Type.String(), {
        description:
          'Where targets are asked, if not at their own address: an address or host name, with a port if need be.',
      }),
    ),
    quorum: Type.Optional(quorum),
  },
  { ...strict, description: 'How the targets are checked: exactly one of `http` and `tcp`.' },
);

const target = Type.Optional(Type.String({ description: 'One target of the pool; the whole pool where left out.' }));

export const ForcedBody = Type.Object(
  {
    state: upOrDown('What counts as true until the time is over, whatever probes see.'),
    durationSeconds: Type.Optional(count('How long; 3600 where left out, at most 2592000.', [1, 30 * 24 * 3600])),
    target,
    ...why,
  },
  {
    ...strict,
    $id: 'ForcedBody',
    examples: [
      { state: 'down', durationSeconds: 600 },
      { state: 'up', target: '192.0.2.10' },
    ],
  },
);

export const UnforceQuery = Type.Object({ target }, strict);

export const Forced = Type.Object({
  state: upOrDown('Counts as true.'),
  until: time(),
  actor: Type.String({ description: 'The name of the token that decided it.' }),
});

const maybeForced = Type.Union([Type.Null(), Forced], { description: 'null: nothing is forced.' });

const state = (description: string) => oneOf(['up', 'down', 'unknown'], { description });

const NodeView = Type.Object({
  node: Type.String(),
  state: state('What its probes see.'),
  since: timeOrNull('null: nothing is known.'),
  reason: Type.String({ description: 'What its last probe came to; empty where that is not told.' }),
  heard: Type.Boolean({ description: 'False: it is out, or told nothing lately, and has no say.' }),
});

export const TargetHealth = Type.Object({
  state: state('What probes of this server see. `unknown` counts as up.'),
  since: timeOrNull('null: it was not seen yet.'),
  reason: Type.String({ description: 'What the last probe came to.' }),
  agreed: Type.Unsafe<'up' | 'down' | null>({
    type: ['string', 'null'],
    enum: ['up', 'down', null],
    description:
      'What the nodes together make of it, where the check has a quorum: that is answered by, and not `state`.',
  }),
  views: Type.Array(NodeView, { description: 'In a fleet: what each node sees.' }),
  forced: maybeForced,
});

export const ServiceHealth = Type.Object(
  {
    service: Type.String(),
    quorum: Type.Union(
      [
        Type.Null(),
        Type.Object({
          asked: quorum,
          needed: whole('Nodes that have to see a target down.'),
          nodes: whole('Of the fleet; 1 where there is none.'),
        }),
      ],
      { description: 'null: this server goes by what it sees itself.' },
    ),
    failOpen: Type.Boolean({ description: 'No pool that has weight is healthy, so all are answered from.' }),
    pools: mapOf(
      Type.Object({
        healthy: Type.Boolean({ description: 'It has a target that is up, or forced up.' }),
        share: decimal('Its share of the answers now.', { minimum: 0, maximum: 1 }),
        forced: maybeForced,
        targets: mapOf(TargetHealth),
      }),
    ),
  },
  { $id: 'ServiceHealth' },
);

export const ForcedHealth = Type.Object(
  { service: Type.String(), pool: Type.String(), target, forced: Forced, revision },
  { $id: 'ForcedHealth' },
);
