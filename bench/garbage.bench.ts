/**
 * `npm run bench:garbage`: garbage collections of a batch worker while it answers 10 million queries, in full batches
 * and in small ones.
 */
import { measureGarbage } from './garbage.ts';

const WARMUP_ANSWERS = 1_000_000;
const ANSWERS = 10_000_000;

for (const outstanding of [128, 8]) {
  const { collections, bytes, batches } = await measureGarbage(outstanding, WARMUP_ANSWERS, ANSWERS);
  console.log(
    `${ANSWERS.toLocaleString('en')} answers in ${batches.toLocaleString('en')} batches, ${outstanding} outstanding: ` +
      `${collections} garbage collections, ${bytes} bytes allocated`,
  );
}
