/** The console in a real browser, on a real server, with real queries. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { freePort } from '../fixtures/free-port.ts';
import { startTeal } from '../fixtures/process.ts';
import { comesTo, soon } from '../fixtures/soon.ts';
import {
  answers,
  openPage,
  overflow,
  seriousFaults,
  signIn,
  startConsole,
  tabTo,
  type View,
  visit,
} from './browser.ts';
import { showsShares } from './states.ts';

/** All script of the first load, compressed. */
const SCRIPT_MAX_BYTES = 100_000;

const app = 'app.example.test';
const appPage = `#/services/${app}`;
const [blue, green] = ['192.0.2.10', '192.0.2.20'];
const brokenZone = '$TTL 1h\n@ SOA ns1 hostmaster 1 2h 1h 2w 1m\n@ NS ns1\nns1 A 192.0.2.53\nwww A 192.0.2.999\n';

t.test('the console', async (t) => {
  // Of its own: it is started again on it, while the page tries to reach it.
  const listen = `127.0.0.1:${await freePort()}`;
  const it = await startConsole(t, t.testdir(), { env: { TEAL_ADMIN_LISTEN: listen } });
  const { teal } = it;
  const reset = () => teal.call('PUT', `/v1/services/${app}/weights`, { blue: 100, green: 0 });
  await reset();

  await t.test('lets in who has a token, and keeps it out of addresses', async (t) => {
    const page = await openPage(it);
    await page.goto('/');
    await page.getByLabel('Token').fill('the-token-that-is-wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('No such token', { exact: false }).first().waitFor();
    await page.getByLabel('Token').fill(teal.token);
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: app }).first().waitFor();
    t.notOk(page.url().includes(teal.token));
    await page.reload();
    await page.getByRole('link', { name: app }).first().waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in to Teal' }).waitFor();
    const read = () => [...it.scriptBytes.values()].reduce((a, b) => a + b, 0);
    const sum = await comesTo(read, (sum) => sum > 10_000 && ![...it.scriptBytes.values()].includes(0));
    t.comment(`${sum} bytes of script`);
    t.ok(sum > 10_000 && sum < SCRIPT_MAX_BYTES, `${sum} bytes of script came`);
    await page.context().close();
  });

  await t.test('shifts, says beforehand what that does, and rolls back; queries follow', async (t) => {
    const page = await openPage(it);
    await signIn(page, it, appPage);
    t.same(await answers(teal, app), [blue]);
    await page.getByLabel('Weight of green').fill('100');
    await page.getByLabel('Weight of blue').fill('0');
    await page.getByRole('button', { name: 'Review the shift…' }).click();
    const dialog = page.getByRole('dialog');
    await soon(t).text(dialog, /100% of all new answers move from blue to green.*blue gets no new clients/s);
    await soon(t).text(dialog, /drained at about \d\d:\d\d:\d\d UTC/);
    t.same(await answers(teal, app), [blue], 'nothing is done before it is confirmed');
    await dialog.getByRole('button', { name: 'Shift now' }).click();
    await dialog.waitFor({ state: 'detached' });
    t.same(await answers(teal, app), [green]);
    await page.getByText('draining', { exact: true }).waitFor();
    await showsShares(page, 'blue 0%, green 100%');
    await page.getByRole('button', { name: /Roll back.*blue 100%/ }).click();
    await page.getByRole('button', { name: 'Roll back now' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    t.same(await answers(teal, app), [blue]);
    await page.context().close();
  });

  await t.test('shifts and rolls back by keyboard alone', async (t) => {
    await reset();
    const page = await openPage(it);
    await page.goto('/');
    await page.getByRole('heading', { name: 'Sign in to Teal' }).waitFor();
    await page.keyboard.type(teal.token);
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: app }).first().waitFor();
    await tabTo(page, app);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: app }).waitFor();
    await page.getByRole('slider', { name: 'Share of green' }).waitFor();
    await tabTo(page, 'Share of green');
    for (const key of ['PageUp', 'ArrowRight']) await page.keyboard.press(key);
    await tabTo(page, 'Review the shift…');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await tabTo(page, 'Shift now');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const { weights } = (await teal.call('GET', `/v1/services/${app}/weights`)).body;
    t.ok(weights.green > 1 && weights.green < 100, `the keys moved the slider: ${JSON.stringify(weights)}`);
    t.equal(weights.blue, 100 - weights.green);
    await showsShares(page, `blue ${weights.blue}%, green ${weights.green}%`);
    await tabTo(page, /Roll back/, 'Shift+Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await tabTo(page, 'Roll back now');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    t.same((await teal.call('GET', `/v1/services/${app}/weights`)).body.weights, { blue: 100, green: 0 });
    await page.context().close();
  });

  await t.test('starts a release after showing its plan, moves it on, and aborts it', async (t) => {
    await reset();
    const page = await openPage(it);
    await signIn(page, it, appPage);
    await page.getByRole('button', { name: 'Start a release…' }).click();
    await page.getByLabel('How').selectOption({ label: 'Steps of my own' });
    await page.getByLabel('Share of green, per cent').first().fill('100');
    await page.getByRole('button', { name: 'Show the plan…' }).click();
    await page.getByRole('table').getByText('not before').first().waitFor();
    t.match((await teal.call('GET', '/v1/releases?state=active')).body, { items: [] }, 'a plan does nothing');
    await page.getByRole('button', { name: 'Start the release' }).click();
    await page.getByRole('list', { name: 'Steps' }).getByText('Pause 5 minutes').waitFor();
    t.same(await answers(teal, app), [green]);
    await soon(t).equal(() => page.getByLabel('Weight of green').count(), 0, 'weights are the release’s now');
    await page.getByRole('button', { name: 'Promote', exact: true }).click();
    await page.getByText('is a pause until somebody promotes', { exact: false }).first().waitFor();
    await page.getByRole('button', { name: 'Abort…' }).click();
    await page.getByRole('button', { name: 'Abort now' }).click();
    await page.getByText('aborted', { exact: false }).first().waitFor();
    await page.getByLabel('Weight of green').waitFor();
    t.same(await answers(teal, app), [blue]);
    await page.context().close();
  });

  await t.test('tells in plain words when somebody else was faster', async (t) => {
    await reset();
    const page = await openPage(it);
    await signIn(page, it, appPage);
    const confirm = async (meanwhile: () => Promise<unknown>, says: RegExp) => {
      await page.route(`**/v1/services/${app}/weights`, async (route) => {
        await meanwhile();
        await route.continue();
      });
      await page.getByLabel('Weight of green').fill('7');
      await page.getByRole('button', { name: 'Review the shift…' }).click();
      await page.getByRole('button', { name: 'Shift now' }).click();
      await soon(t).text(page.getByRole('dialog'), says);
      await page.unroute(`**/v1/services/${app}/weights`);
      await page.keyboard.press('Escape');
    };
    await confirm(
      () => teal.call('PUT', `/v1/services/${app}/weights`, { blue: 60, green: 40 }),
      /Somebody changed this after you had loaded it, so nothing was done/,
    );
    t.same((await teal.call('GET', `/v1/services/${app}/weights`)).body.weights, { blue: 60, green: 40 });
    await page.reload();
    const body = { to: 'green', steps: [{ pause: {} }, { setWeight: 100 }] };
    await confirm(
      () => teal.call('POST', `/v1/services/${app}/releases`, body),
      /A release is moving this service, and only it changes the weights meanwhile/,
    );
    await teal.call('POST', `/v1/services/${app}/rollback`, {});
    await page.context().close();
  });

  await t.test('shows what is wrong with a zone file at its place, and imports and exports a good one', async (t) => {
    const page = await openPage(it);
    await signIn(page, it);
    await visit(page, '#/zones/new.test/import', 'Import new.test');
    await page.getByLabel('Zone file').fill(brokenZone);
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByText('Nothing was imported.').waitFor();
    const finding = page.getByRole('button', { name: /error line 5, column 7/ });
    await soon(t).text(finding, /an IPv4 address .* was expected, not "192\.0\.2\.999"/);
    await finding.click();
    const selected = () => page.evaluate('getSelection().toString()');
    await soon(t).equal(selected, '192.0.2.999', 'choosing a mistake selects it in the text');
    t.equal((await teal.call('GET', '/v1/zones/new.test')).status, 404);
    await page.keyboard.type('192.0.2.80');
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByText('2 RRsets imported,').waitFor();
    t.same(await answers(teal, 'www.new.test', 1), ['192.0.2.80']);
    await page.getByRole('link', { name: 'Look at the records' }).click();
    await page.getByRole('cell', { name: 'www', exact: true }).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export' }).click(),
    ]);
    t.equal(download.suggestedFilename(), 'new.test.zone');
    t.match(readFileSync(await download.path(), 'utf8'), /^www\s+3600\s+IN A\s+192\.0\.2\.80$/m);
    await page.getByRole('button', { name: 'Delete www.new.test A' }).click();
    await page.getByRole('button', { name: 'Delete now' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    t.same(await answers(teal, 'www.new.test', 1), []);
    await page.context().close();
  });

  await t.test('says what the server counts and why a client gets what it gets', async (t) => {
    await reset();
    await answers(teal, app);
    const page = await openPage(it);
    await signIn(page, it, appPage);
    await page.getByRole('listitem').filter({ hasText: 'blue' }).getByText('observed 100%').waitFor();
    await page.getByLabel('Client or resolver').fill('203.0.113.7');
    await page.getByRole('button', { name: 'Explain', exact: true }).click();
    const explained = page.getByRole('region', { name: 'Explain an answer' });
    await explained.getByText(blue, { exact: false }).first().waitFor();
    await explained.getByRole('img', { name: /such answers: blue 100%/ }).waitFor();
    await page.getByLabel('Client or resolver').fill('nowhere');
    await page.getByRole('button', { name: 'Explain', exact: true }).click();
    await explained
      .getByText(/address/)
      .nth(1)
      .waitFor();
    await soon(t).equal(() => explained.getByText(blue, { exact: false }).count(), 0, 'nothing stale beside a refusal');
    await page.context().close();
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    await t.test(`has no serious fault for axe-core, and fits a phone: ${colorScheme}`, async (t) => {
      const steps = [{ setWeight: 10 }, { pause: {} }, { setWeight: 100 }];
      await reset();
      await teal.call('POST', `/v1/services/${app}/releases`, { to: 'green', steps });
      const look = async (view: View): Promise<void> => {
        const page = await openPage(it, { ...view, colorScheme, reducedMotion: 'reduce' });
        const judge = async (what: string): Promise<void> => {
          t.same(await seriousFaults(page), [], `${what}, ${view.width} wide`);
          t.equal(await overflow(page), 0, `${what} is not wider than ${view.width}`);
        };
        await page.goto('/');
        await page.getByRole('heading', { name: 'Sign in to Teal' }).waitFor();
        await judge('sign-in');
        await signIn(page, it);
        await page.getByText('waits for somebody').first().waitFor();
        await judge('services');
        await visit(page, appPage, app);
        await page.getByRole('list', { name: 'Steps' }).waitFor();
        await page.locator('canvas').waitFor();
        await judge('a service in a release');
        await page.getByRole('button', { name: /Roll back/ }).click();
        await judge('a confirmation');
        await page.keyboard.press('Escape');
        await visit(page, '#/zones', 'Zones');
        await page.getByRole('link', { name: 'example.test' }).waitFor();
        await judge('zones');
        await visit(page, '#/zones/example.test', 'example.test');
        await page.getByRole('cell', { name: 'ns1' }).first().waitFor();
        await judge('records');
        await visit(page, '#/zones/broken.test/import', 'Import broken.test');
        await page.getByLabel('Zone file').fill(brokenZone);
        await page.getByRole('button', { name: 'Import', exact: true }).click();
        await page.getByText('Nothing was imported.').waitFor();
        await judge('an import with mistakes');
        await visit(page, '#/log', 'Activity');
        await page.getByText('made the zone example.test').first().waitFor();
        await judge('the log');
        await visit(page, '#/tokens', 'Tokens');
        await page.getByRole('cell', { name: 'admin', exact: true }).first().waitFor();
        await judge('tokens');
        await page.context().close();
      };
      await look({ width: 1280 });
      await look({ width: 390, height: 844 });
      await teal.call('POST', `/v1/services/${app}/rollback`, {});
    });
  }

  await t.test('follows what others do, says when the server is lost, and comes back with it', async (t) => {
    await reset();
    const page = await openPage(it);
    await signIn(page, it, appPage);
    await page.getByText('Live', { exact: true }).waitFor();
    await teal.call('PUT', `/v1/services/${app}/weights`, { blue: 25, green: 75 });
    await page.getByRole('img', { name: 'Configured shares: blue 25%, green 75%' }).waitFor();
    await teal.end('SIGKILL');
    await page.getByRole('alert').getByText('The server does not answer.').waitFor();
    await page.getByText('Server lost', { exact: true }).waitFor();
    const shares = page.getByRole('img', { name: 'Configured shares: blue 25%, green 75%' });
    t.ok(await shares.isVisible(), 'it stays in sight');
    const again = await startTeal(it.folder, { env: { TEAL_ADMIN_LISTEN: listen } });
    t.teardown(() => again.end('SIGKILL'));
    await again.call('PUT', `/v1/services/${app}/weights`, { blue: 40, green: 60 });
    await page.getByText('Connected again. What you see is up to date.').first().waitFor();
    await page.getByRole('img', { name: 'Configured shares: blue 40%, green 60%' }).waitFor();
    await soon(t).equal(() => page.getByText('The server does not answer.').count(), 0);
    await page.context().close();
  });

  t.same(it.faults, [], 'no other host, no token in an address, no violation of the policy, no error of script');
});
