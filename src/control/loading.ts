/** How what a store holds is brought into a table: piece by piece, up to the first that is refused. */
import type { Problem } from '../model/errors.ts';

export function firstProblem<Item>(
  items: Iterable<Item>,
  act: (item: Item) => Problem | undefined,
): Problem | undefined {
  for (const item of items) {
    const problem = act(item);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

export function* chunksOf<Item>(items: readonly Item[], size: number): Generator<Item[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
