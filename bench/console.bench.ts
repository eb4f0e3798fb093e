/** `npm run bench:console -- [services]`: the console's first page and its search with 10,000 services, or so many. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { buildConsole } from '../src/console/build.ts';
import { launchBrowser } from '../test/browser/browser.ts';
import { controlPid } from '../test/fixtures/planes.ts';
import { startTeal, type TealProcess } from '../test/fixtures/process.ts';
import { numbersAndWords } from '../tools/command-line.ts';
import { AdminClient } from './admin-client.ts';
import { cpuTime } from './cpu.ts';
import { nameOf, putServices } from './many-services.ts';
import { type Latencies, quantile } from './meanwhile.ts';

const { services } = numbersAndWords({ services: 10_000 }).numbers;
const LOADS = 5;
const SEARCHES = 200;

const folder = mkdtempSync(join(tmpdir(), 'teal-console-'));
await buildConsole();
const teal = await startTeal(folder);
const browser = await launchBrowser();
try {
  await putServices(teal, services);
  console.log(`${services} services`);
  await measureServer(teal);
  await measurePage(await browser.newPage({ baseURL: teal.admin }));
} finally {
  await browser.close();
  await teal.end('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
}

/** What requests take, by the clock and by the CPU time of the process that answers them. */
async function measureServer(teal: TealProcess): Promise<void> {
  const client = new AdminClient(teal);
  const pid = controlPid(teal.pid);
  const ask = async (what: string, pathOf: (i: number) => string): Promise<void> => {
    const wall: number[] = [];
    const cpu: number[] = [];
    for (let i = 0; i < SEARCHES; i++) {
      const before = cpuTime([pid]).totalMs;
      wall.push(await client.time('GET', pathOf(i)));
      cpu.push(cpuTime([pid]).totalMs - before);
    }
    console.log(`${what.padEnd(30)} ${line(wall)}; CPU ${line(cpu)}`);
  };
  await ask('first page', () => '/v1/overview?limit=200');
  await ask('search for a name', (i) => `/v1/overview?limit=200&q=${nameOf((i * 7919) % services).slice(0, 6)}`);
  await ask('search for one letter', () => '/v1/overview?limit=200&q=s');
  await ask('by label', () => '/v1/overview?limit=200&label=team%3Dweb');
  await ask('last changed first', () => '/v1/overview?limit=200&order=changed');
}

/** What a person waits for: something is painted, and the list is there. */
async function measurePage(page: Page): Promise<void> {
  await page.goto('/#/services');
  await page.getByLabel('Token').fill(teal.token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('.service-item').first().waitFor();
  const paints: number[] = [];
  const lists: number[] = [];
  for (let i = 0; i < LOADS; i++) {
    const startedAt = performance.now();
    await page.reload();
    await page.locator('.service-item').first().waitFor();
    lists.push(performance.now() - startedAt);
    paints.push((await page.evaluate("performance.getEntriesByName('first-paint')[0].startTime")) as number);
  }
  console.log(`first paint                    ${line(paints)}`);
  console.log(`reload until the list is there ${line(lists)}`);
}

function line(milliseconds: number[]): string {
  const sorted: Latencies = milliseconds.sort((one, other) => one - other);
  const [p50, p99] = [0.5, 0.99].map((share) => quantile(sorted, share).toFixed(1));
  return `p50 ${p50} ms, p99 ${p99} ms`;
}
