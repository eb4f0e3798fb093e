/** Simulates fleets by command: `npm run simulate -- [first] [count] [seconds]`, from which seed on, how many, and how long in their world. A seed says all. */

import { numbersAndWords } from '../../../../tools/command-line.ts';
import { simulate } from './simulate.ts';

const { first, count, seconds } = numbersAndWords({ first: 1, count: 10, seconds: 300 }).numbers;
let failures = 0;
for (let seed = first; seed < first + count; seed += 1) {
  const report = simulate({ seed, lengthMs: seconds * 1000 });
  if (report.violation !== undefined) failures += 1;
  console.log(JSON.stringify(report));
}
process.exitCode = failures > 0 ? 1 : 0;
