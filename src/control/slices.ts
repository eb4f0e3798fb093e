/**
 * Work that takes longer than others should wait is done in slices: a generator that yields wherever the thread may do
 * something else. What it read before may have changed after, so each says what it does about that.
 */
import { soon } from '../guard.ts';

/** Between two slices it yields nothing, and gets nothing. */
export type Sliced<Result> = Generator<undefined, Result, undefined>;

/** Does the work to its end; `pause` is waited for between two slices. The last slice is done when this resolves. */
export async function inSlices<Result>(work: Sliced<Result>, pause: () => Promise<void> = nextTurn): Promise<Result> {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    await pause();
  }
}

/** Does the work to its end in one go: it is short, or nobody can wait. */
export function atOnce<Result>(work: Sliced<Result>): Result {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** Whatever else the thread has to do comes first. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => soon('work in slices', resolve));
}
