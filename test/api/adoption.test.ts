/** The API of adopting: a proposal that can be put, the replies and refusals of replacing and leaving records. */
import t, { type Test } from 'tap';
import { type ApiFixture, makeDirectory, seed, startApi } from '../fixtures/api.ts';

const live = '/v1/services/live.example.test';

async function start(t: Test): Promise<ApiFixture> {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  const body = { ttlSeconds: 300, rdata: ['192.0.2.1'] };
  await api.request('PUT', '/v1/zones/example.test/rrsets/live.example.test/A', { body });
  return api;
}

async function limitedToken(api: ApiFixture, name: string, limits: object): Promise<string> {
  const reply = await api.request('POST', '/v1/tokens', { body: { name, scope: 'admin', ...limits } });
  return (reply.json() as { secret: string }).secret;
}

t.test('the proposal can be compared and put as it is, and is refused once the records have moved on', async (t) => {
  const api = await start(t);
  const found = await api.request('GET', `${live}/proposal`);
  t.equal(found.statusCode, 200, found.body);
  const { body, replaces } = found.json() as { body: object; replaces: { revision: number }[] };
  t.match(found.json(), {
    name: 'live.example.test',
    zone: 'example.test',
    body: {
      replace: { A: replaces[0]?.revision },
      ttlSeconds: 300,
      release: { ttlSeconds: 5 },
      pools: { blue: { weight: 100, targets: ['192.0.2.1'] }, green: { weight: 0, targets: ['192.0.2.1'] } },
    },
    replaces: [{ type: 'A', ttlSeconds: 300, rdata: ['192.0.2.1'] }],
    heldSeconds: 300,
    message: /has an A record now; as a service it answers the same .* Caches may hold the records for up to 300 s\./,
  });
  const services = { 'live.example.test': body };
  const compared = await api.request('POST', '/v1/services', { body: { services, dryRun: true } });
  t.match(compared.json(), { services: [{ action: 'make', before: null, after: { replaced: replaces } }] });
  const changed = { ttlSeconds: 300, rdata: ['192.0.2.7'] };
  await api.request('PUT', '/v1/zones/example.test/rrsets/live.example.test/A', { body: changed });
  t.match((await api.request('PUT', live, { body })).json(), { code: 'revision_stale', pointer: '/replace' });
  const again = (await api.request('GET', `${live}/proposal`)).json() as { body: object };
  const made = await api.request('PUT', live, { body: again.body, headers: { 'if-none-match': '*' } });
  t.equal(made.statusCode, 201, made.body);
  t.match(made.json(), { pools: { blue: { targets: ['192.0.2.7'] } }, replaced: [{ rdata: ['192.0.2.7'] }] });
  t.notMatch((await api.request('GET', live)).json(), { replaced: [] }, 'it is said once');
  t.match((await api.request('GET', `${live}/proposal`)).json(), { code: 'service_conflict' });
});

t.test('a proposal of targets that are somewhere else, and of nothing', async (t) => {
  const api = await start(t);
  const query = (text: string) => api.request('GET', `/v1/services/new.example.test/proposal?${text}`);
  t.match((await query('targets=192.0.2.5,2001:db8::5&ttlSeconds=60')).json(), {
    body: { ttlSeconds: 60, pools: { blue: { targets: ['192.0.2.5', '2001:db8::5'] } } },
    replaces: [],
    heldSeconds: 0,
  });
  t.match((await query('')).json(), { status: 404, code: 'rrset_unknown' });
  t.match((await query('targets=192.0.2.5,lb.example.net')).json(), { code: 'targets_mixed' });
  t.match((await query('targets=')).json(), { code: 'service_invalid' });
  t.match((await query('targets=192.0.2.5&ttlSeconds=99999999999')).json(), { code: 'query_invalid' });
  t.match((await api.request('GET', '/v1/services/app.example.org/proposal')).json(), { code: 'name_outside_zones' });
  const other = await api.request('GET', `${live}/proposal?targets=192.0.2.5`);
  t.match(other.json(), { message: /not what they lead to \(192\.0\.2\.1\)/, replaces: [{ type: 'A' }] });
});

t.test('without replace the refusal says how; with it, what is left out is that of the records', async (t) => {
  const api = await start(t);
  const pools = { blue: { weight: 1 }, green: { weight: 0, targets: ['192.0.2.2'] } };
  const whole = { blue: { weight: 1, targets: ['192.0.2.1'] }, green: pools.green };
  t.match((await api.request('PUT', live, { body: { pools: whole } })).json(), {
    code: 'service_conflict',
    detail: /"replace": true/,
  });
  t.match((await api.request('PUT', live, { body: { pools } })).json(), {
    code: 'body_invalid',
    pointer: '/pools/blue/targets',
  });
  t.match((await api.request('PUT', live, { body: {} })).json(), { code: 'body_invalid', pointer: '/pools' });
  for (const replace of ['yes', 1, null, { A: 'x' }, ['A']]) {
    t.match((await api.request('PUT', live, { body: { pools: whole, replace } })).json(), { code: 'body_invalid' });
  }
  const made = await api.request('PUT', live, { body: { replace: true, pools } });
  t.match(made.json(), { ttlSeconds: 300, pools: whole, shares: { blue: 1 } });
});

t.test('DELETE leaves a pool; an unknown one, or a word that is none, is refused', async (t) => {
  const api = await start(t);
  t.equal((await api.request('PUT', live, { body: { replace: true } })).statusCode, 201);
  t.match((await api.request('DELETE', `${live}?leave=red`)).json(), { status: 422, code: 'pool_unknown' });
  t.match((await api.request('DELETE', `${live}?keep=blue`)).json(), { code: 'query_invalid' });
  t.equal((await api.request('DELETE', `${live}?leave=blue`)).statusCode, 204);
  const rrset = await api.request('GET', '/v1/zones/example.test/rrsets/live.example.test/A');
  t.match(rrset.json(), { ttlSeconds: 300, rdata: ['192.0.2.1'] });
});

t.test('records are shown, replaced and left only by who reaches their zone', async (t) => {
  const api = await start(t);
  const services = ['live.example.test', '*.live.example.test'];
  const token = await limitedToken(api, 'services-only', { services });
  t.match((await api.request('GET', `${live}/proposal`, { token })).json(), { status: 403, code: 'token_forbidden' });
  const put = await api.request('PUT', live, { body: { replace: true }, token });
  t.match(put.json(), { code: 'token_forbidden', detail: /the zone example\.test/ });
  const zone = await limitedToken(api, 'zone', { zones: ['example.test'] });
  t.equal((await api.request('PUT', live, { body: { replace: true }, token: zone })).statusCode, 201);
  t.match((await api.request('DELETE', `${live}?leave=blue`, { token })).json(), { code: 'token_forbidden' });
  t.equal((await api.request('DELETE', `${live}?leave=blue`, { token: zone })).statusCode, 204);
});
