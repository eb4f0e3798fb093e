/** Bad requests are refused in one way, and harm nothing. */
import t from 'tap';
import { makeDirectory, seed, startApi, weightsOf } from '../fixtures/api.ts';
import { badRequests } from './bad-requests.ts';

const app = '/v1/services/app.example.test';

t.test('every bad request is refused with its status and code, and changes nothing', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  const before = await api.request('GET', '/v1/revisions');

  for (const [what, to, gets, more] of badRequests) {
    const [method = '', url = ''] = to.split(' ');
    const reply = await api.request(method, url, more);
    const [status, code, pointer] = gets.split(' ');
    const problem = reply.json();
    t.match(
      problem,
      { type: 'about:blank', status: Number(status), code, ...(pointer !== undefined && { pointer }) },
      what,
    );
    t.equal(reply.statusCode, Number(status), `${what}: the status`);
    t.equal(reply.headers['content-type'], 'application/problem+json', `${what}: the media type`);
    t.match(problem.detail, /\w \w.*\.$/s, `${what}: the detail is a sentence`);
  }

  t.same((await api.request('GET', '/v1/revisions')).json(), before.json(), 'no revision was made');
  t.equal({}.constructor, Object, 'no prototype was changed');
  t.equal((await api.request('PUT', `${app}/weights`, { body: { blue: 0, green: 1 } })).statusCode, 200);
  t.same(await weightsOf(api), { blue: 0, green: 1 }, 'a good request still works');
});

t.test('a refusal says what would be right', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  const detailOf = async (method: string, url: string, body?: unknown) =>
    (await api.request(method, url, { body })).json().detail as string;

  t.equal(
    await detailOf('PUT', app, { pools: { blue: { wieght: 1, targets: [] } } }),
    'Unknown property "wieght" in "pools.blue"; known are: weight, targets, labels.',
  );
  t.equal(
    await detailOf('PUT', `${app}/weights`, { blue: '0', green: 1 }),
    'The property "blue" must be a number, not a string.',
  );
  for (const number of ['1e400', '-1e400', `1${'0'.repeat(400)}`]) {
    t.equal(
      await detailOf('PUT', `${app}/weights`, `{"blue":${number},"green":1}`),
      'The property "blue" must be a number, not one beyond 1.8e308.',
    );
  }
  t.equal(await detailOf('PUT', '/v1/zones/a.test', { nameservers: [] }), 'The body lacks the property "hostmaster".');
  t.equal(await detailOf('PUT', app, 'null'), 'The body must be an object, not nothing.');
  for (const limit of ['abc', '-1', '1.5', '1e2', '', ' 1']) {
    t.equal(
      await detailOf('GET', `/v1/zones?limit=${encodeURIComponent(limit)}`),
      `The query parameter "limit" must be a whole number, not ${JSON.stringify(limit)}.`,
    );
  }
  t.match(
    await detailOf('GET', `/v1/zones?limit=${'9'.repeat(5000)}`),
    /not "9{40}…"\.$/,
    'and no more than is of use',
  );
  t.equal(
    await detailOf('GET', '/v1/zones?limit=1&limit=2'),
    'The query parameter "limit" must be a whole number, not an array.',
  );
  t.equal(
    await detailOf('GET', '/v1/zones?page=2'),
    'Unknown query parameter "page"; known are: after, limit, q, label.',
  );
  t.equal(await detailOf('GET', '/v1/zones/'), 'The path segment "zone" must not be empty.');
  t.equal(await detailOf('PATCH', app), 'PATCH is not for this path; it takes DELETE, GET, HEAD, PUT.');
});

t.test('405 names the methods that the path has', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  const allowOf = async (url: string) => (await api.request('PATCH', url)).headers.allow;
  t.equal(await allowOf('/v1/zones'), 'GET, HEAD');
  t.equal(await allowOf('/v1/zones/example.test'), 'DELETE, GET, HEAD, PUT');
  t.equal(await allowOf('/v1/services/a.b/weights?x=1'), 'GET, HEAD, PUT');
  t.equal(await allowOf('/v1/services/a.b/rollback'), 'POST');
  t.equal(await allowOf('/healthz'), 'GET, HEAD');
});

t.test('an exception is answered without details, and logged with them', async (t) => {
  const fail = (): never => {
    throw new Error('the secret inside');
  };
  const engine = { execute: fail, rehearse: fail };
  const api = await startApi(makeDirectory(t), {}, { engine });
  t.teardown(() => api.close());
  const reply = await api.request('PUT', `${app}/weights`, { body: { blue: 1 }, headers: { 'x-request-id': 'req-7' } });
  t.match(reply.json(), { status: 500, code: 'internal' });
  t.notMatch(reply.body, 'secret');
  t.match(api.log, [{ level: 50, requestId: 'req-7', err: { message: 'the secret inside' } }]);
});

t.test('a store that cannot be written refuses changes, and readiness says so', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  api.setReadOnly(true);
  const refused = await api.request('PUT', `${app}/weights`, { body: { blue: 0, green: 1 } });
  t.match(refused.json(), { status: 503, code: 'store_unavailable' });
  t.match((await api.request('GET', '/readyz', { token: null })).json(), { status: 503, code: 'store_unavailable' });
  t.equal((await api.request('GET', '/healthz', { token: null })).statusCode, 200, 'the process lives');
  t.same(await weightsOf(api), { blue: 90, green: 10 }, 'reads go on');
  api.setReadOnly(false);
  t.same((await api.request('GET', '/readyz', { token: null })).json(), { status: 'ready' });
  t.equal((await api.request('PUT', `${app}/weights`, { body: { blue: 0, green: 1 } })).statusCode, 200);
});

t.test('If-Match is for writes: a read is answered whatever tags it names', async (t) => {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  for (const tags of ['W/"2"', '"2-gzip"', '']) {
    const headers = { 'if-match': tags };
    for (const method of ['GET', 'HEAD'])
      t.equal((await api.request(method, '/v1/zones/example.test', { headers })).statusCode, 200, tags);
    const written = await api.request('DELETE', '/v1/zones/example.test', { headers });
    t.match(written.json(), { code: 'revision_stale' });
  }
});
