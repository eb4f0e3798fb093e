/** What a command must know that takes long to find out: found in slices, before it is executed in one. */
import { Problem } from '../../model/errors.ts';
import { canonicalName } from '../../model/name.ts';
import type { Store } from '../../store/sqlite.ts';
import type { BelowQuestion } from '../commands/below.ts';
import type { Command, CommandContext } from '../commands/command.ts';
import type { Sliced } from '../slices.ts';
import { lookBelow } from './below.ts';
import { dnameQuestion } from './rrsets.ts';
import { hiddenQuestion } from './zones.ts';

/** The command with what it must know. To be executed in the turn in which this ends: where something else is changed first, all is looked at again, in one. */
export function* withForesight(
  store: Store,
  command: Command,
  context: Pick<CommandContext, 'limits'>,
): Sliced<Command> {
  const question = questionOf(store, command, context);
  if (question === undefined) return command;
  const found = yield* lookBelow(store, question);
  return { ...command, below: { ...question, found, revision: store.lastRevision } } as Command;
}

function questionOf(
  store: Store,
  command: Command,
  context: Pick<CommandContext, 'limits'>,
): BelowQuestion | undefined {
  if (command.kind === 'rrset.put') return dnameQuestion(store, command);
  if (command.kind !== 'zone.put' && command.kind !== 'zone.import') return undefined;
  const name = canonicalName(command.zone);
  if (name instanceof Problem || store.zone(name) !== undefined) return undefined;
  return hiddenQuestion(store, store.zoneOf(name), name, context);
}
