/** Search in the console is the server's, over all there is: the 204th service and the 251st record are found. */
import t from 'tap';
import { soon } from '../fixtures/soon.ts';
import { openPage, seriousFaults, signIn, startConsole } from './browser.ts';

const number = (i: number): string => String(i).padStart(3, '0');
const pools = { blue: { weight: 1, targets: ['192.0.2.1'] }, green: { weight: 0, targets: ['192.0.2.2'] } };

t.test('what was not loaded is found, and what is not there is not', async (t) => {
  const it = await startConsole(t, t.testdir());
  const { teal } = it;
  for (let i = 1; i <= 204; i++) await teal.call('PUT', `/v1/services/s${number(i)}.example.test`, { pools });
  const changes = Array.from({ length: 251 }, (_, i) => ({
    put: { name: `r${number(i + 1)}.example.test`, type: 'A', ttlSeconds: 60, rdata: [`192.0.2.${i}`] },
  }));
  t.equal((await teal.call('POST', '/v1/zones/example.test/changes', { changes })).status, 200);

  const page = await openPage(it);
  await signIn(page, it, '#/services');
  const services = page.getByLabel('Show only names with');
  await services.fill('S204');
  await page.getByRole('link', { name: 's204.example.test' }).waitFor();
  await soon(t).equal(() => page.locator('.service-item').count(), 1);
  const hasFocus = () => services.evaluate((input) => input === input.ownerDocument.activeElement);
  await soon(t).ok(hasFocus, 'and the cursor stays');
  await services.fill('s205');
  await page.getByText('No name has “s205” in it.').waitFor();
  t.same(await seriousFaults(page), []);
  await services.fill('');
  await page.getByRole('link', { name: 's001.example.test' }).waitFor();

  await page.goto(`${teal.admin}/#/zones/example.test`);
  const records = page.getByLabel('Show only records with');
  await records.fill('r251');
  await page.getByRole('button', { name: 'Edit r251.example.test A' }).waitFor();
  await soon(t).equal(() => page.locator('table.records tbody tr').count(), 1);
  await records.fill('192.0.2.7');
  await page.getByRole('button', { name: 'Edit r008.example.test A' }).waitFor();
  await records.fill('r252');
  await page.getByText('No name has “r252” in it.').waitFor();
  t.same(await seriousFaults(page), []);
  t.same(it.faults, []);
  await page.context().close();
});
