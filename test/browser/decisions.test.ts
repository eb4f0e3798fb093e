/** The console while colleagues change the same things: nothing is overwritten that its person has not seen. */
import type { Locator, Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { comesTo, soon } from '../fixtures/soon.ts';
import { openPage, settled, signIn, startConsole, visit } from './browser.ts';
import { showsShares } from './states.ts';

const app = 'app.example.test';
const appPage = `#/services/${app}`;
const MOVED = /Somebody changed .* while you had this open\. Nothing is done until you decide\./;

/** Waits until the zone file in the editor has this in it. */
async function typed(page: Page, part: string): Promise<void> {
  const area = page.getByLabel('Zone file');
  await comesTo(
    () => area.inputValue(),
    (text) => text.includes(part),
  );
}

t.test('a dialog is about what was seen when it was opened', async (t) => {
  const it = await startConsole(t, t.testdir());
  const { teal } = it;
  const weights = async () => (await teal.call('GET', `/v1/services/${app}/weights`)).body.weights;
  const shift = (blue: number, green: number) => teal.call('PUT', `/v1/services/${app}/weights`, { blue, green });
  const pools = async () => (await teal.call('GET', `/v1/services/${app}`)).body.pools;
  const setTargets = (blue: string, green: string) =>
    teal.call('PUT', `/v1/services/${app}`, { pools: { blue: { targets: [blue] }, green: { targets: [green] } } });
  const record = (name: string, rdata: string[]) =>
    teal.call('PUT', `/v1/zones/example.test/rrsets/${name}.example.test/A`, { ttlSeconds: 300, rdata });
  const rdataOf = async (name: string) =>
    (await teal.call('GET', `/v1/zones/example.test/rrsets/${name}.example.test/A`)).body.rdata;

  const moved = async (t: Test, dialog: Page | Locator, button: string | RegExp, says: RegExp[]) => {
    const notice = dialog.locator('.message', { hasText: 'Nothing is done until you decide.' });
    // What the log says of it comes a little later.
    for (const pattern of says) await notice.filter({ hasText: pattern }).waitFor();
    t.pass(`it says ${says.join(', ')}`);
    const pressed = dialog.getByRole('button', { name: button, exact: true });
    await soon(t).ok(() => pressed.isDisabled(), `${button} waits`);
  };
  const on = (hash: string, work: (page: Page, t: Test) => Promise<void>) => async (t: Test) => {
    await setTargets('192.0.2.10', '192.0.2.20');
    await shift(100, 0);
    const page = await openPage(it);
    await signIn(page, it, hash);
    await work(page, t);
    await page.context().close();
  };

  await t.test(
    'a service that is edited: what both changed is shown, and both are kept where they do not differ',
    on(appPage, async (page, t) => {
      await page.getByRole('button', { name: 'Edit', exact: true }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Targets of green').fill('192.0.2.99');
      await setTargets('192.0.2.77', '192.0.2.20');
      await moved(t, dialog, 'Save', [MOVED, /admin/, /pools\.blue\.targets.*192\.0\.2\.77.*was 192\.0\.2\.10/]);
      t.match(await pools(), { green: { targets: ['192.0.2.20'] } }, 'nothing is done meanwhile');
      await dialog.getByRole('button', { name: 'Keep my changes' }).click();
      await soon(t).equal(
        () => dialog.getByLabel('Targets of blue').inputValue(),
        '192.0.2.77',
        'theirs, where mine says nothing',
      );
      await soon(t).equal(() => dialog.getByLabel('Targets of green').inputValue(), '192.0.2.99');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.waitFor({ state: 'detached' });
      t.match(await pools(), { blue: { targets: ['192.0.2.77'] }, green: { targets: ['192.0.2.99'] } });
    }),
  );

  await t.test(
    'a change that no event told of yet is refused by the server, and shown then',
    on(appPage, async (page, t) => {
      await page.getByRole('button', { name: 'Edit', exact: true }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Targets of green').fill('192.0.2.99');
      await page.route(`**/v1/services/${app}`, async (route) => {
        if (route.request().method() === 'PUT') await setTargets('192.0.2.10', '192.0.2.55');
        await route.continue();
      });
      await dialog.getByRole('button', { name: 'Save' }).click();
      await moved(t, dialog, 'Save', [/pools\.green\.targets.*192\.0\.2\.55.*was 192\.0\.2\.20.*yours 192\.0\.2\.99/]);
      await page.unroute(`**/v1/services/${app}`);
      await dialog.getByRole('button', { name: 'Take what is in force' }).click();
      await soon(t).equal(() => dialog.getByLabel('Targets of green').inputValue(), '192.0.2.55');
      t.match(await pools(), { green: { targets: ['192.0.2.55'] } });
    }),
  );

  await t.test(
    'a shift under review is not rebased',
    on(appPage, async (page, t) => {
      await page.getByLabel('Weight of green').fill('7');
      await page.getByRole('button', { name: 'Review the shift…' }).click();
      const dialog = page.getByRole('dialog');
      await shift(60, 40);
      await moved(t, dialog, 'Shift now', [
        /weights\.green.*in force 40.*was 0.*yours 7/,
        /weights\.blue.*in force 60.*was 100.*yours 100/,
      ]);
      t.same(await weights(), { blue: 60, green: 40 });
      await dialog.getByRole('button', { name: 'Keep mine' }).click();
      await dialog.getByRole('img', { name: 'Now: blue 60%, green 40%' }).waitFor();
      await dialog.getByRole('button', { name: 'Shift now' }).click();
      await dialog.waitFor({ state: 'detached' });
      t.same(await weights(), { blue: 100, green: 7 });
    }),
  );

  await t.test(
    'weights that are being typed are not sent to another ground than they were typed on',
    on(appPage, async (page, t) => {
      await page.getByLabel('Weight of green').fill('7');
      await shift(60, 40);
      await moved(t, page, 'Review the shift…', [/weights\.green.*in force 40.*was 0.*yours 7/]);
      await page.getByRole('button', { name: 'Take what is in force' }).click();
      await soon(t).equal(() => page.getByLabel('Weight of green').inputValue(), '40');
      await soon(t).equal(() => page.getByText('Nothing is done until you decide').count(), 0);
    }),
  );

  await t.test(
    'a rollback leads where it was said to lead',
    on(appPage, async (page, t) => {
      await shift(90, 10);
      await showsShares(page, 'blue 90%, green 10%');
      await page.getByRole('button', { name: /Roll back.*blue 100%/ }).click();
      const dialog = page.getByRole('dialog');
      // Where it leads is in the history, which comes late.
      const isLate = Promise.withResolvers<void>();
      await page.route(/\/history\?/, async (route) => {
        await isLate.promise;
        await route.continue();
      });
      await shift(50, 50);
      await moved(t, dialog, 'Roll back now', [MOVED, /weights\.green.*in force 50.*was 10.*yours 0/]);
      await dialog.getByRole('button', { name: 'See where it leads now' }).click();
      await dialog.getByText('The weights from before the last release or shift come back.').waitFor();
      isLate.resolve();
      await dialog.getByRole('img', { name: 'Afterwards: blue 90%, green 10%' }).waitFor();
      await dialog.getByRole('button', { name: 'Roll back now' }).click();
      await dialog.waitFor({ state: 'detached' });
      t.same(await weights(), { blue: 90, green: 10 });
    }),
  );

  await t.test(
    'a release is begun from what its plan was made of, and promoted from the pause that was seen',
    on(appPage, async (page, t) => {
      await page.getByRole('button', { name: 'Start a release…' }).click();
      const dialog = page.getByRole('dialog');
      await page.getByRole('button', { name: 'Show the plan…' }).click();
      await dialog.getByRole('table').waitFor();
      await shift(60, 40);
      await moved(t, dialog, 'Start the release', [/weights\.green.*in force 40.*was 0/]);
      await dialog.getByRole('button', { name: 'Plan it for what is in force' }).click();
      await page.keyboard.press('Escape');
      const steps = [{ pause: {} }, { setWeight: 50 }, { pause: {} }, { setWeight: 100 }, { pause: {} }];
      const { id } = (await teal.call('POST', `/v1/services/${app}/releases`, { to: 'green', steps })).body;
      await page.getByRole('button', { name: 'Promote to the end…' }).click();
      await teal.call('POST', `/v1/releases/${id}/promote`);
      await moved(t, dialog, 'Promote now', [
        /the release to green went on, by itself or by somebody\. What is skipped depends on the step/,
        /step.*in force 3.*was 1/,
      ]);
      await page.keyboard.press('Escape');
      await page.route(`**/v1/releases/${id}/promote`, async (route) => {
        await teal.call('POST', `/v1/releases/${id}/promote`);
        await route.continue();
      });
      await page.getByRole('button', { name: 'Promote', exact: true }).click();
      await page.getByText('Somebody changed this after you had loaded it', { exact: false }).waitFor();
      t.equal((await teal.call('GET', `/v1/releases/${id}`)).body.stepIndex, 4, 'one pause was left, not two');
      await teal.call('POST', `/v1/releases/${id}/abort`);
      const next = (await teal.call('POST', `/v1/services/${app}/releases`, { to: 'green', steps })).body;
      // The one before has a button of that name too, and stood at 100%.
      await page.getByText('paused · 40%', { exact: true }).waitFor();
      await page.route(`**/v1/releases/${next.id}/pause`, async (route) => {
        await teal.call('POST', `/v1/releases/${next.id}/promote`);
        await route.continue();
      });
      await page.getByRole('button', { name: 'Pause', exact: true }).click();
      await page.getByRole('button', { name: 'Resume', exact: true }).waitFor();
      const held = (await teal.call('GET', `/v1/releases/${next.id}`)).body;
      t.match(
        held,
        { reason: 'pause_requested', stepIndex: 2 },
        'a step that was taken just now is no reason to go on',
      );
      await teal.call('POST', `/v1/releases/${next.id}/abort`);
    }),
  );

  await t.test(
    'records: edited, added, deleted',
    on('#/zones/example.test', async (page, t) => {
      await record('www', ['192.0.2.1']);
      const dialog = page.getByRole('dialog');
      await page.getByRole('button', { name: 'Edit www.example.test A' }).click();
      await dialog.getByLabel('Data, one record a line').fill('192.0.2.2');
      await record('www', ['192.0.2.3']);
      await moved(t, dialog, 'Save', [/rdata.*in force 192\.0\.2\.3.*was 192\.0\.2\.1.*yours 192\.0\.2\.2/]);
      await dialog.getByRole('button', { name: 'Keep mine' }).click();
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.waitFor({ state: 'detached' });
      t.same(await rdataOf('www'), ['192.0.2.2']);

      await page.getByRole('button', { name: 'Add a record' }).click();
      await dialog.getByLabel('Name').fill('www');
      await dialog.getByLabel('Data, one record a line').fill('192.0.2.9');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await moved(t, dialog, 'Save', [
        /www\.example\.test A is there already/,
        /in force 192\.0\.2\.2.*yours 192\.0\.2\.9/,
      ]);
      t.same(await rdataOf('www'), ['192.0.2.2'], 'what is added replaces nothing');
      await dialog.getByRole('button', { name: 'Take what is in force' }).click();
      const data = dialog.getByLabel('Data, one record a line');
      await soon(t).equal(() => data.inputValue(), '192.0.2.2');
      await page.keyboard.press('Escape');

      // What the page has read of one's own change.
      await page.getByRole('row', { name: /^www A .*192\.0\.2\.2/ }).waitFor();
      await page.getByRole('button', { name: 'Delete www.example.test A' }).click();
      await record('www', ['192.0.2.4']);
      await moved(t, dialog, 'Delete now', [/rdata.*in force 192\.0\.2\.4.*was 192\.0\.2\.2/]);
      t.same(await rdataOf('www'), ['192.0.2.4']);
      await dialog.getByRole('button', { name: 'Ask about what is in force' }).click();
      await teal.call('DELETE', '/v1/zones/example.test/rrsets/www.example.test/A');
      await dialog.getByText('Somebody deleted www.example.test A').waitFor();
      await soon(t).ok(() => dialog.getByRole('button', { name: 'Delete now' }).isDisabled());
    }),
  );

  await t.test(
    'what is new replaces nothing that is there: zones, services',
    on('#/zones', async (page, t) => {
      const dialog = page.getByRole('dialog');
      const before = (await teal.call('GET', '/v1/zones/example.test')).body;
      await page.getByRole('button', { name: 'New zone' }).click();
      await dialog.getByLabel('Name', { exact: true }).fill('example.test');
      await dialog.getByLabel('Nameservers').fill('ns.elsewhere.test');
      await dialog.getByRole('button', { name: 'Make the zone' }).click();
      await dialog.getByText('example.test is there already,').waitFor();
      t.same((await teal.call('GET', '/v1/zones/example.test')).body, before);
      await page.keyboard.press('Escape');
      await visit(page, '#/services', 'Services');
      await page.getByRole('button', { name: 'New service' }).click();
      await dialog.getByLabel('Name', { exact: true }).fill(app);
      await dialog.getByLabel('Targets of blue').fill('192.0.2.200');
      await dialog.getByLabel('Targets of green').fill('192.0.2.201');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await moved(t, dialog, 'Save', [
        /app\.example\.test is there already/,
        /in force 192\.0\.2\.10.*yours 192\.0\.2\.200/,
      ]);
      t.match(await pools(), { blue: { targets: ['192.0.2.10'] } });
    }),
  );

  await t.test(
    'an import replaces the zone that was there when its text began',
    on('#/zones/example.test/import', async (page, t) => {
      await page.getByRole('button', { name: 'Load what is in force' }).click();
      await typed(page, 'SOA');
      await record('late', ['192.0.2.66']);
      await moved(t, page, 'Import', [/made late\.example\.test\/A/, /admin/]);
      t.same(await rdataOf('late'), ['192.0.2.66']);
      await page.getByRole('button', { name: 'Load theirs instead' }).click();
      await typed(page, '192.0.2.66');
      const area = page.getByLabel('Zone file');
      await area.fill((await area.inputValue()).replace('192.0.2.66', '192.0.2.67'));
      // What the page has read of the zone is of before, until it is read again.
      const isImported = Promise.withResolvers<void>();
      await page.route('**/v1/zones/example.test', async (route) => {
        await isImported.promise;
        await route.continue();
      });
      // Whose it was it asks the log, and shows what it takes it for behind that.
      const looked = page.waitForResponse((each) => each.url().includes('/v1/revisions?'));
      await page.getByRole('button', { name: 'Import', exact: true }).click();
      await page.getByText('imported,', { exact: false }).first().waitFor();
      t.same(await rdataOf('late'), ['192.0.2.67']);
      await (await looked).finished();
      await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))');
      const notice = page.getByText('Nothing is done until you decide');
      t.equal(await notice.count(), 0, 'one’s own import is no colleague’s');
      isImported.resolve();
      await settled(page);
      t.equal(await notice.count(), 0, 'nor is it once it is read');
      await page.unroute('**/v1/zones/example.test');
      // A large file takes long: the page asks what is in force, whose own ETag is of the zone's settings alone.
      await page.getByRole('button', { name: 'Load what is in force' }).click();
      await typed(page, '192.0.2.67');
      const asked: Promise<unknown>[] = [];
      await page.route('**/v1/zones/example.test/file', async (route) => {
        const zone = page.waitForResponse((each) => each.url().endsWith('/v1/zones/example.test'));
        await page.getByText('Asking the server…').waitFor();
        await zone;
        asked.push(zone);
        await route.continue();
      });
      await page.getByRole('button', { name: 'Import', exact: true }).click();
      await page.getByText('imported,', { exact: false }).first().waitFor();
      t.equal(asked.length, 1, 'it was waited for');
    }),
  );

  await t.test(
    'the token that is revoked is the one that was seen',
    on('#/tokens', async (page, t) => {
      await teal.call('POST', '/v1/tokens', { name: 'ci', scope: 'read' });
      await page.getByRole('button', { name: 'Revoke ci' }).click();
      await teal.call('DELETE', '/v1/tokens/ci');
      await teal.call('POST', '/v1/tokens', { name: 'ci', scope: 'shift' });
      const dialog = page.getByRole('dialog');
      await dialog.getByText('scope', { exact: true }).waitFor();
      await moved(t, dialog, 'Revoke now', [/scope.*in force shift.*was read/]);
      const { items } = (await teal.call('GET', '/v1/tokens')).body;
      t.match(
        items.filter(({ name }: { name: string }) => name === 'ci'),
        [{ scope: 'shift' }],
      );
    }),
  );

  t.same(it.faults, []);
});
