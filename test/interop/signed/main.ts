/**
 * `npm run test:dnssec-differential -- [queries] [seed]`: signed zones behind Teal, NSD and Knot; exits with 1 where a
 * difference has no rule.
 */

import { numbersAndWords } from '../../../tools/command-line.ts';
import { compareSigned } from './compare.ts';
import { rules } from './rules.ts';

const QUERIES = 200_000;
const SEED = 20_261_129;
/** Faults that are shown; one is enough to fail. */
const SHOWN = 20;

const { queries, seed } = numbersAndWords({ queries: QUERIES, seed: SEED }).numbers;
const { asked, explained, faults } = await compareSigned(queries, seed, ['nsd', 'knot']);
console.log(`${asked} queries with DO to each of NSD and Knot`);
for (const { name, why } of rules) {
  const counts = [...explained]
    .filter(([rule]) => rule.startsWith(`${name} (`))
    .map(([rule, count]) => `${rule.slice(name.length + 2, -1)} ${count}`);
  console.log(`${counts.join(', ') || 'none'}: ${name}\n    ${why}`);
}
for (const fault of faults.slice(0, SHOWN)) console.log('FAULT:', fault);
console.log(`${faults.length} differences without a rule`);
process.exitCode = faults.length === 0 ? 0 : 1;
