/** In a fleet a change is done when all its nodes answer from it, or are known not to. */
import { Problem } from '../../model/errors.ts';
import { shown } from '../../shown.ts';
import type { Answering, CommandResult } from '../commands/command.ts';
import type { FleetLog } from './log.ts';

/** Who came later need not wait for that. */
export async function answered(fleet: FleetLog, done: Promise<CommandResult>): Promise<CommandResult> {
  const result = await done;
  if (result instanceof Problem) return result;
  const answering = await fleet.answered(result.revision);
  return answering instanceof Problem ? answering : { ...result, fleet: answering };
}

/** With zones as people write them. */
export function asShown({ node, revision, leftOut }: Answering['behind'][number]): Answering['behind'][number] {
  return { node, revision, ...(leftOut && { leftOut: leftOut.map(shown) }) };
}

/** What a change is told that nothing came of. */
export function unavailable(words: string): Problem {
  return new Problem('fleet_unavailable', `The fleet takes no changes now, answers go on: ${words}.`);
}
