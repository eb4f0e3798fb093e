/** A token of the scope `records`: what it is limited to it may change and read, and nothing else of the whole API. */
import t from 'tap';
import { type ApiFixture, makeDirectory, seed, startApi } from '../fixtures/api.ts';
import type { Document } from '../fixtures/openapi.ts';

const zone = '/v1/zones/example.test';
const challenge = '_acme-challenge.www.example.test';

async function start(t: { teardown(work: () => unknown): void }): Promise<ApiFixture> {
  const api = await startApi(makeDirectory(t));
  t.teardown(() => api.close());
  await seed(api);
  return api;
}

async function make(api: ApiFixture, more: object): Promise<string> {
  const body = { name: `t${Math.random().toString(36).slice(2)}`, scope: 'records', ...more };
  const reply = await api.request('POST', '/v1/tokens', { body });
  t.equal(reply.statusCode, 201, reply.body);
  return reply.json().secret;
}

const acme = { zones: ['example.test'], names: ['_acme-challenge.*'], types: ['TXT'] };
const txt = (value: string) => ({ ttlSeconds: 60, rdata: [`"${value}"`] });
const last = async (api: ApiFixture): Promise<number> =>
  (await api.request('GET', '/v1/revisions?order=newest&limit=1')).json().items[0].revision;

t.test('it writes, reads and deletes what it is limited to, in each way that there is', async (t) => {
  const api = await start(t);
  const token = await make(api, acme);
  const path = `${zone}/rrsets/${challenge}/TXT`;
  t.equal((await api.request('PUT', path, { token, body: txt('one') })).statusCode, 201);
  const two = { changes: [{ add: { name: challenge.toUpperCase(), type: 'txt', values: ['"two"'] } }] };
  t.equal((await api.request('POST', `${zone}/changes`, { token, body: two })).statusCode, 200);
  t.match((await api.request('GET', path, { token })).json(), { rdata: ['"one"', '"two"'] });
  const answers = (await api.request('GET', `${zone}/answers`, { token })).json();
  t.same(
    answers.items.map(({ name, type }: { name: string; type: string }) => `${name} ${type}`),
    [`${challenge} TXT`],
    'of all that the zone answers it is shown its own',
  );
  t.equal((await api.request('DELETE', path, { token })).statusCode, 204);
  const all = { changes: [{ put: { name: '_acme-challenge.example.test', type: 'TXT', ...txt('apex') } }] };
  t.equal((await api.request('POST', `${zone}/changes`, { token, body: all })).statusCode, 200);
});

t.test('each other operation of the API, one by one, is refused, and says what the token may', async (t) => {
  const api = await start(t);
  const token = await make(api, acme);
  const may = ['put', 'get', 'delete'].map((method) => `${method} /v1/zones/{zone}/rrsets/{name}/{type}`);
  may.push(
    'get /v1/zones/{zone}/rrsets',
    'get /v1/zones/{zone}/answers',
    'post /v1/zones/{zone}/changes',
    'get /v1/self',
  );
  const { paths } = (await api.app.inject('/openapi.json')).json<Document>();
  const operations = Object.entries(paths).flatMap(([path, of]) =>
    Object.keys(of).map((method) => `${method} ${path}`),
  );
  const others = operations.filter((each) => !may.includes(each) && !/ \/(healthz|readyz)$/.test(each));
  t.equal(operations.length - others.length, may.length + 2, 'the few that it may use are there');
  const before = await last(api);
  const names: Record<string, string> = { zone: 'example.test', type: 'TXT', id: '1', pool: 'blue' };
  for (const operation of others) {
    const [method = '', template = ''] = operation.split(' ');
    for (const name of ['app.example.test', challenge]) {
      const url = template.replace(/\{([a-z]+)\}/g, (_, key: string) => names[key] ?? name);
      const reply = await api.request(method.toUpperCase(), url, { token, ...(method !== 'get' && { body: {} }) });
      t.match(reply.json(), { status: 403, code: 'token_forbidden' }, operation);
      t.match(
        reply.json().detail,
        /has the scope records, for changing and reading TXT records at _acme-challenge\.\* in the zones example\.test, and nothing else; this needs/,
      );
    }
  }
  t.equal(await last(api), before);
});

t.test('other RRsets are refused, whichever operation it may use', async (t) => {
  const api = await start(t);
  await api.request('PUT', '/v1/zones/other.test', {
    body: { nameservers: ['ns1.example.test'], hostmaster: 'h.example.test' },
  });
  const token = await make(api, acme);
  await api.request('PUT', `${zone}/rrsets/www.example.test/TXT`, { body: txt('kept') });
  const outside: [zone: string, name: string, type: string][] = [
    ['example.test', 'www.example.test', 'TXT'],
    ['example.test', 'x._acme-challenge.example.test', 'TXT'],
    ['example.test', challenge, 'A'],
    ['example.test', challenge, 'TYPE99'],
    ['example.test', 'example.test', 'NS'],
    ['other.test', '_acme-challenge.other.test', 'TXT'],
  ];
  const before = await last(api);
  for (const [inZone, name, type] of outside) {
    const where = `${name}/${type} of ${inZone}`;
    const forbidden = { status: 403, code: 'token_forbidden', detail: /limited to TXT records at _acme-challenge\.\*/ };
    const path = `/v1/zones/${inZone}/rrsets/${name}/${type}`;
    const named = { name, type };
    t.match((await api.request('PUT', path, { token, body: txt('x') })).json(), forbidden, `PUT ${where}`);
    t.match((await api.request('GET', path, { token })).json(), forbidden, `GET ${where}`);
    t.match((await api.request('DELETE', path, { token })).json(), forbidden, `DELETE ${where}`);
    for (const change of [
      { put: { ...named, ...txt('x') } },
      { add: { ...named, values: ['"x"'] } },
      { remove: { ...named, values: ['"x"'] } },
      { delete: named },
    ]) {
      const changes = [{ add: { name: challenge, type: 'TXT', values: ['"mine"'] } }, change];
      const reply = await api.request('POST', `/v1/zones/${inZone}/changes`, { token, body: { changes } });
      t.match(reply.json(), forbidden, `${JSON.stringify(change)} in ${inZone}`);
    }
  }
  t.equal(await last(api), before, 'nothing was changed');
});

t.test('what decides for all names below is for who may have those', async (t) => {
  const api = await start(t);
  const one = await make(api, { names: ['sub.example.test'] });
  const all = await make(api, { names: ['sub.example.test', '*.sub.example.test'] });
  const put = (token: string, type: string, rdata: string[]) =>
    api.request('PUT', `${zone}/rrsets/sub.example.test/${type}`, { token, body: { ttlSeconds: 60, rdata } });
  for (const [type, rdata] of [
    ['NS', 'ns1.sub.example.test.'],
    ['DNAME', 'example.com.'],
  ] as const) {
    t.match((await put(one, type, [rdata])).json(), { code: 'token_forbidden', detail: /answered below sub/ }, type);
  }
  t.equal((await put(one, 'A', ['192.0.2.1'])).statusCode, 201);
  t.equal((await put(all, 'NS', ['ns1.sub.example.test.'])).statusCode, 201);
  const reply = await api.request('DELETE', `${zone}/rrsets/sub.example.test/NS`, { token: one });
  t.match(reply.json(), { code: 'token_forbidden' }, 'nor may it take it away');
});

t.test('a token is read alone, and shows its limits as they can be sent', async (t) => {
  const api = await start(t);
  const body = { name: 'certbot', scope: 'records', ...acme, types: ['txt', 'TYPE1'], names: ['_ACME-challenge.*.'] };
  const { secret, ...made } = (await api.request('POST', '/v1/tokens', { body })).json();
  const read = await api.request('GET', '/v1/tokens/certbot');
  t.same(read.json(), made);
  t.match(read.json(), { names: ['_acme-challenge.*'], types: ['TXT', 'A'], zones: ['example.test'] });
  t.notMatch(read.body, secret);
  t.equal(read.headers.etag, `"${made.revision}"`);
  const known = { headers: { 'if-none-match': `"${made.revision}"` } };
  t.equal((await api.request('GET', '/v1/tokens/certbot', known)).statusCode, 304);
  t.match((await api.request('GET', '/v1/tokens/none')).json(), { status: 404, code: 'token_unknown' });
});

t.test('limits that would limit nothing are refused', async (t) => {
  const api = await start(t);
  for (const [more, pointer, code] of [
    [{ scope: 'admin', names: ['a.test'] }, '/names', 'limits_invalid'],
    [{ scope: 'read', types: ['TXT'] }, '/types', 'limits_invalid'],
    [{ scope: 'records', services: ['a.test'] }, '/services', 'limits_invalid'],
    [{ scope: 'records', types: [] }, '/types', 'limits_invalid'],
    [{ scope: 'records', types: ['TXT', 'ANY'] }, '/types/1', 'type_unknown'],
    [{ scope: 'records', names: ['*.a.*'] }, '/names/0', 'pattern_invalid'],
  ] as const) {
    const reply = await api.request('POST', '/v1/tokens', { body: { name: 'x', ...more } });
    t.match(reply.json(), { code, pointer }, reply.body);
  }
});
