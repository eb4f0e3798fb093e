/** The console where events come and what they tell of cannot be read: nothing old looks fresh, and it comes back by itself. */
import type { Page, Route } from 'playwright-core';
import t from 'tap';
import { soon } from '../fixtures/soon.ts';
import { openPage, overflow, seriousFaults, settled, signIn, startConsole, visit } from './browser.ts';

const app = 'app.example.test';
const BEHIND = 'Not all that you see is up to date.';

/** What becomes of each read but the stream of events. */
const failures: Readonly<Record<string, (route: Route) => Promise<void>>> = {
  'the connection breaks': (route) => route.abort('connectionreset'),
  'the server has a fault': (route) =>
    route.fulfill({
      status: 500,
      contentType: 'application/problem+json',
      body: JSON.stringify({ code: 'internal_error', status: 500, title: 'A fault', detail: 'A fault of the server.' }),
    }),
  'a proxy answers in its place': (route) => route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad' }),
  'the reply is cut': (route) => route.fulfill({ status: 200, contentType: 'application/json', body: '{"items":[' }),
  'too much is asked': (route) =>
    route.fulfill({ status: 429, headers: { 'retry-after': '1' }, contentType: 'text/plain', body: 'slow down' }),
};

t.test('what was not read', async (t) => {
  const it = await startConsole(t, t.testdir());
  const { teal } = it;
  const put = async (path: string, body: object): Promise<void> => {
    const { status } = await teal.call('PUT', path, body);
    t.ok(status === 200 || status === 201, `${path}: ${status}`);
  };
  let turn = 0;
  const next = (): number => 11 + (turn++ % 80);
  /** Each page, a change that it tells of, and what it shows then. */
  const pages: Readonly<Record<string, { heading: string; change: () => Promise<string | RegExp> }>> = {
    '#/services': {
      heading: 'Services',
      async change() {
        const weight = next();
        await put(`/v1/services/${app}/weights`, { blue: 100 - weight, green: weight });
        return `${weight}%`;
      },
    },
    [`#/services/${app}`]: {
      heading: app,
      async change() {
        const weight = next();
        await put(`/v1/services/${app}/weights`, { blue: 100 - weight, green: weight });
        return `${weight}%`;
      },
    },
    '#/zones': {
      heading: 'Zones',
      async change() {
        const name = `z${next()}.test`;
        await put(`/v1/zones/${name}`, { nameservers: ['ns1.example.test'], hostmaster: 'hostmaster.example.test' });
        return name;
      },
    },
    '#/zones/example.test': {
      heading: 'example.test',
      async change() {
        const label = `record-${next()}`;
        await put(`/v1/zones/example.test/rrsets/${label}.example.test/A`, { ttlSeconds: 60, rdata: ['192.0.2.7'] });
        return label;
      },
    },
    '#/log': {
      heading: 'Activity',
      async change() {
        const reason = `because of ${next()}`;
        await put(`/v1/services/${app}/weights`, { blue: next(), green: 1, reason });
        return reason;
      },
    },
    '#/freezes': {
      heading: 'Freezes and approvals',
      async change() {
        const name = `freeze-${next()}`;
        await put(`/v1/freezes/${name}`, { timeZone: 'UTC', windows: [{ from: '2126-12-20', to: '2127-01-03' }] });
        return name;
      },
    },
    '#/webhooks': {
      heading: 'Webhooks',
      async change() {
        const name = `hook-${next()}`;
        await put(`/v1/webhooks/${name}`, { url: 'https://hooks.example.com/x', triggers: ['on-revision'] });
        return name;
      },
    },
    '#/tokens': {
      heading: 'Tokens',
      async change() {
        const name = `token-${next()}`;
        t.equal((await teal.call('POST', '/v1/tokens', { name, scope: 'read' })).status, 201);
        return name;
      },
    },
  };
  const page = await openPage(it);
  await signIn(page, it);
  const kinds = Object.keys(failures);
  for (const [index, [hash, { heading, change }]] of Object.entries(pages).entries()) {
    const kind = kinds[index % kinds.length] as string;
    await t.test(`${heading}, and ${kind}`, async (t) => {
      await visit(page, hash, heading);
      await page.getByText('Live', { exact: true }).waitFor();
      // What is on its way already would tell of the change.
      await settled(page);
      await stopReads(page, failures[kind] as (route: Route) => Promise<void>);
      const shows = await change();
      await page.getByText(BEHIND).waitFor();
      await page.getByText('Not up to date', { exact: true }).waitFor();
      t.equal(await page.getByText('Live', { exact: true }).count(), 0, 'nothing old looks fresh');
      t.equal(await page.getByText(shows).count(), 0);
      await page.unrouteAll({ behavior: 'wait' });
      // No event comes any more that would have it read.
      await page.getByText(shows).first().waitFor();
      await soon(t).equal(() => page.getByText(BEHIND).count(), 0);
      await page.getByText('Live', { exact: true }).waitFor();
    });
  }

  await t.test('whoever goes to another page takes nothing of it along; it is read by hand too', async (t) => {
    await visit(page, `#/services/${app}`, app);
    await stopReads(page, failures['the connection breaks'] as (route: Route) => Promise<void>);
    await pages['#/services']?.change();
    await page.getByText(BEHIND).waitFor();
    await page.setViewportSize({ width: 320, height: 700 });
    t.equal(await overflow(page), 0);
    t.same(await seriousFaults(page), []);
    await page.setViewportSize({ width: 1280, height: 860 });
    // Nothing is read before it is pressed: the page tries by itself too, and the button is gone once it has read all.
    await page.evaluate(
      "addEventListener('click', () => { globalThis.isPressed = true; }, { capture: true, once: true })",
    );
    await stopReads(page, async (route) =>
      (await page.evaluate('globalThis.isPressed')) === true ? route.continue() : route.abort('connectionreset'),
    );
    await page.getByRole('button', { name: 'Try now' }).click();
    await soon(t).equal(() => page.getByText(BEHIND).count(), 0);
    await page.unrouteAll({ behavior: 'wait' });

    await page.route(`**/v1/services/${app}**`, (route) => route.abort('connectionreset'));
    await pages['#/services']?.change();
    await page.getByText(BEHIND).waitFor();
    await visit(page, '#/zones', 'Zones');
    await soon(t).equal(() => page.getByText(BEHIND).count(), 0);
    await page.unrouteAll({ behavior: 'wait' });
  });

  await t.test('a slow link, and more happens than it can tell of: what comes is shown', async (t) => {
    await visit(page, `#/services/${app}`, app);
    let isOver = false;
    // Each reply takes longer than it is until the next event.
    await page.route(`**/v1/services/${app}`, async (route) => {
      const reply = await route.fetch();
      await new Promise((done) => setTimeout(done, 1500));
      await route.fulfill({ response: reply }).catch(() => {});
    });
    const asked: string[] = [];
    page.on('requestfinished', (request) => asked.push(request.url()));
    const shaken = (async () => {
      for (let weight = 1; !isOver; weight = (weight % 98) + 1) {
        await teal.call('PUT', `/v1/services/${app}/weights`, { blue: 100 - weight, green: weight });
        await new Promise((done) => setTimeout(done, 300));
      }
    })();
    const before = await page.getByLabel('Weight of green').inputValue();
    await soon(t).ok(async () => (await page.getByLabel('Weight of green').inputValue()) !== before);
    isOver = true;
    await shaken;
    await page.unrouteAll({ behavior: 'wait' });
  });
  t.same(it.faults, []);
});

async function stopReads(page: Page, work: (route: Route) => Promise<void>): Promise<void> {
  await page.route('**/v1/**', (route) =>
    new URL(route.request().url()).pathname.endsWith('/v1/events') || route.request().method() !== 'GET'
      ? route.continue()
      : work(route),
  );
}
