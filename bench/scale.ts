/** What size costs: many zones, and changes with a million names in place. */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { startTeal, type TealProcess } from '../test/fixtures/process.ts';
import { AdminClient } from './admin-client.ts';
import { putZoneFile, zoneFile } from './import.ts';
import type { Latencies } from './meanwhile.ts';

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
    await putZoneFile(teal, `zone${i}.test`, zoneFile(NAMES_PER_ZONE));
    seconds.push((performance.now() - startedAt) / 1000);
  }
  await teal.end('SIGTERM');
  const sum = (some: readonly number[]): number => some.reduce((total, one) => total + one, 0);
  return { first: sum(seconds.slice(0, ENDS)), last: sum(seconds.slice(-ENDS)), all: sum(seconds) };
}

/** Milliseconds, sorted; what is compared is measured in turn, so that a noisy minute meets all of it. */
export interface ChangeFigures {
  /** Of 4 KiB written and synced in the same folder: the least that a commit has to wait for. */
  readonly syncs: Latencies;
  /** Of a request that changes nothing: what HTTP takes. */
  readonly reads: Latencies;
  readonly shifts: Latencies;
  readonly newNames: Latencies;
  /** The longest time between two answers to a client that asks all the time, milliseconds. */
  readonly longestGapMs: number;
  /** The same without any change, for as long. */
  readonly longestIdleGapMs: number;
}

/** Changes through the admin API, with a zone of `names` names in place and a client that asks all the time. */
export async function measureChanges(folder: string, names: number, changes: number): Promise<ChangeFigures> {
  const teal = await startTeal(folder, { env: { TEAL_TABLE_MAX_BYTES: String(2 ** 31) } });
  await putZoneFile(teal, 'big.test', zoneFile(names));
  const client = new AdminClient(teal);
  const fd = openSync(join(folder, 'sync-measure'), 'w');
  const syncs: number[] = [];
  const reads: number[] = [];
  const shifts: number[] = [];
  const newNames: number[] = [];
  const startedAt = performance.now();
  const longestGapMs = await gapWhile(teal, async () => {
    for (let i = 0; i < changes; i++) {
      syncs.push(timeSync(fd));
      reads.push(await client.time('GET', WEIGHTS));
      if (i % NAME_EVERY === 0) {
        const name = `/v1/zones/big.test/rrsets/new${i}.big.test/A`;
        newNames.push(await client.time('PUT', name, { ttlSeconds: 60, rdata: ['192.0.2.1'] }));
      } else shifts.push(await client.time('PUT', WEIGHTS, { blue: i % 2, green: 1 + (i % 7) }));
    }
  });
  const tookMs = performance.now() - startedAt;
  const longestIdleGapMs = await gapWhile(teal, () => sleep(tookMs));
  closeSync(fd);
  client.close();
  await teal.end('SIGTERM');
  return {
    syncs: sorted(syncs),
    reads: sorted(reads),
    shifts: sorted(shifts),
    newNames: sorted(newNames),
    longestGapMs,
    longestIdleGapMs,
  };
}

const WEIGHTS = '/v1/services/app.example.test/weights';
const PAGE = Buffer.alloc(4096);

function timeSync(fd: number): number {
  const startedAt = performance.now();
  writeSync(fd, PAGE);
  fdatasyncSync(fd);
  return performance.now() - startedAt;
}

/** The longest time, in milliseconds, that a client in a thread of its own was without an answer during the work. */
async function gapWhile(teal: TealProcess, work: () => Promise<void>): Promise<number> {
  const words = new Int32Array(new SharedArrayBuffer(4));
  const asker = new Worker(new URL('./gap-client.ts', import.meta.url), { workerData: { port: teal.dnsPort, words } });
  const gap = new Promise<number>((resolve, reject) => {
    asker.once('message', resolve);
    asker.once('error', reject);
  });
  await work();
  Atomics.store(words, 0, 1);
  return gap;
}

function sorted(latencies: number[]): Latencies {
  return latencies.sort((a, b) => a - b);
}
