/** Why, on every write: each route takes it, in its body and in headers, and what was said is told wherever the change is. */
import t, { type Test } from 'tap';
import { type ApiFixture, makeDirectory, seed, startApi } from '../fixtures/api.ts';
import { EventReader } from '../fixtures/event-source.ts';
import type { Document } from '../fixtures/openapi.ts';

async function start(t: Test): Promise<ApiFixture> {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  return api;
}

const app = '/v1/services/app.example.test';
const links = ['https://git.example.com/app/commit/1a2b3c', 'https://ci.example.com/runs/981'];
const why = { reason: 'Canary of 4.2.0', links };

const newest = async (api: ApiFixture) =>
  (await api.request('GET', '/v1/revisions?order=newest&limit=1')).json().items[0];

/** What stands in a schema under a name; a reference is followed. */
function membersOf(document: Document, schema: object): Record<string, object> {
  const { $ref, properties = {} } = schema as { $ref?: string; properties?: Record<string, object> };
  if ($ref === undefined) return properties;
  return membersOf(document, document.components.schemas[$ref.replace('#/components/schemas/', '')] ?? {});
}

t.test('every write of the document takes a reason and links: a new route cannot forget', async (t) => {
  const api = await start(t);
  const document = (await api.app.inject('/openapi.json')).json<Document>();
  let writes = 0;
  for (const [path, byMethod] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(byMethod)) {
      if (['get', 'head', 'options', 'trace'].includes(method)) continue;
      writes++;
      const where = `${method} ${path}`;
      const { parameters = [] } = operation as { parameters?: { in: string; name: string }[] };
      const headers = parameters.filter((each) => each.in === 'header').map(({ name }) => name);
      for (const name of ['Teal-Reason', 'Teal-Links']) t.ok(headers.includes(name), `${where} takes ${name}`);
      const json = operation.requestBody?.content['application/json'];
      if (json !== undefined) t.match(membersOf(document, json.schema), { reason: {}, links: {} }, where);
      // Its meaning is the same everywhere, so a bad one is refused everywhere, before anything else is looked at.
      const url = path.replaceAll(/\{\w+\}/g, 'none');
      const body = method === 'delete' ? {} : { body: path.endsWith('/file') ? '' : '{}' };
      const type = path.endsWith('/file') ? { 'content-type': 'text/dns' } : {};
      const reply = await api.request(method.toUpperCase(), url, {
        ...body,
        headers: { 'teal-reason': 'a%0Ab', ...type },
      });
      t.match(reply.json().code, /^(?:reason|body)_invalid$/, `${where} judges it`);
      t.ok(reply.json().code === 'reason_invalid' || json !== undefined, where);
    }
  }
  t.ok(writes >= 30, `${writes} writes`);
});

t.test('of a shift: in its revision, event, line of the log and history', async (t) => {
  const api = await start(t);
  const url = await api.app.listen({ host: '127.0.0.1', port: 0 });
  const reader = await (await EventReader.open(`${url}/v1/events`, 'the-read-token')).opened();
  t.teardown(() => reader.close());
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const headers = { 'x-request-id': 'run-981.2', traceparent };
  const body = { services: { 'app.example.test': { blue: 0, green: 1 } }, ...why };
  t.equal((await api.request('POST', '/v1/shifts', { body, headers })).statusCode, 200);
  const expected = { kind: 'shift', ...why, requestId: 'run-981.2', traceparent };
  const revision = await newest(api);
  t.match(revision, expected);
  t.match((await api.request('GET', `${app}/history?order=newest`)).json().items[0], expected);
  t.match((await reader.until(({ event }) => event === 'revision')).data, expected);
  const line = api.log.find((each) => each.revision === revision.revision);
  t.match(line, { kind: 'shift', why, requestId: 'run-981.2', traceparent });
});

t.test('headers are for every write, those without a body above all', async (t) => {
  const api = await start(t);
  const headers = { 'teal-reason': 'St%C3%B6rung%3A 100%25 blue', 'teal-links': links.join(' ') };
  const said = { reason: 'Störung: 100% blue', links };
  await api.request('PUT', `${app}/weights`, { body: { blue: 3, green: 1 }, headers });
  t.match(await newest(api), { kind: 'shift', ...said });
  const file =
    'example.test. 60 SOA ns1 h 1 2 3 4 5\nexample.test. 60 NS ns1.example.test.\nns1.example.test. 60 A 192.0.2.1\n';
  const put = { body: file, headers: { ...headers, 'content-type': 'text/dns', 'teal-links': links.join(', ') } };
  t.equal((await api.request('PUT', '/v1/zones/example.test/file', put)).statusCode, 200);
  t.match(await newest(api), { kind: 'zone.import', ...said });
  await api.request('DELETE', app, { headers });
  t.match(await newest(api), { kind: 'service.delete', ...said });
  // Bytes of UTF-8 as curl sends them; Node reads them as Latin-1.
  const raw = Buffer.from('Störung').toString('latin1');
  await api.request('DELETE', '/v1/zones/example.test?services=delete', { headers: { 'teal-reason': raw } });
  t.match(await newest(api), { kind: 'zone.delete', reason: 'Störung' });
});

t.test('a pool may be called reason', async (t) => {
  const api = await start(t);
  const pool = (address: string) => ({ weight: 1, targets: [address] });
  const pools = { reason: pool('192.0.2.1'), links: pool('192.0.2.2') };
  await api.request('PUT', '/v1/services/odd.example.test', { body: { pools } });
  const weights = '/v1/services/odd.example.test/weights';
  const headers = { 'teal-reason': 'said in a header' };
  const reply = await api.request('PUT', weights, { body: { reason: 7, links: 2 }, headers });
  t.match(reply.json(), { weights: { reason: 7, links: 2 } });
  t.match(await newest(api), { reason: 'said in a header', links: undefined });
  t.match((await api.request('PUT', weights, { body: { reason: 'x', links: 1 } })).json(), { code: 'pools_mismatch' });
  t.match((await api.request('PUT', `${app}/weights`, { body: { blue: 2, green: 1, ...why } })).json(), {
    weights: { blue: 2, green: 1 },
  });
  t.match(await newest(api), why);
});

t.test('what cannot be taken is refused, and nothing changes', async (t) => {
  const api = await start(t);
  const shift = (more: object, headers: Record<string, string> = {}) =>
    api.request('PUT', `${app}/weights`, { body: { blue: 2, green: 3, ...more }, headers });
  const before = await newest(api);
  const cases: [object, Record<string, string>, object][] = [
    [{ reason: 'x'.repeat(10_000) }, {}, { status: 422, code: 'reason_invalid', pointer: '/reason' }],
    [{ reason: 'a\nb' }, {}, { code: 'reason_invalid' }],
    [{ reason: '\u001b[31m' }, {}, { code: 'reason_invalid' }],
    [{ reason: ['a'] }, {}, { code: 'body_invalid', pointer: '/reason' }],
    [{ reason: null }, {}, { code: 'body_invalid' }],
    [{ links: ['javascript:alert(1)'] }, {}, { status: 422, code: 'links_invalid', pointer: '/links/0' }],
    [{ links: 'https://example.com' }, {}, { code: 'body_invalid' }],
    [{ links: [7] }, {}, { code: 'body_invalid' }],
    [{ links: Array(11).fill('https://example.com') }, {}, { code: 'links_invalid', pointer: '/links' }],
    [{}, { 'teal-reason': 'half%2' }, { status: 400, code: 'header_invalid' }],
    [{}, { 'teal-reason': '100% blue' }, { code: 'header_invalid', detail: /%25/ }],
    [{}, { 'teal-reason': '%C3' }, { code: 'header_invalid', detail: /UTF-8/ }],
    [{}, { 'teal-reason': '%00' }, { code: 'reason_invalid' }],
    [{}, { 'teal-links': 'https://a.example javascript:x' }, { code: 'links_invalid', pointer: '/links/1' }],
    [{ reason: 'one' }, { 'teal-reason': 'two' }, { code: 'header_invalid' }],
  ];
  for (const [more, headers, expected] of cases) {
    const reply = await shift(more, headers);
    t.match(reply.json(), expected, JSON.stringify([more, headers]).slice(0, 80));
  }
  t.same(await newest(api), before);
  t.equal((await shift({ reason: 'one' }, { 'teal-reason': 'one' })).statusCode, 200, 'said twice alike');
});

t.test('a reason alone changes nothing, and none is none', async (t) => {
  const api = await start(t);
  await api.request('PUT', `${app}/weights`, { body: { blue: 2, green: 3, reason: '', links: [] } });
  const before = await newest(api);
  t.equal('reason' in before || 'links' in before, false);
  t.equal(
    (await api.request('PUT', `${app}/weights`, { body: { blue: 2, green: 3, reason: 'again' } })).statusCode,
    200,
  );
  t.same(await newest(api), before);
});

t.test('an Idempotency-Key is for one reason', async (t) => {
  const api = await start(t);
  const post = (headers: Record<string, string>, more: object = {}) => {
    const body = { services: { 'app.example.test': { blue: 9, green: 1 } }, ...more };
    return api.request('POST', '/v1/shifts', { body, headers: { 'idempotency-key': 'k', ...headers } });
  };
  t.equal((await post({ 'teal-reason': 'one' })).statusCode, 200);
  t.equal((await post({ 'teal-reason': 'one' })).headers['idempotency-replayed'], 'true');
  t.match((await post({ 'teal-reason': 'two' })).json(), { code: 'idempotency_key_reused' });
  t.match((await post({}, { reason: 'one' })).json(), { code: 'idempotency_key_reused' });
});

t.test('what traces a request is kept where it is well formed, and is no reason to refuse', async (t) => {
  const api = await start(t);
  let blue = 10;
  const kept = async (headers: Record<string, string>) => {
    t.equal(
      (await api.request('PUT', `${app}/weights`, { body: { blue: ++blue, green: 1 }, headers })).statusCode,
      200,
    );
    return newest(api);
  };
  const [trace, parent] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];
  const good = `00-${trace}-${parent}-01`;
  t.match(await kept({ traceparent: good }), { traceparent: good });
  t.match(await kept({ traceparent: `cc-${trace}-${parent}-01-what-will-be` }), {
    traceparent: `cc-${trace}-${parent}-01`,
  });
  const bad = [
    `00-${trace}-${parent}-01-more`,
    `ff-${trace}-${parent}-01`,
    `00-${'0'.repeat(32)}-${parent}-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    good.toUpperCase(),
    `${good}, ${good}`,
    `00-${trace}-${parent}`,
    'x'.repeat(5000),
    '',
  ];
  for (const traceparent of bad)
    t.equal((await kept({ traceparent })).traceparent, undefined, traceparent.slice(0, 60));
  const made = await kept({ 'x-request-id': 'a b\u0085<script>' });
  t.match(made.requestId, /^[0-9a-f-]{36}$/, 'one is made where the given one is no word');
  t.match(await kept({ 'x-request-id': 'x'.repeat(129) }), { requestId: /^[0-9a-f-]{36}$/ });
  t.match(await kept({ 'x-request-id': 'x'.repeat(128) }), { requestId: 'x'.repeat(128) });
});
