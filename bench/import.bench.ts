/** `npm run bench:import -- [names]`: imports a zone of a million names, or so many, and says what it cost. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { numbersAndWords } from '../tools/command-line.ts';
import { measureImport } from './import.ts';
import { type Latencies, quantile } from './meanwhile.ts';

const { names } = numbersAndWords({ names: 1_000_000 }).numbers;
const folder = mkdtempSync(join(tmpdir(), 'teal-import-'));
try {
  const figures = await measureImport(folder, names);
  const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
  console.log(`${figures.names} names imported in ${figures.seconds.toFixed(1)} s`);
  console.log(`shifts idle             ${line(figures.shiftsIdle)}`);
  console.log(`shifts while importing  ${line(figures.shiftsBusy)}`);
  console.log(`answers while importing ${line(figures.answersBusy)}`);
  const slowest = quantile(figures.shiftsBusy, 1) / quantile(figures.shiftsIdle, 0.5);
  const p99 = quantile(figures.shiftsBusy, 0.99) / quantile(figures.shiftsIdle, 0.99);
  console.log(`slowest shift while importing / idle median ${slowest.toFixed(1)}, p99 / idle p99 ${p99.toFixed(1)}`);
  const { residentBefore, residentPeak, residentSettled } = figures;
  console.log(
    `resident before ${mebibytes(residentBefore)}, peak ${mebibytes(residentPeak)}, settled ${mebibytes(residentSettled)}`,
  );
  console.log(`restart to the first answer ${figures.restartSeconds.toFixed(1)} s`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function line(latencies: Latencies): string {
  const [p50, p99, slowest] = [0.5, 0.99, 1].map((share) => quantile(latencies, share).toFixed(2));
  return `${String(latencies.length).padStart(6)}  p50 ${p50} ms  p99 ${p99} ms  slowest ${slowest} ms`;
}
