/** The live split over time: what was configured, and what was answered between two looks. */
import type { Revision, Shares } from '../../contract/types.ts';
import { sharesOf } from './shares.ts';
import { weightsAfter } from './undo.ts';

export interface Look {
  /** Unix time, milliseconds. */
  readonly atMs: number;
  readonly configured: Shares;
  /** Answers of each pool since the server's start. */
  readonly answers: Readonly<Record<string, number>>;
}

export interface Series {
  /** Unix time, seconds, as uPlot has it. */
  readonly seconds: number[];
  /** Per cent by pool; null where there is nothing to say. */
  readonly configured: Record<string, (number | null)[]>;
  readonly observed: Record<string, (number | null)[]>;
}

/** Fewer answers between two looks say nothing of a split; they are counted together with the next. */
const ANSWERS_MIN = 20;

/** What is known of the time before the page was opened. */
export function looksFromHistory(name: string, history: readonly Revision[], sinceMs: number): Look[] {
  const looks: Look[] = [];
  for (const revision of [...history].reverse()) {
    const weights = weightsAfter(name, revision);
    if (weights === undefined) continue;
    const atMs = new Date(revision.at).getTime();
    looks.push({ atMs, configured: sharesOf(weights), answers: {} });
  }
  const before = looks.filter(({ atMs }) => atMs < sinceMs).at(-1);
  const after = looks.filter(({ atMs }) => atMs >= sinceMs);
  return before === undefined ? after : [{ ...before, atMs: sinceMs }, ...after];
}

/** The lines of the chart, from looks in the order of time. */
export function seriesOf(pools: readonly string[], looks: readonly Look[]): Series {
  const seconds = looks.map(({ atMs }) => atMs / 1000);
  const lines = (value: (pool: string, look: Look, i: number) => number | null): Record<string, (number | null)[]> =>
    Object.fromEntries(pools.map((pool) => [pool, looks.map((look, i) => value(pool, look, i))]));
  const split = observedSplits(pools, looks);
  return {
    seconds,
    configured: lines((pool, look) => 100 * (look.configured[pool] ?? 0)),
    observed: lines((pool, _look, i) => split[i]?.[pool] ?? null),
  };
}

function observedSplits(pools: readonly string[], looks: readonly Look[]): (Record<string, number> | undefined)[] {
  let from: Look | undefined;
  return looks.map((look) => {
    const known = pools.some((pool) => look.answers[pool] !== undefined);
    if (!known) return undefined;
    const before = from;
    const gains = pools.map((pool) => (look.answers[pool] ?? 0) - (before?.answers[pool] ?? 0));
    // Counters that fell are those of a server that was started again.
    if (before === undefined || gains.some((gain) => gain < 0)) {
      from = look;
      return undefined;
    }
    const sum = gains.reduce((a, b) => a + b, 0);
    if (sum < ANSWERS_MIN) return undefined;
    from = look;
    return Object.fromEntries(pools.map((pool, i) => [pool, (100 * gains[i]) / sum]));
  });
}
