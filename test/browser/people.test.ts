/** People sign in to the console in Chromium, over TLS that a proxy speaks, by a real provider of identities that fails too. */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type net from 'node:net';
import type { Page } from 'playwright-core';
import t from 'tap';
import { buildConsole } from '../../src/console/build.ts';
import { CLIENT, startIdentities } from '../fixtures/identities.ts';
import { startTeal } from '../fixtures/process.ts';
import { PATIENCE_MS, patienceMs, soon } from '../fixtures/soon.ts';
import { followRequests, overflow, pressAgain, seriousFaults, startBrowser, waitPatiently } from './browser.ts';

const app = 'app.example.test';
const button = { name: 'Sign in with Example' };

const tls = {
  cert: readFileSync(new URL('../fixtures/tls/cert.pem', import.meta.url)),
  key: readFileSync(new URL('../fixtures/tls/key.pem', import.meta.url)),
};

/** Speaks TLS, and passes on what comes, below a path of its own. */
async function startProxy(t: { teardown(work: () => void): void }, target: { admin: string }): Promise<string> {
  const server = https.createServer(tls, (request, response) => {
    const path = (request.url ?? '').replace(/^\/teal/, '') || '/';
    const passed = http.request(
      `${target.admin}${path}`,
      { method: request.method, headers: request.headers, agent: false },
      (reply) => {
        response.writeHead(reply.statusCode ?? 502, reply.headers);
        reply.pipe(response);
      },
    );
    passed.on('error', () => response.destroy());
    request.pipe(passed);
    response.on('close', () => passed.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `https://localhost:${(server.address() as net.AddressInfo).port}/teal/`;
}

t.test('people in the console', async (t) => {
  await buildConsole();
  const target = { admin: '' };
  const home = await startProxy(t, target);
  const redirectUrl = `${home}auth/callback`;
  const identities = await startIdentities(t, {
    ...{ redirectUrl, afterSignOutUrl: home, groupsInToken: true, refreshTokens: true, withForm: true },
  });
  const { faults } = identities;
  // Down at the start: that is no reason not to start.
  faults.isDown = true;
  const folder = t.testdir();
  const settings = {
    env: {
      TEAL_CONSOLE_OIDC_ISSUER: identities.issuer,
      TEAL_CONSOLE_OIDC_CLIENT_ID: CLIENT.id,
      TEAL_CONSOLE_OIDC_CLIENT_SECRET: CLIENT.secret,
      TEAL_CONSOLE_OIDC_REDIRECT_URL: redirectUrl,
      TEAL_CONSOLE_OIDC_AFTER_SIGN_OUT_URL: home,
      TEAL_CONSOLE_OIDC_LABEL: 'Example',
      TEAL_CONSOLE_OIDC_SCOPES: 'profile,email,groups',
      TEAL_CONSOLE_OIDC_RECHECK_SECONDS: '10',
      TEAL_CONSOLE_OIDC_TRUST_SECONDS: '3600',
      TEAL_CONSOLE_OIDC_GROUPS: JSON.stringify({
        'dns-admins': { scope: 'admin' },
        'shop-team': { scope: 'release', services: [app] },
        everybody: { scope: 'read' },
      }),
      TEAL_PROBES_ALLOW: '127.0.0.0/8',
    },
  };
  const teal = await startTeal(folder, settings);
  target.admin = teal.admin;
  t.teardown(() => teal.child.kill('SIGKILL'));
  const browser = await startBrowser(t);
  const open = async (view: { width?: number; colorScheme?: 'dark' } = {}): Promise<Page> => {
    const { width = 1280, ...more } = view;
    const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width, height: 800 }, ...more });
    waitPatiently(context);
    await pressAgain(context);
    const page = await context.newPage();
    followRequests(page);
    return page;
  };
  const signIn = async (page: Page): Promise<void> => {
    await page.getByRole('link', button).click();
    await page.getByRole('button', { name: 'Let me in' }).click();
    await page.getByRole('navigation', { name: 'Pages' }).waitFor();
  };

  await t.test('a provider that is down is told on a page of its own, and tokens go on', async (t) => {
    const page = await open({ width: 320, colorScheme: 'dark' });
    await page.goto(home);
    await page.getByRole('link', button).waitFor();
    t.same(await seriousFaults(page), [], 'sign-in');
    t.equal(await overflow(page), 0);
    await page.getByRole('link', button).click();
    await page.getByRole('heading', { name: 'The sign-in service cannot be asked' }).waitFor();
    t.same(await seriousFaults(page), [], 'the page of a failure');
    t.equal(await overflow(page), 0);
    await page.getByRole('link', { name: 'Sign in with a token' }).click();
    await page.getByLabel('Token').fill(teal.token);
    await page.getByRole('button', { name: 'Sign in with the token' }).click();
    await page.getByRole('navigation', { name: 'Pages' }).waitFor();
    await page.context().close();
  });
  faults.isDown = false;

  await t.test('a person comes back to where they were, is named, does and may what their groups say', async (t) => {
    identities.who = 'bob';
    const page = await open();
    await page.goto(`${home}#/services/${app}`);
    await signIn(page);
    await page.getByRole('heading', { level: 1, name: app, exact: true }).waitFor();
    await page.locator('header.top').getByText('Bob Example', { exact: true }).waitFor();
    await soon(t).ok(() => !/code=|state=/.test(page.url()), 'nothing of the sign-in stays in the address');
    t.equal(await page.evaluate('document.cookie'), '', 'no script sees the session');
    const [cookie] = (await page.context().cookies(home)).filter(({ name }) => name.includes('teal-session'));
    t.match(cookie, { httpOnly: true, secure: true, sameSite: 'Strict', path: '/teal/', name: /^__Secure-/ });
    const edit = page.getByRole('button', { name: 'Edit', exact: true });
    await soon(t).equal(() => edit.getAttribute('aria-disabled'), 'true');
    const rollback = page.getByRole('button', { name: 'Start a release…' });
    await rollback.waitFor();
    await soon(t).equal(() => rollback.getAttribute('aria-disabled'), null, 'this they may');
    t.same(await seriousFaults(page), []);
    // They see every service, and may move the one.
    const beyond = 'other.example.test';
    const pools = { blue: { weight: 1, targets: ['192.0.2.1'] }, green: { weight: 0, targets: ['192.0.2.2'] } };
    t.equal((await teal.call('PUT', `/v1/services/${beyond}`, { pools })).status, 201);
    await page.goto(`${home}#/services/${beyond}`);
    await page.getByRole('heading', { level: 1, name: beyond, exact: true }).waitFor();
    const start = page.getByRole('button', { name: 'Start a release…' });
    await soon(t).equal(() => start.getAttribute('aria-disabled'), 'true');
    await soon(t).match(
      () => start.getAttribute('title'),
      /^person:bob@example.com is limited to app.example.test; other.example.test/,
    );
    await page.goto(`${home}#/services`);
    for (const name of [app, beyond]) await page.getByRole('checkbox', { name: `Choose ${name}` }).check();
    await page.getByRole('button', { name: 'Shift…', exact: true }).click();
    const review = page.getByRole('dialog').getByRole('list', { name: 'What it touches' });
    await review.getByText(/left out: person:bob@example.com is limited to app.example.test/).waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Shift 1 service now' }).waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();

    const shifted = await page.evaluate(`fetch('v1/services/${app}/weights', {
      method: 'PUT',
      headers: { 'content-type': 'application/json', 'teal-console': 'active' },
      body: '{"blue":50,"green":50}',
    }).then((reply) => reply.status)`);
    t.equal(shifted, 200);
    await page.goto(`${home}#/log`);
    await page.getByText('person:bob@example.com').first().waitFor();
    const other = await page.context().newPage();
    await other.goto(home);
    await other.getByRole('navigation', { name: 'Pages' }).waitFor();
    t.pass('another tab is signed in too');

    await page.getByRole('button', { name: 'Sign out' }).click();
    // The provider asks whether one means it, and leads back.
    await page.getByRole('button', { name: /yes, sign me out/i }).click();
    await page.getByRole('link', button).waitFor();
    await other.getByText('Your session has ended').waitFor();
    await page.context().close();
  });

  await t.test('where somebody else signs in by another tab, nothing is done in their name by the first', async (t) => {
    identities.who = 'ann';
    const first = await open();
    await first.goto(`${home}#/services/${app}`);
    await first.getByRole('link', button).waitFor();
    const second = await first.context().newPage();
    await second.goto(home);
    await second.getByRole('link', button).waitFor();
    await signIn(first);
    await first.getByLabel('Weight of green').fill('41');
    await first.getByRole('button', { name: 'Review the shift…' }).click();
    const act = first.getByRole('button', { name: 'Shift now' });
    await act.waitFor();
    await first.context().clearCookies({ domain: '127.0.0.1' });
    identities.who = 'bob';
    await signIn(second);
    await second.locator('header.top').getByText('Bob Example', { exact: true }).waitFor();
    // It may have asked for something by itself and be gone already.
    await act.click({ timeout: 5000 }).catch(() => {});
    await first.getByText('Your session has ended: Bob Example has signed in with this browser since').waitFor();
    const { weights } = (await teal.call('GET', `/v1/services/${app}/weights`)).body;
    t.not(weights.green, 41);
    await first.context().close();
  });

  await t.test('a group that was taken away signs out; a page of others cannot use the session', async (t) => {
    identities.who = 'ann';
    const page = await open();
    await page.goto(home);
    await signIn(page);
    const foreign = await page.context().newPage();
    await foreign.goto(identities.issuer);
    const outcome =
      await foreign.evaluate(`fetch('${home}v1/services', { credentials: 'include', headers: { 'teal-console': 'active' } })
      .then((reply) => reply.status, () => 'blocked')`);
    t.equal(outcome, 'blocked');
    Object.assign(identities.people.ann as object, { groups: [] });
    await page.getByText('Your session has ended').waitFor({ timeout: patienceMs(2 * PATIENCE_MS) });
    await page.context().close();
  });
  t.notMatch(JSON.stringify(teal.log), new RegExp(CLIENT.secret), 'no secret is told in the log');
  const signedIn = () => teal.log.filter(({ msg }) => msg === 'a person signed in').map(({ person }) => person);
  await soon(t).same(
    signedIn,
    ['bob', 'ann', 'bob', 'ann'].map((name) => `person:${name}@example.com`),
  );

  await t.test(
    'a server that is killed and started again signs nobody out, but those who had signed out',
    async (t) => {
      identities.who = 'bob';
      const page = await open();
      await page.goto(home);
      await signIn(page);
      const left = await open();
      await left.goto(home);
      await signIn(left);
      const cookies = await left.context().cookies(home);
      const status = await left.evaluate(
        `fetch('auth/sign-out', { method: 'POST', headers: { 'teal-console': 'active' } }).then((reply) => reply.status)`,
      );
      t.equal(status, 200);
      await teal.end('SIGKILL');
      const next = await startTeal(folder, settings);
      t.teardown(() => next.child.kill('SIGKILL'));
      target.admin = next.admin;
      const asked = (of: Page) =>
        of.evaluate(`fetch('v1/self', { headers: { 'teal-console': 'active' } }).then((reply) => reply.json())`);
      await soon(t).match(async () => JSON.stringify(await asked(page)), /"name":"person:bob@example\.com"/);
      await page.reload();
      await page.getByRole('navigation', { name: 'Pages' }).waitFor();
      await page.locator('header.top').getByText('Bob Example', { exact: true }).waitFor();
      await left.context().addCookies(cookies);
      await soon(t).match(async () => JSON.stringify(await asked(left)), /"code":"session_ended"/);
      t.notOk(next.log.some(({ msg }) => msg === 'a person signed in'));
    },
  );
});
