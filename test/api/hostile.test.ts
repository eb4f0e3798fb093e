/** Requests of any shape: each is answered or refused, none is an unexpected error. */
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { type ApiFixture, makeDirectory, seed, startApi } from '../fixtures/api.ts';
import { runs } from '../fixtures/runs.ts';

/** Method, URL, body. */
type Attempt = readonly [string, string, unknown];

/** Numbers and texts that code forgets about, beside any others. */
const number = fc.oneof(fc.nat(10), fc.constantFrom(-0, -1, 0.5, 65535, 65536, 2 ** 31, 2 ** 53, 1e308, 5e-324));
const text = fc.oneof(
  fc.constantFrom(
    '',
    '.',
    '..',
    '*',
    '\\',
    '\\256',
    '\u0000',
    'é',
    '::1',
    '192.0.2.1',
    '192.0.2.999',
    'a.example.test',
  ),
  fc.constantFrom('a'.repeat(64), 'a.'.repeat(128), '10 mail.example.net.', '"', '"a" "b"', '\\# 1 00', 'constructor'),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const texts = fc.array(text, { maxLength: 4 });
const key = fc.oneof(fc.constantFrom('blue', 'green', 'constructor', 'toString', '', '/', '~'), text);
const mapOf = <Value>(value: fc.Arbitrary<Value>) => fc.dictionary(key, value, { maxKeys: 4 });

const segment = fc.oneof(
  fc.constantFrom(
    'example.test',
    'app.example.test',
    'new.example.test',
    '%2A.example.test',
    'A',
    'TXT',
    'mx',
    'TYPE0',
  ),
  // A client takes dots away before it sends them.
  text.map((one) => encodeURIComponent(one.toWellFormed())).filter((one) => !/^\.{1,2}$/.test(one)),
);
const path = (shape: string) =>
  fc
    .array(segment, { minLength: 3, maxLength: 3 })
    .map((all) => all.reduce((made, one) => made.replace('S', one), shape));

const zoneBody = fc.record(
  { nameservers: texts, hostmaster: text, ttlSeconds: number, negativeTtlSeconds: number, retrySeconds: number },
  { requiredKeys: ['nameservers', 'hostmaster'] },
);
const rrsetBody = fc.record({ ttlSeconds: number, rdata: texts });
const ref = fc.record({
  name: fc.oneof(fc.constantFrom('www.example.test', 'app.example.test', 'example.test'), text),
  type: fc.oneof(fc.constantFrom('A', 'TXT', 'CNAME', 'DNAME', 'NS', 'SOA'), text),
});
const within = (more: fc.Arbitrary<object>) => fc.tuple(ref, more).map(([one, other]) => ({ ...one, ...other }));
const change = fc.record(
  {
    put: within(rrsetBody),
    add: within(fc.record({ ttlSeconds: number, values: texts }, { requiredKeys: ['values'] })),
    remove: within(fc.record({ values: texts })),
    delete: ref,
  },
  { requiredKeys: [], noNullPrototype: true },
);
const changesBody = fc.record({ changes: fc.array(change, { maxLength: 4 }) });
const pool = fc.record({ weight: number, targets: texts }, { requiredKeys: ['targets'] });
const serviceBody = fc.record(
  { ttlSeconds: number, pools: mapOf(pool), release: fc.record({ ttlSeconds: number }) },
  { requiredKeys: ['pools'] },
);
const weights = fc.oneof(mapOf(number), fc.record({ blue: number, green: number }));
const services = fc.dictionary(fc.oneof(fc.constantFrom('app.example.test', 'API.example.test.'), text), weights);

const metric = fc.oneof(
  fc.record({ name: text, web: fc.record({ url: fc.oneof(fc.webUrl(), text) }) }),
  fc.record({
    name: text,
    prometheus: fc.record({ address: fc.oneof(fc.webUrl(), text), query: text }),
    thresholdRange: fc.record({ min: number, max: number }, { requiredKeys: [] }),
  }),
);
const analysis = fc.record(
  {
    intervalSeconds: number,
    count: number,
    failureLimit: number,
    timeoutSeconds: number,
    metrics: fc.array(metric, { maxLength: 3 }),
  },
  { requiredKeys: ['metrics'] },
);
const step = fc.oneof(
  fc.record({
    setWeight: fc.oneof(
      number,
      fc.integer({ min: 0, max: 10_000 }).map((parts) => parts / 100),
    ),
  }),
  fc.record({
    pause: fc.record({ duration: fc.oneof(number, text, fc.constantFrom('30s', '5m')) }, { requiredKeys: [] }),
  }),
  fc.record({ analysis }),
);
const release = fc.record(
  {
    to: fc.oneof(fc.constant('green'), key),
    steps: fc.array(step, { maxLength: 4 }),
    preset: text,
    dryRun: fc.boolean(),
  },
  { requiredKeys: ['to', 'steps'], noNullPrototype: true },
);
const verb = fc.constantFrom('promote', 'pause', 'resume', 'abort', 'retry');
const releaseId = fc.oneof(fc.integer({ min: 1, max: 40 }).map(String), segment);

/** Requests of the right shape with any values. */
const shaped: fc.Arbitrary<Attempt> = fc.oneof(
  fc.tuple(fc.constant('PUT'), path('/v1/zones/S'), zoneBody),
  fc.tuple(fc.constant('PUT'), path('/v1/zones/example.test/rrsets/S/S'), rrsetBody),
  fc.tuple(fc.constant('POST'), fc.constant('/v1/zones/example.test/changes'), changesBody),
  fc.tuple(fc.constant('PUT'), path('/v1/services/S'), serviceBody),
  fc.tuple(fc.constant('PUT'), path('/v1/services/S/weights'), weights),
  fc.tuple(fc.constant('POST'), fc.constant('/v1/shifts'), fc.record({ services })),
  fc.tuple(fc.constant('POST'), path('/v1/services/S/rollback'), fc.record({ revision: number })),
  fc.tuple(fc.constant('POST'), path('/v1/services/S/releases'), release),
  fc.tuple(fc.constant('POST'), fc.constant('/v1/services/app.example.test/releases'), release),
  fc.tuple(
    fc.constant('POST'),
    fc.tuple(releaseId, verb).map(([id, verb]) => `/v1/releases/${id}/${verb}`),
    fc.constantFrom({}, undefined),
  ),
  fc.tuple(fc.constantFrom('GET', 'DELETE'), path('/v1/zones/S/rrsets/S/S'), fc.constant(undefined)),
  fc.tuple(fc.constant('GET'), path('/v1/zones/S/rrsets?after=S'), fc.constant(undefined)),
  fc.tuple(fc.constant('GET'), path('/v1/services/S/history?after=S'), fc.constant(undefined)),
);

const shapes = [
  '/v1/services/S/releases',
  '/v1/releases/S',
  '/v1/releases/S/promote',
  '/v1/zones/S',
  '/v1/zones/S/rrsets/S/S',
  '/v1/zones/S/changes',
  '/v1/services/S',
  '/v1/services/S/weights',
];
/** Requests of any shape. */
const shapeless: fc.Arbitrary<Attempt> = fc.tuple(
  fc.constantFrom('PUT', 'POST', 'GET', 'DELETE', 'HEAD'),
  fc.constantFrom(...shapes, '/v1/services/app.example.test/rollback', '/v1/shifts?S=S').chain(path),
  fc.oneof(
    fc.jsonValue(),
    mapOf(fc.jsonValue()),
    fc.record({ pools: mapOf(fc.jsonValue()), services: fc.jsonValue() }),
    fc.record({ to: fc.jsonValue(), steps: fc.array(mapOf(fc.jsonValue())) }),
  ),
);

const headers = fc.dictionary(
  fc.constantFrom('if-match', 'if-none-match', 'idempotency-key'),
  fc.constantFrom('*', '"2"', 'W/"2"', '"', 'x', ''),
  { maxKeys: 1 },
);

async function start(t: Test): Promise<ApiFixture> {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  return api;
}

for (const [what, attempts] of Object.entries({ shaped, shapeless })) {
  t.test(`${what} requests are answered or refused`, async (t) => {
    const api = await start(t);
    await fc.assert(
      fc.asyncProperty(attempts, headers, async ([method, url, body], headers) => {
        const reply = await api.request(method, url, { body, headers });
        if (reply.statusCode >= 500) throw new Error(`${reply.body} ${JSON.stringify(api.log.at(-1))}`);
      }),
      { numRuns: runs(700) },
    );
    const pools = { blue: { weight: 1, targets: ['192.0.2.1'] }, green: { weight: 0, targets: ['192.0.2.2'] } };
    const put = await api.request('PUT', '/v1/services/after.example.test', { body: { pools } });
    t.equal(put.statusCode, 201, 'a good request still works');
  });
}
