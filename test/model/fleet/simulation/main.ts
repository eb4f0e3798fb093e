/** Simulates fleets by command: `npm run simulate -- [first seed] [how many seeds] [seconds of the world]`. A seed says all. */
import { simulate } from './simulate.ts';

const [first = 1, count = 10, seconds = 300] = process.argv.slice(2).map(Number);
let failures = 0;
for (let seed = first; seed < first + count; seed += 1) {
  const report = simulate({ seed, lengthMs: seconds * 1000 });
  if (report.violation !== undefined) failures += 1;
  console.log(JSON.stringify(report));
}
process.exitCode = failures > 0 ? 1 : 0;
