/** Simulated fleets keep what is promised, and each fault that is planted in the protocol is found by the checker. */
import t from 'tap';
import { mutants } from './simulation/mutants.ts';
import { simulate } from './simulation/simulate.ts';

/** More of them by command: `npm run simulate -- 1 1000`. */
const SEEDS = [1, 19, 41, 71, 1157, 700_538];
const LENGTH_MS = 120_000;
/** Each mutant is found within these; which one it is never changes. */
const MUTANT_SEEDS = 25;

t.test('whatever fails, nobody who claims to be current answers from less than what was acknowledged', async (t) => {
  for (const seed of SEEDS) {
    const report = simulate({ seed, lengthMs: LENGTH_MS });
    t.equal(report.violation, undefined, JSON.stringify(report));
    t.ok(report.confirmed > 200, `seed ${seed}: changes get through`);
  }
});

t.test('a seed says all', async (t) => {
  t.same(simulate({ seed: 7, lengthMs: 20_000 }), simulate({ seed: 7, lengthMs: 20_000 }));
});

for (const [name, { protocol, faults, firstSeed = 1 }] of Object.entries(mutants)) {
  t.test(`a fleet with a fault is found out: ${name}`, async (t) => {
    for (let seed = firstSeed; seed < firstSeed + MUTANT_SEEDS; seed += 1) {
      const { violation } = simulate({ seed, lengthMs: LENGTH_MS, protocol, faults });
      if (violation !== undefined) return t.pass(`seed ${seed}: ${violation}`);
    }
    t.fail(`${MUTANT_SEEDS} seeds found nothing`);
  });
}
