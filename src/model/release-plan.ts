/** What a release will do and when, worked out by the very rules that carry it out. */

import { Problem } from './errors.ts';
import { isActive, type Release } from './release.ts';
import { ANALYSIS_DEFAULTS } from './release-steps.ts';
import { type TransitionCommand, transition } from './release-transition.ts';

/** Where a release stands from some moment on. */
export interface PlanEntry {
  /** Unix time, milliseconds. */
  readonly atMs: number;
  /** False where it depends on a person or a gate: then this is the earliest that it can be. */
  readonly certain: boolean;
  readonly release: Release;
}

/** From the moment when the release begins to its end, if every gate passes and every pause is promoted at once. */
export function planOf(begun: Release, atMs: number): PlanEntry[] {
  const entries: PlanEntry[] = [];
  let entry: PlanEntry | undefined = { atMs, certain: true, release: begun };
  while (entry !== undefined) {
    entries.push(entry);
    entry = after(entry);
  }
  return entries;
}

function after({ atMs, certain, release }: PlanEntry): PlanEntry | undefined {
  const { wait } = release;
  if (wait === null || !isActive(release)) return undefined;
  const nextMs = atMs + 1000 * (wait.seconds ?? (wait.kind === 'analysis' ? analysisSeconds(release) : 0));
  const next = transition(release, commandAfter(wait.kind), nextMs);
  if (next instanceof Problem) return undefined;
  return { atMs: nextMs, certain: certain && wait.seconds !== null, release: next };
}

function commandAfter(kind: string): TransitionCommand {
  if (kind === 'analysis') return { verb: 'judge', outcome: 'passed', message: '' };
  return kind === 'promotion' ? { verb: 'promote', full: false } : { verb: 'elapse' };
}

/** The first measurement is made at once, and answers may come at once. */
function analysisSeconds({ steps, stepIndex }: Release): number {
  const { count, intervalSeconds } = { ...ANALYSIS_DEFAULTS, ...steps[stepIndex]?.analysis };
  return (count - 1) * intervalSeconds;
}
