/** The console on links that are slow, lose replies, or lead to a server that froze: nothing is done twice or denied. */
import type { Page, Route } from 'playwright-core';
import t from 'tap';
import { signalAll } from '../fixtures/planes.ts';
import { patienceMs, soon } from '../fixtures/soon.ts';
import { openPage, settled, signIn, startConsole } from './browser.ts';
import { keepPassingStates, passingStates, showsShares } from './states.ts';

const app = 'app.example.test';
const appPage = `#/services/${app}`;
/** Many times what it takes, and less than the 45 s that a frozen server was once called live. */
const NOTICED_MS = 40_000;

t.test('what became of a change', async (t) => {
  const it = await startConsole(t, t.testdir());
  const { teal } = it;
  const weights = async () => (await teal.call('GET', `/v1/services/${app}/weights`)).body.weights;
  const kinds = async (): Promise<string[]> => {
    const { items } = (await teal.call('GET', `/v1/services/${app}/history?order=newest&limit=20`)).body;
    return items.map(({ kind }: { kind: string }) => kind);
  };
  const open = async (): Promise<Page> => {
    await teal.call('PUT', `/v1/services/${app}/weights`, { blue: 100, green: 0 });
    const page = await openPage(it);
    await signIn(page, it, appPage);
    return page;
  };
  const review = async (page: Page): Promise<void> => {
    await page.getByLabel('Weight of green').fill('7');
    await page.getByRole('button', { name: 'Review the shift…' }).click();
  };
  /** What happens to each change that goes to the path; how many there were. */
  const meddle = async (page: Page, path: string, work: (route: Route, count: number) => Promise<void>) => {
    const seen: string[] = [];
    await page.route(path, async (route) => {
      if (route.request().method() === 'GET') return route.continue();
      seen.push(route.request().headers()['idempotency-key'] ?? '');
      return work(route, seen.length);
    });
    return seen;
  };

  await t.test('a reply that takes long: the dialog says so, asks, and ends with the shift in force', async (t) => {
    const page = await open();
    const sent = await meddle(page, `**/v1/services/${app}/weights`, async (route) => {
      // It is done, and the reply stays on the way.
      await route.fetch();
    });
    await review(page);
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Shift now' }).waitFor();
    await keepPassingStates(page);
    await dialog.getByRole('button', { name: 'Shift now' }).click();
    await dialog.waitFor({ state: 'detached' });
    // Each for some seconds only.
    const states = await passingStates(page);
    t.ok(states.includes('Sending… (disabled)'), states.join(' | '));
    t.ok(states.includes('Asking the server… (disabled)'));
    t.notOk(states.includes('Sending…'));
    t.notMatch(states.join(), /Somebody changed/, 'one’s own shift is no colleague’s');
    await page.getByText(`${app} shifted:`, { exact: false }).first().waitFor();
    t.same(await weights(), { blue: 100, green: 7 });
    t.equal(sent.length, 1);
    await page.context().close();
  });

  await t.test('a slow link: the page is read anew behind the dialog, which is over at once', async (t) => {
    const page = await open();
    let isSlow = false;
    await page.route(`**/v1/services/${app}`, async (route) => (isSlow ? undefined : route.continue()));
    await review(page);
    isSlow = true;
    await page.getByRole('dialog').getByRole('button', { name: 'Shift now' }).dblclick();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    t.same(await weights(), { blue: 100, green: 7 });
    t.same((await kinds()).slice(0, 2), ['shift', 'shift'], 'that one, and the one from before');
    await page.context().close();
  });

  await t.test('a reply that was lost, and a request that was', async (t) => {
    const page = await open();
    const sent = await meddle(page, `**/v1/services/${app}/weights`, async (route, count) => {
      if (count === 2) await route.fetch();
      await route.abort('connectionreset');
    });
    await review(page);
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Shift now' }).click();
    await dialog.getByText('This was not done: no reply came', { exact: false }).waitFor();
    t.same(await weights(), { blue: 100, green: 0 });
    await dialog.getByRole('button', { name: 'Shift now' }).click();
    await dialog.waitFor({ state: 'detached' });
    t.same(await weights(), { blue: 100, green: 7 });
    t.equal(sent.length, 2);
    await page.context().close();
  });

  await t.test('a rollback is done once, however often it is clicked and its reply is lost', async (t) => {
    const page = await open();
    await teal.call('PUT', `/v1/services/${app}/weights`, { blue: 50, green: 50 });
    await showsShares(page, 'blue 50%, green 50%');
    const sent = await meddle(page, `**/v1/services/${app}/rollback`, async (route, count) => {
      if (count > 2) return route.continue();
      await route.fetch();
      await route.abort('connectionreset');
    });
    await page.getByRole('button', { name: /Roll back.*blue 100%/ }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Roll back now' }).dblclick();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText(`${app} rolled back:`, { exact: false }).first().waitFor();
    t.same(await weights(), { blue: 100, green: 0 });
    t.same((await kinds()).slice(0, 2), ['rollback', 'shift'], 'one rollback');

    t.ok(sent.length >= 3 && new Set(sent).size === 1, 'with one key');
    await page.context().close();
  });

  await t.test('a frozen server is not called live, and a change that it holds is told once it is back', async (t) => {
    const page = await open();
    await page.getByText('Live', { exact: true }).waitFor();
    await review(page);
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Shift now' }).waitFor();
    await settled(page);
    await keepPassingStates(page);
    signalAll(teal.pid, 'SIGSTOP');
    t.teardown(() => signalAll(teal.pid, 'SIGCONT'));
    await dialog.getByRole('button', { name: 'Shift now' }).click();
    // For some seconds only, until it counts as lost.
    const said = async (): Promise<string> => (await passingStates(page)).join(' | ');
    await soon(t, patienceMs(NOTICED_MS)).match(said, /No word for \d+ s/);
    await dialog
      .getByText('it is not certain whether it was done', { exact: false })
      .waitFor({ timeout: patienceMs(NOTICED_MS) });
    await page.getByText('The server does not answer.').waitFor({ timeout: patienceMs(NOTICED_MS) });
    signalAll(teal.pid, 'SIGCONT');
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('Live', { exact: true }).waitFor();
    t.same(await weights(), { blue: 100, green: 7 });
    await soon(t).equal(() => page.getByText('The server does not answer.').count(), 0);
    await page.context().close();
  });

  t.same(it.faults, []);
});
