/** Commands as this door gives them to the engine. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Command, CommandContext, CommandResult } from '../../control/commands/command.ts';
import { Problem } from '../../model/errors.ts';
import { executeForeseen } from '../commands.ts';
import { doorContext } from '../door-context.ts';
import type { ApiParts } from '../parts.ts';

/** A name that begins the actor of a change: the door's, as its clients call it. */
export const ACTOR = 'pdns';

/** `conditions`: see checkPrecondition. */
export async function run(
  parts: ApiParts,
  request: FastifyRequest,
  reply: FastifyReply,
  command: Command,
  conditions: Pick<CommandContext, 'ifMatch' | 'ifNoneMatch'> = {},
): Promise<CommandResult> {
  const context = doorContext(request, parts.now(), ACTOR);
  if (context instanceof Problem) return context;
  return executeForeseen(parts, request, reply, [command, { ...context, ...conditions }]);
}
