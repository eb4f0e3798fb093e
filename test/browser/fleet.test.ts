/** The console of a fleet's node: which node one looks at, who does not keep up, and what to do, while nodes and etcd fail. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import t from 'tap';
import { buildConsole } from '../../src/console/build.ts';
import { signalAll } from '../fixtures/planes.ts';
import { soon } from '../fixtures/soon.ts';
import { FleetFixture, until } from '../interop/fleet.ts';
import { type Console, openPage, overflow, seriousFaults, signIn, startBrowser, type View, visit } from './browser.ts';

const app = 'app.example.test';
const WEIGHTS = `/v1/services/${app}/weights`;
/** Where pictures go of what is looked at, for people. */
const PICTURES = process.env.TEAL_PICTURES;

t.test('the console of a fleet', async (t) => {
  await buildConsole();
  const fleet = await FleetFixture.start(3);
  t.teardown(() => fleet.stop());
  const browser = await startBrowser(t);
  const faults: string[] = [];
  const of = (name: string): Console => {
    const { process: teal, folder } = fleet.node(name);
    return { ...{ teal, folder, browser, faults }, scriptBytes: new Map() };
  };
  const picture = async (page: Page, name: string): Promise<void> => {
    if (PICTURES === undefined) return;
    mkdirSync(PICTURES, { recursive: true });
    await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
  };
  /** In each width and colour: nothing is wider than the window, and nobody is left out. */
  const look = async (name: string, hash: string, isThere: (page: Page) => Promise<unknown>): Promise<void> => {
    const views: View[] = [
      { width: 1280, colorScheme: 'light' },
      { width: 390, height: 844, colorScheme: 'dark' },
    ];
    for (const view of views) {
      const page = await openPage(of('ns1'), view);
      await signIn(page, of('ns1'), hash);
      await isThere(page);
      await picture(page, `${name}-${view.width}-${view.colorScheme}`);
      t.equal(await overflow(page), 0, `${name} at ${view.width}`);
      t.same(await seriousFaults(page), [], `${name} at ${view.width}`);
      await page.context().close();
    }
  };
  const page = await openPage(of('ns1'));
  await signIn(page, of('ns1'), `#/services/${app}`);
  const sign = page.getByRole('link', { name: /This node is ns1/ });
  const home = await openPage(of('ns1'));
  await signIn(home, of('ns1'), '#/services');
  const eye = home.getByRole('region', { name: 'What wants an eye' });
  const isAboveTheList = async (): Promise<boolean> => {
    const [above, below] = [await eye.boundingBox(), await home.locator('.service-item').first().boundingBox()];
    return above !== null && below !== null && above.y + above.height <= below.y;
  };
  /** What the same node says to machines: its readiness, the header of each reply, and what the page is made of. */
  const saysItself = async () => {
    const { process: teal } = fleet.node('ns1');
    const ready = (await (await fetch(`${teal.admin}/readyz`)).json()) as { fleet: { current: boolean } };
    const overview = await teal.call('GET', '/v1/overview');
    const header = overview.headers.get('teal-stale');
    return { ready: ready.fleet.current, header, current: overview.body.current, stale: overview.body.stale };
  };

  await t.test('all is well: the node and the fleet have names', async (t) => {
    await sign.getByText('1 of 3').waitFor();
    await visit(page, '#/fleet', 'Fleet');
    for (const node of ['ns1', 'ns2', 'ns3']) {
      await page.getByRole('row', { name: new RegExp(`${node}.*live.*revision \\d+`) }).waitFor();
    }
    await page.getByText(/3 of 3 members reachable/).waitFor();
    await soon(t).equal(() => page.getByText('No pool is drained').count(), 0);
    await eye.getByText(/Nothing releases.* or is stale/).waitFor();
    await soon(t).same(saysItself, { ready: true, header: null, current: true, stale: [] });
    await look('well', '#/fleet', (page) => page.getByText(/3 of 3 members/).waitFor());
  });

  await t.test('a node that is stopped is seen in the frame, on its page and by every drain', async (t) => {
    signalAll(fleet.node('ns3').process.pid, 'SIGSTOP');
    fleet.node('ns3').isDown = true;
    const { status } = await fleet.node('ns1').process.call('PUT', WEIGHTS, { blue: 0, green: 100 });
    t.equal(status, 200);
    await sign.getByText('ns3: no sign of life').waitFor();
    await page.getByRole('row', { name: /ns3.*no sign of life.*1 behind/ }).waitFor();
    await page.getByText('No pool is drained because of ns3').waitFor();
    await page.getByText('teal fleet remove ns3', { exact: true }).waitFor();
    await eye.getByText(/^ns3 may answer by what was before\. Stale/).waitFor();
    await soon(t).ok(isAboveTheList, 'on top');
    await soon(t).same(saysItself, { ready: true, header: null, current: true, stale: ['ns3'] });
    await look('home-stopped', '#/services', (page) => page.getByText(/^ns3 may answer by what was before/).waitFor());
    await look('stopped', '#/fleet', (page) => page.getByText('No pool is drained because of ns3').waitFor());
    await look('drain', `#/services/${app}`, async (page) => {
      await page.getByText('No pool is drained because of ns3').waitFor();
      await page.getByText(/ns2 told/).waitFor();
      await page.getByText(/ns3.*is waited for/).waitFor();
    });
    signalAll(fleet.node('ns3').process.pid, 'SIGCONT');
    fleet.node('ns3').isDown = false;
    await fleet.live('ns3');
    await sign.getByText('1 of 3').waitFor();
    await page.getByText('No pool is drained').waitFor({ state: 'detached' });
    await eye.getByText(/ns3/).waitFor({ state: 'detached' });
    await soon(t).same(saysItself, { ready: true, header: null, current: true, stale: [] });
  });

  await t.test('without etcd the node is stale, and a change is refused with what to do', async (t) => {
    for (const member of [0, 1, 2]) await fleet.etcd.kill(member);
    await page.getByText('The node ns1 is stale.').waitFor();
    await sign.getByText('stale').waitFor();
    await eye.getByText('This server may answer by what was before').waitFor();
    await soon(t).ok(isAboveTheList, 'on top');
    await home.getByText('The node ns1 is stale.').waitFor();
    await soon(t).match(
      async () => JSON.stringify(await saysItself()),
      /"ready":false,"header":"true","current":false/,
    );
    await look('home-stale', '#/services', (page) =>
      page.getByText('This server may answer by what was before').waitFor(),
    );
    await look('stale', '#/fleet', (page) => page.getByText('The node ns1 is stale.').waitFor());
    await page.goto(`/#/services/${app}`);
    await page.getByLabel('Weight of blue').fill('7');
    await page.getByRole('button', { name: 'Review the shift…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Shift now' }).click();
    await dialog.getByText(/Nothing was changed: this node cannot reach the log of its fleet/).waitFor();
    await picture(page, 'refused');
    for (const member of [0, 1, 2]) fleet.etcd.start(member);
    await fleet.etcd.ready();
    await fleet.live('ns1');
    await page.getByText('The node ns1 is stale.').waitFor({ state: 'detached' });
    await eye.getByText('This server may answer').waitFor({ state: 'detached' });
    await soon(t).same(saysItself, { ready: true, header: null, current: true, stale: [] });
    await dialog.getByRole('button', { name: 'Shift now' }).click();
    await dialog.waitFor({ state: 'detached' });
    const { body } = await fleet.node('ns1').process.call('GET', WEIGHTS);
    t.same(body.weights, { blue: 7, green: 100 });
  });

  await t.test('a shift that was cut off after its commit is asked for until it is known, and done once', async (t) => {
    await page.getByLabel('Weight of blue').waitFor();
    let isCutOff = true;
    await page.route(`**${WEIGHTS}`, async (route) => {
      if (route.request().method() === 'GET' || !isCutOff) return route.continue();
      const reply = await route.fetch();
      const detail = 'The entry was sent, and nobody said what became of it.';
      const problem = { type: 'about:blank', title: 'x', status: 504, code: 'fleet_unconfirmed', detail };
      isCutOff = false;
      return route.fulfill({ response: reply, status: 504, json: problem });
    });
    await page.getByLabel('Weight of blue').fill('9');
    await page.getByRole('button', { name: 'Review the shift…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Shift now' }).click();
    await dialog.waitFor({ state: 'detached' });
    await until('the shift is there', async () => {
      const { body } = await fleet.node('ns2').process.call('GET', WEIGHTS);
      return body.weights.blue === 9;
    });
    const { body } = await fleet.node('ns1').process.call('GET', `/v1/services/${app}/history?order=newest&limit=2`);
    t.same(
      body.items.map(({ kind }: { kind: string }) => kind),
      ['shift', 'shift'],
      'that one, and the one from before',
    );
  });

  t.same(faults, []);
});
