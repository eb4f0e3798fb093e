/** Tokens that may be used from some networks only: judged for every API, by the address of the connection and nothing else. */
import t, { type Test } from 'tap';
import { APIS, createApp } from '../../src/api/app.ts';
import { openDoors } from '../../src/api/doors.ts';
import { ADMIN, type ApiFixture, makeDirectory, READER, seed, startApi } from '../fixtures/api.ts';
import type { Document } from '../fixtures/openapi.ts';

const INSIDE = '192.0.2.7';
const OUTSIDE = '203.0.113.9';
const networks = ['192.0.2.0/24', '2001:db8::/32'];

async function start(t: Test): Promise<ApiFixture> {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  return api;
}

async function make(api: ApiFixture, more: object): Promise<string> {
  const body = { name: 'bound', scope: 'admin', networks, ...more };
  const reply = await api.request('POST', '/v1/tokens', { body });
  t.equal(reply.statusCode, 201, reply.body);
  return reply.json().secret;
}

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
const basic = (secret: string) => ({ authorization: `Basic ${Buffer.from(`any:${secret}`).toString('base64')}` });

t.test('each operation of the API is refused from elsewhere, before anything is read or done', async (t) => {
  const api = await start(t);
  const headers = bearer(await make(api, {}));
  const { paths } = (await api.app.inject('/openapi.json')).json<Document>();
  const before = (await api.request('GET', '/v1/revisions?order=newest&limit=1')).body;
  for (const [path, operations] of Object.entries(paths)) {
    if (path === '/healthz' || path === '/readyz') continue;
    const url = path.replace(/\{[a-z]+\}/g, 'app.example.test');
    for (const method of Object.keys(operations)) {
      const ask = { method: method.toUpperCase() as 'GET', url, headers, remoteAddress: OUTSIDE };
      const reply = await api.app.inject({ ...ask, ...(method !== 'get' && { payload: 'no JSON' }) });
      t.match(reply.json(), { status: 403, code: 'address_forbidden' }, `${method} ${url}`);
      t.notMatch(reply.body, '192.0.2', 'nor does it say from where it could be used');
    }
  }
  t.equal((await api.request('GET', '/v1/revisions?order=newest&limit=1')).body, before);
});

t.test('the address of the connection counts, whatever its notation, and no header', async (t) => {
  const api = await start(t);
  const secret = await make(api, { scope: 'read' });
  const from = async (remoteAddress: string, headers: Record<string, string> = {}) => {
    const ask = { url: '/v1/zones', remoteAddress, headers: { ...bearer(secret), ...headers } };
    return (await api.app.inject(ask)).statusCode;
  };
  for (const address of [INSIDE, `::ffff:${INSIDE}`, '2001:db8::9']) t.equal(await from(address), 200, address);
  for (const address of [OUTSIDE, `::ffff:${OUTSIDE}`, '2001:db9::1', '127.0.0.1', '::1']) {
    t.equal(await from(address), 403, address);
  }
  const forged = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'client-ip', 'x-client-ip', 'via', 'true-client-ip'];
  for (const header of forged) {
    const value = header === 'forwarded' ? `for=${INSIDE}` : INSIDE;
    t.equal(await from(OUTSIDE, { [header]: value }), 403, header);
    t.equal(await from(INSIDE, { [header]: value.replace(INSIDE, OUTSIDE) }), 200, header);
  }
  const other = { url: '/v1/zones', remoteAddress: OUTSIDE, headers: bearer(READER) };
  t.equal((await api.app.inject(other)).statusCode, 200, 'a token without networks is good from there');
});

t.test('each door refuses it in its own words', async (t) => {
  const api = await start(t);
  const doors = await openDoors({
    ...{ powerdns: { enabled: true }, externalDns: { enabled: true }, httpreq: { enabled: true } },
    acmeDns: { enabled: true, zone: 'example.test' },
  });
  const app = createApp(api.parts, [...APIS, ...doors]);
  t.teardown(() => app.close());
  const secret = await make(api, { name: 'x', scope: 'admin' });
  const txt = 'A'.repeat(43);
  const value = { fqdn: '_acme-challenge.example.test', value: txt };
  const asks = {
    powerdns: { method: 'GET', url: '/api/v1/servers/localhost/zones', headers: { 'x-api-key': secret } },
    externalDns: { method: 'GET', url: '/external-dns/records', headers: basic(secret) },
    httpreq: { method: 'POST', url: '/httpreq/present', headers: basic(secret), payload: JSON.stringify(value) },
    acmeDns: {
      ...{ method: 'POST', url: '/acme-dns/update', headers: { 'x-api-user': 'x', 'x-api-key': secret } },
      payload: JSON.stringify({ subdomain: 'one', txt }),
    },
  } as const;
  const replies = {
    powerdns: { statusCode: 403, body: /^\{"error":"The token `x` may not be used from 203\.0\.113\.9/ },
    externalDns: { statusCode: 403, body: /^address_forbidden: / },
    httpreq: { statusCode: 403, body: /"code":"address_forbidden"/ },
    // As acme-dns answers who is not in `allowfrom`.
    acmeDns: { statusCode: 401, body: '{"error":"forbidden"}' },
  };
  for (const [door, ask] of Object.entries(asks)) {
    const refused = await app.inject({ ...ask, remoteAddress: OUTSIDE });
    t.match(refused, replies[door as keyof typeof replies], door);
    const taken = await app.inject({ ...ask, remoteAddress: INSIDE });
    t.equal(taken.statusCode, 200, `${door} ${taken.body}`);
  }
});

t.test('it is told: in the log by name and address, and counted; an expired one is expired first', async (t) => {
  const api = await start(t);
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const headers = bearer(await make(api, { expiresAt }));
  const ask = { url: '/v1/zones', remoteAddress: OUTSIDE, headers };
  await api.app.inject(ask);
  t.match(api.log.at(-1), { level: 40, token: 'bound', client: OUTSIDE, msg: /may not be used from this address/ });
  const lines = api.log.length;
  for (let i = 0; i < 200; i++) await api.app.inject(ask);
  t.ok(api.log.length - lines < 100, 'the log does not grow with the requests');
  const metrics = (await api.request('GET', '/metrics')).body;
  t.match(metrics, /teal_api_wrong_tokens_total\{limited="false"\} 201\n/);
  api.clock.aheadMs = 3_600_000;
  t.match((await api.app.inject(ask)).json(), { code: 'token_invalid', detail: /has expired/ });
});

t.test('networks are shown, listed, told in the log of changes, and survive a restart', async (t) => {
  const directory = makeDirectory(t);
  let api = await startApi(directory);
  const secret = await make(api, { networks: ['2001:DB8::/32', '192.0.2.7'] });
  const shown = { name: 'bound', networks: ['2001:db8::/32', '192.0.2.7/32'] };
  t.match((await api.request('GET', '/v1/tokens/bound')).json(), shown);
  t.match((await api.request('GET', '/v1/revisions?order=newest&limit=1')).json().items, [
    { subjects: [{ after: shown }] },
  ]);
  await api.close();
  api = await startApi(directory);
  t.teardown(() => api.close());
  t.match((await api.request('GET', '/v1/tokens')).json().items, [shown]);
  const from = async (remoteAddress: string) =>
    (await api.app.inject({ url: '/v1/zones', remoteAddress, headers: bearer(secret) })).statusCode;
  t.same([await from(INSIDE), await from('192.0.2.8'), await from('2001:db8::1')], [200, 403, 200]);
});

t.test('what is no network is refused with its place, and nothing is made', async (t) => {
  const api = await start(t);
  for (const bad of [['home'], [], ['192.0.2.7/24'], [''], Array(101).fill('10.0.0.0/8')]) {
    const body = { name: 'bound', scope: 'read', networks: bad };
    const reply = await api.request('POST', '/v1/tokens', { body });
    t.match(reply.json(), { status: 422, code: 'networks_invalid', pointer: /^\/networks/ }, JSON.stringify(bad));
  }
  for (const bad of ['10.0.0.0/8', null, [7], {}]) {
    const reply = await api.request('POST', '/v1/tokens', { body: { name: 'bound', scope: 'read', networks: bad } });
    t.match(reply.json(), { status: 400, code: 'body_invalid' }, JSON.stringify(bad));
  }
  t.same((await api.request('GET', '/v1/tokens')).json().items, []);
});

t.test('a declared token is compared by its networks too', async (t) => {
  const api = await start(t);
  await make(api, { name: 'ci', scope: 'read', networks: ['192.0.2.0/24', '::1'] });
  const plan = async (declared: string[]) => {
    const body = { dryRun: true, tokens: { ci: { scope: 'read', networks: declared } } };
    return (await api.request('POST', '/v1/apply', { body })).json();
  };
  t.match(await plan(['0:0::1/128', '192.0.2.0/24']), { steps: [{ token: { action: 'none' } }] }, 'the same ones');
  t.match(await plan(['192.0.2.0/25']), { status: 409, code: 'token_exists', detail: /networks is/ });
  t.match(await plan(['home']), { code: 'networks_invalid', pointer: '/tokens/ci/networks/0' });
});

t.test('the last token that may do everything from anywhere stays', async (t) => {
  const api = await start(t);
  await make(api, {});
  await api.request('POST', '/v1/tokens', { body: { name: 'free', scope: 'admin' } });
  const { tokens } = api.parts;
  const find = (secret: string) => tokens.find(secret);
  const parts = { ...api.parts, tokens: { find, isGood: () => true, settingsAdmin: false } };
  const app = createApp(parts);
  t.teardown(() => app.close());
  const gone = await app.inject({ method: 'DELETE', url: '/v1/tokens/free', headers: bearer(ADMIN) });
  t.match(gone.json(), { status: 409, code: 'token_needed' });
});
