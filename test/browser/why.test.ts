/** Why, from whoever says it (the command line, the console, a pipeline's curl) to wherever the change is told. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Locator, Page } from 'playwright-core';
import t from 'tap';
import { EventReader } from '../fixtures/event-source.ts';
import { serve } from '../fixtures/http-server.ts';
import type { TealProcess } from '../fixtures/process.ts';
import { comesTo, soon } from '../fixtures/soon.ts';
import { openPage, signIn, startConsole, visit } from './browser.ts';

const run = promisify(execFile);
const app = 'app.example.test';
const appPage = `#/services/${app}`;
const [ticket, commit] = ['https://tickets.example.com/OPS-7', 'https://git.example.com/app/commit/1a2b3c'];

type Said = { readonly reason: string; readonly links: readonly string[] };

/** Shifts by the command line, as a process of its own. */
async function byCommandLine({ admin, token }: TealProcess, { reason, links }: Said): Promise<void> {
  const words = ['src/main.ts', 'shift', app, 'blue=1', 'green=2', '--reason', reason];
  const env = { ...process.env, TEAL_ADMIN_URL: admin, TEAL_TOKEN: token };
  await run(process.execPath, [...words, ...links.flatMap((link) => ['--link', link])], { env });
}

/** As a pipeline does, which knows its trace and its run. */
async function byPipeline({ admin, token }: TealProcess, said: Said): Promise<void> {
  const body = JSON.stringify({ services: { [app]: { blue: 3, green: 4 } }, ...said });
  const headers = [`Authorization: Bearer ${token}`, `traceparent: ${traceparent}`, 'X-Request-Id: run-981'];
  await run('curl', ['-fsS', `${admin}/v1/shifts`, '-d', body, ...headers.flatMap((each) => ['-H', each])]);
}

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

async function byConsole(page: Page, { reason, links }: Said): Promise<void> {
  // Anew: what is typed is for the weights that the page has read.
  await visit(page, '#/services', 'Services');
  await visit(page, appPage, app);
  await page.getByLabel('Weight of green').fill('6');
  await page.getByLabel('Weight of blue').fill('5');
  await page.getByRole('button', { name: 'Review the shift…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Why (optional)').fill(reason);
  await dialog.getByLabel('Links (optional)').fill(links.join(' '));
  await dialog.getByRole('button', { name: 'Shift now' }).click();
  await dialog.waitFor({ state: 'detached' });
}

t.test('what is said of a shift, from the one end to the other', async (t) => {
  const it = await startConsole(t, t.testdir(), { env: { TEAL_PROBES_ALLOW: '127.0.0.0/8' } });
  const { teal } = it;
  const page = await openPage(it);
  await signIn(page, it);
  const sent: { data: { reason?: string } }[] = [];
  const url = await serve(t, async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    sent.push(JSON.parse(body));
    response.writeHead(204).end();
  });
  await teal.call('PUT', '/v1/webhooks/chat', { url, triggers: ['on-revision'] });
  const events = await (await EventReader.open(`${teal.admin}/v1/events`, teal.token)).opened();
  t.teardown(() => events.close());

  const ways: Record<string, [Said, () => Promise<void>]> = Object.fromEntries(
    Object.entries({ 'the command line': byCommandLine, 'a pipeline': byPipeline }).map(([who, act]) => {
      const said = { reason: `Störung: 100% "weg", says ${who}`, links: [ticket, commit] };
      return [who, [said, () => act(teal, said)]];
    }),
  );
  const inConsole = { reason: 'שלום </script> 🚨, says the console', links: [commit, ticket] };
  ways['the console'] = [inConsole, () => byConsole(page, inConsole)];

  for (const [who, [said, act]] of Object.entries(ways)) {
    await t.test(who, async (t) => {
      await act();
      const { items } = (await teal.call('GET', '/v1/revisions?order=newest&limit=1')).body;
      const [{ revision, requestId }] = items;
      t.match(items[0], { kind: 'shift', ...said }, 'the revision');
      t.match((await teal.call('GET', `/v1/services/${app}/history?order=newest&limit=1`)).body.items[0], said);
      const { data } = await events.until(({ data }) => data?.revision === revision);
      t.match(data, { kind: 'shift', ...said }, 'the event');
      const line = () => teal.log.find((each) => each.revision === revision);
      await comesTo(line, (found) => found !== undefined);
      t.match(line(), { kind: 'shift', why: said, requestId }, 'the line of the log');
      const told = () => sent.find(({ data }) => data.reason === said.reason);
      await comesTo(told, (found) => found !== undefined);
      t.match(told(), { type: 'on-revision', data: { revision, ...said } }, 'the webhook');
      if (who === 'a pipeline') t.match([items[0], line()], [{ requestId: 'run-981', traceparent }, { traceparent }]);
      const env = { ...process.env, TEAL_ADMIN_URL: teal.admin, TEAL_TOKEN: teal.token };
      const { stdout } = await run(process.execPath, ['src/main.ts', 'history', app, '-n', '1'], { env });
      t.match(stdout, `    why: ${said.reason}\n    ${said.links.join('\n    ')}\n`, 'teal history');
      await visit(page, appPage, app);
      const shown = page.locator('.why').filter({ hasText: said.reason }).first();
      await shown.waitFor();
      await soon(t).same(() => linksOf(shown), said.links);
    });
  }

  await t.test('whatever a server says, it is text, and no script is a link', async (t) => {
    await page.route('**/history**', async (route) => {
      const reply = await route.fetch();
      const body = await reply.json();
      body.items[0].reason = '<img src=x onerror=alert(1)> a\u202eb';
      body.items[0].links = ['javascript:alert(1)', 'JAVASCRIPT://x/%0aalert(1)', ticket];
      await route.fulfill({ response: reply, json: body });
    });
    await visit(page, '#/services', 'Services');
    await visit(page, appPage, app);
    const shown = page.locator('.why').filter({ hasText: '<img src=x' });
    await shown.waitFor();
    await soon(t).same(() => linksOf(shown), [ticket]);
    t.equal(await page.locator('.why img').count(), 0);
    await page.unroute('**/history**');
  });

  await t.test('every dialog asks why; what it was told goes with nothing else', async (t) => {
    const asks = async (open: string | RegExp): Promise<void> => {
      await page.getByRole('button', { name: open }).first().click();
      await page.getByRole('dialog').getByLabel('Why (optional)').fill('not sent');
      await page
        .getByRole('dialog')
        .getByRole('button', { name: /^(Cancel|Close)$/ })
        .first()
        .click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      t.pass(String(open));
    };
    await visit(page, appPage, app);
    for (const open of [/Roll back/, /^Edit$/]) await asks(open);
    await page.getByRole('button', { name: 'Start a release…' }).click();
    const release = page.getByRole('dialog');
    await release.getByRole('button', { name: 'Show the plan…' }).waitFor();
    t.equal(await release.getByLabel('Why (optional)').count(), 0, 'a plan changes nothing');
    await release.getByRole('button', { name: 'Show the plan…' }).click();
    await release.getByLabel('Why (optional)').fill('4.2.0');
    await release.getByRole('button', { name: 'Start the release' }).click();
    await release.waitFor({ state: 'detached' });
    await page.locator('.why').filter({ hasText: '4.2.0' }).first().waitFor();
    await asks('Abort…');
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    const { items } = (await teal.call('GET', '/v1/revisions?order=newest&limit=1')).body;
    t.match(items[0], { kind: 'release.pause', reason: undefined });
    await visit(page, '#/zones', 'Zones');
    await asks('New zone');
    await visit(page, '#/zones/example.test', 'example.test');
    await asks(/Add a record/);
    await visit(page, '#/tokens', 'Tokens');
    await asks(/^(Make|New|Create).*token/);
  });
  t.same(it.faults, []);
});

/** Where what is shown leads to. */
const linksOf = (shown: Locator): Promise<readonly (string | null)[]> =>
  shown.getByRole('link').evaluateAll((all) => all.map((each) => each.getAttribute('href')));
