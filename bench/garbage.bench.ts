/**
 * `npm run bench:garbage -- [xdp]`: garbage collections of a worker while it answers 10 million queries, in full batches
 * and in small ones; or by AF_XDP, between two namespaces, as root.
 */
import { openWire } from '../test/fixtures/two-namespaces.ts';
import { numbersAndWords } from '../tools/command-line.ts';
import { type Garbage, measureGarbage, measureXdpGarbage } from './garbage.ts';

const WARMUP_ANSWERS = 1_000_000;
const ANSWERS = 10_000_000;

function tell({ collections, bytes, batches }: Garbage, how: string): void {
  console.log(
    `${ANSWERS.toLocaleString('en')} answers in ${batches.toLocaleString('en')} batches, ${how}: ` +
      `${collections} garbage collections, ${bytes} bytes allocated`,
  );
}

if (numbersAndWords({}, ['xdp']).words.has('xdp')) {
  const wire = openWire();
  if (typeof wire === 'string') throw new Error(wire);
  try {
    tell(await measureXdpGarbage(wire, WARMUP_ANSWERS, ANSWERS), 'by AF_XDP');
  } finally {
    wire.close();
  }
} else {
  for (const outstanding of [128, 8]) {
    tell(await measureGarbage(outstanding, WARMUP_ANSWERS, ANSWERS), `${outstanding} outstanding`);
  }
}
