/** `npm run test:fuzz -- [--target NAME] [--seconds N] [--executions N] [--seed N]`: fuzzes one target, prints what was done, and fails with the input. */
import { randomInt } from 'node:crypto';
import { commandLine, refuse } from '../../tools/command-line.ts';
import { fuzz } from './fuzzer.ts';
import { targets } from './targets.ts';

const { values } = commandLine({
  options: {
    target: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    executions: { type: 'string', default: 'Infinity' },
    seed: { type: 'string' },
  },
});
const names = values.target === undefined ? Object.keys(targets) : [values.target];
const seed = values.seed === undefined ? randomInt(2 ** 32) : Number(values.seed);
const secondsMax = Number(values.seconds) / names.length;
const executionsMax = Number(values.executions);
if (![seed, secondsMax, executionsMax].every((number) => number >= 0)) refuse('a number was expected');

for (const name of names) {
  const make = targets[name];
  if (make === undefined) throw new Error(`no target ${name}; there are ${Object.keys(targets).join(', ')}`);
  const startedAt = performance.now();
  const { executions, corpus, reached, failure } = fuzz(make(), { seed, executionsMax, secondsMax });
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(
    `${name}: seed ${seed}, ${executions} executions in ${seconds.toFixed(1)} s ` +
      `(${Math.round(executions / seconds)} a second), corpus of ${corpus}, ${reached} characters of src/ reached`,
  );
  if (failure === undefined) continue;
  console.error(`input: ${Buffer.from(failure.input).toString('hex')}\n${failure.error.stack}`);
  process.exitCode = 1;
}
