/** A batch worker leaves no garbage: nothing is allocated for a query, nor for a batch. */
import t from 'tap';
import { measureGarbage } from '../../bench/garbage.ts';
import { loadLibc } from '../../src/sockets/libc.ts';

const WARMUP_ANSWERS = 300_000;
const ANSWERS = 1_000_000;
/** A number object has 16 bytes: one for each batch of eight answers or fewer would be 2 MB. Code compiled late takes some. */
const ALLOWED_BYTES = 1_000_000;

// Each batch waits for who asked the last one: on a machine with much else to do for milliseconds at a time.
t.setTimeout(850_000);

t.test(
  `${ANSWERS} answers in small batches`,
  { skip: loadLibc() === undefined && 'no batch transport here' },
  async (t) => {
    const { bytes, batches } = await measureGarbage(8, WARMUP_ANSWERS, ANSWERS);
    t.ok(batches >= ANSWERS / 8, `${batches} batches`);
    t.ok(bytes < ALLOWED_BYTES, `${bytes} bytes allocated`);
  },
);
