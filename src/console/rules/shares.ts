/** Weights and the shares they come to, as people write and read them. */
import type { Drain, Shares, Weights } from '../../contract/types.ts';

export const WEIGHT_MAX = 65535;

/** Share of each pool; all 0 where no weight is above 0. */
export function sharesOf(weights: Weights): Shares {
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  return Object.fromEntries(Object.entries(weights).map(([pool, weight]) => [pool, total === 0 ? 0 : weight / total]));
}

/** `0.9` as `90%`, with as many decimals as tell it apart from 0 and 100. */
export function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.01) return '<0.01%';
  if (value > 99.99 && value < 100) return '>99.99%';
  const digits = value < 1 || value > 99 ? 2 : 1;
  return `${Number(value.toFixed(digits))}%`;
}

/** What is wrong with weights that somebody typed, in a sentence; undefined: nothing. */
export function weightsFault(weights: Readonly<Record<string, number | undefined>>): string | undefined {
  for (const [pool, weight] of Object.entries(weights)) {
    if (weight === undefined || !Number.isInteger(weight) || weight < 0 || weight > WEIGHT_MAX) {
      return `The weight of ${pool} is a whole number from 0 to ${WEIGHT_MAX}.`;
    }
  }
  if (Object.values(weights).every((weight) => weight === 0)) {
    return 'At least one weight is above 0: otherwise nothing could be answered.';
  }
  return undefined;
}

/** Sums that a slider can move along in steps that are fine enough and fit a weight. */
const SLIDE_TOTAL_MIN = 100;
const SLIDE_TOTAL_COARSE = 10_000;

/** What the weights add up to while a slider is moved. */
export function slideTotal(weights: Weights): number {
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  if (total < SLIDE_TOTAL_MIN) return SLIDE_TOTAL_MIN;
  return total > WEIGHT_MAX ? SLIDE_TOTAL_COARSE : total;
}

/**
 * The weights after one pool's slider was moved to a value from 0 to `slideTotal(start)`: the others share the rest in
 * the proportions of `start`, or evenly where they had nothing. The sum stays the total.
 */
export function slide(start: Weights, pool: string, value: number): Weights {
  const total = slideTotal(start);
  const others = Object.keys(start).filter((name) => name !== pool);
  const sum = others.reduce((sum, name) => sum + start[name], 0);
  const rest = total - value;
  const exact = others.map((name) => (sum === 0 ? rest / others.length : (rest * start[name]) / sum));
  const whole = exact.map(Math.floor);
  // The largest remainders get what rounding down has left.
  const left = rest - whole.reduce((sum, weight) => sum + weight, 0);
  const byRemainder = exact.map((weight, i) => ({ i, part: weight % 1 })).sort((a, b) => b.part - a.part);
  for (const { i } of byRemainder.slice(0, left)) whole[i] = whole[i] + 1;
  const parts = Object.fromEntries(others.map((name, i) => [name, whole[i]]));
  return Object.fromEntries(Object.keys(start).map((name) => [name, name === pool ? value : parts[name]]));
}

/** `blue 90%, green 10%`. */
export function describeShares(weights: Weights): string {
  return Object.entries(sharesOf(weights))
    .map(([pool, share]) => `${pool} ${percent(share)}`)
    .join(', ');
}

export function sameWeights(a: Weights, b: Weights): boolean {
  const pools = Object.keys(a);
  return pools.length === Object.keys(b).length && pools.every((pool) => a[pool] === b[pool]);
}

/** The shares of the answers given; undefined where there were none. */
export function observedShares(drain: Drain | undefined): Shares | undefined {
  const entries = Object.entries(drain?.pools ?? {}).flatMap(([pool, { share }]) =>
    typeof share?.answers === 'number' ? [[pool, share.answers] as const] : [],
  );
  return entries.some(([, share]) => share > 0) ? Object.fromEntries(entries) : undefined;
}
