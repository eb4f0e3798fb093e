/** Signed zones behind Teal, NSD and Knot DNS: the same answers and proofs, or a rule tells why not. The long form: `npm run test:dnssec-differential`. */
import t from 'tap';
import { compareSigned } from './signed/compare.ts';

const QUERIES = Number(process.env.TEAL_INTEROP_QUERIES ?? 2000);
const SEED = Number(process.env.TEAL_INTEROP_SEED ?? 20_261_129);
const SHOWN = 10;

t.test(`NSEC and NSEC3: ${QUERIES} queries with DO`, async (t) => {
  const { asked, explained, faults } = await compareSigned(QUERIES, SEED, ['nsd', 'knot']);
  t.equal(asked, QUERIES);
  for (const [rule, count] of [...explained].sort()) t.comment(`${count} differences: ${rule}`);
  t.same(faults.slice(0, SHOWN), [], 'unexplained differences');
});
