/** Shifts and rollbacks over HTTP: conditions, races, retries. */
import t, { type Test } from 'tap';
import { type ApiFixture, makeDirectory, seed, startApi, weightsOf } from '../fixtures/api.ts';

const app = '/v1/services/app.example.test';

async function start(t: Test): Promise<ApiFixture> {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  return api;
}

/** Shifts the service `app`. */
function shift(api: ApiFixture, blue: number, green: number, headers: Record<string, string> = {}) {
  return api.request('PUT', `${app}/weights`, { body: { blue, green }, headers });
}

t.test('a shift is in force once it is answered, and says its shares', async (t) => {
  const api = await start(t);
  const reply = await shift(api, 1, 3);
  t.same(reply.json(), { revision: 4, weights: { blue: 1, green: 3 }, shares: { blue: 0.25, green: 0.75 } });
  t.match(reply.headers, { etag: '"4"', 'teal-revision': '4' });
  t.same((await api.request('GET', `${app}/weights`)).json(), reply.json());
  t.match((await api.request('GET', app)).headers, { etag: '"4"' }, 'the service is at the same revision');
});

t.test('several services are shifted by one revision, or not at all', async (t) => {
  const api = await start(t);
  const services = { 'app.example.test': { blue: 0, green: 1 }, 'API.example.test.': { blue: 1, green: 3 } };
  const reply = await api.request('POST', '/v1/shifts', { body: { services } });
  t.match(reply, { statusCode: 200, headers: { 'teal-revision': '4' } });
  t.same(reply.json(), {
    revision: 4,
    services: {
      'app.example.test': { weights: { blue: 0, green: 1 }, shares: { blue: 0, green: 1 } },
      'api.example.test': { weights: { blue: 1, green: 3 }, shares: { blue: 0.25, green: 0.75 } },
    },
  });
  const half = { 'app.example.test': { blue: 7, green: 7 }, 'no.example.test': { blue: 1 } };
  t.equal((await api.request('POST', '/v1/shifts', { body: { services: half } })).statusCode, 404);
  t.same(await weightsOf(api), { blue: 0, green: 1 });
});

t.test('curl -d works, whatever media type it says', async (t) => {
  const api = await start(t);
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  t.equal((await api.request('PUT', `${app}/weights`, { body: '{"blue":0,"green":100}', headers })).statusCode, 200);
  t.same(await weightsOf(api), { blue: 0, green: 100 });
  const utf8 = { 'content-type': 'Application/JSON; charset=utf-8' };
  t.equal(
    (await api.request('PUT', `${app}/weights`, { body: '{"blue":1,"green":1}', headers: utf8 })).statusCode,
    200,
  );
});

t.test('rollback: to before the last shift, to a revision, twice', async (t) => {
  const api = await start(t);
  await shift(api, 50, 50);
  await shift(api, 0, 100);
  const rollback = (body?: object) => api.request('POST', `${app}/rollback`, { body });

  const back = await rollback({});
  t.same(back.json(), { revision: 6, weights: { blue: 50, green: 50 }, shares: { blue: 0.5, green: 0.5 } });
  t.equal(back.headers['teal-revision'], '6');
  t.same((await rollback({})).json(), back.json(), 'said twice it changes nothing more');
  t.same((await rollback()).json(), back.json(), 'the empty object may be left out');

  t.same((await rollback({ revision: 2 })).json().weights, { blue: 90, green: 10 }, 'as it was made');
  t.same((await rollback({ revision: 5 })).json().weights, { blue: 0, green: 100 });
  t.same((await rollback({ revision: 5 })).json().revision, 8, 'said twice it changes nothing more');
  const kinds = (await api.request('GET', `${app}/history?order=newest&limit=3`)).json().items;
  t.match(kinds, [{ kind: 'rollback' }, { kind: 'rollback' }, { kind: 'rollback' }]);
});

t.test('a write with a stale ETag changes nothing', async (t) => {
  const api = await start(t);
  const etag = String((await api.request('GET', `${app}/weights`)).headers.etag);
  t.equal((await shift(api, 50, 50, { 'if-match': etag })).statusCode, 200);
  const stale = { 'if-match': etag };
  t.match((await shift(api, 0, 100, stale)).json(), { status: 412, code: 'revision_stale' });
  for (const [method, url, body] of [
    ['POST', `${app}/rollback`, {}],
    ['POST', '/v1/shifts', { services: { 'app.example.test': { blue: 0, green: 1 } } }],
    ['DELETE', app],
  ] as const) {
    t.equal((await api.request(method, url, { body, headers: stale })).statusCode, 412, `${method} ${url}`);
  }
  t.same(await weightsOf(api), { blue: 50, green: 50 });
  t.equal((await shift(api, 0, 100, { 'if-match': `"1", "4"` })).statusCode, 200, 'one of a list is enough');
  t.equal((await shift(api, 1, 100, { 'if-match': '*' })).statusCode, 200);
});

t.test('clients that race with If-Match lose no update', async (t) => {
  const api = await start(t);
  const INCREMENTS = 15;
  let stale = 0;
  const client = async () => {
    for (let done = 0; done < INCREMENTS; ) {
      const { headers, body } = await api.request('GET', `${app}/weights`);
      const { weights } = JSON.parse(body);
      const reply = await shift(api, weights.blue, weights.green + 1, { 'if-match': String(headers.etag) });
      if (reply.statusCode === 200) done += 1;
      else if (reply.statusCode === 412) stale += 1;
      else t.fail(reply.body);
    }
  };
  await Promise.all([client(), client()]);
  t.same(await weightsOf(api), { blue: 90, green: 10 + 2 * INCREMENTS });
  t.ok(stale > 0, 'they did meet');
});

t.test('the same Idempotency-Key gets the same reply, and changes nothing more', async (t) => {
  const directory = makeDirectory(t);
  let api = await startApi(directory);
  t.teardown(() => api.close());
  await seed(api);
  const headers = { 'idempotency-key': 'deploy-42' };
  const services = { 'app.example.test': { blue: 0, green: 100 } };
  const send = (more: object = {}) => api.request('POST', '/v1/shifts', { body: { services }, headers, ...more });

  const first = await send();
  t.match(first, { statusCode: 200, headers: { 'teal-revision': '4', 'idempotency-replayed': undefined } });
  await shift(api, 50, 50);
  const replayed = { statusCode: 200, headers: { 'teal-revision': '4', 'idempotency-replayed': 'true' } };
  const second = await send();
  t.match(second, replayed);
  t.equal(second.body, first.body);

  await api.close();
  api = await startApi(directory);
  const afterRestart = await send();
  t.match(afterRestart, replayed, 'a restart does not matter');
  t.equal(afterRestart.body, first.body);
  t.same(await weightsOf(api), { blue: 50, green: 50 }, 'the shift was made once');

  const other = await send({ body: { services: { 'app.example.test': { blue: 1, green: 100 } } } });
  t.match(other.json(), { status: 422, code: 'idempotency_key_reused' });

  api.clock.aheadMs = 24 * 3600 * 1000 + 1;
  t.match(await send(), { statusCode: 200, headers: { 'idempotency-replayed': undefined } }, 'kept for 24 hours');
  t.same(await weightsOf(api), { blue: 0, green: 100 });
});

t.test('a refused request does not use its Idempotency-Key up', async (t) => {
  const api = await start(t);
  const headers = { 'idempotency-key': 'k' };
  const send = (green: number) =>
    api.request('POST', '/v1/shifts', { body: { services: { 'app.example.test': { blue: 0, green } } }, headers });
  t.equal((await send(0)).statusCode, 422);
  t.equal((await send(1)).statusCode, 200);
});

t.test('the same key and body on another path is another request', async (t) => {
  const api = await start(t);
  const services = { 'app.example.test': { blue: 0, green: 1 }, 'api.example.test': { blue: 0, green: 1 } };
  await api.request('POST', '/v1/shifts', { body: { services } });
  const rollback = (name: string) =>
    api.request('POST', `/v1/services/${name}/rollback`, { body: {}, headers: { 'idempotency-key': 'k' } });
  t.equal((await rollback('app.example.test')).statusCode, 200);
  t.equal((await rollback('api.example.test')).json().code, 'idempotency_key_reused');
});

t.test('a rollback is replayed too, with a body or without', async (t) => {
  const api = await start(t);
  await shift(api, 0, 1);
  for (const [key, body] of [['a', {}], ['b']] as const) {
    const send = () => api.request('POST', `${app}/rollback`, { body, headers: { 'idempotency-key': key } });
    const first = await send();
    await shift(api, 0, key === 'a' ? 2 : 3);
    t.match(await send(), { statusCode: 200, body: first.body, headers: { 'idempotency-replayed': 'true' } });
  }
});
