/** What must hold of a zone that was asked for behind validators, whatever was done to it meanwhile. */
import { chiSquare } from '../../fixtures/chi-square.ts';
import type { Tally } from './asking.ts';
import { BLUE_SHARE } from './cases.ts';
import type { Damaged } from './damage.ts';
import type { Outcome } from './run.ts';

/** Chi-square of one degree of freedom above which p < 0.00001: four validators, many runs. */
const SHARE_LIMIT = 19.51;

/** More would be no race of two times in a cache. */
const REFUSED_SHARE = 0.002;

/** What of one validator's answers does not hold. */
export function countedFaults(name: string, tally: Tally): string[] {
  const { asked, unanswered, servfail, wrong, unproved, secure } = tally;
  const refusedTooOften = tally.refusedAtTimes > Math.max(4, asked * REFUSED_SHARE) ? tally.refusedAtTimes : 0;
  const bad = { unanswered, servfail, refusedTooOften, wrong, unproved };
  const counted = Object.entries(bad).filter(([, count]) => count > 0);
  const faults = counted.map(([what, count]) => `${name}: ${count} ${what} of ${asked}`);
  return secure === 0 ? [...faults, `${name} has validated nothing`] : faults;
}

/** What does not hold; none: all is well. */
export function faultsOf({ tallies, shares, judged, outputs, damaged, large }: Outcome): string[] {
  const faults: string[] = [];
  for (const [name, tally] of Object.entries(tallies)) {
    faults.push(...countedFaults(name, tally));
    const drawn = shares[name];
    if (drawn === undefined) continue;
    const total = drawn[0] + drawn[1];
    const off = chiSquare(drawn, [total * BLUE_SHARE, total * (1 - BLUE_SHARE)]);
    if (!(off < SHARE_LIMIT)) faults.push(`${name}: ${drawn.join(' and ')} draws are not 70 % and 30 %`);
  }
  for (const [what, isGood] of Object.entries(judged)) if (!isGood) faults.push(`${what}: ${outputs[what]}`);
  return [...faults, ...damaged.faults, ...blind(damaged), ...large];
}

/** Four validators, delv and the doctor. */
const JUDGES_OF_DAMAGE = 6;

/** A judge that finds a damage where there is none would find each of them. */
function blind({ unmoved }: Damaged): string[] {
  if (unmoved.length === JUDGES_OF_DAMAGE) return [];
  return [`a relay that damages nothing is told of by ${unmoved.length} of ${JUDGES_OF_DAMAGE}: ${unmoved.join('; ')}`];
}
