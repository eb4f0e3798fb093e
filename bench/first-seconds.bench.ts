/**
 * `npm run bench:first-seconds -- [--seconds 20] [--each]`: what a shift takes right after a start, 100 of them a second, by
 * its client's clock: with a new data directory, with one that a server has left in order, and with one that it was killed
 * on. `--each`: every second in a line of its own.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTeal } from '../test/fixtures/process.ts';
import { commandLine, wholeNumber } from '../tools/command-line.ts';
import { AdminClient } from './admin-client.ts';
import { pause, quantile } from './meanwhile.ts';

const SHIFTS_PER_SECOND = 100;
const WEIGHTS = '/v1/services/app.example.test/weights';
/** Of which the figures are told beside those of all: those that people wait for who have just restarted it. */
const FIRST_SECONDS = 10;

const { values } = commandLine({
  options: { seconds: { type: 'string', default: '20' }, each: { type: 'boolean', default: false } },
});
const seconds = wholeNumber(values.seconds, '--seconds');

/** What each server finds, and how it is ended itself: that makes what the next one finds. */
const STARTS = [
  ['a new data directory', 'SIGTERM'],
  ['one that was left in order', 'SIGKILL'],
  ['one whose server was killed', 'SIGTERM'],
] as const;

const folder = mkdtempSync(join(tmpdir(), 'teal-first-seconds-'));
try {
  for (const [title, end] of STARTS) await measure(title, end);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure(title: string, end: NodeJS.Signals): Promise<void> {
  const load = readFileSync('/proc/loadavg', 'utf8').trim();
  const spawnedAt = performance.now();
  const teal = await startTeal(folder);
  const startMs = performance.now() - spawnedAt;
  const client = new AdminClient(teal);
  const taken: number[][] = Array.from({ length: seconds }, () => []);
  const startedAt = performance.now();
  for (let shift = 0; shift < seconds * SHIFTS_PER_SECOND; shift++) {
    const dueAt = startedAt + (shift * 1000) / SHIFTS_PER_SECOND;
    // A late one is made up for at once.
    const early = dueAt - performance.now();
    if (early > 0) await pause(early);
    const second = Math.min(seconds - 1, Math.floor((performance.now() - startedAt) / 1000));
    taken[second]?.push(await client.time('PUT', WEIGHTS, { blue: shift % 2, green: 1 - (shift % 2) }));
  }
  client.close();
  console.log(`${title}: ready after ${startMs.toFixed(0)} ms; load average ${load}`);
  tell('all', taken.flat());
  tell(`first ${FIRST_SECONDS} s`, taken.slice(0, FIRST_SECONDS).flat());
  if (values.each) for (const [second, each] of taken.entries()) tell(`second ${second + 1}`, each);
  await teal.end(end);
}

function tell(title: string, taken: readonly number[]): void {
  if (taken.length === 0) return;
  const sorted = [...taken].sort((a, b) => a - b);
  const [p50, p99, most] = [0.5, 0.99, 1].map((share) => quantile(sorted, share).toFixed(1).padStart(6));
  console.log(
    `  ${title.padEnd(12)} ${String(taken.length).padStart(5)} shifts  p50 ${p50}  p99 ${p99}  slowest ${most} ms`,
  );
}
