/**
 * `npm run test:dnssec -- [SHIFTS] [FILE]`: see run.ts, which it runs in namespaces of its own; exits with 1 where an
 * answer was bogus, wrong or missing. Says so where the system has no namespaces for us. FILE: what the validators said.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { commandLine, wholeNumber } from '../../../tools/command-line.ts';
import { inNamespaces } from './namespaces.ts';
import { faultsOf } from './outcome.ts';
import type { Outcome } from './run.ts';

const SHIFTS = '5000';
const run = fileURLToPath(new URL('./run.ts', import.meta.url));
const { positionals } = commandLine({ allowPositionals: true });
const [shifts = SHIFTS, ...rest] = positionals;
wholeNumber(shifts, 'SHIFTS');
const [program, ...words] = [...inNamespaces, process.execPath, run, shifts, ...rest];
const { status, stdout } = spawnSync(program, words, {
  stdio: ['ignore', 'pipe', 'inherit'],
  encoding: 'utf8',
});
if (status !== 0) {
  console.error('It did not come to its end; it needs root, or another right to make network namespaces.');
  process.exit(1);
}
const outcome = JSON.parse(stdout) as Outcome;
console.log(outcome.versions.join(', '));
console.log('seconds:', outcome.seconds);
for (const [name, { failures, kinds: _kinds, exchanges, ...counts }] of Object.entries(outcome.tallies)) {
  console.log(name, counts, 'draws of 70 % and 30 %:', outcome.shares[name]?.join(' and '));
  for (const line of [...failures, ...exchanges]) console.log('  ', line);
}
console.log('damages on the way:', outcome.damaged.tried);
const asked = Object.values(outcome.tallies).reduce((sum, tally) => sum + tally.asked, 0);
console.log('questions to all validators:', asked);
const faults = faultsOf(outcome);
for (const fault of faults) console.log('FAULT:', fault);
process.exit(faults.length === 0 ? 0 : 1);
