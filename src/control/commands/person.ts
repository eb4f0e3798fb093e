/** Who somebody is where two have to agree: the one place that says so. */
import { type Party, PERSON } from '../../model/person.ts';
import type { CommandContext } from './command.ts';

/**
 * A token that came through a door acts under another name in the log, and is the same person all the same. Whoever signed
 * in is known by the name that he has there, and so is whoever comes with a token that is said to be theirs: two tokens
 * of one owner, or one and the owner's own session, are one person.
 */
export function personOf({ actor, token, owner }: Pick<CommandContext, 'actor' | 'token' | 'owner'>): string {
  return owner === undefined ? (token ?? actor) : `${PERSON}${owner}`;
}

/** The same with what tells people apart whose names change. */
export function partyOf(context: Pick<CommandContext, 'actor' | 'token' | 'owner' | 'subject'>): Party {
  const { subject } = context;
  return { name: personOf(context), ...(subject !== undefined && { subject }) };
}
