/** In a fleet a change is done when all its nodes answer from it, or are known not to. */
import { Problem } from '../../model/errors.ts';
import type { CommandResult } from '../commands/command.ts';
import type { FleetLog } from './log.ts';

/** Who came later need not wait for that. */
export async function answered(fleet: FleetLog, done: Promise<CommandResult>): Promise<CommandResult> {
  const result = await done;
  if (result instanceof Problem) return result;
  const answering = await fleet.answered(result.revision);
  return answering instanceof Problem ? answering : { ...result, fleet: answering };
}
