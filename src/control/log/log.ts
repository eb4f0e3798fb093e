/**
 * The log of changes, as the engine sees it. A command is drafted against the state that the last entry left; its entry is
 * appended; and then it is applied, by the same code as the entries that others append.
 */
import type { Entry } from '../../model/entry.ts';
import type { Problem } from '../../model/errors.ts';
import type { Contents } from '../commands/built-zone.ts';
import type { Answering } from '../commands/command.ts';

/**
 * `appended`: the entry stands, for good. `behind`: another came first, and was applied by now, so that the command is to
 * be drafted again. A Problem: nothing was appended, or nobody knows.
 */
export type Appended = 'appended' | 'behind' | Problem;

export interface Log {
  /**
   * True where an entry stands with the commit that applies it: nothing can come between the two, and what the table or
   * the store refuses was never appended. Else the table is asked first.
   */
  readonly isLocal: boolean;
  /** Appends an entry, if the last one is `expected`. May take its time; one call at a time. */
  append(expected: number, entry: Entry): Appended | Promise<Appended>;
  /** Of a fleet. */
  readonly fleet?: FleetLog;
}

/** What a log that several nodes share needs besides. */
export interface FleetLog {
  /**
   * Resolves when every node that claims to be current answers from a revision that stands: with who does and who is
   * behind, or with a Problem where that could not be found out.
   */
  answered(revision: number): Promise<Answering | Problem>;
  readonly contents: Contents;
  /** It is answered from, and whoever listens to changes has heard of it. Those that come after it may be applied before this returns. */
  applied(revision: number): void;
  /** What was appended here could not be applied here; it is tried again later, as another node's would be. */
  notApplied(revision: number, problem: Problem): void;
}
