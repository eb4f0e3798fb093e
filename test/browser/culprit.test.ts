/** The console after the fact: which gate took a release back and why, and what was deleted. */
import t from 'tap';
import { comesTo, soon } from '../fixtures/soon.ts';
import { answers, openPage, overflow, seriousFaults, signIn, startConsole, visit } from './browser.ts';

const app = 'app.example.test';
const record = '/v1/zones/example.test/rrsets/www.example.test/A';

t.test('what happened is still there', async (t) => {
  const folder = t.testdir({ 'teal.yaml': 'probes:\n  allow: ["127.0.0.0/8"]\n', data: {} });
  const it = await startConsole(t, `${folder}/data`, { config: `${folder}/teal.yaml` });
  const { teal } = it;
  await teal.call('PUT', '/v1/zones/example.test', { nameservers: ['ns1.example.test'], hostmaster: 'h.example.test' });
  const targets = { blue: { weight: 100, targets: ['192.0.2.10'] }, green: { weight: 0, targets: ['192.0.2.20'] } };
  await teal.call('PUT', `/v1/services/${app}`, { pools: targets });

  await t.test('the gate that failed is red, with its reason and its measurements', async (t) => {
    const web = (path: string) => ({ url: `${teal.admin}${path}` });
    const metrics = [
      { name: 'live', web: web('/readyz') },
      { name: 'smoke', web: web('/nothing') },
    ];
    const analysis = { count: 3, failureLimit: 1, intervalSeconds: 1, metrics };
    const steps = [{ setWeight: 10 }, { analysis }, { setWeight: 100 }];
    const begun = await teal.call('POST', `/v1/services/${app}/releases`, { to: 'green', steps });
    if (begun.status !== 201) throw new Error(JSON.stringify(begun.body));
    const { id } = begun.body;
    const read = async () => (await teal.call('GET', `/v1/releases/${id}`)).body;
    await comesTo(read, ({ state }) => state === 'aborted');
    t.match(await read(), {
      reason: 'analysis_failed',
      analyses: [
        {
          stepIndex: 1,
          phase: 'failed',
          metrics: [
            { name: 'live', phase: 'passed', measurements: [{ value: 200 }, { value: 200 }] },
            {
              name: 'smoke',
              phase: 'failed',
              counts: { failed: 2, passed: 0 },
              measurements: [{ value: 401, phase: 'failed', message: /answered 401/ }, { value: 401 }],
            },
          ],
        },
      ],
    });
    for (const view of [{ width: 1280 }, { width: 390, height: 844, colorScheme: 'dark' }] as const) {
      const page = await openPage(it, view);
      await signIn(page, it, `#/services/${app}`);
      const failed = page.getByRole('list', { name: 'Steps' }).locator('[data-step="failed"]');
      await soon(t).text(failed, /Gates: live, smoke.*aborted here.*smoke failed: answered 401/);
      const gate = failed.locator('li[data-phase="failed"]');
      await soon(t).text(gate, /smoke.*failed.*2 measured: 2 failed, 1 allowed/);
      const rows = gate.getByRole('row').filter({ hasText: /failed401answered 401/ });
      await soon(t).equal(() => rows.count(), 2);
      await soon(t).equal(() => page.getByText('not taken').count(), 1, 'the step after it was not');
      t.same(await seriousFaults(page), []);
      t.equal(await overflow(page), 0);
      await page.context().close();
    }
  });

  await t.test('what was deleted is shown, and set again', async (t) => {
    const body = { ttlSeconds: 60, rdata: ['192.0.2.1', '192.0.2.2'] };
    await teal.call('PUT', record, body);
    await teal.call('DELETE', record);
    const service = '/v1/services/shop.example.test';
    const pools = { blue: { weight: 3, targets: ['192.0.2.5'] }, green: { weight: 1, targets: ['192.0.2.6'] } };
    await teal.call('PUT', service, { pools, previewNames: false });
    await teal.call('DELETE', service);
    const page = await openPage(it);
    await signIn(page, it);
    await visit(page, '#/log', 'Activity');
    const entry = page.getByRole('listitem').filter({ hasText: 'deleted www.example.test/A' });
    await soon(t).text(entry, /What it was.*ttlSeconds 60.*rdata 192\.0\.2\.1, 192\.0\.2\.2/);
    await entry.getByRole('button', { name: /again…: www\.example\.test\/A/ }).click();
    const dialog = page.getByRole('dialog');
    const data = dialog.getByLabel('Data, one record a line');
    await soon(t).equal(() => data.inputValue(), '192.0.2.1\n192.0.2.2');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    t.match((await teal.call('GET', record)).body, body);
    await page.getByRole('button', { name: /again…: shop\.example\.test/ }).click();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    t.match((await teal.call('GET', service)).body, { pools, previewNames: false });
    await page.context().close();
  });

  await t.test('one card has one time zone, wherever the browser is', async (t) => {
    await teal.call('PUT', `/v1/services/${app}`, { ttlSeconds: 3600, pools: targets });
    await teal.call('PUT', `/v1/services/${app}/weights`, { blue: 100, green: 0 });
    await answers(teal, app);
    await teal.call('PUT', `/v1/services/${app}/weights`, { blue: 0, green: 100 });
    const page = await openPage(it, { timezoneId: 'Asia/Kolkata' });
    await signIn(page, it, `#/services/${app}`);
    const card = page.getByRole('region', { name: 'Drain' });
    await card.getByText('draining', { exact: true }).waitFor();
    const timesOf = (text: string) => [...text.matchAll(/\d\d:\d\d:\d\d( UTC)?/g)];
    const text = await comesTo(
      async () => (await card.textContent()) ?? '',
      (text) => timesOf(text).length >= 3,
    );
    const times = timesOf(text);
    t.ok(times.length >= 3, text);
    t.same(
      times.filter(([, zone]) => zone === undefined),
      [],
      'each says that it is UTC',
    );
    const [until] = /\d\d:\d\d:\d\d(?= UTC, when caches)/.exec(text) ?? [];
    t.match(text, new RegExp(`blue is drained for caches that honour TTL at [-\\d ]*${until} UTC`), 'the same moment');
    await soon(t).match(() => card.locator('time').first().getAttribute('title'), /here: .*\d+:\d\d:\d\d.* GMT\+5:30/);
    await page.context().close();
  });

  t.same(it.faults, []);
});
