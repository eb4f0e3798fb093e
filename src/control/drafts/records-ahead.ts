/** Long lists of changes of records, drafted in slices before their turn comes: what is left for it is to carry them out. */
import type { Store } from '../../store/sqlite.ts';
import type { CommandContext } from '../commands/command.ts';
import type { RecordsCommand } from '../commands/records.ts';
import type { Sliced } from '../slices.ts';
import type { Drafted } from './draft.ts';
import { draftRecords } from './records.ts';

type RecordsChange = Extract<RecordsCommand, { kind: 'records.change' }>;

/** So often a draft begins at most; where something always changes it is made in its turn, in one go. */
const BEGINNINGS_MAX = 4;

/** By the command, which is executed once; true while nothing is changed. */
const drafts = new WeakMap<RecordsChange, { readonly revision: number; readonly drafted: Drafted }>();

/** Drafts the command on what is there now. Where that changes between two slices it begins anew. */
export function* draftAhead(
  store: Store,
  command: RecordsChange,
  context: Pick<CommandContext, 'ifMatch' | 'ifNoneMatch'>,
): Sliced<void> {
  for (let beginning = 0; beginning < BEGINNINGS_MAX; beginning++) {
    const last = store.lastRevision;
    const work = draftRecords(store, command, context, last + 1);
    do {
      const step = work.next();
      if (step.done) {
        drafts.set(command, { revision: last + 1, drafted: step.value });
        return;
      }
      yield;
    } while (store.lastRevision === last);
  }
}

/** The draft that was made ahead for this revision; undefined: there is none, or something was changed since. */
export function draftedAhead(command: RecordsChange, revision: number): Drafted | undefined {
  const ahead = drafts.get(command);
  return ahead?.revision === revision ? ahead.drafted : undefined;
}
