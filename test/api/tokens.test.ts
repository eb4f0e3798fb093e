/** Tokens over the API: made, used, listed, revoked; and what a limited one sees of what goes beyond it. */
import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { type ApiFixture, makeDirectory, seed, startApi, weightsOf } from '../fixtures/api.ts';

async function start(t: { teardown(work: () => unknown): void }): Promise<ApiFixture & { directory: string }> {
  const directory = makeDirectory(t);
  const api = await startApi(directory);
  t.teardown(() => api.close());
  await seed(api);
  return { ...api, directory };
}

async function make(api: ApiFixture, body: object): Promise<string> {
  const reply = await api.request('POST', '/v1/tokens', { body });
  t.equal(reply.statusCode, 201, reply.body);
  return reply.json().secret;
}

t.test('a token is made, works, is named in the log of changes, and is refused once revoked', async (t) => {
  const api = await start(t);
  const made = await api.request('POST', '/v1/tokens', { body: { name: 'ci', scope: 'shift' } });
  const { secret, ...rest } = made.json();
  t.match(secret, /^teal_[\w-]{43}$/);
  t.match(rest, { name: 'ci', scope: 'shift', revision: 4 });
  t.same((await api.request('GET', '/v1/tokens')).json(), { items: [rest] }, 'listed, without its secret');

  const weights = '/v1/services/app.example.test/weights';
  t.equal((await api.request('PUT', weights, { token: secret, body: { blue: 1, green: 1 } })).statusCode, 200);
  t.equal((await api.request('DELETE', '/v1/tokens/ci', { headers: { 'if-match': '"3"' } })).statusCode, 412);
  t.equal((await api.request('DELETE', '/v1/tokens/ci')).statusCode, 204);
  t.match((await api.request('GET', weights, { token: secret })).json(), { status: 401, code: 'token_invalid' });
  t.match((await api.request('DELETE', '/v1/tokens/ci')).json(), { status: 404, code: 'token_unknown' });

  t.match((await api.request('GET', '/v1/revisions?after=3')).json().items, [
    {
      kind: 'token.create',
      actor: 'settings-admin',
      summary: 'made the token ci with the scope shift',
      subjects: [{ kind: 'token', name: 'ci', before: null, after: { name: 'ci', scope: 'shift' } }],
    },
    { kind: 'shift', actor: 'ci' },
    { kind: 'token.delete', subjects: [{ kind: 'token', name: 'ci', before: { scope: 'shift' }, after: null }] },
  ]);
  const files = readdirSync(api.directory).map((file) => readFileSync(`${api.directory}/${file}`, 'latin1'));
  t.notOk(
    files.some((text) => text.includes(secret)),
    'nothing on the disk has the secret',
  );
  t.notMatch(JSON.stringify(api.log), secret, 'nor has the log');
});

t.test('a reply that is given again has no secret, and makes no second token', async (t) => {
  const api = await start(t);
  const request = { body: { name: 'ci', scope: 'read' }, headers: { 'idempotency-key': 'one' } };
  const first = await api.request('POST', '/v1/tokens', request);
  const { secret, ...rest } = first.json();
  const second = await api.request('POST', '/v1/tokens', request);
  t.same(second.json(), rest);
  t.equal(second.headers['idempotency-replayed'], 'true');
  t.equal((await api.request('GET', '/v1/zones', { token: secret })).statusCode, 200);
  t.match((await api.request('POST', '/v1/tokens', { body: request.body })).json(), {
    code: 'token_exists',
    conflict: 'ci',
  });
});

t.test('who gets the name of a revoked token is not told what that one was', async (t) => {
  const api = await start(t);
  const body = { name: 'ci', scope: 'shift' };
  const shift = {
    body: { services: { 'app.example.test': { blue: 5, green: 5 } } },
    headers: { 'idempotency-key': 'k' },
  };
  const first = await api.request('POST', '/v1/shifts', { ...shift, token: await make(api, body) });
  await api.request('DELETE', '/v1/tokens/ci');
  const second = await api.request('POST', '/v1/shifts', { ...shift, token: await make(api, body) });
  t.equal(first.headers['idempotency-replayed'], undefined);
  t.equal(second.headers['idempotency-replayed'], undefined);
});

t.test('an expired token is refused, says so, and stays in the list', async (t) => {
  const api = await start(t);
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const token = await make(api, { name: 'brief', scope: 'read', expiresAt });
  t.equal((await api.request('GET', '/v1/zones', { token })).statusCode, 200);
  api.clock.aheadMs = 3_600_000;
  t.match((await api.request('GET', '/v1/zones', { token })).json(), {
    code: 'token_invalid',
    detail: /brief.*expired/,
  });
  t.match((await api.request('GET', '/v1/tokens')).json().items, [{ name: 'brief', expiresAt }]);
});

t.test('tokens survive a restart, revoked ones stay revoked', async (t) => {
  const directory = makeDirectory(t);
  let api = await startApi(directory);
  const [kept, gone] = [await make(api, { name: 'a', scope: 'read' }), await make(api, { name: 'b', scope: 'read' })];
  await api.request('DELETE', '/v1/tokens/b');
  await api.close();
  api = await startApi(directory);
  t.teardown(() => api.close());
  t.equal((await api.request('GET', '/v1/zones', { token: kept })).statusCode, 200);
  t.equal((await api.request('GET', '/v1/zones', { token: gone })).statusCode, 401);
});

t.test('a limited token sees the part of lists, releases and revisions that it reaches', async (t) => {
  const api = await start(t);
  const token = await make(api, { name: 'app-team', scope: 'release', services: ['app.example.test'] });
  const items = async (url: string) => (await api.request('GET', url, { token })).json().items;
  t.match(await items('/v1/services'), [{ name: 'app.example.test' }]);
  t.same(await items('/v1/zones'), []);
  const first = (await api.request('GET', '/v1/services?limit=1', { token })).json();
  t.match(first, { items: [], next: 'api.example.test' }, 'a page can be empty and have a next one');

  const both = { 'app.example.test': { blue: 5, green: 5 }, 'api.example.test': { blue: 6, green: 6 } };
  await api.request('POST', '/v1/shifts', { body: { services: both } });
  const services = ['app.example.test', 'api.example.test'];
  const body = { services, to: 'green', steps: [{ setWeight: 50 }, { pause: {} }] };
  const { id } = (await api.request('POST', '/v1/releases', { body })).json();

  const [made, shift, released] = await items('/v1/revisions');
  t.match(made, { kind: 'service.put', summary: 'made the service app.example.test' });
  t.match(shift, {
    kind: 'shift',
    summary: /^shift: app\.example\.test, and/,
    subjects: [{ name: 'app.example.test' }],
  });
  t.match(released, { kind: 'release.create', subjects: [{ kind: 'service' }, { kind: 'release', name: id }] });
  t.same(await items('/v1/services/app.example.test/history'), [made, shift, released]);
  for (const url of ['/v1/releases', '/v1/services/app.example.test/releases']) {
    const [release] = await items(url);
    t.same(Object.keys(release.services), ['app.example.test'], url);
  }
  const all = JSON.stringify([
    await items('/v1/revisions'),
    (await api.request('GET', `/v1/releases/${id}`, { token })).json(),
  ]);
  t.notMatch(all, 'api.example.test', 'nothing tells of the other');

  const other = await make(api, { name: 'other', scope: 'release', services: ['www.example.test'] });
  t.match((await api.request('GET', `/v1/releases/${id}`, { token: other })).json(), { code: 'release_unknown' });
  t.same((await api.request('GET', '/v1/revisions', { token: other })).json(), { items: [] });
});

t.test('a limited token changes nothing beyond its limits', async (t) => {
  const api = await start(t);
  const app = await make(api, { name: 'app', scope: 'admin', services: ['app.example.test'] });
  const below = await make(api, { name: 'below', scope: 'admin', zones: ['*.example.test'] });
  const services = ['app.example.test', 'api.example.test'];
  const release = await api.request('POST', '/v1/releases', {
    body: { services, to: 'green', steps: [{ setWeight: 50 }, { pause: {} }] },
  });
  const { id } = release.json();
  const before = await weightsOf(api, 'api.example.test');
  const zone = { nameservers: ['ns1.example.test'], hostmaster: 'hostmaster.example.test' };
  const file = '@ 60 SOA ns1.example.test. h.example.test. 1 2 3 4 5\n@ 60 NS ns1.example.test.\n';
  await api.request('PUT', '/v1/zones/example.test/rrsets/www.sub.example.test/A', {
    body: { ttlSeconds: 60, rdata: ['192.0.2.1'] },
  });
  const weights = { blue: 0, green: 1 };
  const attempts: [what: string, method: string, url: string, token: string, body: unknown, type?: string][] = [
    [
      'a shift with another',
      'POST',
      '/v1/shifts',
      app,
      { services: { [services[0]]: weights, [services[1]]: weights } },
    ],
    ['a shift of another, in capitals', 'POST', '/v1/shifts', app, { services: { 'API.example.TEST.': weights } }],
    ['a release with another', 'POST', '/v1/releases', app, { services, to: 'green', preset: 'AllAtOnce' }],
    ['a plan with another', 'POST', '/v1/releases', app, { services, to: 'green', preset: 'AllAtOnce', dryRun: true }],
    ['the end of a release with another', 'POST', `/v1/releases/${id}/abort`, app, {}],
    ['the same by its own path', 'POST', `/v1/services/app.example.test/releases/${id}/abort`, app, {}],
    ['a rollback that ends it', 'POST', '/v1/services/app.example.test/rollback', app, { revision: 2 }],
    ['a zone that takes names of its parent', 'PUT', '/v1/zones/sub.example.test', below, zone],
    ['the same by a file', 'PUT', '/v1/zones/sub.example.test/file', below, file, 'text/dns'],
    ['a token without limits', 'POST', '/v1/tokens', app, { name: 'more', scope: 'admin' }],
  ];
  const last = async () => (await api.request('GET', '/v1/revisions?limit=1000')).json().items.length;
  const revisions = await last();
  for (const [what, method, url, token, body, type = 'application/json'] of attempts) {
    const reply = await api.request(method, url, { token, body, headers: { 'content-type': type } });
    t.match(reply.json(), { status: 403, code: 'token_forbidden' }, what);
  }
  t.equal(await last(), revisions);
  t.same(await weightsOf(api, 'api.example.test'), before);

  const may = [
    await api.request('PUT', '/v1/zones/new.example.test', { token: below, body: zone }),
    await api.request('PUT', '/v1/services/x.new.example.test', {
      token: below,
      body: { pools: { a: { weight: 1, targets: ['192.0.2.1'] }, b: { weight: 0, targets: ['192.0.2.2'] } } },
    }),
  ];
  t.same(
    may.map(({ statusCode }) => statusCode),
    [201, 201],
    'what is its own it may',
  );
});
