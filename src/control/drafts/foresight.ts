/** What a command must know that takes long to find out: found in slices, before it is executed in one. */
import { Problem } from '../../model/errors.ts';
import { canonicalName } from '../../model/name.ts';
import type { Store } from '../../store/sqlite.ts';
import type { Below, BelowQuestion } from '../commands/below.ts';
import type { Command, CommandContext } from '../commands/command.ts';
import type { Sliced } from '../slices.ts';
import { lookBelow } from './below.ts';
import { recordQuestions } from './records.ts';
import { draftAhead } from './records-ahead.ts';
import { hiddenQuestion } from './zones.ts';

/** The command with what it must know. To be executed in the turn in which this ends: where something else is changed first, all is looked at again, in one. */
export function* withForesight(
  store: Store,
  command: Command,
  context: Pick<CommandContext, 'limits' | 'ifMatch' | 'ifNoneMatch'>,
): Sliced<Command> {
  switch (command.kind) {
    case 'records.change': {
      const below = yield* answers(store, command);
      const foreseen = below.length === 0 ? command : { ...command, below };
      yield* draftAhead(store, foreseen, context);
      return foreseen;
    }
    case 'rrset.put': {
      const below = yield* answers(store, command);
      return below.length === 0 ? command : { ...command, below };
    }
    case 'zone.put':
    case 'zone.import': {
      const question = zoneQuestion(store, command.zone, context);
      return question === undefined ? command : { ...command, below: yield* answered(store, question) };
    }
    default:
      return command;
  }
}

function* answers(store: Store, command: Parameters<typeof recordQuestions>[1]): Sliced<Below[]> {
  const below: Below[] = [];
  for (const question of yield* recordQuestions(store, command)) below.push(yield* answered(store, question));
  return below;
}

function* answered(store: Store, question: BelowQuestion): Sliced<Below> {
  const found = yield* lookBelow(store, question);
  return { ...question, found, revision: store.lastRevision };
}

function zoneQuestion(store: Store, zone: string, context: Pick<CommandContext, 'limits'>): BelowQuestion | undefined {
  const name = canonicalName(zone);
  if (name instanceof Problem || store.zone(name) !== undefined) return undefined;
  return hiddenQuestion(store, store.zoneOf(name), name, context);
}
