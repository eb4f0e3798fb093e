/** acme-dns's API: accounts that are tokens for one name, the newest two values, and its words for what is refused. */
import t from 'tap';
import { basic, digest, newest, open, register, update, valuesAt } from '../../fixtures/acme-dns.ts';
import { ADMIN, READER } from '../../fixtures/api.ts';

t.test('an account is a token for the TXT records of one name, and for nothing else', async (t) => {
  const { app, api } = await open(t);
  const headers = { authorization: basic(ADMIN) };
  const reply = await app.inject({ method: 'POST', url: '/acme-dns/register', headers });
  t.match(reply, { statusCode: 201, headers: { 'content-type': /^application\/json/ } });
  const account = reply.json();
  t.match(account, { username: /^acme-/, password: /^teal_/, allowfrom: [] });
  t.match(account.subdomain, /^[0-9a-f-]{36}$/);
  t.equal(account.fulldomain, `${account.subdomain}.example.test`);
  t.match(await newest(api), { kind: 'token.create', actor: 'acme:settings-admin' });
  const { body } = await api.request('GET', `/v1/tokens/${account.username}`);
  t.match(JSON.parse(body), {
    scope: 'records',
    zones: ['example.test'],
    names: [account.fulldomain],
    types: ['TXT'],
  });
  t.same(await update(app, account, { subdomain: account.subdomain, txt: digest(1) }), [200, `{"txt":"${digest(1)}"}`]);
  t.same(await valuesAt(api, account.fulldomain), [digest(1)]);
  t.match(await newest(api), { kind: 'records.change', actor: `acme:${account.username}` });

  const ask = { token: account.password, body: { ttlSeconds: 60, rdata: ['192.0.2.1'] } };
  const path = '/v1/zones/example.test/rrsets';
  t.equal((await api.request('PUT', `${path}/${account.fulldomain}/A`, ask)).statusCode, 403);
  t.equal((await api.request('PUT', `${path}/www.example.test/TXT`, { ...ask })).statusCode, 403);
  t.equal((await api.request('GET', '/v1/services', { token: account.password })).statusCode, 403);
  t.equal((await api.request('DELETE', `/v1/tokens/${account.username}`)).statusCode, 204);
  t.same(await update(app, account, { subdomain: account.subdomain, txt: digest(2) }), [401, '{"error":"forbidden"}']);
});

t.test('the newest two values are kept', async (t) => {
  const { app, api } = await open(t);
  const account = await register(app, '{}');
  const { subdomain, fulldomain } = account;
  const after: string[][] = [];
  for (const n of [1, 2, 3, 2, 4, 4, 5]) {
    t.match(await update(app, account, { subdomain, txt: digest(n) }), [200]);
    after.push(await valuesAt(api, fulldomain));
  }
  const kept = [[1], [1, 2], [2, 3], [3, 2], [2, 4], [2, 4], [4, 5]];
  t.same(
    after,
    kept.map((numbers) => numbers.map(digest)),
  );
  const { revision } = await newest(api);
  t.match(await update(app, account, { subdomain, txt: digest(5) }), [200]);
  t.equal((await newest(api)).revision, revision, 'what is the newest already changes nothing');

  const numbers = Array.from({ length: 12 }, (_, i) => i + 10);
  const replies = await Promise.all(numbers.map((n) => update(app, account, { subdomain, txt: digest(n) })));
  t.same([...new Set(replies.map(([status]) => status))], [200]);
  t.same(await valuesAt(api, fulldomain), [20, 21].map(digest), 'sent at once, they are taken one after the other');
});

t.test('also of those that other nodes of a fleet take at the same moment', async (t) => {
  const { app, api } = await open(t);
  const account = await register(app, '{}');
  const { subdomain, fulldomain: name } = account;
  const { engine } = api.parts;
  const execute = engine.execute.bind(engine);
  const byAnother = (n: number) => {
    const add = { name, type: 'TXT', values: [`"${digest(n)}"`], ttlSeconds: 1 };
    return execute({ kind: 'records.change', zone: 'example.test', changes: [{ add }] }, { actor: 'ns2', atMs: 1 });
  };
  let others = [2, 3];
  // What others do stands when this one's turn comes, and was not there when it was worked out.
  engine.execute = async (...all) => {
    const those = others;
    others = [];
    for (const n of those) t.match(await byAnother(n), { replayed: false });
    return execute(...all);
  };
  t.match(await update(app, account, { subdomain, txt: digest(1) }), [200]);
  t.same(await valuesAt(api, name), [3, 1].map(digest));
});

t.test('accounts do not meet', async (t) => {
  const { app, api } = await open(t);
  const [one, two] = [await register(app), await register(app, '{"allowfrom":[]}')];
  const forbidden = [401, '{"error":"forbidden"}'];
  const txt = digest(1);
  t.same(await update(app, one, { subdomain: two.subdomain, txt }), forbidden, "another's name");
  t.same(await update(app, { ...one, username: two.username }, { subdomain: one.subdomain, txt }), forbidden);
  t.same(await update(app, { ...two, username: one.username }, { subdomain: one.subdomain, txt }), forbidden);
  t.same(await update(app, { ...one, password: 'wrong' }, { subdomain: one.subdomain, txt }), forbidden);
  t.same(await update(app, { ...one, password: '' }, { subdomain: one.subdomain, txt }), forbidden);
  const reader = { ...one, username: 'settings-read', password: READER };
  t.same(await update(app, reader, { subdomain: one.subdomain, txt }), forbidden);
  const bare = await app.inject({ method: 'POST', url: '/acme-dns/update', payload: '{}' });
  t.same([bare.statusCode, bare.body, bare.headers['www-authenticate']], [...forbidden, undefined]);
  t.same(await valuesAt(api, one.fulldomain), []);
  t.same(await valuesAt(api, two.fulldomain), []);
});

t.test('a token that was made by hand for one name is an account too, as cert-manager wants it', async (t) => {
  const { app, api } = await open(t);
  const body = { name: 'shop', scope: 'records', names: ['shop.example.test'], types: ['TXT'] };
  const { secret } = (await api.request('POST', '/v1/tokens', { body })).json();
  const account = { username: 'shop', password: secret, subdomain: 'shop', fulldomain: 'shop.example.test' };
  t.match(await update(app, account, { subdomain: 'shop', txt: digest(1) }), [200]);
  t.match(await update(app, account, { subdomain: 'SHOP', txt: digest(2) }), [200]);
  t.same(await valuesAt(api, 'shop.example.test'), [1, 2].map(digest));
});

t.test('the zone of the settings may be a name in a zone', async (t) => {
  const { app, api } = await open(t, 'Acme.Example.TEST');
  const account = await register(app);
  t.match(account.fulldomain, /^[0-9a-f-]{36}\.acme\.example\.test$/);
  t.match(await update(app, account, { subdomain: account.subdomain, txt: digest(1) }), [200]);
  t.same(await valuesAt(api, account.fulldomain), [digest(1)]);
});

t.test('a zone that is not there is said', async (t) => {
  const { app } = await open(t, 'acme.example.org');
  const headers = { authorization: basic(ADMIN) };
  const reply = await app.inject({ method: 'POST', url: '/acme-dns/register', headers });
  t.match(reply, { statusCode: 422, headers: { 'content-type': 'application/json' }, body: /in no zone/ });
});

t.test('bad input gets the words of acme-dns, and nothing is done', async (t) => {
  const { app, api } = await open(t);
  const account = await register(app);
  const { subdomain } = account;
  const txt = digest(1);
  const { revision } = await newest(api);
  const cases: [string, unknown, number, string][] = [
    ['a body cut off', `{"subdomain":"${subdomain}"`, 400, 'malformed_json_payload'],
    ['no body', '', 400, 'malformed_json_payload'],
    ['a list', [], 400, 'malformed_json_payload'],
    ['a field that nobody knows', { subdomain, txt, ttl: 1 }, 400, 'malformed_json_payload'],
    ['no subdomain', { txt }, 400, 'bad_subdomain'],
    ['a subdomain that is none', { subdomain: `x.${subdomain}`, txt }, 400, 'bad_subdomain'],
    ['a subdomain that is no text', { subdomain: 7, txt }, 400, 'bad_subdomain'],
    ['no value', { subdomain }, 400, 'bad_txt'],
    ['a value that is too short', { subdomain, txt: txt.slice(1) }, 400, 'bad_txt'],
    ['a value with a quote', { subdomain, txt: `${txt.slice(1)}"` }, 400, 'bad_txt'],
    ['a value with a line feed', { subdomain, txt: `${txt}\n` }, 400, 'bad_txt'],
    ['a value that is no text', { subdomain, txt: [txt] }, 400, 'bad_txt'],
  ];
  for (const [what, body, status, error] of cases) {
    t.same(await update(app, account, body), [status, JSON.stringify({ error })], what);
  }
  t.match(await update(app, account, { subdomain, txt: 'x'.repeat(20_000) }), [413, /error/]);
  const headers = { authorization: basic(ADMIN) };
  const refused = async (payload: string) => {
    const reply = await app.inject({ method: 'POST', url: '/acme-dns/register', headers, payload });
    return [reply.statusCode, reply.body];
  };
  t.same(await refused('{"allowfrom":'), [400, '{"error":"malformed_json_payload"}']);
  t.same(await refused('[]'), [400, '{"error":"malformed_json_payload"}']);
  t.same(await refused('{"allowfrom":["home"]}'), [400, '{"error":"invalid_allowfrom_cidr"}']);
  t.equal((await newest(api)).revision, revision);
});

t.test('health is for everybody, and what is asked for is counted by its door', async (t) => {
  const { app } = await open(t);
  t.match(await app.inject({ url: '/acme-dns/health' }), { statusCode: 200, body: '' });
  const metrics = await app.inject({ url: '/metrics', headers: { authorization: `Bearer ${ADMIN}` } });
  t.match(metrics.body, /teal_door_requests_total\{door="acme-dns",status="200"\} 1/);
  t.match(await app.inject({ url: '/acme-dns/nothing', headers: { authorization: basic(ADMIN) } }), {
    statusCode: 404,
  });
});

t.test(
  'below a name that is delegated elsewhere nobody would be answered: no account is made, no value taken',
  async (t) => {
    const { app, api } = await open(t, 'acme.example.test');
    const account = await register(app);
    const { subdomain } = account;
    t.equal((await update(app, account, { subdomain, txt: digest(1) }))[0], 200);
    const ns = { ttlSeconds: 60, rdata: ['ns1.elsewhere.test.'] };
    await api.request('PUT', '/v1/zones/example.test/rrsets/acme.example.test/NS', { body: ns });
    t.match(await update(app, account, { subdomain, txt: digest(2) }), [422, /delegates acme\.example\.test/]);
    const headers = { authorization: basic(ADMIN) };
    const refused = await app.inject({ method: 'POST', url: '/acme-dns/register', headers });
    t.match(refused, { statusCode: 422, body: /delegates acme\.example\.test/ });
    t.same(await valuesAt(api, account.fulldomain), [digest(1)]);
  },
);
