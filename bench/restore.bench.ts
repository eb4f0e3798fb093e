/** `npm run bench:restore -- [--names 1000000] [--planes one]`: from the start of the server to its first answer, with a table that is copied on the disk, and without. */
import { mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildQuery, UdpClient } from '../test/fixtures/dns-client.ts';
import { startTeal, type TealProcess } from '../test/fixtures/process.ts';
import { commandLine, wholeNumber } from '../tools/command-line.ts';
import { putZoneFile, zoneFile } from './import.ts';

const { values } = commandLine({ options: { names: { type: 'string' }, planes: { type: 'string' } } });
const names = wholeNumber(values.names ?? 1_000_000, '--names');
/** Each figure is the median of so many starts. */
const RUNS = 3;
/** How long one question is waited for before it is asked again. */
const PATIENCE_MS = 20;

const folder = mkdtempSync(join(tmpdir(), 'teal-restore-'));
const image = join(folder, 'table.img');
const base = { TEAL_TABLE_MAX_BYTES: String(2 ** 30), TEAL_DNS_PLANES: values.planes ?? 'one' };

try {
  const empty = await startTeal(folder, { env: base });
  const env = { ...base, TEAL_DNS_LISTEN: `127.0.0.1:${empty.dnsPort}` };
  await empty.end('SIGTERM');
  const port = empty.dnsPort;
  await report('with no names but the seed', () => {}, 'app.example.test', env, port);
  const full = await startTeal(folder, { env });
  await putZoneFile(full, 'big.test', zoneFile(names));
  await full.end('SIGTERM');
  const last = `n${names - 1}.big.test`;
  console.log(`the copy has ${(statSync(image).size / 2 ** 20).toFixed(0)} MiB`);
  await report(`${names} names, from the copy`, () => {}, last, env, port);
  await report(`${names} names, the copy damaged`, damage, last, env, port);
  await report(`${names} names, no copy`, () => rmSync(image), last, env, port);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function damage(): void {
  const fd = openSync(image, 'r+');
  writeSync(fd, Buffer.from('damaged'), 0, 7, Math.floor(statSync(image).size / 2));
}

async function report(
  what: string,
  before: () => void,
  name: string,
  env: Record<string, string>,
  port: number,
): Promise<void> {
  const times: { answer: number; ready: number; said: string }[] = [];
  for (let run = 0; run < RUNS; run++) {
    before();
    const startedAt = performance.now();
    const [teal, answer] = await Promise.all([startTeal(folder, { env }), firstAnswer(name, port, startedAt)]);
    const ready = performance.now() - startedAt;
    times.push({ answer, ready, said: saidBy(teal) });
    await teal.end('SIGTERM');
  }
  const { answer, ready, said } = times.sort((a, b) => a.answer - b.answer)[Math.floor(RUNS / 2)];
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
  console.log(`${what}: first answer after ${seconds(answer)}, API after ${seconds(ready)} (${said})`);
}

async function firstAnswer(name: string, port: number, startedAt: number): Promise<number> {
  for (;;) {
    const client = await UdpClient.open('127.0.0.1', port);
    const reply = await Promise.race([
      client.ask(buildQuery({ name })).catch(() => undefined),
      new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE_MS, undefined)),
    ]);
    await client.close();
    if (reply !== undefined && reply.answers.length > 0) return performance.now() - startedAt;
  }
}

function saidBy({ log }: TealProcess): string {
  const found = log.find(({ msg }) => typeof msg === 'string' && msg.startsWith('table '));
  return `${found?.msg}, ${found?.ms} ms`;
}
