/** The bounds that the document has for numbers of bodies: what is outside is refused, by the code that it names. */
import t from 'tap';
import { makeDirectory, seed, startApi } from '../fixtures/api.ts';
import type { Document } from '../fixtures/openapi.ts';

/** Each with every number that the model bounds. */
const bodies: Readonly<Record<string, readonly { method: string; url: string; body: object }[]>> = {
  ZoneBody: [{ method: 'PUT', url: '/v1/zones/other.test', body: zone() }],
  RRsetBody: [
    {
      method: 'PUT',
      url: '/v1/zones/example.test/rrsets/a.example.test/A',
      body: { ttlSeconds: 1, rdata: ['192.0.2.1'] },
    },
    { method: 'PUT', url: '/v1/zones/example.test/rrsets/a.example.test/RRSIG', body: signatures() },
  ],
  RecordChangesBody: [
    {
      method: 'POST',
      url: '/v1/zones/example.test/changes',
      body: {
        changes: [
          { add: { name: 'b.example.test', type: 'A', ttlSeconds: 1, values: ['192.0.2.1'] } },
          { put: { name: 'c.example.test', type: 'A', ttlSeconds: 1, rdata: ['192.0.2.1'] } },
          {
            put: { name: 'c.example.test', type: 'RRSIG', ...signatures() },
          },
        ],
        apex: {
          ...{ ttlSeconds: 1, nameserversTtlSeconds: 1, negativeTtlSeconds: 1 },
          ...{ refreshSeconds: 1, retrySeconds: 1, expireSeconds: 1 },
        },
      },
    },
  ],
  ServiceBody: [
    { method: 'PUT', url: '/v1/services/more.example.test', body: service({ tcp: { port: 1 } }) },
    {
      method: 'PUT',
      url: '/v1/services/more.example.test',
      body: service({ http: { port: 1, expectStatus: [200], maxRedirects: 1 } }),
    },
  ],
  WeightsBody: [{ method: 'PUT', url: '/v1/services/app.example.test/weights', body: { blue: 1, green: 1 } }],
  ShiftBody: [{ method: 'POST', url: '/v1/shifts', body: { services: { 'app.example.test': { blue: 1, green: 1 } } } }],
  ForcedBody: [
    { method: 'PUT', url: '/v1/services/app.example.test/health/blue', body: { state: 'up', durationSeconds: 1 } },
  ],
  ApplyBody: [
    apply({ zones: { 'more.test': zone() } }),
    apply({
      records: {
        'd.example.test': { A: { ttlSeconds: 1, rdata: ['192.0.2.1'] }, RRSIG: signatures() },
      },
    }),
    apply({ services: { 'one.example.test': service({ tcp: { port: 1 } }) } }),
    apply({
      services: { 'one.example.test': service({ http: { port: 1, expectStatus: [200], maxRedirects: 1 } }) },
    }),
  ],
  SigningBody: [{ method: 'PUT', url: '/v1/zones/example.test/dnssec', body: { dnskeyTtlSeconds: 1 } }],
  ReleaseBody: [{ method: 'POST', url: '/v1/services/app.example.test/releases', body: release() }],
  ReleasesBody: [{ method: 'POST', url: '/v1/releases', body: { services: ['app.example.test'], ...release() } }],
};

function zone(): object {
  return {
    nameservers: ['ns1.example.test'],
    hostmaster: 'hostmaster.example.test',
    ...{ ttlSeconds: 1, nameserversTtlSeconds: 1, negativeTtlSeconds: 1 },
    ...{ refreshSeconds: 1, retrySeconds: 1, expireSeconds: 1 },
  };
}

function signatures(): { ttlSeconds: number; recordTtlSeconds: number[]; rdata: string[] } {
  return {
    ttlSeconds: 1,
    recordTtlSeconds: [1, 2],
    rdata: ['A', 'AAAA'].map((type) => `${type} 8 3 1 20300101000000 20200101000000 1 example.test. AAAA`),
  };
}

function apply(declared: object): { method: string; url: string; body: object } {
  return { method: 'POST', url: '/v1/apply', body: { dryRun: true, ...declared } };
}

function service(check: object): object {
  return {
    ttlSeconds: 1,
    release: { ttlSeconds: 1 },
    health: { ...check, intervalSeconds: 1, timeoutSeconds: 1, rise: 1, fall: 1 },
    pools: { blue: { weight: 1, targets: ['192.0.2.1'] }, green: { weight: 1, targets: ['192.0.2.2'] } },
  };
}

function release(): object {
  const analysis = {
    ...{ intervalSeconds: 1, count: 2, failureLimit: 1, consecutiveErrorLimit: 1, timeoutSeconds: 1 },
    metrics: [{ name: 'seen', samples: { answers: 1, resolvers: 1 } }],
  };
  return { to: 'green', dryRun: true, steps: [{ setWeight: 100 }, { analysis }] };
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly type?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly 'x-code'?: string;
}

/** Numbers with a code; texts that have one are the same on every write (why.test.ts). */
function isBounded({ type, ...schema }: Schema): boolean {
  return schema['x-code'] !== undefined && type !== 'string';
}

/** Calls `seen` for every number in a body whose schema has a code, with a way to put another in its place. */
function visit(schema: Schema, body: unknown, place: string, seen: (schema: Schema, place: string) => void): void {
  if (isBounded(schema)) seen(schema, place);
  if (typeof body !== 'object' || body === null) return;
  for (const [key, value] of Object.entries(body)) {
    const within = schema.properties?.[key] ?? schema.items ?? schema.additionalProperties;
    if (within !== undefined) visit(within, value, `${place}/${key}`, seen);
  }
}

/** A copy with another number at a place. */
function withNumber(body: object, place: string, number: number): object {
  const copy = structuredClone(body) as Record<string, unknown>;
  const keys = place.split('/').slice(1);
  const last = keys.pop() as string;
  const holder = keys.reduce((value, key) => value[key] as Record<string, unknown>, copy);
  holder[last] = number;
  return copy;
}

/** The places of a schema that have numbers with a code. */
function places(schema: Schema, place = ''): string[] {
  if (isBounded(schema)) return [place];
  const { properties = {}, items, additionalProperties } = schema;
  return [
    ...Object.entries(properties).flatMap(([key, each]) => places(each, `${place}/${key}`)),
    ...[items, additionalProperties].flatMap((each) => (each ? places(each, `${place}/*`) : [])),
  ];
}

t.test('what is out of bounds gets the code that the document names', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  const { components } = (await api.app.inject('/openapi.json')).json<Document>();
  const schemas = components.schemas as Record<string, Schema>;
  const bounded = Object.keys(schemas).filter((name) => places(schemas[name]).length > 0);
  t.same(Object.keys(bodies).sort(), bounded.sort());
  for (const [name, requests] of Object.entries(bodies)) {
    const schema = schemas[name];
    const visited = new Set<string>();
    for (const { method, url, body } of requests) {
      const fit = await api.request(method, url, { body });
      t.ok(fit.statusCode < 300, `${name}: ${fit.body}`);
      const seen: [Schema, string][] = [];
      visit(schema, body, '', (...one) => seen.push(one));
      for (const [{ minimum = 0, maximum = 0, type, 'x-code': code }, place] of seen) {
        visited.add(place);
        const wrong = [minimum - 1, maximum + 1, ...(type === 'integer' ? [minimum + 0.5] : [])];
        for (const number of wrong) {
          const refused = await api.request(method, url, { body: withNumber(body, place, number) });
          t.match(refused.json(), { status: 422, code }, `${name}${place}: ${number} ${refused.body}`);
        }
      }
    }
    for (const place of places(schema)) {
      const shape = new RegExp(`^${place.replaceAll('*', '[^/]+')}$`);
      t.ok(
        [...visited].some((one) => shape.test(one)),
        `${name}${place} was tried`,
      );
    }
  }
});
