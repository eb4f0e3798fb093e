/** Who somebody is where two have to agree: the one place that says so. */
import type { CommandContext } from './command.ts';

/**
 * A token that came through a door acts under another name in the log, and is the same person all the same. Whoever signed
 * in is known by the name that he has there.
 */
export function personOf({ actor, token }: Pick<CommandContext, 'actor' | 'token'>): string {
  return token ?? actor;
}
