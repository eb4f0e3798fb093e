/**
 * `npm run bench:exactness -- [answers] [xdp]`: ten million answers, or so many, during 100 shifts a second; none may be
 * stale. With `xdp` by AF_XDP, between two namespaces, as root.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openWire, SERVER } from '../test/fixtures/two-namespaces.ts';
import { overTheWire } from '../test/fixtures/xdp-server.ts';
import { numbersAndWords } from '../tools/command-line.ts';
import { type ExactnessFigures, measureExactness } from './exactness.ts';
import { LATE_MS } from './exactness-client.ts';

/** Shifts between two lines of progress: ten seconds. */
const PROGRESS_SHIFTS = 1000;

const { numbers, words } = numbersAndWords({ answers: 10_000_000 }, ['xdp']);
const wire = words.has('xdp') ? openWire() : undefined;
if (typeof wire === 'string') {
  console.error(wire);
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), 'teal-exactness-'));
try {
  const figures = await measureExactness(folder, {
    answers: numbers.answers,
    shifts: 0,
    ...(wire === undefined ? {} : { wire, server: { address: SERVER.v4, wrapper: wire.atServer, env: overTheWire } }),
    progress: (answers, shifts) => {
      if (shifts % PROGRESS_SHIFTS === 0) console.error(`${answers} answers, ${shifts} shifts`);
    },
  });
  report(figures);
  process.exitCode = figures.stale === 0 ? 0 : 1;
} finally {
  wire?.close();
  rmSync(folder, { recursive: true, force: true });
}

function report({ transport, answers, stale, shifts, slowestShiftMs, seconds, ...rest }: ExactnessFigures): void {
  const { sent, answered, lost, afterwards, unasked, late, slowestMs, losses } = rest;
  console.log(`${answers} answers in ${seconds.toFixed(1)} s (${Math.round(answers / seconds)} a second)`);
  const rate = (shifts / seconds).toFixed(1);
  console.log(`${shifts} shifts (${rate} a second), the slowest took ${slowestShiftMs.toFixed(1)} ms`);
  console.log(`${late} answers took longer than ${LATE_MS} ms, the slowest ${slowestMs.toFixed(1)} ms`);
  const unsent = Math.max(0, sent - answered);
  const onTheWayBack = Math.max(0, answered - answers - afterwards);
  console.log(
    `${afterwards} after a second; ${lost} never: ${unsent} the server did not send, ${onTheWayBack} got lost`,
  );
  if (unasked > 0) console.log(`${unasked} that nothing asked for`);
  for (const [place, count] of losses) console.log(`  ${count} ${place}`);
  console.log(`${stale} stale answers by the ${transport} transport`);
}
