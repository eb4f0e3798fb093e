/** httpreq as lego speaks it: its recorded requests, two values at one name, tokens as passwords, and what is refused. */
import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import t, { type Test } from 'tap';
import { httpreq } from '../../../src/api/acme/httpreq.ts';
import { APIS, createApp } from '../../../src/api/app.ts';
import { ADMIN, type ApiFixture, makeDirectory, READER, seed, startApi } from '../../fixtures/api.ts';

const NAME = '_acme-challenge.hr.example.test';
const VALUE = 'MmrrdqcNLHsJ0psPHpmmM2yfirMyCNQc6lJtrI36hwg';
const OTHER = 'cjyOJvPyydGeSoUYEi-Haev7Nn8Z_sdwMbHFWWgjeF0';

interface Recorded {
  readonly method: 'POST';
  readonly path: string;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly requestBody: string;
}

const basic = (secret: string, user = 'lego'): string => `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;

async function open(t: Test): Promise<{ app: FastifyInstance; api: ApiFixture }> {
  const api = await startApi(makeDirectory(t));
  await seed(api);
  const app = createApp(api.parts, [...APIS, httpreq]);
  t.teardown(async () => {
    await app.close();
    await api.close();
  });
  return { app, api };
}

/** Sends as lego does. */
function sender(app: FastifyInstance) {
  return async (path: string, body: unknown, secret = ADMIN) => {
    const payload = typeof body === 'string' ? body : JSON.stringify(body);
    const headers = { authorization: basic(secret), 'content-type': 'application/json' };
    const reply = await app.inject({ method: 'POST', url: `/httpreq${path}`, headers, payload });
    return { status: reply.statusCode, type: reply.headers['content-type'], body: reply.json() };
  };
}

async function valuesAt(api: ApiFixture, name = NAME): Promise<string[]> {
  const reply = await api.request('GET', `/v1/zones/example.test/rrsets/${name}/TXT`);
  return reply.statusCode === 404 ? [] : reply.json().rdata;
}

const newest = async (api: ApiFixture) =>
  (await api.request('GET', '/v1/revisions?order=newest&limit=1')).json().items[0];

t.test('the recorded requests of lego, for a name and its wildcard', async (t) => {
  const { app, api } = await open(t);
  const lines = readFileSync(new URL('../../fixtures/clients/lego-httpreq.jsonl', import.meta.url), 'utf8');
  const after: string[][] = [];
  for (const line of lines.trimEnd().split('\n')) {
    const { method, path, requestHeaders, requestBody } = JSON.parse(line) as Recorded;
    const payload = requestBody.replaceAll('example.com', 'example.test');
    const { 'content-length': _, ...recorded } = requestHeaders;
    const headers = { ...recorded, authorization: basic(ADMIN) };
    const reply = await app.inject({ method, url: `/httpreq${path}`, headers, payload });
    t.match(reply, { statusCode: 200, body: '{}', headers: { 'content-type': /^application\/json/ } });
    after.push(await valuesAt(api));
  }
  t.same(
    after,
    [[`"${VALUE}"`], [`"${VALUE}"`, `"${OTHER}"`], [`"${OTHER}"`], []],
    'both stay, and each is taken away',
  );
});

t.test('a change says who made it and why, and one that is there already is none', async (t) => {
  const { app, api } = await open(t);
  const send = sender(app);
  const challenge = { fqdn: `${NAME}.`, value: VALUE };
  t.match(await send('/present', challenge), { status: 200 });
  const made = await newest(api);
  t.match(made, { kind: 'records.change', actor: 'acme:settings-admin' });
  t.match(await send('/present', challenge), { status: 200 }, 'again');
  t.match(
    await send('/present', { ...challenge, fqdn: NAME.toUpperCase() }),
    { status: 200 },
    'in capitals, without the dot',
  );
  t.equal((await newest(api)).revision, made.revision);
  t.match(await send('/cleanup', challenge), { status: 200 });
  const cleaned = (await newest(api)).revision;
  t.match(await send('/cleanup', challenge), { status: 200 }, 'what is gone is gone');
  t.match(await send('/cleanup', { ...challenge, fqdn: 'never.example.test.' }), { status: 200 });
  t.equal((await newest(api)).revision, cleaned);
  const headers = { authorization: basic(ADMIN), 'teal-reason': 'renewal%20of%20hr' };
  await app.inject({ method: 'POST', url: '/httpreq/present', headers, payload: JSON.stringify(challenge) });
  t.match(await newest(api), { actor: 'acme:settings-admin', reason: 'renewal of hr' });
});

t.test('other values at the name stay as they are', async (t) => {
  const { app, api } = await open(t);
  const send = sender(app);
  const body = { ttlSeconds: 300, rdata: ['"v=spf1 -all"'] };
  await api.request('PUT', `/v1/zones/example.test/rrsets/${NAME}/TXT`, { body });
  await send('/present', { fqdn: NAME, value: VALUE });
  await send('/cleanup', { fqdn: NAME, value: OTHER });
  t.same(await valuesAt(api), ['"v=spf1 -all"', `"${VALUE}"`]);
  await send('/cleanup', { fqdn: NAME, value: VALUE });
  t.same(await valuesAt(api), ['"v=spf1 -all"']);
});

t.test('the TTL of what people put there stays; between challenges it is a second', async (t) => {
  const { app, api } = await open(t);
  const send = sender(app);
  const path = `/v1/zones/example.test/rrsets/${NAME}/TXT`;
  const ttl = async (): Promise<number> => (await api.request('GET', path)).json().ttlSeconds;
  await api.request('PUT', path, { body: { ttlSeconds: 300, rdata: ['"v=spf1 -all"'] } });
  await send('/present', { fqdn: NAME, value: VALUE });
  t.equal(await ttl(), 300);
  await send('/cleanup', { fqdn: NAME, value: VALUE });
  t.equal(await ttl(), 300);
  await api.request('PUT', path, { body: { ttlSeconds: 300, rdata: [`"${OTHER}"`] } });
  await send('/present', { fqdn: NAME, value: VALUE });
  t.equal(await ttl(), 1, 'beside a challenge of another tool');
  await api.request('DELETE', path);
  await send('/present', { fqdn: NAME, value: VALUE });
  t.equal(await ttl(), 1);
});

t.test('a name that is taken is told without words of requests that nobody sent', async (t) => {
  const { app, api } = await open(t);
  await api.request('PUT', `/v1/zones/example.test/rrsets/${NAME}/CNAME`, {
    body: { ttlSeconds: 60, rdata: ['x.test.'] },
  });
  const reply = await sender(app)('/present', { fqdn: NAME, value: VALUE });
  t.match(reply, {
    status: 409,
    body: { code: 'cname_conflict', error: /^_acme-challenge\.hr\.example\.test\/CNAME stands/ },
  });
});

t.test('with HTTPREQ_MODE=RAW name and value are made here', async (t) => {
  const { app, api } = await open(t);
  const send = sender(app);
  // RFC 8555 §8.4: the SHA-256 of the key authorization, in base64url.
  const value = 'LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ';
  const raw = { token: 'any', keyAuth: 'hello' };
  t.match(await send('/present', { ...raw, domain: 'hr.example.test' }), { status: 200 });
  t.same(await valuesAt(api), [`"${value}"`]);
  t.match(await send('/present', { ...raw, keyAuth: 'other', domain: '*.hr.example.test' }), { status: 200 });
  t.equal((await valuesAt(api)).length, 2, 'the wildcard is proved at the same name');
  t.match(await send('/cleanup', { ...raw, domain: 'hr.example.test' }), { status: 200 });
  t.notMatch(await valuesAt(api), [`"${value}"`]);
});

t.test('a token for records writes what it reaches, others nothing', async (t) => {
  const { app, api } = await open(t);
  const send = sender(app);
  const make = async (body: object): Promise<string> =>
    (await api.request('POST', '/v1/tokens', { body })).json().secret;
  const limited = await make({ name: 'lego', scope: 'records', names: ['_acme-challenge.*'], types: ['TXT'] });
  t.match(await send('/present', { fqdn: NAME, value: VALUE }, limited), { status: 200 });
  t.match(await newest(api), { actor: 'acme:lego' });
  const { revision } = await newest(api);
  for (const fqdn of ['www.example.test', 'www.example.test.']) {
    t.match(await send('/present', { fqdn, value: VALUE }, limited), {
      status: 403,
      type: 'application/json',
      body: { code: 'token_forbidden', error: /the TXT records of www\.example\.test\.$/ },
    });
  }
  for (const body of [
    { name: 'a-only', scope: 'records', types: ['A'] },
    { name: 'elsewhere', scope: 'records', zones: ['other.test'], types: ['TXT'] },
    { name: 'zone-admin', scope: 'admin', zones: ['other.test'] },
  ]) {
    const secret = await make(body);
    for (const path of ['/present', '/cleanup']) {
      const refused = await send(path, { fqdn: NAME, value: OTHER }, secret);
      t.match(refused, { status: 403, body: { code: 'token_forbidden' } }, `${body.name} ${path}`);
    }
  }
  t.match(await send('/present', { fqdn: NAME, value: OTHER }, READER), { status: 403 });
  t.same(await valuesAt(api), [`"${VALUE}"`]);
  const after = await api.request('GET', `/v1/revisions?after=${revision}`);
  t.same([...new Set(after.json().items.map(({ kind }: { kind: string }) => kind))], ['token.create'], 'nothing else');
});

t.test('who shows no good token is told so in the client’s form, and asked for no password', async (t) => {
  const { app } = await open(t);
  const payload = JSON.stringify({ fqdn: NAME, value: VALUE });
  const ask = async (headers: Record<string, string>) =>
    app.inject({ method: 'POST', url: '/httpreq/present', headers, payload });
  const wrong: Record<string, string>[] = [
    {},
    { authorization: basic('wrong') },
    { authorization: basic('') },
    { authorization: `Bearer ${ADMIN}` },
    { authorization: 'Basic !' },
    { authorization: `Basic ${Buffer.from(ADMIN).toString('base64')}` },
    { 'x-api-key': ADMIN },
  ];
  for (const headers of wrong) {
    const reply = await ask(headers);
    t.match(reply, { statusCode: 401, headers: { 'content-type': 'application/json' } }, JSON.stringify(headers));
    t.match(reply.json(), { error: /./, code: /^token_(missing|invalid)$/ });
    t.equal(reply.headers['www-authenticate'], undefined);
  }
  const known = await app.inject({ url: '/v1/zones', headers: { authorization: basic(ADMIN) } });
  t.equal(known.statusCode, 401, 'and Basic opens nothing else');
});

t.test('bad input is refused in words, and nothing is done', async (t) => {
  const { app, api } = await open(t);
  const send = sender(app);
  const { revision } = await newest(api);
  const good = { fqdn: NAME, value: VALUE };
  const cases: [string, unknown, number, RegExp][] = [
    ['a zone that is not ours', { ...good, fqdn: '_acme-challenge.example.org.' }, 422, /in no zone/],
    ["a service's alias", { ...good, fqdn: 'alias.example.test' }, 409, /alias/],
    ['no name', { ...good, fqdn: 'a..example.test' }, 400, /empty/],
    ['a name that is too long', { ...good, fqdn: `${'a'.repeat(64)}.example.test` }, 400, /63/],
    ['a body cut off', '{"fqdn":"_acme-challenge.hr.exam', 400, /not JSON/],
    ['no body', '', 400, /must be an object/],
    ['a list', [good], 400, /must be an object/],
    ['a field that nobody knows', { ...good, ttl: 60 }, 400, /Unknown property "ttl"/],
    ['a field twice', `{"fqdn":"${NAME}","value":"${VALUE}","value":"${OTHER}"}`, 400, /twice/],
    ['no value', { fqdn: NAME }, 400, /lacks the property "value"/],
    ['a value that is no text', { ...good, value: 7 }, 400, /must be a string/],
    ['a value that is no digest', { ...good, value: 'v=spf1 -all' }, 400, /43 characters/],
    ['a value with a quote', { ...good, value: `${VALUE.slice(0, 42)}"` }, 400, /43 characters/],
    ['a value with a line feed', { ...good, value: `${VALUE}\n` }, 400, /43 characters/],
    ['RAW and its fields by half', { domain: 'hr.example.test', value: VALUE }, 400, /./],
    ['too much', { ...good, value: 'x'.repeat(20_000) }, 413, /at most/],
  ];
  const service = {
    pools: { blue: { weight: 1, targets: ['a.example.net'] }, green: { weight: 0, targets: ['b.example.net'] } },
  };
  t.equal((await api.request('PUT', '/v1/services/alias.example.test', { body: service })).statusCode, 201);
  for (const [what, body, status, error] of cases) {
    const refused = await send('/present', body);
    t.match(refused, { status, type: 'application/json', body: { error } }, what);
  }
  t.match(await app.inject({ url: '/httpreq/present', headers: { authorization: basic(ADMIN) } }), { statusCode: 405 });
  t.match(await send('/nothing', good), { status: 404, body: { code: 'route_unknown' } });
  t.equal((await newest(api)).revision, revision + 1, 'but the service, nothing was made');
});

t.test('what is asked for here is counted by its door', async (t) => {
  const { app } = await open(t);
  await sender(app)('/present', { fqdn: NAME, value: VALUE });
  await sender(app)('/present', { fqdn: 'x.test', value: VALUE });
  const metrics = await app.inject({ url: '/metrics', headers: { authorization: `Bearer ${ADMIN}` } });
  t.match(metrics.body, /teal_door_requests_total\{door="httpreq",status="200"\} 1/);
  t.match(metrics.body, /teal_door_requests_total\{door="httpreq",status="422"\} 1/);
});

t.test(
  'at and below a delegation nobody would be answered with a value: it is refused, and cleared away',
  async (t) => {
    const { app, api } = await open(t);
    const send = sender(app);
    const value = { value: VALUE };
    const ns = { ttlSeconds: 60, rdata: ['ns1.elsewhere.test.'] };
    const names = ['away.example.test', '_acme-challenge.away.example.test', 'a.b.away.example.test'];
    // They stand there from before.
    for (const fqdn of names) t.equal((await send('/present', { fqdn, ...value })).status, 200);
    for (const name of ['away.example.test', '*.star.example.test']) {
      t.equal((await api.request('PUT', `/v1/zones/example.test/rrsets/${name}/NS`, { body: ns })).statusCode, 201);
    }
    for (const fqdn of names) {
      const { status, body } = await send('/present', { fqdn: fqdn.toUpperCase(), value: OTHER });
      t.match({ status, ...body }, { status: 422, code: 'name_outside_zones', error: /delegates away\.example\.test/ });
      t.same(await valuesAt(api, fqdn), [`"${VALUE}"`]);
      t.equal((await send('/cleanup', { fqdn, ...value })).status, 200);
      t.same(await valuesAt(api, fqdn), []);
    }
    const others = ['beside.away2.example.test', 'x.star.example.test', '*.star.example.test', 'example.test'];
    for (const fqdn of others) t.equal((await send('/present', { fqdn, ...value })).status, 200, fqdn);
    const child = { nameservers: ['ns1.example.test'], hostmaster: 'hostmaster.example.test' };
    t.equal((await api.request('PUT', '/v1/zones/away.example.test', { body: child })).statusCode, 201);
    t.equal((await send('/present', { fqdn: names[1], ...value })).status, 200, 'a zone that is here answers');
  },
);
