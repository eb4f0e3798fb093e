/** POST /v1/apply: what would have to be done, in its order, as far as a token reaches, and nothing of it done. */
import t, { type Test } from 'tap';
import { type ApiFixture, makeDirectory, seed, startApi } from '../fixtures/api.ts';

async function start(t: Test): Promise<ApiFixture> {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  return api;
}

const plan = (api: ApiFixture, body: object, more = {}) =>
  api.request('POST', '/v1/apply', { body: { dryRun: true, ...body }, ...more });
const revision = async (api: ApiFixture): Promise<number> =>
  (await api.request('GET', '/v1/revisions?order=newest&limit=1')).json().items[0].revision;
const pools = { blue: { targets: ['192.0.2.1'], weight: 1 }, green: { targets: ['192.0.2.2'], weight: 0 } };
const zone = { nameservers: ['ns1.example.net'], hostmaster: 'h.example.net' };
const a = (...rdata: string[]) => ({ A: { ttlSeconds: 60, rdata } });

t.test('the steps come in the order in which they can be done, each with before and after', async (t) => {
  const api = await start(t);
  const at = await revision(api);
  const reply = await plan(api, {
    webhooks: { chat: { url: 'https://a.test/', triggers: ['on-revision'] } },
    tokens: { ci: { scope: 'read' } },
    services: { 'app.new.test': { pools } },
    records: { 'WWW.New.test.': a('192.0.2.9'), 'www.example.test': a('192.0.2.8') },
    zones: { 'sub.new.test': zone, 'new.test': zone },
  });
  t.equal(reply.statusCode, 200, reply.body);
  t.match(reply.json(), {
    revision: at,
    steps: [
      { zone: { key: 'new.test', action: 'make', before: null, after: { nameservers: ['ns1.example.net'] } } },
      { zone: { key: 'sub.new.test', action: 'make' } },
      {
        records: {
          zone: 'new.test',
          rrsets: [{ key: 'WWW.New.test./A', name: 'www.new.test', type: 'A', action: 'make', before: null }],
        },
      },
      { records: { zone: 'example.test', rrsets: [{ name: 'www.example.test', after: { rdata: ['192.0.2.8'] } }] } },
      { service: { name: 'app.new.test', action: 'make', after: { zone: 'new.test' } } },
      { token: { name: 'ci', action: 'make' } },
      { webhook: { name: 'chat', action: 'make', after: { secret: { set: true } } } },
    ],
  });
  t.notMatch(reply.body, /whsec_/);
  t.equal(await revision(api), at, 'nothing was done');
  t.equal((await api.request('GET', '/v1/zones/new.test')).statusCode, 404);
});

t.test('a refusal names what was declared, and leads to it', async (t) => {
  const api = await start(t);
  const refused: readonly [object, number, string, string][] = [
    [
      { records: { 'a.example.test': a('192.0.2.1', '192.0.2.300') } },
      422,
      'rdata_invalid',
      '/records/a.example.test/A/rdata/1',
    ],
    [{ records: { 'app.example.test': a('192.0.2.1') } }, 409, 'service_conflict', '/records/app.example.test/A'],
    [{ records: { 'a.none.test': a('192.0.2.1') } }, 422, 'name_outside_zones', '/records/a.none.test/A'],
    [
      { records: { 'a.example.test': { A: { ...a('192.0.2.1').A, zone: 'none.test' } } } },
      404,
      'zone_unknown',
      '/records/a.example.test/A/zone',
    ],
    [{ zones: { 'z.test': { ...zone, hostmaster: 'a..b' } } }, 422, 'zone_invalid', '/zones/z.test/hostmaster'],
    [{ zones: { 'z.test': zone, 'Z.test.': zone } }, 400, 'body_invalid', '/zones/Z.test.'],
    [
      { services: { 's.example.test': { pools: { ...pools, green: { targets: [] } } } } },
      422,
      'service_invalid',
      '/services/s.example.test/pools/green/targets',
    ],
    [{ tokens: { bootstrap: { scope: 'read' } } }, 422, 'token_name_invalid', '/tokens/bootstrap'],
    [
      { tokens: { a: { scope: 'read', expiresAt: '2001-01-01T00:00:00Z' } } },
      422,
      'expiry_invalid',
      '/tokens/a/expiresAt',
    ],
    [{ webhooks: { a: { url: 'ftp://a/', triggers: ['on-revision'] } } }, 422, 'webhook_invalid', '/webhooks/a/url'],
    [{ prune: { labels: {} } }, 400, 'body_invalid', '/prune/labels'],
    [{ tokens: { a: { scope: 'read', reason: 'x' } } }, 400, 'body_invalid', '/tokens/a/reason'],
  ];
  for (const [body, status, code, pointer] of refused) {
    const reply = await plan(api, body);
    t.match(reply.json(), { status, code, pointer }, reply.body);
  }
});

t.test('a token that is there is compared by times that there are', async (t) => {
  const api = await start(t);
  const made = { name: 'ci', scope: 'read', expiresAt: '2100-03-02T00:00:00Z' };
  t.equal((await api.request('POST', '/v1/tokens', { body: made })).statusCode, 201);
  const declared = async (expiresAt: string) =>
    (await plan(api, { tokens: { ci: { scope: 'read', expiresAt } } })).json();
  t.match(await declared('2100-03-02t01:00:00+01:00'), { steps: [{ token: { action: 'none' } }] });
  const never = await declared('2100-02-30T00:00:00Z');
  t.match(never, { status: 422, code: 'expiry_invalid', pointer: '/tokens/ci/expiresAt' }, 'not 2 March');
});

t.test('a limited token is shown nothing out of its reach, and takes nothing away there', async (t) => {
  const api = await start(t);
  await api.request('PUT', '/v1/zones/other.test', { body: { ...zone, labels: { by: 'apply' } } });
  await api.request('PUT', '/v1/services/mine.example.test', { body: { pools, labels: { by: 'apply' } } });
  const made = await api.request('POST', '/v1/tokens', {
    body: { name: 'limited', scope: 'admin', zones: ['example.test'] },
  });
  const token = made.json().secret;
  for (const body of [
    { zones: { 'other.test': zone } },
    { zones: { 'new.test': zone } },
    { records: { 'x.other.test': a('192.0.2.1') } },
    { services: { 'x.other.test': { pools } } },
    { tokens: { more: { scope: 'admin' } } },
    { webhooks: { more: { url: 'https://a.test/', triggers: ['on-revision'] } } },
  ]) {
    const reply = await plan(api, body, { token });
    t.match(reply.json(), { status: 403, code: 'token_forbidden' }, reply.body);
  }
  const own = { timeZone: 'UTC', windows: [{ from: 'Fri 16:00', to: 'Mon 08:00' }], ownLabels: { by: 'apply' } };
  t.equal((await api.request('PUT', '/v1/freezes/weekend', { body: own })).statusCode, 201);
  t.match((await plan(api, { prune: { labels: { by: 'apply' } } })).json().steps[0], {
    freeze: { name: 'weekend', action: 'delete', before: { ownLabels: { by: 'apply' } }, after: null },
  });
  const mine = await plan(
    api,
    { services: { 'x.example.test': { pools } }, prune: { labels: { by: 'apply' } } },
    { token },
  );
  t.match(mine.json(), {
    steps: [{ service: { name: 'x.example.test' } }, { service: { name: 'mine.example.test', action: 'delete' } }],
  });
  t.equal(mine.json().steps.length, 2, 'the zone with the label is not its own');
});

t.test('a service takes over what its new zone brings with it, and a record may stand where one goes', async (t) => {
  const api = await start(t);
  await api.request('PUT', '/v1/services/app.sub.example.test', { body: { pools } });
  await api.request('PUT', '/v1/zones/example.test/rrsets/x.example.test/A', {
    body: { ...a('192.0.2.1').A, labels: { by: 'apply' } },
  });
  const reply = await plan(api, {
    zones: { 'sub.example.test': zone },
    services: { 'app.sub.example.test': { ttlSeconds: 9, pools } },
    records: { 'x.example.test': { CNAME: { ttlSeconds: 60, rdata: ['y.example.net.'] } } },
    prune: { labels: { by: 'apply' } },
  });
  t.match(reply.json(), {
    steps: [
      { zone: { action: 'make' } },
      {
        records: {
          rrsets: [
            { type: 'A', action: 'delete', after: null },
            { type: 'CNAME', action: 'make' },
          ],
        },
      },
      { service: { action: 'change', after: { zone: 'sub.example.test', ttlSeconds: 9 } } },
    ],
  });
});
