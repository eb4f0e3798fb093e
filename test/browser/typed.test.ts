/** What is typed into the console key by key stays as it is typed, in every field of every form. */
import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { openPage, settled, signIn, startConsole, visit } from './browser.ts';

const app = 'app.example.test';
/** Numbers with a point, a sign and zeros at the end: a field that reads them too early loses one of these. */
const TYPED = ['0.05', '-1.50', 'TWO, 3'];

t.test('what is typed', async (t) => {
  const it = await startConsole(t, t.testdir());
  const page = await openPage(it);
  await signIn(page, it);
  const choose = async (label: string | RegExp, value: string): Promise<void> => {
    await unfold(page);
    await page.getByRole('dialog').getByLabel(label).first().selectOption(value);
  };
  const forms: readonly [string, string, string, (() => Promise<void>)?][] = [
    ['#/services', 'Services', 'New service', () => choose('Targets are checked', 'http')],
    [`#/services/${app}`, app, 'Edit'],
    ['#/zones', 'Zones', 'New zone'],
    ['#/zones/example.test', 'example.test', 'Settings…'],
    ['#/zones/example.test', 'example.test', 'Add a record'],
    ['#/freezes', 'Freezes and approvals', 'New freeze'],
    ['#/webhooks', 'Webhooks', 'New webhook'],
    ['#/tokens', 'Tokens', 'New token'],
  ];
  for (const [hash, heading, button, before] of forms) {
    await t.test(button, async (t) => {
      await visit(page, hash, heading);
      await page.getByRole('button', { name: button, exact: true }).click();
      await before?.();
      t.ok((await typeEverywhere(page, t)) > 1);
      await page.keyboard.press('Escape');
    });
  }

  await t.test('a release: shares and every kind of gate', async (t) => {
    await visit(page, `#/services/${app}`, app);
    await page.getByRole('button', { name: 'Start a release…' }).click();
    await choose('How', 'own');
    await choose('Step 1', 'gates');
    for (const kind of ['web', 'prometheus', 'health', 'samples']) {
      await choose('Gate 1 asks', kind);
      t.ok((await typeEverywhere(page, t)) > 5, kind);
    }
    await choose('Gate 1 asks', 'prometheus');
    const field = (name: string) => page.getByRole('dialog').getByLabel(name, { exact: true }).first();
    for (const [name, text] of [
      ['Prometheus address', 'https://prometheus.example.com'],
      ['Query', 'errors'],
      ['Name of the gate', 'errors'],
      ['Passes up to', '0.05'],
      ['Passes from', '-0.5'],
    ] as const) {
      await field(name).fill('');
      await field(name).pressSequentially(text);
    }
    await unfold(page);
    for (const label of ['Measurements', 'Seconds between them', 'May fail', 'Errors in a row', 'Seconds to answer'])
      await field(label).fill('');
    const shares = page.getByRole('dialog').getByLabel('Share of green, per cent');
    for (const [index, share] of [['12'], ['100']].entries()) {
      await shares.nth(index).fill('');
      await shares.nth(index).pressSequentially(String(share));
    }
    const [request] = await Promise.all([
      page.waitForRequest((each) => each.method() === 'POST' && each.url().endsWith('/releases')),
      page.getByRole('button', { name: 'Show the plan…' }).click(),
    ]);
    t.match(request.postDataJSON().steps[0].analysis.metrics[0].thresholdRange, { max: 0.05, min: -0.5 });
  });
  t.same(it.faults, []);
});

/** Opens what is folded away. */
async function unfold(page: Page): Promise<void> {
  // What is not drawn yet could not be opened, and would not be counted.
  await page.getByRole('dialog').waitFor();
  await settled(page);
  await page.evaluate('for (const each of document.querySelectorAll("dialog details")) each.open = true');
}

/** How many fields there were. */
async function typeEverywhere(page: Page, t: Test): Promise<number> {
  await unfold(page);
  const fields = page
    .getByRole('dialog')
    .locator('input:not([type]), input[type="text"], input[type="search"], textarea');
  const count = await fields.count();
  let seen = 0;
  for (let i = 0; i < count; i++) {
    const field = fields.nth(i);
    if (!(await field.isVisible())) continue;
    const label = await field.evaluate((element) => {
      const { labels } = element as unknown as { labels?: { textContent: string }[] };
      return labels?.[0]?.textContent;
    });
    for (const text of TYPED) {
      // What is emptied is not folded away from whoever types.
      await field.fill('');
      await field.pressSequentially(text);
      t.equal(await field.inputValue(), text, `${label}`);
    }
    seen += 1;
  }
  return seen;
}
