/** Who is signed in and where: at the top of every page; and what one may not do is greyed, with the reason. */
import t from 'tap';
import { soon } from '../fixtures/soon.ts';
import { openPage, overflow, seriousFaults, settled, signIn, startConsole, visit } from './browser.ts';

const app = 'app.example.test';

t.test('whoever may not', async (t) => {
  const env = { TEAL_CONSOLE_NAME: 'Produktion – Süd', TEAL_CONSOLE_COLOUR: '#ffe08a' };
  const it = await startConsole(t, t.testdir(), { env });
  const { teal } = it;
  const tokenOf = async (body: object): Promise<string> => (await teal.call('POST', '/v1/tokens', body)).body.secret;
  const as = (token: string) => ({ teal: { ...teal, token } });
  const reader = await tokenOf({ name: 'a-reader', scope: 'read' });
  const releaser = await tokenOf({ name: 'ci', scope: 'release', services: ['*.example.test'] });
  await teal.call('PUT', '/v1/zones/example.test/rrsets/www.example.test/A', { ttlSeconds: 60, rdata: ['192.0.2.7'] });

  await t.test('a reader sees all, and each thing to press is greyed and says why', async (t) => {
    for (const [colorScheme, width] of [
      ['light', 1280],
      ['dark', 320],
    ] as const) {
      const page = await openPage(it, { colorScheme, width, height: 800 });
      await signIn(page, as(reader));
      const header = page.locator('header.top');
      await header.getByText('Produktion – Süd').waitFor();
      await header.getByText('a-reader', { exact: true }).waitFor();
      for (const [hash, heading, buttons] of [
        ['#/services', 'Services', ['New service']],
        [`#/services/${app}`, app, ['Edit', 'Delete…', 'Start a release…', 'Review the shift…']],
        ['#/zones', 'Zones', ['New zone']],
        ['#/zones/example.test', 'example.test', ['Add a record', 'Import…', 'Edit www.example.test A']],
      ] as const) {
        await visit(page, hash, heading);
        for (const name of buttons) {
          const button = page.getByRole('button', { name, exact: true });
          await button.waitFor();
          await soon(t).equal(() => button.getAttribute('aria-disabled'), 'true', name);
          const why = /Your token a-reader has the scope read; this needs /;
          await soon(t).match(() => button.getAttribute('title'), why, name);
        }
        t.same(await seriousFaults(page), [], `${hash}, ${colorScheme}`);
        t.equal(await overflow(page), 0, `${hash}, ${width}`);
      }
      // It is there for some seconds, and waited for from before the press.
      await Promise.all([
        page.locator('.note', { hasText: 'this needs admin or records' }).waitFor(),
        page.getByRole('button', { name: 'Add a record' }).click({ force: true }),
      ]);
      t.equal(await page.getByRole('dialog').count(), 0);
      const looking = page.getByRole('button', { name: 'Export' });
      await soon(t).equal(() => looking.getAttribute('aria-disabled'), null, 'looking is free');
      await page.context().close();
    }
  });

  await t.test('a token for some services may shift them, and is not told that there is no zone', async (t) => {
    const page = await openPage(it);
    await signIn(page, as(releaser), '#/zones');
    await page.getByRole('heading', { name: 'No zone that you may see' }).waitFor();
    await soon(t).equal(() => page.getByText('No zone yet').count(), 0);
    await visit(page, `#/services/${app}`, app);
    const start = page.getByRole('button', { name: 'Start a release…' });
    await start.waitFor();
    await soon(t).equal(() => start.getAttribute('aria-disabled'), null);
    const edit = page.getByRole('button', { name: 'Edit', exact: true });
    await soon(t).equal(() => edit.getAttribute('aria-disabled'), 'true');
    await page.context().close();
  });

  await t.test('a reader finds nothing on any page that can be pressed and changes anything', async (t) => {
    const zone = 'signed.test';
    const put = async (path: string, body: object): Promise<void> => {
      const { status } = await teal.call('PUT', path, body);
      t.ok(status < 300, `${path}: ${status}`);
    };
    await put(`/v1/zones/${zone}`, { nameservers: ['ns1.example.test'], hostmaster: 'hostmaster.example.test' });
    await put(`/v1/zones/${zone}/dnssec`, {});
    await put(`/v1/services/${app}/weights`, { blue: 50, green: 50 });
    await put('/v1/freezes/holidays', { timeZone: 'UTC', windows: [{ from: '2126-12-20', to: '2127-01-03' }] });
    await put('/v1/services/two.example.test', {
      approval: 'required',
      pools: { blue: { weight: 1, targets: ['192.0.2.1'] }, green: { weight: 0, targets: ['192.0.2.2'] } },
    });
    const shift = { services: { 'two.example.test': { blue: 0, green: 1 } } };
    t.equal((await teal.call('POST', '/v1/shifts', shift)).status, 202);
    const release = { to: 'green', steps: [{ setWeight: 60 }, { pause: {} }] };
    t.equal((await teal.call('POST', `/v1/services/${app}/releases`, release)).status, 201);
    const page = await openPage(it);
    const changes: string[] = [];
    page.on('request', (request) => {
      if (request.method() !== 'GET') changes.push(`${request.method()} ${request.url()}`);
    });
    await signIn(page, as(reader));
    for (const [hash, heading, greyed] of [
      ['#/services', 'Services', ['Approve proposal']],
      [`#/services/${app}`, app, ['Promote', 'Abort', 'Roll back']],
      ['#/services/two.example.test', 'two.example.test', ['Approve proposal']],
      ['#/zones', 'Zones', []],
      ['#/zones/example.test', 'example.test', ['Sign…']],
      [`#/zones/${zone}`, zone, ['Roll the key…', 'Unsign…']],
      ['#/log', 'Activity', ['Set it again…']],
      ['#/freezes', 'Freezes and approvals', ['Edit holidays', 'Approve proposal']],
      ['#/webhooks', 'Webhooks', []],
      ['#/tokens', 'Tokens', []],
    ] as const) {
      await visit(page, hash, heading);
      for (const name of greyed) {
        const button = page.getByRole('main').getByRole('button', { name }).first();
        await button.waitFor();
        await soon(t).equal(() => button.getAttribute('aria-disabled'), 'true', `${hash}: ${name}`);
      }
      await settled(page);
      const free = page.locator('main button:not([aria-disabled="true"]):not(:disabled):visible');
      const names = await free.evaluateAll((all) => all.map(({ textContent }) => textContent));
      for (const [index, name] of names.entries()) {
        await free.nth(index).click();
        t.equal(await page.getByRole('dialog').count(), 0, `${hash}: ${name}`);
      }
    }
    t.same(changes, []);
    await page.context().close();
  });

  await t.test('what a release token reaches is pressed, what it only sees is greyed', async (t) => {
    const zone = 'other.test';
    await teal.call('PUT', `/v1/zones/${zone}`, { nameservers: ['ns1.example.test'], hostmaster: 'h.example.test' });
    const page = await openPage(it);
    await signIn(page, as(await tokenOf({ name: 'of-a-zone', scope: 'admin', zones: [zone], services: [app] })));
    await visit(page, `#/zones/${zone}`, zone);
    const settings = page.getByRole('button', { name: 'Settings…' });
    await settings.waitFor();
    await soon(t).equal(() => settings.getAttribute('aria-disabled'), null);
    await page.context().close();
  });
  t.same(it.faults, []);
});
