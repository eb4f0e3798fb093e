/** A worker of AF_XDP leaves no garbage: nothing is allocated for a query, nor for a batch. */
import { measureXdpGarbage } from '../../bench/garbage.ts';
import { onWire } from '../fixtures/xdp-tests.ts';

const WARMUP_ANSWERS = 300_000;
const ANSWERS = 1_000_000;
/** A number object has 16 bytes: one for each answer would be 16 MB. Code compiled late takes some. */
const ALLOWED_BYTES = 1_000_000;

onWire(`${ANSWERS} answers`, {}, async (t, wire) => {
  const found = await measureXdpGarbage(wire, WARMUP_ANSWERS, ANSWERS).catch((error: Error) => error.message);
  if (typeof found === 'string' && /serves$/.test(found)) return t.comment(`LEFT OUT: ${found}`);
  if (typeof found === 'string') return t.fail(found);
  t.ok(found.bytes < ALLOWED_BYTES, `${found.bytes} bytes allocated, ${found.collections} collections`);
});
