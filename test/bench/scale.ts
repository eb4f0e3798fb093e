/** What size costs: many zones, and changes with a million names in place. */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { startTeal, type TealProcess } from '../fixtures/process.ts';
import { type Latencies, zoneFile } from './import.ts';

const NAMES_PER_ZONE = 10;
/** Zones at each end whose loading is compared. */
const ENDS = 100;
/** Every so many-th change is a new name instead of a shift, so that the arena has to grow meanwhile. */
const NAME_EVERY = 5;

/** Seconds for the first and the last hundred of `zones` small zones, put one after the other. */
export async function measureZones(
  folder: string,
  zones: number,
): Promise<{ first: number; last: number; all: number }> {
  const teal = await startTeal(folder);
  const seconds: number[] = [];
  for (let i = 0; i < zones; i++) {
    const startedAt = performance.now();
    await putZone(teal, `zone${i}.test`, zoneFile(NAMES_PER_ZONE));
    seconds.push((performance.now() - startedAt) / 1000);
  }
  await teal.end('SIGTERM');
  const sum = (some: readonly number[]): number => some.reduce((total, one) => total + one, 0);
  return { first: sum(seconds.slice(0, ENDS)), last: sum(seconds.slice(-ENDS)), all: sum(seconds) };
}

export interface ChangeFigures {
  /** Of 4 KiB written and synced in the same folder, milliseconds, sorted. */
  readonly syncs: Latencies;
  readonly shifts: Latencies;
  readonly newNames: Latencies;
  /** The longest time between two answers to a client that asks all the time, milliseconds. */
  readonly longestGapMs: number;
}

/** Changes through the admin API, with a zone of `names` names in place and a client that asks all the time. */
export async function measureChanges(folder: string, names: number, changes: number): Promise<ChangeFigures> {
  const teal = await startTeal(folder, { env: { TEAL_TABLE_MAX_BYTES: String(2 ** 31) } });
  await putZone(teal, 'big.test', zoneFile(names));
  const syncs = measureSyncs(folder, changes);
  const words = new Int32Array(new SharedArrayBuffer(4));
  const asker = new Worker(new URL('./gap-client.ts', import.meta.url), { workerData: { port: teal.dnsPort, words } });
  const gap = new Promise<number>((resolve, reject) => {
    asker.once('message', resolve);
    asker.once('error', reject);
  });
  const shifts: number[] = [];
  const newNames: number[] = [];
  for (let i = 0; i < changes; i++) {
    const isName = i % NAME_EVERY === 0;
    const startedAt = performance.now();
    const reply = isName
      ? await teal.call('PUT', `/v1/zones/big.test/rrsets/new${i}.big.test/A`, { ttlSeconds: 60, rdata: ['192.0.2.1'] })
      : await teal.call('PUT', '/v1/services/app.example.test/weights', { blue: i % 2, green: 1 + (i % 7) });
    (isName ? newNames : shifts).push(performance.now() - startedAt);
    if (reply.status >= 300) throw new Error(JSON.stringify(reply.body));
  }
  Atomics.store(words, 0, 1);
  const longestGapMs = await gap;
  await teal.end('SIGTERM');
  return { syncs, shifts: sorted(shifts), newNames: sorted(newNames), longestGapMs };
}

/** What the disk takes for the least that a commit has to wait for. */
function measureSyncs(folder: string, count: number): Latencies {
  const fd = openSync(join(folder, 'sync-measure'), 'w');
  const page = Buffer.alloc(4096);
  const latencies = Array.from({ length: count }, () => {
    const startedAt = performance.now();
    writeSync(fd, page);
    fdatasyncSync(fd);
    return performance.now() - startedAt;
  });
  closeSync(fd);
  return sorted(latencies);
}

async function putZone(teal: TealProcess, zone: string, body: Buffer): Promise<void> {
  const headers = { authorization: `Bearer ${teal.token}`, 'content-type': 'text/dns' };
  const reply = await fetch(`${teal.admin}/v1/zones/${zone}/file`, {
    method: 'PUT',
    headers,
    body: new Uint8Array(body),
  });
  const text = await reply.text();
  if (reply.status !== 201) throw new Error(`${reply.status} ${text.slice(0, 500)}`);
}

function sorted(latencies: number[]): Latencies {
  return latencies.sort((a, b) => a - b);
}
