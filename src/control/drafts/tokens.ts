/** Drafts of tokens made and revoked. The log and replies know a token by its name; secrets never come here. */

import { Problem } from '../../model/errors.ts';
import { isAmong, PERSON } from '../../model/person.ts';
import { isMaster, makeToken, type StoredToken, TOKENS_MAX, type Token, tokenBody } from '../../model/token.ts';
import type { Store } from '../../store/sqlite.ts';
import type { Command, CommandContext } from '../commands/command.ts';
import { personOf } from '../commands/person.ts';
import { tokenReply } from '../replies/tokens.ts';
import { checkPrecondition, type Drafted } from './draft.ts';

export function draftTokenCreate(
  store: Store,
  { body, digest }: Extract<Command, { kind: 'token.create' }>,
  context: CommandContext,
  revision: number,
): Drafted {
  const { atMs } = context;
  const made = makeToken(body, atMs);
  if (made instanceof Problem) return made;
  const { name, scope } = made;
  const others = store.tokens();
  if (others.some((other) => other.name === name)) {
    const detail = `There is a token ${name} already; revoke it first, or choose another name.`;
    return new Problem('token_exists', detail, { pointer: '/name', conflict: name });
  }
  if (others.length >= TOKENS_MAX) {
    return new Problem('limit_reached', `There are ${TOKENS_MAX} tokens already; revoke those that have expired.`);
  }
  const token: StoredToken = { ...made, ...ownSubject(made, context), digest, createdAtMs: atMs, revision };
  return {
    kind: 'token.create',
    summary: `made the token ${name} with the scope ${scope}`,
    subjects: [{ kind: 'token', name, before: null, after: tokenBody(token) }],
    changes: [{ op: 'putToken', token }],
    created: true,
    body: tokenReply(token),
  };
}

/** Of whoever makes a token for himself; what he is called may change. Of others only their names are known here. */
function ownSubject({ owner }: Token, context: CommandContext): { readonly subject?: string } {
  const { subject } = context;
  if (subject === undefined || owner === undefined) return {};
  return isAmong({ name: personOf(context) }, [`${PERSON}${owner}`]) ? { subject } : {};
}

export function draftTokenDelete(
  store: Store,
  { name, settingsAdmin }: Extract<Command, { kind: 'token.delete' }>,
  context: CommandContext,
): Drafted {
  const tokens = store.tokens();
  const before = tokens.find((token) => token.name === name);
  const stale = checkPrecondition(context, before?.revision, `the token ${name}`);
  if (stale !== undefined) return stale;
  if (before === undefined) return unknownToken(name);
  const masters = settingsAdmin ? [] : tokens.filter(isMaster);
  if (masters.length === 1 && masters[0] === before) {
    const detail = `${name} is the last token that may do everything and does not expire: make another one first.`;
    return new Problem('token_needed', detail, { conflict: name });
  }
  return {
    kind: 'token.delete',
    summary: `revoked the token ${name}`,
    subjects: [{ kind: 'token', name, before: tokenBody(before), after: null }],
    changes: [{ op: 'deleteToken', name }],
    created: false,
    body: null,
  };
}

export function unknownToken(name: string): Problem {
  return new Problem('token_unknown', `There is no token ${name} here.`);
}
