/** `node tools/console-pictures.ts`: takes the pictures of docs/console.md anew, of a release under traffic. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { answers, type Console, openPage, signIn, startConsole, type View, visit } from '../test/browser/browser.ts';

const out = 'docs/images';
/** WebP at this quality looks the same and is a third of a PNG. */
const QUALITY = 85;
/** Long enough for the chart to show two steps. */
const TRAFFIC_MS = 34_000;

const app = 'app.example.test';

async function picture(page: Page, name: string): Promise<void> {
  // Nothing looks as if a mouse were over it.
  await page.mouse.move(0, 0);
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: QUALITY });
  writeFileSync(join(out, `console-${name}.webp`), Buffer.from(data, 'base64'));
}

async function traffic({ teal }: Console, forMs: number): Promise<void> {
  const until = Date.now() + forMs;
  while (Date.now() < until) {
    await answers(teal, app, 20);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function prepare({ teal }: Console): Promise<void> {
  const service = (blue: number, green: number) => ({
    pools: {
      blue: { weight: blue, targets: ['192.0.2.10', '192.0.2.11'] },
      green: { weight: green, targets: ['192.0.2.20', '192.0.2.21'] },
    },
  });
  for (const [name, body] of [
    [app, service(100, 0)],
    ['api.example.test', service(70, 30)],
    ['shop.example.test', service(0, 100)],
  ] as const)
    await teal.call('PUT', `/v1/services/${name}`, body);
}

async function take(console: Console, view: View, work: (page: Page) => Promise<void>): Promise<void> {
  const page = await openPage(console, { ...view, reducedMotion: 'reduce' });
  await signIn(page, console);
  await work(page);
  await page.context().close();
}

const folder = mkdtempSync(join(tmpdir(), 'teal-pictures-'));
const ends: (() => Promise<void>)[] = [() => Promise.resolve(rmSync(folder, { recursive: true, force: true }))];
try {
  mkdirSync(out, { recursive: true });
  const console = await startConsole({ teardown: (work) => ends.unshift(work) }, folder);
  await prepare(console);
  await answers(console.teal, 'api.example.test', 200);
  await answers(console.teal, 'shop.example.test', 50);
  await take(console, { height: 1360, colorScheme: 'light' }, async (page) => {
    await visit(page, `#/services/${app}`, app);
    await traffic(console, 6000);
    const steps = [
      { setWeight: 10 },
      { pause: { duration: 10 } },
      { setWeight: 30 },
      { pause: { duration: 10 } },
      { setWeight: 50 },
      { pause: {} },
      { setWeight: 100 },
      { drain: {} },
    ];
    await console.teal.call('POST', `/v1/services/${app}/releases`, { to: 'green', steps });
    await traffic(console, TRAFFIC_MS);
    await picture(page, 'release');
  });
  await take(console, { height: 760, colorScheme: 'dark' }, async (page) => {
    await visit(page, '#/services/api.example.test', 'api.example.test');
    await page.getByLabel('Weight of green').fill('100');
    await page.getByLabel('Weight of blue').fill('0');
    await page.getByRole('button', { name: 'Review the shift…' }).click();
    await page.getByRole('button', { name: 'Shift now' }).waitFor();
    await picture(page, 'shift');
  });
  await take(console, { width: 390, height: 780, colorScheme: 'light' }, async (page) => {
    await page.getByText('observed').first().waitFor();
    await picture(page, 'phone');
  });
} finally {
  for (const end of ends) await end();
}
