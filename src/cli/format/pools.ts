/** The pools of a service with their weights, shares and bars. Pure. */
import { poolColour, type Style } from './style.ts';
import { columns, percent } from './text.ts';

export interface PoolLine {
  readonly pool: string;
  readonly weight: number;
  readonly share: number;
  /** The share of what was really answered, where that is looked at. */
  readonly observed?: number | 'none';
  /** What else is to be said, at the end of the line. */
  readonly note?: string | undefined;
}

/** How many cells a bar has. */
const BAR_CELLS = 24;

/** A bar of fixed width. A pool that gets anything has a cell at least, one that does not get all lacks one. */
export function bar(share: number, style: Style, cells = BAR_CELLS): string {
  const rounded = Math.round(share * cells);
  const full = share <= 0 ? 0 : share >= 1 ? cells : Math.min(Math.max(rounded, 1), cells - 1);
  return style.symbols.full.repeat(full) + style.symbols.empty.repeat(cells - full);
}

/** One line a pool: name, weight, share, bar, and the observed share where one is known. */
export function poolLines(pools: readonly PoolLine[], style: Style): string[] {
  const names = pools.map(({ pool }) => pool);
  const isObserved = pools.some(({ observed }) => observed !== undefined);
  const rows = pools.map(({ pool, weight, share, observed, note }) => [
    style.colour(poolColour(pool, names), pool),
    String(weight),
    percent(share),
    style.colour(poolColour(pool, names), bar(share, style)),
    ...(isObserved ? [typeof observed === 'number' ? `${percent(observed)} seen` : 'no answers'] : []),
    note ?? '',
  ]);
  return columns(rows, isObserved ? [1, 2, 4] : [1, 2]);
}

/** All pools in a few words: `blue 90.0 % · green 10.0 %`. */
export function split(shares: Readonly<Record<string, number>>, style: Style): string {
  const names = Object.keys(shares);
  const words = names.map((pool) => style.colour(poolColour(pool, names), `${pool} ${percent(shares[pool] ?? 0)}`));
  return words.join(' · ');
}
