/** What a command would do, worked out before anything is done. */
import { Problem } from '../../model/errors.ts';
import type { ModelChange, RevisionKind, Subject } from '../../model/revision.ts';
import type { CommandContext } from '../commands/command.ts';

/** The changes of a command, under the number of the revision that it will be. */
export interface Draft {
  readonly kind: RevisionKind;
  /** A sentence for people. */
  readonly summary: string;
  readonly subjects: readonly Subject[];
  readonly changes: readonly ModelChange[];
  /** A zone some of whose names are no longer answered from it, though nothing in it changes. */
  readonly hidesNamesOf?: string | undefined;
  /** True where the command makes something that was not there. */
  readonly created: boolean;
  /** The body of the reply. */
  readonly body: unknown;
}

/** Everything is already as the command wants it: no revision is made. */
interface Unchanged {
  /** The last revision that changed the resource. */
  readonly revision: number;
  readonly body: unknown;
}

export type Drafted = Draft | Unchanged | Problem;

export function isDraft(drafted: Draft | Unchanged): drafted is Draft {
  return 'changes' in drafted;
}

/** 412 unless the resource is at a revision that `If-Match` names (RFC 9110 §13.1.1); it is not met by what is not there. */
export function checkPrecondition(
  context: Pick<CommandContext, 'ifMatch'>,
  revision: number | undefined,
  what: string,
): Problem | undefined {
  const { ifMatch } = context;
  if (ifMatch === undefined) return undefined;
  if (revision === undefined) return new Problem('revision_stale', `If-Match is not met: there is no ${what}.`);
  if (ifMatch === 'any' || ifMatch.includes(revision)) return undefined;
  const detail = `If-Match names revision ${ifMatch.join(', ')}, but ${what} is at revision ${revision}: read it again, then decide.`;
  return new Problem('revision_stale', detail);
}
