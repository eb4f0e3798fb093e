/** Changes that come through a door, as the log of changes tells of them: by whom, and why. */
import type { FastifyRequest } from 'fastify';
import type { CommandContext } from '../control/commands/command.ts';
import { Problem } from '../model/errors.ts';
import { makeWhy } from '../model/why.ts';
import { contextFor } from './commands.ts';
import { readWhyHeaders } from './why-headers.ts';

/**
 * What the engine must know of a change that came through a door. In the log of changes it is `DOOR:WHO`, which no token
 * can be named: the token, where the door has no better name for who asks. Why: the headers Teal-Reason and Teal-Links;
 * few tools send them, so that without `usual` is said, or which program asked.
 */
export function doorContext(
  request: FastifyRequest,
  atMs: number,
  door: string,
  who: string | undefined = request.actor?.name,
  usual = usualReason(request),
): CommandContext | Problem {
  const { actor } = request;
  // Routes without a token change nothing.
  if (actor === undefined) return new Problem('token_missing', request.server.dialect.howToAsk);
  return withWhy(request, { ...contextFor(request, actor, atMs), actor: `${door}:${who}`, token: actor.name }, usual);
}

/** The same of somebody without a token, whom the route lets in all the same (`openTo`). `who`: as which the door knows him. */
export function guestContext(
  request: FastifyRequest,
  atMs: number,
  door: string,
  who: string,
): CommandContext | Problem {
  const usual = `${usualReason(request)} from ${request.ip}, without a token`;
  return withWhy(request, contextFor(request, { name: `${door}:${who}` }, atMs), usual);
}

function withWhy(request: FastifyRequest, context: CommandContext, usual: string): CommandContext | Problem {
  const said = readWhyHeaders(request.headers);
  const why = said instanceof Problem ? said : makeWhy(said.reason ?? usual, said.links);
  return why instanceof Problem ? why : { ...context, why };
}

/** A refusal without its place in the list of changes that the door made: who asked sent no such list. */
export function withoutPlace(detail: string): string {
  return detail.replace(/^changes\[\d+\][^ ]*: /, '');
}

/** Of what a program calls itself. */
const PROGRAM_MAX_CHARS = 100;

function usualReason({ server, headers }: FastifyRequest): string {
  const program = (headers['user-agent'] ?? '')
    .replace(/[^ -~]/g, '')
    .trim()
    .slice(0, PROGRAM_MAX_CHARS);
  return `Asked for through the door ${server.door}${program === '' ? '' : ` by ${program}`}`;
}
