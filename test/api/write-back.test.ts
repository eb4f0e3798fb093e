/** A body that was read can be written back, at every path that is read and written. */
import t from 'tap';
import { ADMIN, makeDirectory, seed, startApi } from '../fixtures/api.ts';
import type { Document } from '../fixtures/openapi.ts';

const service = {
  ttlSeconds: 60,
  release: { ttlSeconds: 5 },
  pick: 'sticky',
  pins: [{ network: '198.51.100.0/24', pool: 'green' }],
  health: { http: { path: '/up', headers: { authorization: 'secret' } } },
  pools: { blue: { weight: 3, targets: ['192.0.2.1'] }, green: { weight: 1, targets: ['192.0.2.2'] } },
};

/** What is made first, by the path of the document: where, and the body. */
const made: Readonly<Record<string, readonly [url: string, body: object | string, type?: string]>> = {
  '/v1/zones/{zone}': [
    '/v1/zones/other.test',
    { nameservers: ['ns1.'], hostmaster: 'a\\.b.example.net', primary: 'x.example.net', ttlSeconds: 7 },
  ],
  '/v1/zones/{zone}/file': [
    '/v1/zones/file.test/file',
    '@ 60 SOA ns1 host 1 2 3 4 5\n@ NS ns1\nns1 A 192.0.2.1\n@ TXT "a" b\n',
    'text/dns',
  ],
  '/v1/zones/{zone}/rrsets/{name}/{type}': [
    '/v1/zones/example.test/rrsets/mail.example.test/MX',
    { ttlSeconds: 60, rdata: ['10 alias.example.net', '0 x.'] },
  ],
  '/v1/services/{name}': ['/v1/services/back.example.test', service],
  '/v1/services/{name}/weights': ['/v1/services/app.example.test/weights', { blue: 5, green: 6 }],
  '/v1/zones/{zone}/dnssec': ['/v1/zones/example.test/dnssec', { dnskeyTtlSeconds: 60 }],
  '/v1/freezes/{name}': [
    '/v1/freezes/weekend',
    {
      timeZone: 'europe/berlin',
      windows: [{ from: 'friday 16:00', to: 'Mon 8:00' }],
      labels: { a: 'b' },
      message: 'm',
    },
  ],
  '/v1/webhooks/{name}': [
    '/v1/webhooks/chat',
    { url: 'https://hooks.example.net/x', triggers: ['on-revision'], services: ['*.example.test'] },
  ],
};

t.test('GET, then PUT of what came, at each path that has both', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  const { paths } = (await api.app.inject('/openapi.json')).json<Document>();
  const both = Object.entries(paths).filter(([, operations]) => 'get' in operations && 'put' in operations);
  t.same(Object.keys(made).sort(), both.map(([path]) => path).sort(), 'no path is forgotten');
  for (const [path, [url, body, type]] of Object.entries(made)) {
    const headers = { authorization: `Bearer ${ADMIN}`, 'content-type': type ?? 'application/json' };
    const put = (payload: object | string) => api.app.inject({ method: 'PUT', url, headers, payload });
    const first = await put(body);
    t.ok(first.statusCode < 300, `${path}: ${first.body}`);
    const read = await api.request('GET', url);
    const written = await put(read.body);
    t.equal(written.statusCode, 200, `${path}: ${written.body}`);
    if (type !== undefined) continue;
    t.equal((await api.request('GET', url)).body, read.body, `${path}: and nothing has changed`);
    t.equal(written.headers.etag, read.headers.etag, `${path}: it is no revision`);
    const answered = await put(first.body);
    t.ok(answered.statusCode === 200, `${path}: the reply to a PUT too: ${answered.body}`);
    for (const key of ['revision', 'name', 'zone', 'kind', 'shares', 'serial', 'type']) {
      const shown = read.json();
      if (!(key in shown)) continue;
      const refused = await put({ ...(shown as object), [key]: 'other' });
      t.match(refused.json(), { status: 422, code: 'member_read_only', pointer: `/${key}` }, `${path}: ${key}`);
      t.match(refused.json().detail, /read-only: it is .* here, and the body has "other"/);
    }
    const unknown = await put({ ...(read.json() as object), nonsense: 1 });
    t.match(unknown.json(), { status: 400, code: 'body_invalid', pointer: '/nonsense' }, `${path}: ${unknown.body}`);
    t.match(unknown.body, /nonsense/);
  }
});

t.test('a member is changed in what was read', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  const url = '/v1/services/app.example.test';
  const read = (await api.request('GET', url)).json();
  const changed = await api.request('PUT', url, { body: { ...read, ttlSeconds: 9 } });
  t.match(changed.json(), { ttlSeconds: 9, shares: read.shares });
  const stale = await api.request('PUT', url, { body: { ...read, ttlSeconds: 10 } });
  t.match(stale.json(), { code: 'member_read_only', pointer: '/revision' }, 'what was read before another change');
  const weights = (await api.request('GET', `${url}/weights`)).json();
  const shifted = await api.request('PUT', `${url}/weights`, { body: { ...weights, weights: { blue: 1, green: 3 } } });
  t.match(shifted.json(), { weights: { blue: 1, green: 3 } });
});
