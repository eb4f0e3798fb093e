/** `npm run bench:exactness -- [answers]`: ten million answers, or so many, during 100 shifts a second; none may be stale. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureExactness } from './exactness.ts';

/** Shifts between two lines of progress: ten seconds. */
const PROGRESS_SHIFTS = 1000;

const wanted = Number(process.argv[2] ?? 10_000_000);
if (!Number.isInteger(wanted) || wanted < 1) {
  console.error(`expected a number of answers, found ${process.argv[2]}`);
  process.exit(64);
}
const folder = mkdtempSync(join(tmpdir(), 'teal-exactness-'));
try {
  const figures = await measureExactness(folder, {
    answers: wanted,
    shifts: 0,
    progress: (answers, shifts) => {
      if (shifts % PROGRESS_SHIFTS === 0) console.error(`${answers} answers, ${shifts} shifts`);
    },
  });
  const { answers, stale, lost, shifts, slowestShiftMs, seconds } = figures;
  console.log(
    `${answers} answers in ${seconds.toFixed(1)} s (${Math.round(answers / seconds)} a second), ${lost} lost`,
  );
  const rate = (shifts / seconds).toFixed(1);
  console.log(`${shifts} shifts (${rate} a second), the slowest took ${slowestShiftMs.toFixed(1)} ms`);
  console.log(`${stale} stale answers`);
  process.exitCode = stale === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
