/** Drafts of freezes made, changed and taken away. */
import { isDeepStrictEqual } from 'node:util';
import { Problem } from '../../model/errors.ts';
import { FREEZES_MAX, type Freeze, freezeBody, makeFreeze } from '../../model/freeze.ts';
import type { Store } from '../../store/sqlite.ts';
import type { Command, CommandContext } from '../commands/command.ts';
import { freezeReply } from '../replies/freezes.ts';
import { checkPrecondition, type Drafted } from './draft.ts';

export function draftFreezePut(
  store: Store,
  { name, body }: Extract<Command, { kind: 'freeze.put' }>,
  context: CommandContext,
  revision: number,
): Drafted {
  const before = store.freeze(name);
  const stale = checkPrecondition(context, before?.revision, `the freeze ${name}`);
  if (stale !== undefined) return stale;
  const made = makeFreeze(name, body, before);
  if (made instanceof Problem) return made;
  if (before === undefined && store.freezes().length >= FREEZES_MAX) {
    return new Problem('limit_reached', `There are ${FREEZES_MAX} freezes already.`);
  }
  const freeze: Freeze = { ...made, revision };
  if (before !== undefined && isDeepStrictEqual(freezeBody(before), freezeBody(freeze))) {
    return { revision: before.revision, body: freezeReply(before, context.atMs) };
  }
  return {
    kind: 'freeze.put',
    summary: `${before === undefined ? 'made' : 'changed'} the freeze ${name}`,
    subjects: [{ kind: 'freeze', name, before: before ? freezeBody(before) : null, after: freezeBody(freeze) }],
    changes: [{ op: 'putFreeze', freeze }],
    created: before === undefined,
    body: freezeReply(freeze, context.atMs),
  };
}

export function draftFreezeDelete(
  store: Store,
  { name }: Extract<Command, { kind: 'freeze.delete' }>,
  context: CommandContext,
): Drafted {
  const before = store.freeze(name);
  const stale = checkPrecondition(context, before?.revision, `the freeze ${name}`);
  if (stale !== undefined) return stale;
  if (before === undefined) return unknownFreeze(name);
  return {
    kind: 'freeze.delete',
    summary: `deleted the freeze ${name}`,
    subjects: [{ kind: 'freeze', name, before: freezeBody(before), after: null }],
    changes: [{ op: 'deleteFreeze', name }],
    created: false,
    body: null,
  };
}

export function unknownFreeze(name: string): Problem {
  return new Problem('freeze_unknown', `There is no freeze ${name} here.`);
}
