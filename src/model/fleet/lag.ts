/**
 * Who answers from an older entry for longer than a commit takes, and until when somebody did: as long as that may be,
 * what was taken out of the answers is not drained, however long ago that was.
 */
import { COMMIT_MAX_SECONDS } from '../drain.ts';
import { confirmedBy, type View } from './view.ts';

const LATE_AFTER_MS = COMMIT_MAX_SECONDS * 1000;

interface Lag {
  /** Entries that were applied here so lately that nobody is late with them, the oldest first; by a steady clock. */
  readonly recent: readonly { readonly revision: number; readonly atMs: number }[];
}

export const noLag: Lag = { recent: [] };

/** Takes note of an entry that is answered from here. */
export function withApplied({ recent }: Lag, revision: number, nowMs: number): Lag {
  return { recent: [...recent.filter(({ atMs }) => nowMs - atMs < LATE_AFTER_MS), { revision, atMs: nowMs }] };
}

/** Members, whether shifts wait for them or not, that have not confirmed what was applied here so long ago. */
export function lateNodes({ recent }: Lag, view: View, applied: number, nowMs: number): string[] {
  const firstRecent = recent.find(({ atMs }) => nowMs - atMs < LATE_AFTER_MS)?.revision ?? applied + 1;
  const late = [...view.members].filter(([node, { value }]) => {
    return value !== undefined && confirmedBy(view, node) + 1 < Math.min(firstRecent, applied + 1);
  });
  return late.map(([node]) => node).sort();
}
