/**
 * `npm run bench:log-growth -- [records] [signed]`: how long the store's write-ahead log gets at 100 shifts a second while a
 * zone of 300,000 records, or so many, is read whole, again and again: as a file, as a list of PowerDNS's API, and, where
 * that is asked for, as a signed file, whose signatures are all made first.
 */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildQuery, UdpClient } from '../test/fixtures/dns-client.ts';
import { startTeal, type TealProcess } from '../test/fixtures/process.ts';
import { numbersAndWords } from '../tools/command-line.ts';
import { AdminClient } from './admin-client.ts';
import { putZoneFile, zoneFile } from './import.ts';
import { pause, quantile } from './meanwhile.ts';

const ZONE = 'big.test';
const SHIFTS_PER_SECOND = 100;
const WEIGHTS = '/v1/services/app.example.test/weights';
const SECONDS = 30;
/** Until the log has the length that it is to keep, and what a start leaves for later is done. */
const SETTLE_MS = 4000;

const { numbers, words } = numbersAndWords({ records: 300_000 }, ['signed']);
const { records } = numbers;
const isSigned = words.has('signed');
const reads = [
  ['nothing is read', undefined],
  ['a file', `/v1/zones/${ZONE}/file`],
  ["a list of PowerDNS's API", `/api/v1/servers/localhost/zones/${ZONE}.`],
  ...(isSigned ? [['a signed file', `/v1/zones/${ZONE}/file?signed=true`] as const] : []),
] as const;

const folder = fs.mkdtempSync(join(tmpdir(), 'teal-log-growth-'));
const env = { TEAL_TABLE_MAX_BYTES: String(2 ** 31), TEAL_DOORS_POWERDNS_ENABLED: 'true' };
try {
  console.log(`${records} records; load average ${fs.readFileSync('/proc/loadavg', 'utf8').trim()}`);
  await prepare();
  for (const [what, path] of reads) await measure(what, path);
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}

async function prepare(): Promise<void> {
  const teal = await startTeal(folder, { env });
  await putZoneFile(teal, ZONE, zoneFile(records));
  if (isSigned) {
    const { status } = await teal.call('PUT', `/v1/zones/${ZONE}/dnssec`, { algorithm: 'ecdsap256sha256' });
    if (status !== 201) throw new Error(`signing: ${status}`);
    const client = await UdpClient.open('127.0.0.1', teal.dnsPort);
    const query = buildQuery({ name: `n${records - 1}.${ZONE}`, edns: { do: true } });
    while ((await client.ask(query)).answers.length < 2) await pause(100);
    await client.close();
  }
  await teal.end('SIGTERM');
}

async function measure(what: string, path: string | undefined): Promise<void> {
  // Each finds a log that a start has made.
  const teal = await startTeal(folder, { env });
  await pause(SETTLE_MS);
  const log = join(folder, 'teal.db-wal');
  const before = fs.statSync(log).size;
  let isOver = false;
  const reading = readWhile(teal, path, () => !isOver);
  const shifts = await shiftSteadily(teal);
  isOver = true;
  const times = await reading;
  const grown = fs.statSync(log).size;
  const [p50, p99, most] = [0.5, 0.99, 1].map((share) => quantile(shifts, share).toFixed(1));
  const each = times.length === 0 ? '' : `, each ${(quantile(times, 0.5) / 1000).toFixed(2)} s`;
  console.log(
    `${what}: ${times.length} times${each}; log ${mebibytes(before)} -> ${mebibytes(grown)} MiB; ` +
      `${shifts.length} shifts p50 ${p50} p99 ${p99} slowest ${most} ms`,
  );
  await teal.end('SIGTERM');
}

async function readWhile(teal: TealProcess, path: string | undefined, goOn: () => boolean): Promise<number[]> {
  const times: number[] = [];
  if (path === undefined) return times;
  const headers = { authorization: `Bearer ${teal.token}`, 'x-api-key': teal.token };
  while (goOn()) {
    const startedAt = performance.now();
    const reply = await fetch(`${teal.admin}${path}`, { headers });
    for await (const _ of reply.body as ReadableStream<Uint8Array>);
    if (reply.status !== 200) throw new Error(`${path}: ${reply.status}`);
    times.push(performance.now() - startedAt);
  }
  return times.sort((a, b) => a - b);
}

async function shiftSteadily(teal: TealProcess): Promise<number[]> {
  const client = new AdminClient(teal);
  const taken: number[] = [];
  const startedAt = performance.now();
  for (let shift = 0; shift < SECONDS * SHIFTS_PER_SECOND; shift++) {
    const early = startedAt + (shift * 1000) / SHIFTS_PER_SECOND - performance.now();
    if (early > 0) await pause(early);
    taken.push(await client.time('PUT', WEIGHTS, { blue: shift % 2, green: 1 - (shift % 2) }));
  }
  client.close();
  return taken.sort((a, b) => a - b);
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
