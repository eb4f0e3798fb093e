/** What commands would come to, looked at in slices: a list of a hundred is a hundred moments, and nothing of it stays. */
import { Problem } from '../model/errors.ts';
import type { ModelChange } from '../model/revision.ts';
import type { Store } from '../store/sqlite.ts';
import type { Command } from './commands/command.ts';
import { type Drafted, isDraft } from './drafts/draft.ts';
import type { LocalChange } from './log/staged.ts';
import type { Sliced } from './slices.ts';

/** A command that would be refused. */
export interface Refused {
  readonly problem: Problem;
  readonly index: number;
}

export type OnDrafted = (drafted: Exclude<Drafted, Problem>, index: number) => void;

/** What stands on ground that has moved. */
const CHANGED = 'changed';
/** Each slice assumes again what those before it came to, so that more of them would be more work. */
const SLICES_MAX = 100;
/** So often a rehearsal begins at most: a server where shifts never pause must not keep it from its end. */
const BEGINNINGS_MAX = 4;

interface Ground {
  readonly store: Pick<Store, 'lastRevision' | 'whatIf'>;
  readonly settle: () => void;
  readonly localOf: (changes: readonly ModelChange[]) => readonly LocalChange[];
  /**
   * The draft of a command under the number of its revision, with all that it could be refused for. `assumed`: the changes
   * of those before it, which the table does not know.
   */
  readonly draft: (command: Command, revision: number, assumed: readonly LocalChange[]) => Drafted;
}

/**
 * Each command is a slice, or a few where there are many. Where something was changed between two of them all begin anew; where something always is, the
 * last beginning is one slice, as long as its commands are.
 */
export function* rehearse(
  ground: Ground,
  commands: readonly Command[],
  onDrafted: OnDrafted,
): Sliced<Refused | undefined> {
  for (let beginning = 1; ; beginning++) {
    const atOnce = beginning < BEGINNINGS_MAX ? Math.ceil(commands.length / SLICES_MAX) : commands.length;
    const refused = yield* rehearseSlices(ground, commands, onDrafted, atOnce);
    if (refused !== CHANGED) return refused;
  }
}

function* rehearseSlices(
  { store, settle, localOf, draft }: Ground,
  commands: readonly Command[],
  onDrafted: OnDrafted,
  atOnce: number,
): Sliced<Refused | undefined | typeof CHANGED> {
  settle();
  const last = store.lastRevision;
  // By the commands so far: the store has forgotten it after each slice.
  const assumed: LocalChange[] = [];
  let refused: Refused | undefined;
  for (let start = 0; start < commands.length && refused === undefined; start += atOnce) {
    if (start > 0) {
      yield;
      if (store.lastRevision !== last) return CHANGED;
    }
    const failed = store.whatIf((assume) => {
      assume(assumed);
      for (let index = start; index < Math.min(start + atOnce, commands.length); index++) {
        const drafted = draft(commands[index], last + 1, assumed);
        if (drafted instanceof Problem) {
          refused = { problem: drafted, index };
          return;
        }
        onDrafted(drafted, index);
        if (!isDraft(drafted)) continue;
        const changes = localOf(drafted.changes);
        assume(changes);
        assumed.push(...changes);
      }
    });
    if (failed !== undefined) return { problem: failed, index: 0 };
  }
  return refused;
}
