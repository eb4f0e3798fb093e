/** Changes that come through a door, as the log of changes tells of them: by whom, and why. */
import type { FastifyRequest } from 'fastify';
import type { CommandContext } from '../control/commands/command.ts';
import { Problem } from '../model/errors.ts';
import { makeWhy } from '../model/why.ts';
import { contextFor } from './commands.ts';
import { readWhyHeaders } from './why-headers.ts';

/**
 * What the engine must know of a change that came through a door. In the log of changes it is `DOOR:WHO`, which no token
 * can be named: the token, where the door has no better name for who asks. Why: the headers Teal-Reason and Teal-Links.
 */
export function doorContext(
  request: FastifyRequest,
  atMs: number,
  door: string,
  who: string | undefined = request.actor?.name,
): CommandContext | Problem {
  const { actor } = request;
  // Routes without a token change nothing.
  if (actor === undefined) return new Problem('token_missing', request.server.dialect.howToAsk);
  return withWhy(request, { ...contextFor(request, actor, atMs), actor: `${door}:${who}` });
}

/** The same of somebody without a token, whom the route lets in all the same (`openTo`). `who`: as which the door knows him. */
export function guestContext(
  request: FastifyRequest,
  atMs: number,
  door: string,
  who: string,
): CommandContext | Problem {
  return withWhy(request, contextFor(request, { name: `${door}:${who}` }, atMs));
}

function withWhy(request: FastifyRequest, context: CommandContext): CommandContext | Problem {
  const said = readWhyHeaders(request.headers);
  const why = said instanceof Problem ? said : makeWhy(said.reason, said.links);
  return why instanceof Problem ? why : { ...context, why };
}
