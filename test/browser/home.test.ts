/** The console's first page with 204 services in 50 zones: one request, live, and found again with Back. */
import t from 'tap';
import { comesTo, soon } from '../fixtures/soon.ts';
import { openPage, overflow, seriousFaults, settled, signIn, startConsole } from './browser.ts';

const number = (i: number): string => String(i).padStart(3, '0');
const pools = { blue: { weight: 100, targets: ['192.0.2.1'] }, green: { weight: 0, targets: ['192.0.2.2'] } };
const nameOf = (i: number): string => `s${number(i)}.z${i % 50}.test`;
const QUIET_MS = 12_000;
/** Of the list, while nothing happens: once in so long for what was answered, and a few for what has just been made. */
const OBSERVED_MS = 10_000;
const MORE_REQUESTS_MAX = 2;

t.test('the first page at 204 services', async (t) => {
  const it = await startConsole(t, t.testdir());
  const { teal } = it;
  const call = async (method: string, path: string, body: object, status: number) => {
    const reply = await teal.call(method, path, body);
    t.equal(reply.status, status, `${method} ${path}: ${JSON.stringify(reply.body)}`);
    return reply.body;
  };
  const zone = { nameservers: ['ns1.example.test'], hostmaster: 'hostmaster.example.test' };
  for (let z = 0; z < 50; z++) await call('PUT', `/v1/zones/z${z}.test`, zone, 201);
  for (let i = 1; i <= 203; i++) {
    const labels = { team: i % 3 === 0 ? 'web' : 'mail' };
    await call('PUT', `/v1/services/${nameOf(i)}`, { pools, labels }, 201);
  }
  const steps = [{ setWeight: 10 }, { pause: {} }, { setWeight: 100 }];
  await call('POST', `/v1/services/${nameOf(7)}/releases`, { to: 'green', steps }, 201);

  const page = await openPage(it);
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await signIn(page, it, '#/services');
  const rows = page.locator('.service-item');
  await page.getByRole('link', { name: nameOf(100), exact: true }).waitFor();
  const attention = page.getByRole('region', { name: 'What wants an eye' });

  await t.test('asks once, and again when something happens', async (t) => {
    await settled(page);
    await page.waitForTimeout(2000);
    asked.length = 0;
    const startedMs = performance.now();
    await page.waitForTimeout(QUIET_MS);
    const lists = asked.filter((path) => path === '/v1/overview');
    // On a busy machine it was longer.
    const quietMs = performance.now() - startedMs;
    const most = Math.ceil(quietMs / OBSERVED_MS) + MORE_REQUESTS_MAX;
    t.ok(lists.length <= most, `${lists.length} requests in ${Math.round(quietMs)} ms`);
    t.same(
      [...new Set(asked)].filter((path) => path !== '/v1/overview'),
      [],
      'and nothing a service',
    );
    const why = { reason: 'Canary of 4.2.0', links: ['https://git.example.com/c/1'] };
    await call('POST', '/v1/shifts', { services: { [nameOf(50)]: { blue: 40, green: 60 } }, ...why }, 200);
    const row = rows.filter({ hasText: nameOf(50) });
    await row.getByText('Canary of 4.2.0').waitFor();
    await soon(t).text(row, /60%.*admin/s);
    await soon(t).text(attention, /1 waits for somebody.*s007\.z7\.test/s);
  });

  await t.test('narrows by what is typed, by zone, label and state, and Back leads to the place', async (t) => {
    await settled(page);
    const link = page.getByRole('link', { name: nameOf(120), exact: true });
    await link.waitFor({ state: 'attached' });
    const scroll = async (): Promise<number> => (await page.evaluate('scrollTo(0, 4000), scrollY')) as number;
    const before = await comesTo(scroll, (y) => y > 1000);
    t.ok(before > 1000, `${before} pixels down`);
    await link.evaluate((element) => (element as unknown as { click(): void }).click());
    await page.getByRole('heading', { level: 1, name: nameOf(120) }).waitFor();
    await page.goBack();
    const top = await comesTo(
      async () => (await page.evaluate('scrollY')) as number,
      (y) => Math.abs(y - before) <= 50,
    );
    t.ok(Math.abs(top - before) <= 50, `${top} of ${before} pixels down`);

    await page.getByLabel('Labels').fill('team=web');
    await page.getByText('67 services found').waitFor();
    await page.getByLabel('Show only names with').fill('s00');
    await page.getByText('3 of 3 services found').waitFor();
    await soon(t).match(() => page.url(), /#\/services\?q=s00&label=team%3Dweb$/);
    await page.getByRole('link', { name: nameOf(6), exact: true }).click();
    await page.getByRole('heading', { level: 1, name: nameOf(6) }).waitFor();
    await page.goBack();
    await page.getByText('3 of 3 services found').waitFor();
    await soon(t).equal(() => page.getByLabel('Show only names with').inputValue(), 's00');
    await page.reload();
    await page.getByText('3 of 3 services found').waitFor();
    await page.getByLabel('Labels').fill('=');
    // What was there before would pass for what is asked for.
    await page.getByRole('alert').getByText('label is key=value', { exact: false }).waitFor();
    await soon(t).equal(() => page.getByRole('link', { name: nameOf(6), exact: true }).count(), 0);
    await page.reload();
    await page.getByRole('alert').getByText('label is key=value', { exact: false }).waitFor();
    await page.getByRole('link', { name: 'Show all services' }).click();
    await attention.getByRole('link', { name: /waits for somebody/ }).click();
    await page.getByText('1 of 1 service found').waitFor();
    t.same(await seriousFaults(page), []);
    await attention.getByRole('link', { name: /waits for somebody/ }).click();
    await page.getByRole('link', { name: nameOf(203), exact: true }).waitFor({ state: 'attached' });
  });

  await t.test('shifts several by one review that names each, and what it leaves out', async (t) => {
    await page.getByLabel('Show only names with').fill('s00');
    await page.getByText('9 of 9 services found').waitFor();
    await page.getByLabel('Choose all that are shown').check();
    await page.getByRole('button', { name: 'Shift…' }).click();
    const dialog = page.getByRole('dialog');
    const review = dialog.getByRole('list', { name: 'What it touches' });
    await soon(t).equal(() => review.getByRole('listitem').count(), 9);
    await soon(t).text(review, /s007\.z7\.test.*a release is moving it/s);
    await dialog.getByLabel('Per cent').fill('30');
    await soon(t).text(review, /s001\.z1\.test.*blue 100%, green 0% → blue 70%, green 30%/s);
    t.same(await seriousFaults(page), []);
    await dialog.getByLabel('Why (optional)').fill('Together');
    await dialog.getByRole('button', { name: 'Shift 8 services now' }).click();
    await dialog.waitFor({ state: 'detached' });
    const [last] = (await teal.call('GET', '/v1/revisions?order=newest&limit=1')).body.items;
    t.match(last, { kind: 'shift', reason: 'Together', subjects: { length: 8 } }, 'one revision');
    await page.getByLabel('Show only names with').fill('');
  });

  for (const [width, colorScheme] of [
    [320, 'light'],
    [390, 'dark'],
    [1280, 'dark'],
  ] as const) {
    const view = await openPage(it, { width, colorScheme });
    await signIn(view, it, '#/services');
    await view.getByRole('link', { name: nameOf(100), exact: true }).waitFor();
    t.equal(await overflow(view), 0, `${width} pixels are enough`);
    t.same(await seriousFaults(view), [], `${width} ${colorScheme}`);
    await view.context().close();
  }
  t.same(it.faults, []);
  await page.context().close();
});
