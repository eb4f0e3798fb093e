/** Tokens: who is let in, who may change, and what guessing leads to. */
import t from 'tap';
import { ADMIN, type ApiFixture, makeDirectory, READER, seed, startApi } from '../fixtures/api.ts';
import type { Document } from '../fixtures/openapi.ts';

const open = ['/healthz', '/readyz'];

t.test('every route wants a token, save those of health and documents', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  const { paths } = (await api.app.inject('/openapi.json')).json<Document>();
  for (const [path, operations] of Object.entries(paths)) {
    const url = path.replace(/\{[a-z]+\}/g, 'x.test');
    for (const method of Object.keys(operations)) {
      const none = await api.request(method.toUpperCase(), url, { token: null });
      if (open.includes(path)) {
        t.equal(none.statusCode, 200, `${url} is open`);
        continue;
      }
      t.match(none, { statusCode: 401, headers: { 'www-authenticate': 'Bearer realm="teal"' } }, `${method} ${url}`);
    }
  }
  for (const url of ['/openapi.json', '/docs', '/docs/static/swagger-ui.css', '/docs/json']) {
    t.equal((await api.app.inject(url)).statusCode, 200, `${url} is open`);
  }
  for (const url of ['/', '/v1', '/docs/../v1/zones', '/healthz/x']) {
    t.equal((await api.app.inject(url)).statusCode, 401, `${url} is not`);
  }
});

t.test('a challenge says what is wrong (RFC 6750 §3)', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  const challenge = async (token: string, method = 'GET') =>
    (await api.request(method, '/v1/zones/a.test', { token })).headers['www-authenticate'];
  t.equal(await challenge('guess'), 'Bearer realm="teal", error="invalid_token"');
  t.equal(await challenge(READER, 'DELETE'), 'Bearer realm="teal", error="insufficient_scope", scope="admin"');
  const lower = await api.request('GET', '/v1/zones', { token: null, headers: { authorization: `bearer ${ADMIN}` } });
  t.equal(lower.statusCode, 200, 'the scheme has no case (RFC 9110 §11.1)');
});

/** Asks with a wrong token from a client address. */
async function guess(api: ApiFixture, remoteAddress: string) {
  const reply = await api.app.inject({ url: '/v1/zones', remoteAddress, headers: { authorization: 'Bearer guess' } });
  return { status: reply.statusCode, retryAfter: reply.headers['retry-after'] };
}

t.test('an address that guesses is told to wait; a right token is not', async (t) => {
  const api = await startApi(makeDirectory(t), { authFailuresPerMinute: 3 });
  t.teardown(() => api.close());
  for (let i = 0; i < 3; i++) t.match(await guess(api, '192.0.2.1'), { status: 401 });
  const limited = await guess(api, '192.0.2.1');
  t.equal(limited.status, 429);
  t.ok(Number(limited.retryAfter) >= 1 && Number(limited.retryAfter) <= 60, 'it says how long');
  const headers = { authorization: `Bearer ${ADMIN}` };
  const right = await api.app.inject({ url: '/v1/zones', remoteAddress: '192.0.2.1', headers });
  t.equal(right.statusCode, 200, 'a right token from there is let in');
  t.match(await guess(api, '192.0.2.2'), { status: 401 }, 'others are not held up');
  t.equal(api.log.length, 4, 'the log does not grow with the guesses');
  api.clock.aheadMs = 60_000;
  t.match(await guess(api, '192.0.2.1'), { status: 401 }, 'after a minute it may guess again');
});

t.test('a request without a token is no guess', async (t) => {
  const api = await startApi(makeDirectory(t), { authFailuresPerMinute: 1 });
  t.teardown(() => api.close());
  for (let i = 0; i < 5; i++) t.equal((await api.request('GET', '/v1/zones', { token: null })).statusCode, 401);
});

t.test('a change leaves one line in the log, with its revision and actor, and no secret', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  api.log.length = 0;
  const url = '/v1/services/app.example.test/weights';
  const headers = { 'x-request-id': 'deploy-42' };
  const reply = await api.request('PUT', url, { body: { blue: 0, green: 1 }, headers });
  t.equal(reply.headers['x-request-id'], 'deploy-42');
  t.equal(api.log.length, 1);
  const line = { level: 30, requestId: 'deploy-42', actor: 'settings-admin', kind: 'shift', revision: 4 };
  t.match(api.log[0], line);
  const moved = { service: 'app.example.test', from: { blue: 90, green: 10 }, to: { blue: 0, green: 1 } };
  t.match(api.log[0], { changes: [moved], client: '127.0.0.1', msg: 'app.example.test blue 90→0 green 10→1' });

  api.log.length = 0;
  await api.request('PUT', url, { body: { blue: 0, green: 0 } });
  t.match(api.log, [{ actor: 'settings-admin', code: 'weights_all_zero' }], 'a refused one too');
  await api.request('GET', url);
  await api.request('GET', url, { token: 'guess-at-it' });
  t.equal(api.log.length, 2, 'reading leaves none, a wrong token one');
  t.notMatch(JSON.stringify(api.log), /the-admin-token|guess-at-it/);
});

t.test('a request id that is not fit for the log is replaced', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  for (const id of ['', 'a b', 'x'.repeat(129), '{"level":60}']) {
    const { headers } = await api.request('GET', '/healthz', { headers: { 'x-request-id': id } });
    t.match(headers['x-request-id'], /^[0-9a-f-]{36}$/);
  }
});

t.test('browsers are told to do nothing with a reply, and no other origin gets it', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  const headers = { origin: 'https://evil.test', host: 'evil.test' };
  for (const url of ['/v1/zones', '/v1/zones/a.test', '/v1/zones/%ff', '/openapi.json']) {
    const reply = await api.app.inject({ url, headers: { ...headers, authorization: `Bearer ${ADMIN}` } });
    t.match(reply.headers, {
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'private, no-cache',
      'access-control-allow-origin': undefined,
    });
    t.notMatch(JSON.stringify([reply.headers, reply.body]), 'evil.test', 'nothing is made from Host or Origin');
  }
});

t.test('metrics are open where the settings say so', async (t) => {
  const api = await startApi(makeDirectory(t), { metricsPublic: true });
  t.teardown(() => api.close());
  t.equal((await api.request('GET', '/metrics', { token: null })).statusCode, 200);
});
