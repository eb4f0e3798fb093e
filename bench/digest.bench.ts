/**
 * `npm run bench:digest -- [names] [signed]`: how long a zone of a million names, or so many, waits for its digest (ZONEMD),
 * after it was asked for and after a change; its CPU and memory; and what shifts of another service take meanwhile.
 */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildQuery, UdpClient } from '../test/fixtures/dns-client.ts';
import { startTeal, type TealProcess } from '../test/fixtures/process.ts';
import { processTree } from '../test/fixtures/tidying.ts';
import { numbersAndWords } from '../tools/command-line.ts';
import { peakBytes, residentBytes, spentSeconds } from './cpu.ts';
import { putZoneFile, zoneFile } from './import.ts';
import { quantile } from './meanwhile.ts';

const ZONE = 'big.test';
const [A, ZONEMD] = [1, 63];
const LOOK_MS = 20;
const MIB = 2 ** 20;
const { numbers, words } = numbersAndWords({ names: 1_000_000 }, ['signed']);
const { names } = numbers;
const isSigned = words.has('signed');

const folder = fs.mkdtempSync(join(tmpdir(), 'teal-digest-'));
const print = (what: string, value: string): void => console.log(`${what.padEnd(44)} ${value}`);
try {
  print('load average', fs.readFileSync('/proc/loadavg', 'utf8').trim());
  await measure();
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}

async function measure(): Promise<void> {
  const teal = await startTeal(folder, { env: { TEAL_TABLE_MAX_BYTES: String(2 ** 31) } });
  const client = await UdpClient.open('127.0.0.1', teal.dnsPort);
  await putZoneFile(teal, ZONE, zoneFile(names));
  if (isSigned) {
    await must(teal, 'PUT', `/v1/zones/${ZONE}/dnssec`, {});
    await until(client, `n${names - 1}.${ZONE}`, A, 2);
  }
  print('resident before', `${Math.round(residentBytes(processTree(teal.pid)) / MIB)} MiB`);
  const { name: _name, ...settings } = (await must(teal, 'GET', `/v1/zones/${ZONE}`)) as { name: string };
  const { nameservers, hostmaster } = settings as unknown as { nameservers: string[]; hostmaster: string };
  const body = { nameservers, hostmaster, zonemd: true };
  await timed(teal, client, 'the first digest', () => must(teal, 'PUT', `/v1/zones/${ZONE}`, body));
  const record = { ttlSeconds: 60, rdata: ['192.0.2.1'] };
  await timed(teal, client, 'after a change', () =>
    must(teal, 'PUT', `/v1/zones/${ZONE}/rrsets/new.${ZONE}/A`, record),
  );
  print('peak of memory', `${Math.round(peakBytes(processTree(teal.pid)) / MIB)} MiB`);
  await client.close();
  await teal.end('SIGTERM');
}

/** Until the digest is answered again, with shifts of another zone's service all the while. */
async function timed(teal: TealProcess, client: UdpClient, what: string, act: () => Promise<unknown>): Promise<void> {
  const cpuBefore = spentSeconds(processTree(teal.pid));
  const startedAt = performance.now();
  await act();
  let isThere = false;
  const shifted: number[] = [];
  const shifting = (async () => {
    for (let i = 0; !isThere; i++) {
      const shiftedAt = performance.now();
      await must(teal, 'PUT', '/v1/services/app.example.test/weights', { blue: i % 2, green: 1 - (i % 2) });
      shifted.push(performance.now() - shiftedAt);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  })();
  await until(client, ZONE, ZONEMD, isSigned ? 2 : 1);
  isThere = true;
  const seconds = (performance.now() - startedAt) / 1000;
  await shifting;
  const cpu = spentSeconds(processTree(teal.pid)) - cpuBefore;
  shifted.sort((one, other) => one - other);
  const [p50, p99] = [quantile(shifted, 0.5), quantile(shifted, 0.99)] as [number, number];
  print(
    what,
    `${seconds.toFixed(1)} s, CPU ${cpu.toFixed(1)} s; a shift meanwhile p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)} ms`,
  );
}

async function until(client: UdpClient, name: string, type: number, count: number): Promise<void> {
  const query = buildQuery({ name, type, edns: { do: true, udpBytes: 4096 } });
  while ((await client.ask(query, 60_000)).answers.length < count)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}

async function must(teal: TealProcess, method: string, path: string, body?: unknown): Promise<unknown> {
  const reply = await teal.call(method, path, body);
  if (reply.status >= 300) throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
  return reply.body;
}
