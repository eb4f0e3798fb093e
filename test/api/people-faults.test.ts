/** Every way in which a provider of identities can fail or lie: tokens go on, sessions end in time, and a page says what to do. */
import type { LightMyRequestResponse } from 'fastify';
import t from 'tap';
import { Browser, SECOND_MS, SESSION, startWorlds, told } from '../fixtures/people.ts';
import { soon } from '../fixtures/soon.ts';

const start = await startWorlds(t);

t.test('a provider that is down is told on a page, tokens go on, and it is asked again', async (t) => {
  const world = await start(t);
  const { faults } = world.identities;
  const signIn = async (): Promise<string> => told(await new Browser(world).get('/auth/sign-in'));
  faults.isDown = true;
  t.match(await signIn(), /^502 .*cannot be asked.* could not be asked: ECONNRESET.*Tokens are good all the same/);
  t.equal((await world.request('GET', '/v1/services')).statusCode, 200);
  Object.assign(faults, { isDown: false, status: 500 });
  t.match(await signIn(), /^502 .*status/);
  Object.assign(faults, { status: undefined, floodBytes: 2 * 1024 * 1024 });
  t.match(await signIn(), /^502 .*answered with more than 524288 bytes/);
  Object.assign(faults, { floodBytes: undefined, isStuck: true });
  world.time.isHasty = true;
  t.match(await signIn(), /^502 .*gave no whole answer/);
  faults.isStuck = false;
  world.time.isHasty = false;
  t.equal((await new Browser(world).signIn()).statusCode, 303, 'and is there again');
});

t.test('a provider at an address that may not be asked is not asked', async (t) => {
  const world = await start(t, { allow: [] });
  const refused = told(await new Browser(world).get('/auth/sign-in'));
  t.match(refused, /^502 .*127\.0\.0\.1, which may not be asked; the setting probes\.allow lets networks in/);
  t.same(world.identities.asked, []);
});

t.test('a provider that says that it is another is not believed', async (t) => {
  const world = await start(t);
  world.identities.faults.otherIssuer = 'https://evil.test';
  t.match(told(await new Browser(world).get('/auth/sign-in')), /^502 .*does not hold.*console\.oidc\.issuer/);
});

t.test('a provider that shows other keys than it signs with is not believed', async (t) => {
  const world = await start(t);
  const browser = new Browser(world);
  world.identities.faults.liesAboutKeys = true;
  t.match(told(await browser.signIn()), /^502 .*does not hold/);
  t.notOk(browser.jar.has(SESSION));
  t.equal((await world.request('GET', '/v1/services')).statusCode, 200, 'tokens go on');
});

t.test('a provider that changes its keys is believed by the second try, and not a minute later', async (t) => {
  const world = await start(t);
  const { faults } = world.identities;
  t.equal((await new Browser(world).signIn()).statusCode, 303);
  for (const keyName of ['second', 'third']) {
    faults.keyName = keyName;
    t.match(told(await new Browser(world).signIn()), /^502 .*does not hold/, 'by the keys of a moment ago');
    t.equal((await new Browser(world).signIn()).statusCode, 303, keyName);
  }
});

t.test('an ID token is believed where all of it holds, by clocks that run a little apart', async (t) => {
  const world = await start(t);
  const nowSeconds = Math.floor(Date.now() / 1000);
  const signIn = async (idToken: NonNullable<typeof world.identities.faults.idToken>): Promise<number> => {
    world.identities.faults.idToken = idToken;
    const browser = new Browser(world);
    const { statusCode } = await browser.signIn();
    t.equal(browser.jar.has(SESSION), statusCode === 303);
    return statusCode;
  };
  t.equal(await signIn(() => {}), 303);
  t.equal(await signIn((claims) => Object.assign(claims, { iat: nowSeconds + 30, nbf: nowSeconds + 30 })), 303);
  t.equal(await signIn((claims) => Object.assign(claims, { exp: nowSeconds - 20 })), 303, 'a minute is forgiven');
  const lies: readonly [string, Parameters<typeof signIn>[0]][] = [
    ['of another issuer', (claims) => Object.assign(claims, { iss: 'https://evil.test' })],
    ['for another client', (claims) => Object.assign(claims, { aud: 'other' })],
    ['for several, and not by us', (claims) => Object.assign(claims, { aud: ['teal', 'other'], azp: 'other' })],
    ['of another sign-in', (claims) => Object.assign(claims, { nonce: 'x' })],
    ['of no sign-in', (claims) => delete claims.nonce],
    ['long over', (claims) => Object.assign(claims, { exp: nowSeconds - 600 })],
    ['not good yet', (claims) => Object.assign(claims, { nbf: nowSeconds + 600 })],
    ['of nobody', (claims) => delete claims.sub],
    ['not signed', (_claims, header) => Object.assign(header, { alg: 'none' })],
    ['signed by what it is not', (_claims, header) => Object.assign(header, { alg: 'HS256' })],
    ['by a key that is not there', (_claims, header) => Object.assign(header, { kid: 'other' })],
  ];
  for (const [what, lie] of lies) t.equal(await signIn(lie), 502, what);
});

t.test('a wrong client secret is told as what it is', async (t) => {
  const world = await start(t, { secret: 'another' });
  t.match(told(await new Browser(world).signIn()), /^403 .*invalid_client.*client id and secret/);
});

t.test('a secret is shown in the way that the provider takes', async (t) => {
  const world = await start(t, { identities: { method: 'client_secret_post' } });
  t.equal((await new Browser(world).signIn()).statusCode, 303);
});

t.test('a way back is good once, in the browser that began it, and in time', async (t) => {
  const world = await start(t);
  const browser = new Browser(world);
  const back = await browser.leave();
  t.match(told(await new Browser(world).get(back)), /^400 .*over.*not begun in this browser/, 'not in another browser');
  const copy = new Browser(world);
  for (const [name, value] of browser.jar) copy.jar.set(name, value);
  t.equal((await browser.get(back)).statusCode, 303, 'that did not end it');
  t.match(told(await copy.get(back)), /^400 /, 'replayed with all that it showed');
  t.notOk(copy.jar.has(SESSION));

  const late = await browser.leave();
  world.time.aheadMs += 16 * 60 * SECOND_MS;
  t.match(told(await browser.get(late)), /^400 /);

  const forged = (await browser.leave()).replace(/code=[^&]*/, 'code=another');
  t.match(told(await browser.get(forged)), /^400 .*invalid_grant/, 'a code that the provider does not know any more');
  const refused = (await browser.leave()).replace(/code=[^&]*/, 'error=access_denied&error_description=<b>No</b>');
  const page = await browser.get(refused);
  t.equal(page.statusCode, 403);
  t.match(page.body, /access_denied, &lt;b&gt;No&lt;\/b&gt;/);
  const mixed = (await browser.leave()).replace(/iss=[^&]*/, 'iss=https%3A%2F%2Fevil.test');
  t.match(told(await browser.get(mixed)), /^502 /, 'an answer of another provider (RFC 9207)');
  for (const query of ['', '?', '?state', '?state=x&code=y', '?state=%FF', '?state=a&state=b'])
    t.equal((await browser.get(`/auth/callback${query}`)).statusCode, 400, query);
});

/** Asks as a page does until what the background found out shows. */
async function until(browser: Browser, status: number): Promise<LightMyRequestResponse> {
  for (;;) {
    const reply = await browser.ask('GET', '/v1/zones/example.test');
    if (reply.statusCode === status) return reply;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

t.test('a provider in trouble signs nobody out, whatever its words; one that refuses does', async (t) => {
  // What was said before stays good however long the test takes: nothing but a refusal ends a session here.
  const settings = { trustMs: 10 ** 9, idleMs: 10 ** 9 };
  const world = await start(t, { identities: { refreshTokens: true, groupsInToken: true }, settings });
  const { identities, time } = world;
  const browser = new Browser(world);
  await browser.signIn();
  const troubles = [
    { status: 429, error: 'too_many_requests' },
    { status: 429, error: 'invalid_grant' },
    { status: 400, error: 'temporarily_unavailable' },
    { status: 400, error: 'server_error' },
    { status: 503, error: 'invalid_client' },
  ];
  const warned = (): number =>
    world.log.filter(({ msg }) => /about somebody who is signed in/.test(String(msg))).length;
  for (const refusal of troubles) {
    identities.faults.refusal = refusal;
    time.aheadMs += 301 * SECOND_MS;
    const before = warned();
    await browser.ask('GET', '/v1/services');
    await soon(t).ok(() => warned() > before, 'it was asked, in the background');
    t.equal((await browser.ask('GET', '/v1/services')).statusCode, 200, JSON.stringify(refusal));
    const page = told(await new Browser(world).signIn());
    t.match(page, /^502 .*cannot be asked/, `a sign-in: ${JSON.stringify(refusal)}`);
  }
  identities.faults.refusal = { status: 400, error: 'invalid_grant' };
  time.aheadMs += 301 * SECOND_MS;
  t.equal((await until(browser, 401)).json().code, 'session_ended');
});

for (const refreshTokens of [true, false]) {
  const how = refreshTokens ? 'with a refresh token' : 'where it tells more of people';
  t.test(`a group that somebody is not in any more gives nothing: asked ${how}`, async (t) => {
    const world = await start(t, { identities: { refreshTokens, groupsInToken: refreshTokens } });
    const { identities, time } = world;
    identities.who = 'bob';
    const browser = new Browser(world);
    await browser.signIn();
    const asked = identities.asked.length;
    await browser.ask('GET', '/v1/services');
    t.equal(identities.asked.length, asked, 'not with every request');
    (identities.people.bob as { groups: unknown }).groups = ['shop-team'];
    time.aheadMs += 301 * SECOND_MS;
    t.match((await until(browser, 403)).json().detail, /limited to the services app\.example\.test/);
    (identities.people.bob as { groups: unknown }).groups = undefined;
    time.aheadMs += 301 * SECOND_MS;
    t.equal((await until(browser, 401)).json().code, 'session_ended');
    t.equal((await world.request('GET', '/v1/services')).statusCode, 200, 'tokens go on');
  });
}

t.test('what a provider said is good for a while where it does not answer, and no longer', async (t) => {
  const world = await start(t, { identities: { refreshTokens: true } });
  const { identities, time } = world;
  const browser = new Browser(world);
  await browser.signIn();
  for (const fault of [
    { isDown: true },
    { isDown: false, liesAboutKeys: true },
    { liesAboutKeys: false, status: 503 },
  ]) {
    Object.assign(identities.faults, fault);
    time.aheadMs += 301 * SECOND_MS;
    t.equal((await browser.ask('GET', '/v1/services')).statusCode, 200, 'no request waits for it');
  }
  time.aheadMs += 1000 * SECOND_MS;
  t.equal((await browser.ask('GET', '/v1/services')).statusCode, 401);
});

t.test(
  'a disk that does not let go of a session is told of to who signs out, and the session is over all the same',
  async (t) => {
    const files = { read: () => undefined, write: async () => {}, remove: async () => false };
    const world = await start(t, { keeping: { files, wallMs: Date.now, provider: 'here' } });
    const browser = new Browser(world);
    t.equal((await browser.signIn()).statusCode, 303);
    const cookie = browser.jar.get(SESSION) as string;
    const reply = await browser.get('/auth/sign-out', { 'teal-console': 'active' }, 'POST');
    t.equal(reply.statusCode, 503);
    t.match(reply.json(), { code: 'store_unavailable', detail: /a restart may bring it back/ });
    t.notOk(browser.jar.get(SESSION), 'the browser has it no more');
    browser.jar.set(SESSION, cookie);
    t.equal((await browser.ask('GET', '/v1/self')).statusCode, 401);
  },
);
