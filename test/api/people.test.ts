/** People who sign in with a provider of identities: the whole way with a real one, and what they may then. */

import t from 'tap';
import { openDoors } from '../../src/api/doors.ts';
import { ConfigError, loadSettings } from '../../src/config.ts';
import { apiOptions } from '../../src/server/admin.ts';
import { NamedFiles } from '../../src/server/named-files.ts';
import { makeDirectory, startApi } from '../fixtures/api.ts';
import { Browser, SECOND_MS, SESSION, signedInAt, startWorlds } from '../fixtures/people.ts';

const start = await startWorlds(t);

t.test('a person signs in, is who they are in the log of changes, and signs out', async (t) => {
  const world = await start(t);
  const { identities, request } = world;
  const browser = new Browser(world);
  t.same((await browser.get('/auth/ways')).json(), { oidc: { label: 'Example' } });
  const welcome = await browser.signIn();
  t.match([welcome.statusCode, welcome.headers.location], [303, '../'], 'to the console, without the code');
  const [cookie = ''] = [welcome.headers['set-cookie']]
    .flat()
    .filter((line) => line?.startsWith('__Host-teal-session='));
  t.match(cookie, /; Path=\/; HttpOnly; SameSite=Strict; Secure$/);
  t.match((await browser.ask('GET', '/v1/self')).json(), {
    ...{ kind: 'person', name: 'person:ann@example.com', title: 'Ann Example', scope: 'admin' },
    roles: [{ scope: 'admin' }],
  });
  const changed = await browser.ask('PUT', '/v1/services/app.example.test/weights', { blue: 1, green: 1 });
  t.equal(changed.statusCode, 200, changed.body);
  const { items } = (await request('GET', '/v1/revisions?order=newest&limit=1')).json();
  t.equal(items[0].actor, 'person:ann@example.com');
  t.match(identities.asked.join(' '), /code_challenge=[\w-]{43}/, 'with PKCE');
  t.match(identities.asked.join(' '), /code_challenge_method=S256/);
  t.match(identities.asked.join(' '), /nonce=[\w-]{43}/);

  const out = await browser.get(
    '/auth/sign-out',
    { 'teal-console': 'active', 'sec-fetch-site': 'same-origin' },
    'POST',
  );
  t.match(
    out.json().goOnAt,
    /\/session\/end\?id_token_hint=.*post_logout_redirect_uri=https/s,
    'the provider is told too',
  );
  t.notOk(browser.jar.has(SESSION));
  t.notMatch(JSON.stringify(world.log), /a-secret-of-the-client|eyJ/, 'nothing secret is told in the log');
});

t.test('a session that was ended or never was is told so, whatever the cookie', async (t) => {
  const world = await start(t);
  const browser = new Browser(world);
  await browser.signIn();
  const kept = browser.jar.get(SESSION) as string;
  await browser.get('/auth/sign-out', { 'teal-console': 'active' }, 'POST');
  for (const value of [kept, 'x', '']) {
    browser.jar.set(SESSION, value);
    const reply = await browser.ask('GET', '/v1/services');
    t.match([reply.statusCode, reply.json().code], [401, 'session_ended'], value);
  }
});

t.test('a cookie alone is no credential: what our own page does not send is refused', async (t) => {
  const world = await start(t);
  const browser = new Browser(world);
  await browser.signIn();
  const refusedAs = async (headers: Record<string, string>, method: 'GET' | 'POST' = 'GET'): Promise<string> => {
    const reply = await browser.get('/v1/services', headers, method);
    return `${reply.statusCode} ${reply.json().code}`;
  };
  t.equal(await refusedAs({}), '401 token_missing', 'a page of another site cannot set the header');
  t.equal(await refusedAs({ 'teal-console': 'active', origin: 'https://evil.test' }), '403 origin_foreign');
  t.equal(await refusedAs({ 'teal-console': 'active', origin: 'null' }), '403 origin_foreign');
  t.equal(await refusedAs({ 'teal-console': 'active', 'sec-fetch-site': 'cross-site' }), '403 origin_foreign');
  t.equal(await refusedAs({ 'teal-console': 'active', 'sec-fetch-site': 'same-site' }), '403 origin_foreign');
  t.equal(
    (await browser.ask('GET', '/v1/services', undefined, { origin: 'https://teal.example.test' })).statusCode,
    200,
  );
  const out = await browser.get('/auth/sign-out', { origin: 'https://evil.test', 'teal-console': 'active' }, 'POST');
  t.equal(out.statusCode, 403, 'nobody is signed out by another page');
  for (const headers of [{ origin: 'https://evil.test' }, { origin: 'null' }, { 'sec-fetch-site': 'same-site' }]) {
    const { statusCode, headers: said } = await browser.get('/auth/sign-out', headers, 'POST');
    t.equal(statusCode, 403, 'nor by a form of it, which sends no header of ours');
    t.equal(said['set-cookie'], undefined, 'the browser keeps its cookie');
  }
});

t.test('what a page sends that shows another person is refused', async (t) => {
  const world = await start(t);
  const browser = new Browser(world);
  await browser.signIn();
  const person = String((await browser.ask('GET', '/v1/self')).headers['teal-person']);
  t.match(person, /^[\w-]{22}$/);
  const asked = (as: string) => browser.ask('GET', '/v1/services', undefined, { 'teal-person': as });
  t.equal((await asked(person)).statusCode, 200);
  world.identities.who = 'bob';
  await browser.signIn();
  const refused = await asked(person);
  t.match(refused.json(), { code: 'session_ended', detail: /: Bob Example has signed in with this browser since\./ });
  t.equal(refused.statusCode, 401);
  const next = String((await browser.ask('GET', '/v1/self')).headers['teal-person']);
  t.not(next, person);
  await browser.signIn();
  t.equal((await asked(next)).statusCode, 200, 'another session of the same person');
  t.notOk((await world.request('GET', '/v1/self')).headers['teal-person'], 'a token is of nobody');
});

t.test('groups give what they say, together, and no more', async (t) => {
  const world = await start(t);
  world.identities.who = 'bob';
  const browser = new Browser(world);
  await browser.signIn();
  const may = async (method: string, url: string, body?: object): Promise<number> =>
    (await browser.ask(method, url, body)).statusCode;
  t.equal(await may('GET', '/v1/zones/example.test'), 200, 'everybody may read all');
  t.equal(
    await may('PUT', '/v1/services/app.example.test/weights', { blue: 1, green: 3 }),
    200,
    'the team of a service may shift it',
  );
  t.equal(await may('PUT', '/v1/services/api.example.test/weights', { blue: 1, green: 3 }), 403, 'and no other');
  t.equal(await may('POST', '/v1/shifts', { services: { 'api.example.test': { blue: 1, green: 3 } } }), 403);
  t.equal(await may('DELETE', '/v1/services/app.example.test'), 403, 'nor more than the scope');
  const refused = (await browser.ask('GET', '/v1/tokens')).json();
  t.match(refused, {
    code: 'token_forbidden',
    detail: /^`person:bob@example.com` has the scope release; this needs admin/,
  });
});

t.test('who may do nothing here is told what to do, and an address that is not theirs names nobody', async (t) => {
  const world = await start(t);
  world.identities.who = 'zoe';
  const refused = await new Browser(world).signIn();
  t.equal(refused.statusCode, 403);
  t.match(refused.body, /Zoë &lt;b&gt; is in only other/, 'and no markup of a stranger');
  t.match(refused.body, /console\.oidc\.groups/);
  world.identities.who = 'eve';
  const eve = new Browser(world);
  await eve.signIn();
  world.identities.people.eve = { ...world.identities.people.eve, groups: ['dns-admins'] };
  t.match((await eve.ask('GET', '/v1/tokens')).json().detail, /`person:eve`/);
});

t.test('who may change records alone is told so, with what their groups give', async (t) => {
  const byGroup = new Map([
    [
      'shop-team',
      { scope: 'records', limits: { services: [], zones: ['a.test'], records: { names: [], types: ['TXT'] } } },
    ],
    ['everybody', { scope: 'records', limits: { services: [], zones: [], records: { names: [], types: [] } } }],
  ] as const);
  const world = await start(t, { settings: { byGroup } });
  world.identities.who = 'bob';
  const browser = new Browser(world);
  await browser.signIn();
  const refused = await browser.ask('GET', '/v1/services');
  t.equal(refused.statusCode, 403);
  t.equal(
    refused.json().detail,
    '`person:bob@example.com` has the scope records, for changing and reading TXT records at any name in the zones a.test and records of any type at any name in any zone, and nothing else; this needs read.',
  );
});

t.test('a session ends when nobody does anything, and at the latest after its time', async (t) => {
  const world = await start(t, { settings: { recheckMs: 10 ** 9, trustMs: 10 ** 9 } });
  const browser = new Browser(world);
  await browser.signIn();
  const seen = async (word: string): Promise<number> =>
    (await browser.ask('GET', '/v1/services', undefined, { 'teal-console': word })).statusCode;
  world.time.aheadMs += 3500 * SECOND_MS;
  t.equal(await seen('idle'), 200);
  world.time.aheadMs += 200 * SECOND_MS;
  t.equal(await seen('active'), 401, 'a page that asks by itself keeps nobody signed in');
  await browser.signIn();
  for (let hours = 0; hours < 23; hours++) {
    world.time.aheadMs += 1800 * SECOND_MS;
    t.equal(await seen('active'), 200);
  }
  world.time.aheadMs += 1800 * SECOND_MS;
  t.equal(await seen('active'), 401, 'after twelve hours');
});

t.test('a stream of events ends with the session that it was opened by', async (t) => {
  const world = await start(t);
  const { people } = world;
  const browser = new Browser(world);
  await browser.signIn();
  const session = people.find(browser.jar.get(SESSION) as string, true);
  if (session === undefined) return t.fail('there is one');
  t.ok(people.isGood(session, session.version));
  t.notOk(people.isGood(session, session.version - 1), 'nor is it what it was, when their groups have changed');
  await people.end(session);
  t.notOk(people.isGood(session, session.version));
});

t.test('who comes by another name is sent to that of the settings, once', async (t) => {
  const world = await start(t);
  const browser = new Browser(world);
  const sent = await browser.get('/auth/sign-in', { host: '127.0.0.1:8053' });
  t.match([sent.statusCode, sent.headers.location], [302, 'https://teal.example.test/auth/sign-in?here']);
  const gone = await browser.get('/auth/sign-in?here', { host: '127.0.0.1:8053' });
  t.match(gone.headers.location, /^http:\/\/127\.0\.0\.1:\d+\/auth\?/, 'a proxy may call this server by another');
});

t.test('doors of others take no session', async (t) => {
  const enabled = { enabled: true };
  const acmeDns = { enabled: true, zone: 'acme.example.test', registerFrom: [] };
  const doors = await openDoors({ powerdns: enabled, externalDns: enabled, httpreq: enabled, acmeDns });
  t.same(
    doors.map(({ dialect }) => [dialect === undefined, dialect?.takesPeople]),
    doors.map(() => [false, undefined]),
  );
});

t.test('without a provider there is nothing to sign in with but tokens', async (t) => {
  const without = await startApi(makeDirectory(t));
  t.teardown(() => without.close());
  const reply = await without.app.inject({ url: '/auth/sign-in' });
  t.equal(reply.statusCode, 401, 'as any path that is not there');
  t.same((await without.app.inject({ url: '/auth/ways' })).json(), {});
});

t.test('what pages and tokens are told of the console holds no secret', async (t) => {
  const file = {
    name: 'teal.yaml',
    text: `console:
  name: staging
  oidc:
    issuer: https://id.example.com
    clientId: teal
    clientSecret: do-not-tell
    redirectUrl: https://teal.example.com/auth/callback
    groups: { ops: { scope: shift } }
`,
  };
  const settings = loadSettings({ file, env: {}, flags: {} });
  if (settings instanceof ConfigError) return t.fail(settings.message);
  const options = apiOptions(settings, new NamedFiles());
  t.same(options.console, { name: 'staging' });
  t.same(options.hosts, ['teal.example.com'], 'the name by which browsers come back is known');
  t.notMatch(JSON.stringify(options), /do-not-tell/);
  const wrong = { ...settings.console?.oidc, groups: { ops: { scope: 'read', zones: ['a..b'] } } };
  t.throws(
    () => apiOptions({ ...settings, console: { oidc: wrong } } as never, new NamedFiles()),
    { message: /^console\.oidc\.groups\["ops"\]\.zones\.0: A pattern is/ },
    'what a token would not be taken for stops the start',
  );
});

t.test('a person and a token that is theirs are one where two have to agree', async (t) => {
  const world = await start(t);
  const { browser, app } = await signedInAt(t, world, 'required');
  const make = async (name: string, owner?: string): Promise<string> =>
    (await browser.ask('POST', '/v1/tokens', { name, scope: 'release', ...(owner && { owner }) })).json().secret;
  const own = await make('ann-laptop', 'ann@example.com');
  const other = await make('ben', 'ben@example.com');
  const asked = await browser.ask('PUT', `${app}/weights`, { blue: 5, green: 95 });
  t.equal(asked.statusCode, 202, asked.body);
  const approve = (token: string) =>
    world.request('POST', `/v1/proposals/${asked.json().id}/approve`, { token, body: {} });
  t.match((await approve(own)).json(), { code: 'approval_own' });
  t.match((await approve(other)).json(), { state: 'done' });
});

t.test('whoever is called something else meanwhile is the same person where two have to agree', async (t) => {
  const world = await start(t);
  const { ann } = world.identities.people as { ann: { email: string; email_verified: boolean } };
  const { browser: before, app } = await signedInAt(t, world, 'required');
  const asked = (await before.ask('PUT', `${app}/weights`, { blue: 7, green: 93 })).json();
  const proposed = `/v1/proposals/${asked.id}`;
  // Where people may change their own address it is not verified then, and they go by their subject.
  ann.email_verified = false;
  const after = new Browser(world);
  await after.signIn();
  t.match((await after.ask('GET', '/v1/self')).json(), { person: 'person:ann' });
  t.match((await after.ask('POST', `${proposed}/approve`, {})).json(), { code: 'approval_own' });
  ann.email = 'Somebody.Else@example.com';
  ann.email_verified = true;
  await after.signIn();
  t.match((await after.ask('POST', `${proposed}/approve`, {})).json(), { code: 'approval_own' });
  const { secret: token } = (
    await after.ask('POST', '/v1/tokens', { name: 'capital', scope: 'release', owner: 'ANN@example.com' })
  ).json();
  const byToken = await world.request('POST', `${proposed}/approve`, { token, body: {} });
  t.match(byToken.json(), { code: 'approval_own' }, 'an address is the same in capitals');
  t.match((await after.ask('POST', `${proposed}/cancel`, {})).json(), { message: /^Withdrawn by/ });

  const { id } = (await after.ask('POST', `${app}/releases`, { to: 'green', steps: [{ setWeight: 50 }] })).json();
  const { secret: other } = (await after.ask('POST', '/v1/tokens', { name: 'other', scope: 'release' })).json();
  const begun = await world.request('POST', `/v1/proposals/${id}/approve`, { token: other, body: {} });
  t.match(begun.json(), { state: 'done' });
  t.notMatch(JSON.stringify((await after.ask('GET', `/v1/releases/${begun.json().outcome}`)).json()), /ubject/);
  t.notMatch((await world.request('GET', '/v1/revisions?limit=1000')).body, /askedSubject/, 'nor does the log tell');
});

t.test('a step is approved by somebody who did not ask for its release, whatever they are called', async (t) => {
  const world = await start(t);
  const { ann } = world.identities.people as { ann: { email: string } };
  const { browser, app } = await signedInAt(t, world, 'none');
  const body = { to: 'green', steps: [{ pause: { approval: { by: 'other' } } }, { setWeight: 100 }] };
  const { id, revision } = (await browser.ask('POST', `${app}/releases`, body)).json();
  ann.email = 'ann.new@example.com';
  await browser.signIn();
  const own = await browser.ask('POST', `/v1/releases/${id}/approve`, { revision });
  t.match(own.json(), { code: 'approval_own', detail: /person:ann@example\.com/ });
  world.identities.who = 'bob';
  const bob = new Browser(world);
  await bob.signIn();
  t.match((await bob.ask('POST', `/v1/releases/${id}/approve`, { revision })).json(), { state: 'completed' });
});
