/** Accounts of acme-dns: who has one made, with a token or without, and from where it may be used. */
import t from 'tap';
import { type Account, basic, digest, newest, open, update } from '../../fixtures/acme-dns.ts';
import { ADMIN, READER } from '../../fixtures/api.ts';

t.test('who reaches the TXT records of all names there registers, with the scope records too', async (t) => {
  const { app, api } = await open(t);
  const tryWith = async (headers: Record<string, string>) => {
    const reply = await app.inject({ method: 'POST', url: '/acme-dns/register', headers });
    return [reply.statusCode, reply.statusCode === 201 ? '' : reply.body];
  };
  const make = async (body: object) => {
    const reply = await api.request('POST', '/v1/tokens', { body });
    t.equal(reply.statusCode, 201, reply.body);
    return { authorization: basic(reply.json().secret) };
  };
  const of = (name: string, more: object = {}) => make({ name, scope: 'records', zones: ['example.test'], ...more });
  const good = [
    await of('all'),
    await of('below', { names: ['*.example.test'], types: ['A', 'TXT'] }),
    await make({ name: 'any-zone', scope: 'records' }),
    await make({ name: 'zone-admin', scope: 'admin', zones: ['example.test'] }),
    { authorization: basic(ADMIN) },
  ];
  for (const headers of good) t.same(await tryWith(headers), [201, '']);
  t.equal((await newest(api)).actor, 'acme:settings-admin');
  const { revision } = await newest(api);
  const wrong = [
    {},
    { authorization: basic('teal_nothing') },
    { authorization: basic(READER) },
    await make({ name: 'shift', scope: 'shift', zones: ['example.test'] }),
    await make({ name: 'release', scope: 'release' }),
    await make({ name: 'other-admin', scope: 'admin', zones: ['example.com'] }),
    await make({ name: 'of-service', scope: 'admin', services: ['*'] }),
    await of('other', { zones: ['example.com'] }),
    await of('challenges', { names: ['_acme-challenge.*'] }),
    await of('one', { names: ['www.example.test'], types: ['TXT'] }),
    await of('part', { names: ['*.www.example.test'], types: ['TXT'] }),
    await of('addresses', { types: ['A', 'AAAA'] }),
  ];
  const made = (await newest(api)).revision;
  t.equal(made, revision + 9);
  for (const headers of wrong) t.same(await tryWith(headers), [401, '{"error":"forbidden"}'], JSON.stringify(headers));
  t.equal((await newest(api)).revision, made);
});

t.test('an account that a token for records registered is no more than any other, and outlives it', async (t) => {
  const { app, api } = await open(t);
  const body = { name: 'registrar', scope: 'records', zones: ['example.test'], types: ['TXT'] };
  const { secret } = (await api.request('POST', '/v1/tokens', { body })).json();
  const headers = { authorization: basic(secret) };
  const account: Account = (await app.inject({ method: 'POST', url: '/acme-dns/register', headers })).json();
  t.match(await newest(api), { kind: 'token.create', actor: 'acme:registrar' });
  const token = (await api.request('GET', `/v1/tokens/${account.username}`)).json();
  t.match(token, { scope: 'records', zones: ['example.test'], names: [account.fulldomain], types: ['TXT'] });
  const more = {
    method: 'POST',
    url: '/acme-dns/register',
    headers: { authorization: basic(account.password) },
  } as const;
  t.equal((await app.inject(more)).statusCode, 401, 'it registers no other');
  const ask = { token: secret, body: { name: 'x', scope: 'records' } };
  t.equal((await api.request('POST', '/v1/tokens', ask)).statusCode, 403, 'nor does the token make tokens elsewhere');
  await api.request('DELETE', '/v1/tokens/registrar');
  t.match(await update(app, account, { subdomain: account.subdomain, txt: digest(1) }), [200]);
});

t.test('allowfrom: from where an account may be used is judged at each update, and everywhere else', async (t) => {
  const { app, api } = await open(t);
  const registered = async (allowfrom: unknown) => {
    const headers = { authorization: basic(ADMIN) };
    const payload = JSON.stringify({ allowfrom });
    return await app.inject({ method: 'POST', url: '/acme-dns/register', headers, payload });
  };
  const asked = ['192.0.2.0/24', '198.51.100.7/24', '[2001:db8::1]/32', '::ffff:203.0.113.0/120'];
  const reply = await registered(asked);
  t.equal(reply.statusCode, 201, reply.body);
  const account: Account = reply.json();
  t.same(reply.json().allowfrom, ['192.0.2.0/24', '198.51.100.7/24', '2001:db8::1/32', '::ffff:203.0.113.0/120']);
  const { networks } = (await api.request('GET', `/v1/tokens/${account.username}`)).json();
  t.same(networks, ['192.0.2.0/24', '198.51.100.0/24', '2001:db8::/32', '203.0.113.0/24'], 'as they are judged');
  const { subdomain, username, password } = account;
  const from = async (remoteAddress: string, more: Record<string, string> = {}) => {
    const headers = { 'x-api-user': username, 'x-api-key': password, ...more };
    const payload = JSON.stringify({ subdomain, txt: digest(1) });
    const answered = await app.inject({ method: 'POST', url: '/acme-dns/update', headers, payload, remoteAddress });
    return [answered.statusCode, answered.body];
  };
  const taken = [200, `{"txt":"${digest(1)}"}`];
  const forbidden = [401, '{"error":"forbidden"}'];
  const inside = ['192.0.2.255', '198.51.100.1', '2001:db8:5::1', '::ffff:192.0.2.1', '203.0.113.4'];
  for (const address of inside) t.same(await from(address), taken, address);
  for (const address of ['192.0.3.1', '2001:db9::1', '127.0.0.1', '::ffff:192.0.3.1', '::1']) {
    t.same(await from(address), forbidden, address);
    t.same(await from(address, { 'x-forwarded-for': '192.0.2.1' }), forbidden, `${address}, however it calls itself`);
  }
  const elsewhere = { url: '/v1/zones', remoteAddress: '192.0.3.1', headers: { authorization: `Bearer ${password}` } };
  t.match((await app.inject(elsewhere)).json(), { code: 'address_forbidden' });

  for (const none of [[], null, undefined]) {
    t.match((await registered(none)).json(), { allowfrom: [], subdomain: /./ }, JSON.stringify(none));
  }
  for (const bad of [['home'], ['192.0.2.1'], ['192.0.2.0/33'], ['192.0.2.0/24', ''], Array(101).fill('10.0.0.0/8')]) {
    t.match(await registered(bad), { statusCode: 400, body: '{"error":"invalid_allowfrom_cidr"}' }, String(bad));
  }
  for (const bad of ['192.0.2.0/24', [7], {}, [null]]) {
    t.match(
      await registered(bad),
      { statusCode: 400, body: '{"error":"malformed_json_payload"}' },
      JSON.stringify(bad),
    );
  }
});

t.test('where the settings say so, who comes from there registers without a token', async (t) => {
  const { app, api } = await open(t, 'example.test', ['192.0.2.0/24', '::ffff:198.51.100.0/120']);
  const from = (remoteAddress: string, headers: Record<string, string> = {}) =>
    app.inject({ method: 'POST', url: '/acme-dns/register', headers, remoteAddress });
  const reply = await from('192.0.2.7');
  t.equal(reply.statusCode, 201, reply.body);
  const account: Account = reply.json();
  const why = {
    actor: `acme:${account.username}`,
    reason: /^Asked for through the door acme-dns .*from 192\.0\.2\.7, without a token$/,
  };
  t.match(await newest(api), { kind: 'token.create', ...why });
  t.match(await update(app, account, { subdomain: account.subdomain, txt: digest(1) }), [200]);
  t.equal((await from('::ffff:192.0.2.7')).statusCode, 201);
  t.equal((await from('198.51.100.9')).statusCode, 201);
  const told = await from('192.0.2.7', { 'teal-reason': 'for%20www' });
  t.match(await newest(api), { actor: `acme:${told.json().username}`, reason: 'for www' });

  const { revision } = await newest(api);
  const refused: [string, Record<string, string>][] = [
    ['192.0.3.7', {}],
    ['::1', {}],
    ['192.0.3.7', { 'x-forwarded-for': '192.0.2.7' }],
    ['192.0.2.7', { authorization: basic('teal_wrong') }],
    ['192.0.2.7', { authorization: basic(READER) }],
    ['192.0.2.7', { 'x-api-key': 'teal_wrong' }],
    // A page that somebody looks at in there: by its origin, and by a name of its own that leads here.
    ['192.0.2.7', { origin: 'https://evil.example' }],
    ['192.0.2.7', { host: 'evil.example' }],
  ];
  for (const [address, headers] of refused) {
    const words = { statusCode: 401, body: '{"error":"forbidden"}' };
    t.match(await from(address, headers), words, `${address} ${JSON.stringify(headers)}`);
  }
  t.equal((await from('192.0.3.7', { authorization: basic(ADMIN) })).statusCode, 201, 'with a token from anywhere');
  t.equal((await newest(api)).revision, revision + 1);
  const update1 = { method: 'POST', url: '/acme-dns/update', remoteAddress: '192.0.2.7', payload: '{}' } as const;
  t.equal((await app.inject(update1)).statusCode, 401, 'nothing else is open');
});

t.test('who registers without a token does so ten times a minute, and never takes the last tokens', async (t) => {
  const { app, api } = await open(t, 'example.test', ['0.0.0.0/0']);
  const from = (remoteAddress: string) => app.inject({ method: 'POST', url: '/acme-dns/register', remoteAddress });
  const first = await Promise.all(Array.from({ length: 12 }, () => from('192.0.2.7')));
  t.same(first.map(({ statusCode }) => statusCode).sort(), [...Array(10).fill(201), 429, 429]);
  const limited = first.find(({ statusCode }) => statusCode === 429);
  t.match(limited?.json(), { error: /^192\.0\.2\.7 has registered 10 accounts in a minute; try again in \d+ s\.$/ });
  t.ok(Number(limited?.headers['retry-after']) >= 1);
  t.equal((await from('192.0.2.8')).statusCode, 201, 'others are not held up');
  api.clock.aheadMs = 61_000;
  t.equal((await from('192.0.2.7')).statusCode, 201, 'a minute later');

  // As they are made, but beside the door: half of all tokens are accounts then.
  for (let made = 12; made < 500; made++) {
    const name = `acme-00000000-0000-4000-8000-${String(made).padStart(12, '0')}`;
    const command = { kind: 'token.create', body: { name, scope: 'records' }, digest: new Uint8Array(32) } as const;
    await api.parts.engine.execute(command, { actor: 'test', atMs: Date.now() });
  }
  t.match(await from('192.0.2.9'), { statusCode: 409, body: /There are 500 accounts already/ });
  const body = { name: 'registrar', scope: 'records' };
  const { secret } = (await api.request('POST', '/v1/tokens', { body })).json();
  const ask = (token: string) =>
    app.inject({ method: 'POST', url: '/acme-dns/register', headers: { authorization: basic(token) } });
  t.equal((await ask(secret)).statusCode, 409, 'nor a token that makes no others');
  t.equal((await ask(ADMIN)).statusCode, 201);
});
