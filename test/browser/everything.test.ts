/** What only the API could do before, done in the console: each form filled as somebody would, and what came of it asked of the server. */
import t from 'tap';
import { soon } from '../fixtures/soon.ts';
import { openPage, overflow, seriousFaults, signIn, startConsole, unfold, visit } from './browser.ts';

const app = 'app.example.test';
const api = 'api.example.test';

t.test('everything', async (t) => {
  const it = await startConsole(t, t.testdir(), { env: { TEAL_PROBES_ALLOW: '127.0.0.0/8' } });
  const { teal } = it;
  const read = async (path: string) => (await teal.call('GET', `/v1/${path}`)).body;
  const write = async (method: string, path: string, body?: object) => {
    const reply = await teal.call(method, `/v1/${path}`, body);
    t.ok(reply.status < 300, `${method} ${path}: ${JSON.stringify(reply.body)}`);
    return reply.body;
  };
  const pools = { blue: { weight: 100, targets: ['192.0.2.1'] }, green: { weight: 0, targets: ['192.0.2.2'] } };
  await write('PUT', `services/${api}`, { pools });
  // Without motion: a colour on its way to another one is no colour of the page.
  const page = await openPage(it, { width: 1280, height: 900, reducedMotion: 'reduce' });
  await signIn(page, it);
  const dialog = page.getByRole('dialog');
  const press = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' }).click();
  const judge = async (t: { same: (a: unknown, b: unknown, c: string) => void }, what: string) => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      t.same(await seriousFaults(page), [], `${what}, ${colorScheme}`);
    }
    await page.setViewportSize({ width: 320, height: 640 });
    t.same(await overflow(page), 0, `${what} is not wider than 320`);
    await page.setViewportSize({ width: 1280, height: 900 });
  };

  await t.test('the page of a zone shows all that it answers; its settings are changed', async (t) => {
    await write('PUT', 'zones/example.test/rrsets/sub.example.test/NS', {
      ttlSeconds: 60,
      rdata: ['ns1.sub.example.test.'],
    });
    await visit(page, '#/zones/example.test', 'example.test');
    const table = page.getByRole('table');
    await table.getByText('a delegation: others answer below').waitFor();
    for (const text of ['the zone itself', 'SOA', `service ${app}, green 10`, `preview of ${app}, blue`]) {
      await soon(t).ok(async () => (await table.textContent())?.includes(text), text);
    }
    await judge(t, 'a zone');
    await write('PUT', 'zones/example.test/rrsets/key.example.test/TXT', {
      ttlSeconds: 60,
      rdata: [`"p=${'A'.repeat(250)}"`],
    });
    await table.getByText('p=AAAA').waitFor();
    const { width = 0 } = (await table.getByText('green.app', { exact: true }).first().boundingBox()) ?? {};
    t.ok(width >= 100, `a name is not broken for a long record: its cell is ${width} wide`);
    await press('Settings…');
    await dialog.getByLabel('Negative TTL, seconds').fill('45');
    await dialog.getByLabel('Nameservers').fill('ns1.example.test ns2.example.test');
    await dialog.getByLabel('Labels').fill('stage=prod');
    await judge(t, 'its settings');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    t.match(await read('zones/example.test'), {
      ...{ negativeTtlSeconds: 45, nameservers: ['ns1.example.test', 'ns2.example.test'], labels: { stage: 'prod' } },
      ttlSeconds: 3600,
    });
  });

  await t.test('a zone is deleted by its name, and with its services only where that is said', async (t) => {
    await write('PUT', 'zones/gone.test', { nameservers: ['ns1.example.test'], hostmaster: 'h.gone.test' });
    await write('PUT', 'services/one.gone.test', { pools });
    await visit(page, '#/zones/gone.test', 'gone.test');
    await page.getByText('the zone itself').first().waitFor();
    await press('Delete…');
    const now = dialog.getByRole('button', { name: 'Delete now' });
    await dialog.getByText('one.gone.test').waitFor();
    await dialog.getByLabel('Type gone.test to delete it').fill('gone.test');
    await soon(t).ok(() => now.isDisabled(), 'its service would go with it');
    await judge(t, 'the deletion of a zone');
    await dialog.getByLabel('Delete them too').check();
    await now.click();
    await page.getByRole('heading', { level: 1, name: 'Zones' }).waitFor();
    t.equal((await teal.call('GET', '/v1/zones/gone.test')).status, 404);
  });

  await t.test('a service: sticky, pins, the TTL of releases, checks, labels, a pool more', async (t) => {
    await visit(page, `#/services/${app}`, app);
    await press('Edit');
    await unfold(dialog, 'Picking, releases, previews, labels');
    await dialog.getByLabel('Picks').selectOption('sticky');
    await dialog.getByLabel('TTL, seconds', { exact: true }).fill('60');
    await dialog.getByLabel('TTL during releases, seconds').fill('5');
    await dialog.getByLabel('Pins').fill('198.51.100.0/24 green');
    await dialog.getByLabel('Labels').fill('team=web\ntier=1');
    await unfold(dialog, 'Health checks');
    await dialog.getByLabel('Targets are checked').selectOption('http');
    await dialog.getByLabel('Path').fill('/healthz');
    await dialog.getByLabel('Every so many seconds').fill('30');
    await dialog.getByRole('button', { name: 'Add a pool' }).click();
    await dialog.getByLabel('Name of pool 3').fill('red');
    await dialog.getByLabel('Targets of red').fill('192.0.2.30');
    await judge(t, 'the form of a service');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    t.match(await read(`services/${app}`), {
      ...{ ttlSeconds: 60, pick: 'sticky', release: { ttlSeconds: 5 }, labels: { team: 'web', tier: '1' } },
      pins: [{ network: '198.51.100.0/24', pool: 'green' }],
      health: { http: { path: '/healthz' }, intervalSeconds: 30 },
      pools: { blue: { weight: 90 }, green: { weight: 10 }, red: { weight: 0, targets: ['192.0.2.30'] } },
    });
    // The next form is about what the page has read by then.
    await page.getByLabel('Weight of red').waitFor();
    await press('Edit');
    await dialog.getByLabel('Targets are checked').selectOption('none');
    await dialog.getByRole('button', { name: 'Remove the pool red' }).click();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    const after = await read(`services/${app}`);
    t.same([Object.keys(after.pools), after.health, after.pick], [['blue', 'green'], undefined, 'sticky']);
    await page.getByLabel('Weight of red').waitFor({ state: 'detached' });
  });

  await t.test('the health of a pool is forced, and no more', async (t) => {
    await visit(page, `#/services/${app}`, app);
    await press('Force… the health of green');
    await dialog.getByLabel('For').selectOption('900');
    await judge(t, 'forcing');
    await dialog.getByRole('button', { name: 'Force it now' }).click();
    await press('No more: green forced');
    await page.getByRole('button', { name: 'No more: green forced' }).waitFor({ state: 'detached' });
    t.equal((await read(`services/${app}/health`)).pools.green.forced, null);
    const kinds = (await read('revisions?order=newest&limit=2')).items.map(({ kind }: { kind: string }) => kind);
    t.equal(kinds.length, 2);
  });

  await t.test('steps are inserted and moved; gates have counts and limits, several in a step', async (t) => {
    // Anew: the revision of the service that it has read may be one before the last.
    await visit(page, '#/services', 'Services');
    await visit(page, `#/services/${app}`, app);
    await press('Start a release…');
    await dialog.getByLabel('Move traffic to').selectOption('green');
    await dialog.getByLabel('How', { exact: true }).selectOption('own');
    await dialog.getByLabel('Step 2', { exact: true }).selectOption('gates');
    await dialog.getByLabel('Address that answers 2xx').fill('http://127.0.0.1:1/smoke');
    await dialog.getByRole('button', { name: 'Add a gate' }).click();
    await dialog.getByLabel('Gate 2 asks').selectOption('samples');
    await dialog.getByLabel('Answers at least').fill('7');
    await unfold(dialog, 'How often, and how much may fail');
    await dialog.getByLabel('Measurements').fill('9');
    await dialog.getByLabel('May fail').fill('2');
    await dialog.getByLabel('Seconds between them').fill('3600');
    await dialog.getByRole('button', { name: 'Insert a step before step 1', exact: true }).click();
    await dialog.getByRole('button', { name: 'Move step 1 down' }).click();
    await judge(t, 'the steps');
    await dialog.getByRole('button', { name: 'Show the plan…' }).click();
    await dialog.getByRole('button', { name: 'Start the release' }).click();
    await dialog.waitFor({ state: 'detached' });
    const [release] = (await read(`services/${app}/releases?state=active`)).items;
    t.match(release.steps.slice(0, 3), [
      { setWeight: 10 },
      { pause: { duration: '5m' } },
      {
        analysis: {
          ...{ count: 9, failureLimit: 2, intervalSeconds: 3600 },
          metrics: [{ name: 'smoke', web: { url: 'http://127.0.0.1:1/smoke' } }, { samples: { answers: 7 } }],
        },
      },
    ]);
    t.same(release.steps.at(-1), { setWeight: 100 });
    await write('POST', `services/${app}/releases/${release.id}/abort`);
  });

  await t.test('several services: one release of all, paused at once, and their health forced', async (t) => {
    // The list may be of a moment ago when a review is opened: then the review says so, as soon as it is known.
    const now = dialog.getByRole('button', { name: 'Show what is there now' });
    await page.addLocatorHandler(now, () => now.click());
    const choose = async (): Promise<void> => {
      await visit(page, '#/services', 'Services');
      for (const name of [app, api]) await page.getByRole('checkbox', { name: `Choose ${name}` }).check();
    };
    await choose();
    await press('Release…');
    await dialog.getByLabel('Move traffic to').selectOption('green');
    await dialog.getByText(api).waitFor();
    await judge(t, 'a release of several');
    await dialog.getByRole('button', { name: 'Show the plan…' }).click();
    await dialog.getByRole('button', { name: 'Start the release' }).click();
    await dialog.waitFor({ state: 'detached' });
    const active = async () => (await read('releases?state=active')).items;
    const [release] = await active();
    t.same(Object.keys(release.services).sort(), [api, app]);

    await choose();
    await press('Pause releases…');
    await dialog
      .getByText(/which moves a\w+\.example\.test, a\w+\.example\.test/)
      .or(now)
      .first()
      .waitFor();
    await judge(t, 'a pause of many');
    await dialog.getByRole('button', { name: 'Pause 1 release now' }).click();
    await dialog.waitFor({ state: 'detached' });
    t.match(await active(), [{ state: 'paused', reason: 'pause_requested' }]);

    await choose();
    await press('Force health…');
    await dialog.getByLabel('Pool').selectOption('green');
    await judge(t, 'a forced health of many');
    await dialog.getByRole('button', { name: 'Force 2 services now' }).click();
    await dialog.waitFor({ state: 'detached' });
    for (const name of [app, api]) {
      t.match((await read(`services/${name}/health`)).pools.green.forced, { state: 'down' }, name);
    }
    await write('POST', `releases/${release.id}/abort`);
  });

  await t.test('webhooks: made with a secret that is shown once, changed, sent again, deleted', async (t) => {
    await visit(page, '#/webhooks', 'Webhooks');
    await page.getByText('No webhook yet').waitFor();
    await judge(t, 'no webhook');
    await press('New webhook');
    await dialog.getByLabel('Name', { exact: true }).fill('chat');
    await dialog.getByLabel('URL').fill('http://127.0.0.1:1/hook');
    await dialog.getByLabel('revision', { exact: true }).check();
    await judge(t, 'the form of a webhook');
    await dialog.getByRole('button', { name: 'Make the webhook' }).click();
    await page.getByRole('heading', { name: 'Webhook chat' }).waitFor();
    await soon(t).match(() => dialog.getByLabel('Secret').inputValue(), /^whsec_/);
    await dialog.getByRole('button', { name: 'I have kept it' }).click();
    t.match(await read('webhooks/chat'), { triggers: ['on-release-completed', 'on-revision'] });
    await press('Test chat');
    await page.getByText('chat did not take it').first().waitFor();
    await press('Edit chat');
    await dialog.getByLabel('Only what is about these services').fill('*.example.test');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    t.same((await read('webhooks/chat')).services, ['*.example.test']);
    await write('PUT', `services/${api}/weights`, { blue: 1, green: 1 });
    await unfold(page, 'deliver');
    const again = page.getByRole('button', { name: /^Send again: / }).first();
    await again.waitFor();
    await judge(t, 'webhooks with what waits');
    await again.click();
    await page.getByText('is on its way.').first().waitFor();
    await press('Delete… chat');
    await dialog.getByRole('button', { name: 'Delete now' }).click();
    await page.getByText('No webhook yet').waitFor();
    t.equal((await teal.call('GET', '/v1/webhooks/chat')).status, 404);
  });

  await t.test('a token of records for some names and types, from some networks', async (t) => {
    await visit(page, '#/tokens', 'Tokens');
    await press('New token');
    await dialog.getByLabel('Name', { exact: true }).fill('certbot');
    await dialog.getByLabel('Scope').selectOption('records');
    await dialog.getByLabel('Only for these zones').fill('example.test');
    await dialog.getByLabel('Only for these owner names').fill('_acme-challenge.*');
    await dialog.getByLabel('Only for these record types').fill('TXT');
    await dialog.getByLabel('Only from these networks').fill('127.0.0.0/8');
    await judge(t, 'the form of a token');
    await dialog.getByRole('button', { name: 'Make the token' }).click();
    await dialog.getByRole('button', { name: 'I have kept it' }).click();
    t.match(await read('tokens/certbot'), {
      ...{ scope: 'records', zones: ['example.test'], names: ['_acme-challenge.*'], types: ['TXT'] },
      networks: ['127.0.0.0/8'],
    });
  });
  t.same(it.faults, []);
});
