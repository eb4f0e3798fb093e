/** A live name is taken into a service in the console, and left as records again, with queries to see that it answers. */
import t from 'tap';
import { soon } from '../fixtures/soon.ts';
import { answers, openPage, overflow, seriousFaults, signIn, startConsole } from './browser.ts';

const live = 'live.example.test';

t.test('a new service over records offers to take their place; deleting it offers to leave a pool', async (t) => {
  const it = await startConsole(t, t.testdir());
  const { teal } = it;
  const record = `/v1/zones/example.test/rrsets/${live}/A`;
  await teal.call('PUT', record, { ttlSeconds: 300, rdata: ['192.0.2.1'] });
  const page = await openPage(it);
  await signIn(page, it, '#/services');
  await page.getByRole('button', { name: 'New service' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: true }).fill(live);
  await page.keyboard.press('Tab');
  await dialog.getByText('A 192.0.2.1 · TTL 300 s').waitFor();
  await dialog.getByLabel('Targets of green').fill('192.0.2.20');
  await page.screenshot({ path: `${process.env.SHOTS ?? t.testdirName}/offer.png` });

  await dialog.getByRole('button', { name: 'Replace these records' }).click();
  await soon(t).equal(() => dialog.getByLabel('TTL, seconds').inputValue(), '300');
  await soon(t).equal(() => dialog.getByLabel('Targets of blue').inputValue(), '192.0.2.1');
  await soon(t).equal(() => dialog.getByLabel('Targets of green').inputValue(), '192.0.2.20', 'what was typed stays');
  t.same(await seriousFaults(page), []);
  // Somebody is faster: what goes is what is in sight.
  await teal.call('PUT', record, { ttlSeconds: 300, rdata: ['192.0.2.1', '192.0.2.2'] });
  await dialog.getByText('A 192.0.2.2 · TTL 300 s').waitFor();
  await page.screenshot({ path: `${process.env.SHOTS ?? t.testdirName}/taken.png` });
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { name: live }).waitFor();
  t.same(await answers(teal, live), ['192.0.2.1']);
  t.equal((await teal.call('GET', record)).status, 404);

  await page.getByRole('button', { name: 'Delete…' }).click();
  await soon(t).text(dialog, /The records of blue.*192\.0\.2\.1.*with a TTL of 300 s/s);
  await soon(t).ok(() => dialog.getByLabel(/The records of blue/).isChecked());
  await dialog.getByLabel(/The records of green/).check();
  t.same(await seriousFaults(page), []);
  await page.screenshot({ path: `${process.env.SHOTS ?? t.testdirName}/delete.png` });
  await dialog.getByRole('button', { name: 'Delete now' }).click();
  await page.getByRole('heading', { name: 'Services' }).waitFor();
  t.same(await answers(teal, live), ['192.0.2.20']);
  t.match((await teal.call('GET', record)).body, { ttlSeconds: 300, rdata: ['192.0.2.20'] });
  t.same(it.faults, []);
  await page.context().close();

  const small = await openPage(it, { width: 360, height: 700, colorScheme: 'dark' });
  await teal.call('PUT', `/v1/services/${live}`, { replace: true });
  await signIn(small, it, `#/services/${live}`);
  await small.getByRole('button', { name: 'Delete…' }).click();
  await small.getByRole('dialog').getByRole('button', { name: 'Delete now' }).waitFor();
  t.equal(await overflow(small), 0);
  await small.screenshot({ path: `${process.env.SHOTS ?? t.testdirName}/delete-small.png` });
  await small.context().close();
});
