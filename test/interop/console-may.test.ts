/** Who is signed in and where: at the top of every page; and what one may not do is greyed, with the reason. */
import t from 'tap';
import { soon } from '../fixtures/soon.ts';
import { openPage, overflow, seriousFaults, signIn, startConsole, visit } from './console-browser.ts';

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
      await page.getByRole('button', { name: 'Add a record' }).click({ force: true });
      await page.locator('.note', { hasText: 'this needs admin or records' }).waitFor();
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
  t.same(it.faults, []);
});
