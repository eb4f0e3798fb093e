/** `npm run bench:scale -- [--zones 10000] [--names 1000000] [--changes 2000]`: 10,000 small zones, and changes with a million names in place. Takes some minutes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLine, wholeNumber } from '../tools/command-line.ts';
import { type Latencies, quantile } from './meanwhile.ts';
import { measureChanges, measureZones } from './scale.ts';

const { values } = commandLine({
  options: { zones: { type: 'string' }, names: { type: 'string' }, changes: { type: 'string' } },
});
const zones = wholeNumber(values.zones ?? 10_000, '--zones');
const names = wholeNumber(values.names ?? 1_000_000, '--names');
const changes = wholeNumber(values.changes ?? 2000, '--changes');

await inFolder(async (folder) => {
  const { first, last, all } = await measureZones(folder, zones);
  console.log(`${zones} zones of 10 names in ${all.toFixed(1)} s: the first hundred ${first.toFixed(2)} s,`);
  console.log(`  the last hundred ${last.toFixed(2)} s, ratio ${(last / first).toFixed(2)}`);
});
await inFolder(async (folder) => {
  const figures = await measureChanges(folder, names, changes);
  console.log(`with ${names} names in place:`);
  console.log(`  sync of 4 KiB ${line(figures.syncs)}`);
  console.log(`  GET           ${line(figures.reads)}`);
  console.log(`  shifts        ${line(figures.shifts)}`);
  console.log(`  new names     ${line(figures.newNames)}`);
  const { syncs, shifts } = figures;
  const [p50, p99] = [0.5, 0.99].map((share) => (quantile(shifts, share) / quantile(syncs, 0.5)).toFixed(1));
  const ofSlow = (quantile(shifts, 0.99) / quantile(syncs, 0.99)).toFixed(1);
  console.log(`  shift in median syncs: p50 ${p50}, p99 ${p99}; its p99 is ${ofSlow} of the sync's p99`);
  const [gap, idleGap] = [figures.longestGapMs, figures.longestIdleGapMs].map((ms) => ms.toFixed(1));
  console.log(`  longest gap in answers ${gap} ms, without any change ${idleGap} ms`);
});

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'teal-scale-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function line(latencies: Latencies): string {
  const [p50, p99, slowest] = [0.5, 0.99, 1].map((share) => quantile(latencies, share).toFixed(2));
  return `${String(latencies.length).padStart(6)}  p50 ${p50} ms  p99 ${p99} ms  slowest ${slowest} ms`;
}
