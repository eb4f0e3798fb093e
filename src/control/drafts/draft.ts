/** What a command would do, worked out before anything is done. */
import { Problem } from '../../model/errors.ts';
import type { ModelChange, RevisionKind, Subject } from '../../model/revision.ts';
import type { Override, Why } from '../../model/why.ts';
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
  /** What was said of it, where the command says nothing. */
  readonly why?: Why;
  /** Nothing is done yet: it waits for somebody, or for a time. */
  readonly isPending?: true;
  /** A freeze that it passes over. */
  readonly override?: Override | undefined;
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

/**
 * 412 where the conditions of the request are not met by the revision that the resource is at (undefined: it is not
 * there), in the order of RFC 9110 §13.2.2. They are judged here and nowhere else: against the state that the draft is
 * made of.
 */
export function checkPrecondition(
  context: Pick<CommandContext, 'ifMatch' | 'ifNoneMatch'>,
  revision: number | undefined,
  what: string,
): Problem | undefined {
  return checkIfMatch(context, revision, what) ?? checkIfNoneMatch(context, revision);
}

/** It is not met by what is not there (RFC 9110 §13.1.1). */
function checkIfMatch(
  { ifMatch }: Pick<CommandContext, 'ifMatch'>,
  revision: number | undefined,
  what: string,
): Problem | undefined {
  if (ifMatch === undefined) return undefined;
  if (revision === undefined) return new Problem('revision_stale', `If-Match is not met: there is no ${what}.`);
  if (ifMatch === 'any' || ifMatch.includes(revision)) return undefined;
  const detail = `If-Match names revision ${ifMatch.join(', ')}, but ${what} is at revision ${revision}: read it again, then decide.`;
  return new Problem('revision_stale', detail);
}

/** It is met by what is not there (RFC 9110 §13.1.2). */
function checkIfNoneMatch(
  { ifNoneMatch }: Pick<CommandContext, 'ifNoneMatch'>,
  revision: number | undefined,
): Problem | undefined {
  if (ifNoneMatch === undefined || revision === undefined) return undefined;
  if (ifNoneMatch !== 'any' && !ifNoneMatch.includes(revision)) return undefined;
  return new Problem('revision_stale', `If-None-Match names what is there already, at revision ${revision}.`);
}
