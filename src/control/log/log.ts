/**
 * The log of changes, as the engine sees it. A command is drafted against the state that the last entry left; its entry is
 * appended; and then it is applied, by the same code as the entries that others append.
 */
import type { Entry } from '../../model/entry.ts';
import type { Problem } from '../../model/errors.ts';

/**
 * `appended`: the entry stands, for good. `behind`: another came first, and was applied by now, so that the command is to
 * be drafted again. A Problem: nothing was appended.
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
}
