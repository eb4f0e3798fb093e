/** The console with more services than a page has: what is asked for, sent and drawn does not grow with their number. */
import type { Response } from 'playwright-core';
import t from 'tap';
import { nameOf, putServices } from '../../bench/many-services.ts';
import { soon } from '../fixtures/soon.ts';
import { openPage, signIn, startConsole } from './browser.ts';

const SERVICES = 1000;
/** Rows of one page of the list, as the console asks for them. */
const PAGE = 200;

t.test('a thousand services', async (t) => {
  const it = await startConsole(t, t.testdir());
  await putServices(it.teal, SERVICES);
  const page = await openPage(it);
  const lists: { readonly url: string; readonly items: number; readonly urgent: number; readonly total: number }[] = [];
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  const note = async (response: Response): Promise<void> => {
    const { items, attention, total } = await response.json();
    lists.push({ url: response.url(), items: items.length, urgent: attention.items.length, total });
  };
  page.on('response', (response) => {
    // One that what is asked for next cuts off, or the end of the page, is drawn by nobody.
    if (response.url().includes('/v1/overview')) note(response).catch(() => {});
  });
  await signIn(page, it, '#/services');
  const rows = page.locator('.service-item');
  await soon(t).equal(() => rows.count(), PAGE);
  await soon(t).ok(() => lists.length > 0);
  // And that of the first start.
  t.match(lists[0], { items: PAGE, total: SERVICES + 1 });
  t.notOk(
    asked.some((path) => path.startsWith('/v1/services/')),
    'nothing for each service',
  );

  // An event comes, and the list is asked for again, not each of its rows.
  await it.teal.call('PUT', `/v1/services/${nameOf(1)}/weights`, { blue: 1, green: 9 });
  await rows
    .filter({ hasText: nameOf(1) })
    .getByText('90%')
    .first()
    .waitFor();
  t.same([...new Set(asked.filter((path) => path.startsWith('/v1/services/')))], []);

  lists.length = 0;
  await page.getByLabel('Show only names with').fill('s0099');
  await page.getByText('10 of 10 services found').waitFor();
  await soon(t).equal(() => rows.count(), 10);
  t.ok(lists.every(({ items }) => items <= PAGE));
  await page.getByLabel('Show only names with').fill('');
  await soon(t).equal(() => rows.count(), PAGE);
  t.ok(
    lists.every(({ items, urgent }) => items <= PAGE && urgent <= 50),
    'each reply is bounded',
  );
  t.same(it.faults, []);
});
