/** The zones, RRsets and services that an empty store starts with. The engine checks what they say; this is their form. */
import Type from 'typebox';

const seconds = Type.Optional(Type.Integer({ minimum: 0, expected: 'a whole number of seconds' }));
const words = Type.Array(Type.String(), { expected: 'a list of texts' });
const word = Type.String({ expected: 'a text' });

function body<Properties extends Type.TProperties>(properties: Properties) {
  return Type.Object(properties, { additionalProperties: false, expected: 'a group of keys' });
}

function byName<Body extends Type.TSchema>(schema: Body) {
  return Type.Record(Type.String(), schema, { expected: 'names with a body each' });
}

const zone = body({
  nameservers: words,
  hostmaster: word,
  ttlSeconds: seconds,
  negativeTtlSeconds: seconds,
  refreshSeconds: seconds,
  retrySeconds: seconds,
  expireSeconds: seconds,
});

const rrset = body({
  zone: word,
  name: word,
  type: word,
  ttlSeconds: Type.Integer({ minimum: 0, expected: 'a whole number of seconds' }),
  rdata: words,
});

const service = body({
  ttlSeconds: seconds,
  pick: Type.Optional(Type.Literal('random', { expected: 'random' })),
  pools: byName(
    body({
      weight: Type.Optional(Type.Integer({ expected: 'a whole number' })),
      targets: words,
    }),
  ),
});

const content = Type.Object(
  {
    zones: Type.Optional(byName(zone)),
    rrsets: Type.Optional(Type.Array(rrset, { expected: 'a list of RRsets' })),
    services: Type.Optional(byName(service)),
  },
  { additionalProperties: false, whole: true, expected: 'zones, rrsets and services' },
);

export const bootstrap = Type.Decode(content, ({ zones = {}, rrsets = [], services = {} }) => ({
  zones,
  rrsets,
  services,
}));
