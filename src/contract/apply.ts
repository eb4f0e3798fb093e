/** What files declare, all of it at once: what is sent to be compared, and what is said of it. */
import type { Static, TObject, TSchema } from 'typebox';
import { Freeze, FreezeBody } from './freezes.ts';
import { Service, ServiceBody } from './services.ts';
import { mapOf, oneOf, strict, ttl, whole } from './shapes.ts';
import { Token, TokenBody } from './tokens.ts';
import { Type } from './type.ts';
import { Webhook, WebhookBody } from './webhooks.ts';
import { why } from './why.ts';
import { RRset, RRsetBody, Zone, ZoneBody } from './zones.ts';

/** A body as its own request takes it, without why, which is said once for all; and without what its key says. */
function declared<Schema extends TObject, Key extends string = never>(schema: Schema, ...named: Key[]) {
  const { $id: _id, examples: _examples, ...rest } = schema as unknown as Record<string, unknown>;
  const { properties, required = [] } = rest as { properties: Record<string, TSchema>; required?: string[] };
  const without = [...Object.keys(why), ...named];
  return Type.Unsafe<Omit<Static<Schema>, keyof typeof why | Key>>({
    ...rest,
    properties: Object.fromEntries(Object.entries(properties).filter(([key]) => !without.includes(key))),
    required: required.filter((key) => !without.includes(key)),
  });
}

const DeclaredRRset = Type.Object(
  {
    zone: Type.Optional(
      Type.String({
        description:
          'The zone that holds it; left out, the longest one that holds the name, of the file or the server.',
      }),
    ),
    ttlSeconds: ttl('0 to 2147483647 (RFC 2181 §8).'),
    recordTtlSeconds: RRsetBody.properties.recordTtlSeconds,
    rdata: RRsetBody.properties.rdata,
    labels: RRsetBody.properties.labels,
  },
  strict,
);

/** The keys of a file. */
export const declarations = {
  zones: Type.Optional(mapOf(declared(ZoneBody), { description: 'Zones by name: SOA and NS, not their records.' })),
  records: Type.Optional(
    mapOf(mapOf(DeclaredRRset, { description: 'RRsets by type.' }), {
      description: 'Plain records by owner name, in full, and then by type.',
    }),
  ),
  services: Type.Optional(mapOf(declared(ServiceBody), { description: 'Services by name.' })),
  tokens: Type.Optional(
    mapOf(declared(TokenBody, 'name'), {
      description: 'Tokens by name. One that is there is compared, and never made anew.',
    }),
  ),
  webhooks: Type.Optional(
    mapOf(declared(WebhookBody), {
      description: 'Webhooks by name. Where no secret is named the one that it has stays.',
    }),
  ),
  freezes: Type.Optional(
    mapOf(declared(FreezeBody), { description: 'Freezes by name. Their labels say for which services they are.' }),
  ),
};

const Prune = Type.Object(
  {
    labels: mapOf(Type.String(), {
      description:
        'At least one. Only zones, RRsets and services that bear all of them are taken away, and freezes that have all of them as `ownLabels`; never tokens or webhooks.',
    }),
  },
  { ...strict, description: 'Takes away what bears the labels and is not declared.' },
);

export const ApplyBody = Type.Object(
  {
    dryRun: Type.Literal(true, { description: 'Nothing is done: each noun is written by its own request.' }),
    ...declarations,
    weights: Type.Optional(
      oneOf(['keep', 'declared'], {
        description:
          '`keep` (if left out): a pool that is there keeps the weight in force, so that no file takes back a release or a canary. `declared`: it gets the one that is declared.',
      }),
    ),
    prune: Type.Optional(Prune),
    ...why,
  },
  {
    ...strict,
    $id: 'ApplyBody',
    examples: [
      {
        dryRun: true,
        zones: { 'example.com': { nameservers: ['ns1.example.com'], hostmaster: 'hostmaster.example.com' } },
        records: { 'www.example.com': { A: { ttlSeconds: 300, rdata: ['192.0.2.80'] } } },
        services: {
          'app.example.com': {
            pools: { blue: { targets: ['192.0.2.10'], weight: 1 }, green: { targets: ['192.0.2.20'], weight: 0 } },
          },
        },
        tokens: { ci: { scope: 'release', services: ['*.example.com'] } },
        freezes: { weekend: { timeZone: 'Europe/Berlin', windows: [{ from: 'Fri 16:00', to: 'Mon 08:00' }] } },
        prune: { labels: { 'managed-by': 'apply' } },
      },
    ],
  },
);

/** A file by itself, for editors that check YAML while it is written: docs/apply.schema.json. */
export const ApplyFile = Type.Object(
  {
    ...declarations,
    labels: Type.Optional(
      mapOf(Type.String(), {
        description:
          'Labels of all zones, records and services of this document, and `ownLabels` of its freezes, besides those that they name.',
      }),
    ),
  },
  { ...strict, title: 'A file that `teal apply` takes' },
);

const orNull = <Schema extends TSchema>(schema: Schema, description: string) =>
  Type.Unsafe<Static<Schema> | null>({ anyOf: [schema, { type: 'null' }], description });

const key = Type.Optional(Type.String({ description: 'Its name as it was declared; absent where it is taken away.' }));
const action = oneOf(['make', 'change', 'delete', 'none'], { description: '`none`: it is as declared.' });

const difference = <Schema extends TSchema>(schema: Schema) => ({
  key,
  name: Type.String({ description: 'Canonical.' }),
  action,
  before: orNull(schema, 'null: it is not there.'),
  after: orNull(schema, 'null: it will be gone.'),
});

const keptWeights = Type.Optional(
  mapOf(Type.Object({ declared: whole('Of the body.'), inForce: whole('That stays.') }), {
    description: 'Pools whose declared weight is passed over, see `weights`.',
  }),
);

const Step = Type.Object(
  {
    zone: Type.Optional(Type.Object(difference(Zone))),
    records: Type.Optional(
      Type.Object({
        zone: Type.String(),
        revision: whole('Of the zone now; 0: it is not there yet.'),
        rrsets: Type.Array(Type.Object({ ...difference(RRset), type: Type.String() })),
      }),
    ),
    service: Type.Optional(Type.Object({ ...difference(Service), keptWeights })),
    token: Type.Optional(Type.Object(difference(Token))),
    webhook: Type.Optional(Type.Object(difference(Webhook))),
    freeze: Type.Optional(Type.Object(difference(Freeze))),
  },
  { description: 'Exactly one of them.' },
);

export const ApplyPlan = Type.Object(
  {
    dryRun: Type.Literal(true),
    revision: whole(
      'The last one of the server that this was worked out from. A noun with a later one is of a step before.',
    ),
    steps: Type.Array(Step, {
      description:
        'In the order in which they can be done: freezes that are taken away, zones, records (those of a zone at once), services, tokens, webhooks, freezes, and then what else is taken away.',
    }),
  },
  { $id: 'ApplyPlan' },
);
