/** `npm run bench:list -- [rrsets]`: lists a zone of 100,000 RRsets, or so many, as lego does, and says what it cost. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { numbersAndWords } from '../tools/command-line.ts';
import { measureLists } from './list.ts';
import { type Latencies, quantile } from './meanwhile.ts';

const { rrsets } = numbersAndWords({ rrsets: 100_000 }).numbers;
const folder = mkdtempSync(join(tmpdir(), 'teal-list-'));
try {
  const figures = await measureLists(folder, rrsets);
  const { residentIdle, residentSettled, answersIdle } = figures;
  console.log(
    `${rrsets} RRsets, ${(figures.bodyBytes / 1e6).toFixed(1)} MB as JSON; resident idle ${mebibytes(residentIdle)}`,
  );
  console.log(`answers idle                  ${line(answersIdle)}`);
  for (const { clients, lists, answers, residentPeak } of figures.rounds) {
    const who = `${clients} client${clients > 1 ? 's' : ' '}`;
    console.log(`${who}: lists              ${line(lists)}`);
    console.log(`${who}: answers meanwhile  ${line(answers)}`);
    console.log(
      `${who}: resident peak ${mebibytes(residentPeak)}, ${mebibytes(residentPeak - residentIdle)} over idle`,
    );
  }
  console.log(`resident settled ${mebibytes(residentSettled)}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

function line(latencies: Latencies): string {
  const [p50, p99, slowest] = [0.5, 0.99, 1].map((share) => quantile(latencies, share).toFixed(2));
  return `${String(latencies.length).padStart(6)}  p50 ${p50} ms  p99 ${p99} ms  slowest ${slowest} ms`;
}
