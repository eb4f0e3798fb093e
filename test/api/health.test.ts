/** The health of services over HTTP: checks, what is seen, and what people force. */
import t from 'tap';
import { unknownHealth } from '../../src/model/health-state.ts';
import { makeDirectory, READER, seed, startApi } from '../fixtures/api.ts';

const app = '/v1/services/app.example.test';

t.test('a check is kept with its defaults, shown, and can be put again; without it there is none', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  const { zone: _z, name: _n, kind: _k, shares: _s, revision: _r, ...body } = (await api.request('GET', app)).json();
  const health = { tcp: { port: 443 }, probe: { [body.pools.blue.targets[0]]: '127.0.0.1:8443' } };
  const made = await api.request('PUT', app, { body: { ...body, health } });
  t.equal(made.statusCode, 200);
  const full = { ...health, intervalSeconds: 5, timeoutSeconds: 2, rise: 2, fall: 3 };
  t.same(made.json().health, full);
  const again = await api.request('PUT', app, { body: { ...body, health: made.json().health } });
  t.equal(again.json().revision, made.json().revision, 'nothing to change');
  t.equal((await api.request('PUT', app, { body })).json().health, undefined);
});

t.test('a quorum is kept, and what is none is refused with what would be right', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  const { pools } = (await api.request('GET', app)).json();
  const put = (quorum: unknown) =>
    api.request('PUT', app, { body: { pools, health: { tcp: { port: 1 }, ...(quorum !== undefined && { quorum }) } } });
  for (const quorum of ['majority', 1, 50]) {
    t.equal((await put(quorum)).json().health.quorum, quorum);
    t.match((await api.request('GET', `${app}/health`)).json().quorum, { asked: quorum, needed: 1, nodes: 1 });
  }
  for (const quorum of [0, 51, 'most', '2']) {
    t.match((await put(quorum)).json(), {
      code: 'health_invalid',
      pointer: '/health/quorum',
      detail: /"majority", or/,
    });
  }
  for (const quorum of [true, null, [1]]) {
    t.match((await put(quorum)).json(), { code: 'body_invalid', detail: /must be a string or a number, not/ });
  }
  t.equal((await put(undefined)).json().health.quorum, undefined, 'left out it is gone');
  t.equal((await api.request('GET', `${app}/health`)).json().quorum, null);
});

t.test('what is seen is shown, without an ETag', async (t) => {
  const health = {
    target: (_service: string, target: string) =>
      target.endsWith('.10') ? { ...unknownHealth(0), state: 'down' as const, reason: 'answered 503' } : undefined,
    isUp: (_service: object, target: string) => !target.endsWith('.10'),
    others: () => undefined,
    forced: () => [],
  };
  const alone = { agreed: null, views: [], forced: null };
  const api = await startApi(makeDirectory(t), {}, { observed: { health } });
  t.teardown(() => api.close());
  await seed(api);
  const reply = await api.request('GET', `${app}/health`, { token: READER });
  t.equal(reply.statusCode, 200);
  t.notOk('etag' in reply.headers);
  t.same(reply.json(), {
    service: 'app.example.test',
    quorum: null,
    failOpen: false,
    pools: {
      blue: {
        healthy: false,
        share: 0,
        forced: null,
        targets: {
          '192.0.2.10': { state: 'down', since: '1970-01-01T00:00:00.000Z', reason: 'answered 503', ...alone },
        },
      },
      green: {
        healthy: true,
        share: 1,
        forced: null,
        targets: { '192.0.2.20': { state: 'unknown', since: null, reason: 'not checked', ...alone } },
      },
    },
  });
});

t.test('a state is forced, shown, conditional, and let go', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  const { revision } = (await api.request('GET', app)).json();
  const body = { state: 'down', durationSeconds: 60, target: '192.0.2.10' };
  const stale = await api.request('PUT', `${app}/health/blue`, { body, headers: { 'if-match': '"1"' } });
  t.match(stale, { statusCode: 412 });
  const headers = { 'if-match': `"${revision}"` };
  const reply = await api.request('PUT', `${app}/health/blue`, { body, headers });
  t.equal(reply.statusCode, 200);
  const { forced, ...place } = reply.json();
  t.same(place, { service: 'app.example.test', pool: 'blue', target: '192.0.2.10', revision: place.revision });
  t.match(forced, { state: 'down', actor: 'admin' });
  const leftMs = Date.parse(forced.until) - Date.now();
  t.ok(leftMs > 0 && leftMs <= 60_000);
  const shown = (await api.request('GET', `${app}/health`)).json();
  t.same(shown.pools.blue.targets['192.0.2.10'].forced, forced);
  t.equal(shown.pools.blue.healthy, false);
  const url = `${app}/health/blue?target=192.0.2.10`;
  t.match(await api.request('DELETE', url, { token: READER }), { statusCode: 403 });
  t.equal((await api.request('DELETE', url)).statusCode, 204);
  t.equal((await api.request('GET', `${app}/health`)).json().pools.blue.healthy, true);
  t.equal((await api.request('DELETE', url)).statusCode, 204, 'said twice it changes nothing more');
  const { items } = (await api.request('GET', `${app}/history?order=newest&limit=2`)).json();
  t.match(items, [
    { kind: 'health.unforce', summary: 'no longer forces 192.0.2.10 in the pool blue of app.example.test down' },
    {
      kind: 'health.force',
      actor: 'admin',
      summary: 'forced 192.0.2.10 in the pool blue of app.example.test down for 60 s',
      subjects: [
        { kind: 'service', name: 'app.example.test' },
        { kind: 'health', name: 'app.example.test/blue/192.0.2.10', before: null, after: { state: 'down' } },
      ],
    },
  ]);
});
