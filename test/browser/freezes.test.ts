/** The console's forms of freezes, of emergencies in one, and of what is for a later time: filled, and asked of the server. */
import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { soon } from '../fixtures/soon.ts';
import { type Console, openPage, overflow, seriousFaults, startConsole, unfold, type View, visit } from './browser.ts';

/** Whatever day it is. */
const always = {
  timeZone: 'UTC',
  windows: [
    { from: 'Mon 00:00', to: 'Thu 00:00' },
    { from: 'Thu 00:00', to: 'Mon 00:00' },
  ],
  message: 'ספירת מלאי',
};
/** As long as a name may be. */
const LONG = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(48)}.example.test`;
const pools = {
  blue: { weight: 100, targets: ['192.0.2.10'] },
  green: { weight: 0, targets: ['192.0.2.20'] },
};

async function start(t: Test) {
  const it = await startConsole(t, t.testdir());
  const { teal } = it;
  const token = async (name: string, scope: string): Promise<string> =>
    (await teal.call('POST', '/v1/tokens', { name, scope })).body.secret;
  return { it, teal, token };
}

async function enter(it: Console, secret: string, view: View): Promise<Page> {
  const page = await openPage(it, view);
  await page.addInitScript(`sessionStorage.setItem('teal.token', ${JSON.stringify(secret)})`);
  return page;
}

async function isFine(t: Test, page: Page, what: string): Promise<void> {
  t.same(await seriousFaults(page), [], `${what}: axe`);
  t.equal(await overflow(page), 0, `${what}: as wide as the window`);
}

t.test('a freeze is made, seen in its windows, changed, and taken away', async (t) => {
  const { it, teal, token } = await start(t);
  const page = await enter(it, teal.token, { timezoneId: 'Europe/Berlin' });
  await visit(page, '#/freezes', 'Freezes and approvals');
  await page.getByText('No freeze yet').waitFor();
  await isFine(t, page, 'without one');
  await page.getByRole('button', { name: 'New freeze' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('weekend');
  await soon(t).equal(
    () => dialog.getByLabel('Time zone').inputValue(),
    'Europe/Berlin',
    'that of the browser at first',
  );
  await dialog.getByLabel('Time zone').fill('Mars/Phobos');
  await dialog.getByText('There is no time zone “Mars/Phobos”').waitFor();
  await soon(t).ok(() => dialog.getByRole('button', { name: 'Make the freeze' }).isDisabled());
  await dialog.getByLabel('Time zone').fill('America/New_York');
  await dialog
    .getByText(/Fri \d{4}-\d\d-\d\d 16:00 – Mon \d{4}-\d\d-\d\d 08:00 America\/New_York/)
    .first()
    .waitFor();
  await dialog
    .getByText(/^The clocks of America\/New_York go .* Fri 16:00 – Mon 08:00 lasts 6[35] h then\.$/)
    .waitFor();
  await isFine(t, page, 'the form');
  await dialog.getByRole('button', { name: 'Add a window' }).click();
  await dialog.getByLabel('Window 2').selectOption('once');
  await dialog.getByText('When it is on is said once its windows are whole.').waitFor();
  await dialog.getByRole('group', { name: 'Window 2' }).getByLabel('From').fill('2126-12-20T00:00');
  await dialog.getByRole('group', { name: 'Window 2' }).getByLabel('To', { exact: true }).fill('2127-01-03T00:00');
  await dialog.getByLabel('Why', { exact: true }).fill('No releases at weekends');
  await unfold(dialog, 'For some services only');
  await dialog.getByLabel('Zones').fill('example.test');
  await dialog.getByRole('button', { name: 'Make the freeze' }).click();
  await page.getByRole('heading', { name: 'weekend', exact: true }).waitFor();
  t.match((await teal.call('GET', '/v1/freezes/weekend')).body, {
    timeZone: 'America/New_York',
    windows: [
      { from: 'Fri 16:00', to: 'Mon 08:00' },
      { from: '2126-12-20T00:00', to: '2127-01-03T00:00' },
    ],
    zones: ['example.test'],
    message: 'No releases at weekends',
  });
  await unfold(page, 'When it is on next');
  await page.getByRole('list', { name: 'The next windows' }).waitFor();
  await isFine(t, page, 'with one');

  await page.getByRole('button', { name: 'Edit weekend' }).click();
  await dialog.getByLabel('Why', { exact: true }).fill('Rest');
  t.equal((await teal.call('PUT', '/v1/freezes/weekend', { ...always })).status, 200);
  await dialog.getByRole('button', { name: 'Keep mine' }).click();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Rest', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Delete… weekend' }).click();
  await dialog.getByRole('button', { name: 'Delete now' }).click();
  await page.getByText('No freeze yet').waitFor();
  t.equal((await teal.call('GET', '/v1/freezes/weekend')).status, 404);

  await teal.call('PUT', '/v1/freezes/always', always);
  const reader = await enter(it, await token('reader', 'read'), { width: 320, colorScheme: 'dark' });
  await visit(reader, '#/freezes', 'Freezes and approvals');
  const edit = reader.getByRole('button', { name: 'Edit always' });
  await edit.waitFor();
  await soon(t).equal(() => edit.getAttribute('aria-disabled'), 'true');
  await soon(t).match(() => edit.getAttribute('title'), /scope read; this needs admin/);
  await isFine(t, reader, 'for who only reads, 320 dark');
  t.same(it.faults, []);
});

t.test('what is frozen is said before one presses, and passed over only with what the emergency is', async (t) => {
  const { it, teal, token } = await start(t);
  t.equal((await teal.call('PUT', `/v1/services/${LONG}`, { pools, labels: { team: 'שלום' } })).status, 201);
  t.equal((await teal.call('PUT', '/v1/freezes/always', always)).status, 201);
  const bob = await token('bob', 'release');
  for (const view of [
    { width: 1280, colorScheme: 'light' },
    { width: 390, colorScheme: 'dark' },
    { width: 320, colorScheme: 'light' },
  ] as const) {
    const page = await enter(it, bob, view);
    const what = `${view.width} ${view.colorScheme}`;
    await visit(page, '#/services', 'Services');
    await page.getByText('Frozen', { exact: true }).waitFor();
    await isFine(t, page, `home, ${what}`);
    await visit(page, `#/services/${LONG}`, LONG);
    await page.getByText('Frozen', { exact: true }).waitFor();
    await isFine(t, page, `service, ${what}`);
    await page.getByLabel('Weight of green').fill('100');
    await page.getByRole('button', { name: 'Review the shift…' }).click();
    await page.getByRole('dialog').getByText('ספירת מלאי').waitFor();
    const act = page.getByRole('button', { name: 'Shift now, in spite of the freeze' });
    await act.waitFor();
    await soon(t).ok(() => act.isDisabled(), 'not without a reason');
    await isFine(t, page, `dialog, ${what}`);
    await page.getByLabel('What the emergency is').fill('blue עולה באש');
    if (view.width !== 320) {
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.context().close();
      continue;
    }
    await act.click();
    await page
      .getByText(/shifted: .*Every new answer follows/)
      .first()
      .waitFor();
  }
  const { items } = (await teal.call('GET', '/v1/revisions?order=newest&limit=1')).body;
  t.match(items[0], { actor: 'bob', kind: 'shift', override: { freeze: 'always', reason: 'blue עולה באש' } });

  // A release that a freeze holds goes on by the same words; what is refused where nobody knew of the freeze, too.
  t.equal((await teal.call('DELETE', '/v1/freezes/always')).status, 204);
  const app = '/v1/services/app.example.test';
  const steps = [{ setWeight: 50 }, { pause: {} }, { setWeight: 100 }];
  t.equal((await teal.call('POST', `${app}/releases`, { to: 'green', steps })).status, 201);
  t.equal((await teal.call('PUT', '/v1/freezes/always', always)).status, 201);
  const page = await enter(it, bob, {});
  await visit(page, '#/services/app.example.test', 'app.example.test');
  await page.getByRole('button', { name: 'Promote', exact: true }).click();
  await page
    .getByText(/is frozen by the freeze always/)
    .first()
    .waitFor();
  await page.getByLabel('What the emergency is').fill('fire');
  await page.getByRole('button', { name: 'Promote', exact: true }).click();
  await page.getByText('All steps are done.').first().waitFor();
  t.match((await teal.call('GET', `${app}/weights`)).body.weights, { blue: 0, green: 100 });
  t.same(it.faults, []);
});

t.test('a shift and a release are planned for a later time, by a clock that is set', async (t) => {
  const { it, teal } = await start(t);
  const page = await enter(it, teal.token, { timezoneId: 'America/New_York', width: 390, colorScheme: 'dark' });
  const grounds: (string | undefined)[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.postData()?.includes('"at"'))
      grounds.push(request.headers()['if-match']);
  });
  await visit(page, '#/services/app.example.test', 'app.example.test');
  await page.getByLabel('Weight of green').fill('100');
  await page.getByRole('button', { name: 'Review the shift…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('At a later time').check();
  await soon(t).equal(() => dialog.getByLabel('Time zone').inputValue(), 'America/New_York');
  const day = (offset: number): string => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
  await dialog.getByLabel('Time zone').fill('Europe/Nowhere');
  await dialog.getByText('There is no time zone “Europe/Nowhere”').waitFor();
  await soon(t).ok(() => dialog.getByRole('button', { name: 'Plan the shift' }).isDisabled());
  await dialog.getByLabel('Time zone').fill('Europe/Berlin');
  await dialog.getByLabel('Date', { exact: true }).fill(day(-2));
  await dialog.getByText('That is past.').waitFor();
  const change = nextSpring();
  await dialog.getByLabel('Date', { exact: true }).fill(change);
  await dialog.getByLabel('Time', { exact: true }).fill('02:30');
  await dialog.getByText('The clocks of Europe/Berlin leave 02:30 out on that day: they are put forward.').waitFor();
  await isFine(t, page, 'a time that is left out');
  await dialog.getByLabel('Time', { exact: true }).fill('03:30');
  await dialog.getByText(`${change} 01:30:00 UTC`).waitFor();
  await isFine(t, page, 'a time that is there');
  await dialog.getByRole('button', { name: 'Plan the shift' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('list', { name: 'Proposals' }).waitFor();
  const { items } = (await teal.call('GET', '/v1/proposals?state=open')).body;
  t.match(items, [{ kind: 'shift', state: 'scheduled', at: `${change}T01:30:00.000Z`, timeZone: 'Europe/Berlin' }]);
  await page.getByRole('button', { name: /^Withdraw proposal/ }).click();
  await page
    .getByText(/is never done/)
    .first()
    .waitFor();

  await page.getByRole('button', { name: 'Start a release…' }).click();
  await dialog.getByRole('button', { name: 'Show the plan…' }).click();
  await dialog.getByLabel('At a later time').check();
  await dialog.getByLabel('Date', { exact: true }).fill(day(2));
  await dialog.getByLabel('Time', { exact: true }).fill('12:00');
  await isFine(t, page, 'the plan of a release');
  await dialog.getByRole('button', { name: 'Plan the release' }).click();
  // The list of proposals may still have the one that was withdrawn.
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('list', { name: 'Proposals' }).waitFor();
  t.match((await teal.call('GET', '/v1/proposals?state=open')).body.items, [
    { kind: 'release', state: 'scheduled', timeZone: 'America/New_York' },
  ]);
  // Each was of what the dialog had shown; what has become another thing meanwhile is not done, and that is seen.
  t.match(grounds, [/^"\d+"$/, /^"\d+"$/]);
  t.equal((await teal.call('PUT', '/v1/services/app.example.test', { pools, ttlSeconds: 9 })).status, 200);
  const ended = page.locator('.card', { hasText: 'Proposed or planned, and not done' });
  await soon(t).text(ended, /Not done: the service app\.example\.test was changed in revision \d+/);
  await isFine(t, page, 'what was not done');
  t.same(it.faults, []);
});

t.test(
  'several services: what holds each is said, nothing is left out by itself, and none is moved unseen',
  async (t) => {
    const { it, teal } = await start(t);
    const api = 'api.example.test';
    t.equal((await teal.call('PUT', `/v1/services/${api}`, { pools })).status, 201);
    t.equal(
      (await teal.call('PUT', '/v1/freezes/stock', { ...always, message: 'Audit', services: [api] })).status,
      201,
    );
    for (const [width, colorScheme, word] of [
      [320, 'dark', 'Release…'],
      [1280, 'light', 'Shift…'],
    ] as const) {
      const page = await enter(it, teal.token, { width, colorScheme });
      await visit(page, '#/services', 'Services');
      await page.getByLabel('Choose all of example.test that are shown').check();
      await page.getByRole('button', { name: word, exact: true }).click();
      const dialog = page.getByRole('dialog');
      const row = (name: string) =>
        dialog.getByRole('list', { name: 'What it touches' }).getByRole('listitem').filter({ hasText: name });
      await soon(t).text(row(api), /frozen by stock \(Audit\) without an end/);
      await soon(t).ok(async () => !/frozen/.test((await row('app.example.test').textContent()) ?? 'frozen'));
      await isFine(t, page, `${word} ${width}`);
      if (word === 'Release…') {
        await dialog.getByLabel('Leave out the one that a freeze holds').check();
        await soon(t).text(row(api), /left out: frozen by stock/);
        await page.context().close();
        continue;
      }
      await dialog.getByLabel('Per cent').fill('40');
      const act = dialog.getByRole('button', { name: 'Shift 2 services now, in spite of the freeze' });
      await soon(t).ok(() => act.isDisabled(), 'not without a reason');
      await dialog.getByLabel('Leave out the one that a freeze holds').check();
      // The list does not hear of what somebody else does now: the server is asked to hold it against what was seen.
      await page.route('**/v1/overview**', (route) => route.abort());
      t.equal((await teal.call('PUT', '/v1/services/app.example.test/weights', { blue: 7, green: 3 })).status, 200);
      await dialog.getByRole('button', { name: 'Shift 1 service now' }).click();
      await dialog.getByText(/was changed in revision \d+ by admin, and was looked at in revision/).waitFor();
      await dialog.getByRole('button', { name: 'Show what is there now' }).click();
      await soon(t).text(row('app.example.test'), /blue 70%, green 30% → blue 60%, green 40%/);
      await dialog.getByRole('button', { name: 'Shift 1 service now' }).click();
      await page.getByText('1 service shifted at one instant.').first().waitFor();
    }
    t.match((await teal.call('GET', `/v1/services/${api}/weights`)).body.shares, { green: 0 });
    t.match((await teal.call('GET', '/v1/services/app.example.test/weights')).body.shares, { green: 0.4 });
    t.same(it.faults, []);
  },
);

/** The last Sunday of the next March that is to come, on which Berlin's clocks go from 02:00 to 03:00. */
function nextSpring(): string {
  const now = Date.now();
  for (let year = new Date(now).getUTCFullYear(); ; year++) {
    const end = new Date(Date.UTC(year, 2, 31));
    const sunday = new Date(end.getTime() - end.getUTCDay() * 86_400_000);
    if (sunday.getTime() > now) return sunday.toISOString().slice(0, 10);
  }
}
