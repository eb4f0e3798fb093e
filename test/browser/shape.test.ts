/** The shape of the console: 320 pixels without overflow on every page, light and dark, on paper, and by keys alone. */
import t from 'tap';
import { soon } from '../fixtures/soon.ts';
import { goByKeys, openPage, overflow, seriousFaults, settled, signIn, startConsole, tabTo, visit } from './browser.ts';

const long = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(40)}.example.test`;
const app = 'app.example.test';
const pools = { blue: { weight: 100, targets: ['192.0.2.1'] }, green: { weight: 0, targets: ['192.0.2.2'] } };

t.test('the shape', async (t) => {
  const it = await startConsole(t, t.testdir(), { env: { TEAL_PROBES_ALLOW: '127.0.0.0/8' } });
  const { teal } = it;
  const call = async (method: string, path: string, body: object) => {
    const reply = await teal.call(method, path, body);
    t.ok(reply.status < 300, `${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
  };
  await call('PUT', `/v1/services/${long}`, { pools });
  const said = {
    reason: `שלום, and ${'a-word-without-an-end-'.repeat(12)}`,
    links: [`https://git.example.com/${'x'.repeat(200)}`],
  };
  await call('PUT', `/v1/services/${long}/weights`, { blue: 1, green: 1, ...said });
  const record = { ttlSeconds: 60, rdata: [`"${'v=spf1-'.repeat(30)}"`] };
  await call('PUT', `/v1/zones/example.test/rrsets/${long}/TXT`, record);
  // A gate that fails, with what it said, in the release that stays on the page.
  const web = { url: `http://127.0.0.1:1/${'smoke-'.repeat(20)}` };
  const analysis = {
    intervalSeconds: 1,
    count: 3,
    failureLimit: 0,
    consecutiveErrorLimit: 0,
    metrics: [{ name: 'smoke', web }],
  };
  await call('POST', `/v1/services/${app}/releases`, {
    to: 'green',
    steps: [{ setWeight: 10 }, { analysis }, { setWeight: 100 }],
  });
  const release = { to: 'green', steps: [{ setWeight: 10 }, { pause: {} }, { setWeight: 100 }] };
  await call('POST', `/v1/services/${long}/releases`, release);

  const pages = [
    ['#/services', 'Services'],
    [`#/services/${app}`, app],
    [`#/services/${long}`, long],
    ['#/zones', 'Zones'],
    ['#/zones/example.test', 'example.test'],
    ['#/log', 'Activity'],
    ['#/tokens', 'Tokens'],
  ] as const;
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await openPage(it, { width: 320, height: 640, colorScheme });
    await signIn(page, it);
    for (const [hash, heading] of pages) {
      await visit(page, hash, heading);
      // All that is open, such as the measurements of a gate.
      await settled(page);
      await page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })");
      t.equal(await overflow(page), 0, `${hash.slice(0, 40)} is not wider than 320, ${colorScheme}`);
      t.same(await seriousFaults(page), [], `${hash.slice(0, 40)}, ${colorScheme}`);
    }
    await page.context().close();
  }

  await t.test('a window that becomes narrower has at no moment a page wider than itself', async (t) => {
    const page = await openPage(it);
    // What a script draws anew after a change of size keeps its old width until then: here for ever.
    await page.addInitScript('globalThis.ResizeObserver = class { observe() {} unobserve() {} disconnect() {} }');
    await signIn(page, it, `#/services/${app}`);
    await page.locator('canvas').waitFor();
    await settled(page);
    await page.setViewportSize({ width: 320, height: 640 });
    t.equal(await overflow(page), 0);
    await page.context().close();
  });

  await t.test('by keys: a service is found and opened, and the keys are said', async (t) => {
    const page = await openPage(it);
    await signIn(page, it, '#/zones');
    await page.getByRole('heading', { level: 1, name: 'Zones' }).waitFor();
    await page.keyboard.press('Control+k');
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('combobox').waitFor();
    t.same(await seriousFaults(page), [], 'the palette');
    await page.keyboard.type('APP.ex');
    await dialog.getByRole('option', { name: app }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: app }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('Find a service, a zone or a page').waitFor();
    t.same(await seriousFaults(page), [], 'the keys');
    await page.keyboard.press('Escape');
    await goByKeys(page, 'a', 'Activity');
    await goByKeys(page, 's', 'Services');
    await page.keyboard.press('/');
    const field = page.getByLabel('Show only names with');
    await field.and(page.locator(':focus')).waitFor();
    await page.keyboard.type('g?');
    await soon(t).equal(() => field.inputValue(), 'g?', 'in a field keys are letters');
    await tabTo(page, 'Activity', 'Shift+Tab');
    await page.context().close();
  });

  await t.test('what is typed before the list is there is typed for its field', async (t) => {
    const page = await openPage(it);
    await signIn(page, it, '#/zones');
    await page.getByRole('heading', { level: 1, name: 'Zones' }).waitFor();
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route('**/v1/overview*', async (route) => {
      await held;
      await route.continue();
    });
    await goByKeys(page, 's', 'Services');
    await page.keyboard.press('/');
    await page.keyboard.type('g?tgz');
    t.equal(await page.getByLabel('Show only names with').count(), 0, 'it is not drawn yet');
    release();
    const field = page.getByLabel('Show only names with');
    await field.and(page.locator(':focus')).waitFor();
    await soon(t).equal(() => field.inputValue(), 'g?tgz', 'and none of it was a command');
    t.equal(await page.getByRole('dialog').count(), 0);
    await page.getByText('No name has “g?tgz” in it.').waitFor();
    await page.context().close();
  });

  await t.test('on paper there is what is shown, and nothing to press', async (t) => {
    const page = await openPage(it, { width: 800 });
    await signIn(page, it, '#/log');
    await page.getByRole('heading', { level: 1, name: 'Activity' }).waitFor();
    await page.emulateMedia({ media: 'print' });
    await soon(t).equal(() => page.getByRole('button').first().isVisible(), false);
    await soon(t).equal(() => page.locator('header.top').isVisible(), false);
    await soon(t).ok(() => page.getByRole('heading', { level: 1, name: 'Activity' }).isVisible());
    await soon(t).ok(() => page.locator('.history li').first().isVisible());
    t.equal(await overflow(page), 0);
    await page.context().close();
  });
  t.same(it.faults, []);
});
