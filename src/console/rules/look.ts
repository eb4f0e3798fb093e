/** How a pool looks: a hue and a pattern, so that two pools differ for every eye, and without colours too. */

/** Hues and patterns have these numbers in the style sheet. */
const LOOKS = 8;

const fixed: ReadonlyMap<string, number> = new Map([
  ['blue', 0],
  ['green', 1],
]);

/** The number of a pool's look. `blue` and `green` have their own; others by their place among the pools. */
export function lookOf(pool: string, pools: readonly string[]): number {
  const own = fixed.get(pool);
  if (own !== undefined) return own;
  const others = pools.filter((name) => !fixed.has(name));
  return 2 + (Math.max(others.indexOf(pool), 0) % (LOOKS - 2));
}
