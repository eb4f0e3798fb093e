/**
 * `npm run bench:exactness -- [answers] [xdp]`: ten million answers, or so many, during 100 shifts a second; none may be
 * stale. With `xdp` by AF_XDP, between two namespaces, as root.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openWire, SERVER } from '../test/fixtures/two-namespaces.ts';
import { overTheWire } from '../test/fixtures/xdp-server.ts';
import { measureExactness } from './exactness.ts';

/** Shifts between two lines of progress: ten seconds. */
const PROGRESS_SHIFTS = 1000;

const wanted = Number(process.argv[2] ?? 10_000_000);
if (!Number.isInteger(wanted) || wanted < 1) {
  console.error(`expected a number of answers, found ${process.argv[2]}`);
  process.exit(64);
}
const wire = process.argv[3] === 'xdp' ? openWire() : undefined;
if (typeof wire === 'string') {
  console.error(wire);
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), 'teal-exactness-'));
try {
  const figures = await measureExactness(folder, {
    answers: wanted,
    shifts: 0,
    ...(wire === undefined ? {} : { server: { address: SERVER.v4, wrapper: wire.atServer, env: overTheWire } }),
    progress: (answers, shifts) => {
      if (shifts % PROGRESS_SHIFTS === 0) console.error(`${answers} answers, ${shifts} shifts`);
    },
  });
  const { transport, answers, stale, lost, shifts, slowestShiftMs, seconds } = figures;
  console.log(
    `${answers} answers in ${seconds.toFixed(1)} s (${Math.round(answers / seconds)} a second), ${lost} lost`,
  );
  const rate = (shifts / seconds).toFixed(1);
  console.log(`${shifts} shifts (${rate} a second), the slowest took ${slowestShiftMs.toFixed(1)} ms`);
  console.log(`${stale} stale answers by the ${transport} transport`);
  process.exitCode = stale === 0 ? 0 : 1;
} finally {
  wire?.close();
  rmSync(folder, { recursive: true, force: true });
}
