/** How results become replies: resources, pages, and the outcomes of writes. */
import assert from 'node:assert/strict';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PAGE_DEFAULT } from '../../contract/pages.ts';
import type { Command, CommandContext, CommandResult, Outcome } from '../../control/commands/command.ts';
import type { Listing } from '../../control/listing.ts';
import { Problem } from '../../model/errors.ts';
import { execute, executeForeseen } from '../commands.ts';
import type { ApiParts } from '../parts.ts';
import { sendProblem } from '../problems.ts';
import { inTurns } from '../slices.ts';
import { etagOf, isNamedBy } from './conditions.ts';
import { page, searchedPage } from './page.ts';

/** A noun that has an ETag: the last revision that changed it. */
export interface Revised {
  readonly revision: number;
}

/** A GET of one resource; 304 where the client has it already (RFC 9110 §15.4.5). */
export function sendResource<Noun extends Revised>(
  request: Pick<FastifyRequest, 'headers'>,
  reply: FastifyReply,
  found: Noun | Problem,
  bodyOf: (noun: Noun) => unknown,
): FastifyReply {
  if (found instanceof Problem) return sendProblem(reply, found);
  return sendFresh(request, reply, found.revision, () => reply.send(bodyOf(found)));
}

/** Sends what is at the revision, or 304. */
export function sendFresh(
  request: Pick<FastifyRequest, 'headers'>,
  reply: FastifyReply,
  revision: number,
  send: () => FastifyReply,
): FastifyReply {
  reply.header('etag', etagOf(revision));
  const known = request.headers['if-none-match'];
  // A malformed condition of a GET costs no more than a full reply.
  if (known !== undefined && isNamedBy(known, revision) === true) return reply.code(304).send();
  return send();
}

/** A GET of a list. */
export function sendPage<Noun>(
  reply: FastifyReply,
  listing: Listing<Noun> | Problem,
  limit: number | undefined,
  bodyOf: (noun: Noun) => unknown,
): FastifyReply | Promise<FastifyReply> {
  if (listing instanceof Problem) return sendProblem(reply, listing);
  const most = limit ?? PAGE_DEFAULT;
  if (listing.search === undefined) return reply.send(page(listing, most, bodyOf));
  return inTurns(reply.request, reply, searchedPage(listing, most, bodyOf)).then((found) => reply.send(found));
}

/** A GET of a list as CSV. */
export async function sendCsv<Noun, Body>(
  reply: FastifyReply,
  listing: Listing<Noun> | Problem,
  limit: number | undefined,
  bodyOf: (noun: Noun) => Body,
  asCsv: (bodies: readonly Body[]) => string,
): Promise<FastifyReply> {
  if (listing instanceof Problem) return sendProblem(reply, listing);
  const { items, next } = await inTurns(reply.request, reply, searchedPage(listing, limit ?? PAGE_DEFAULT, bodyOf));
  if (next !== undefined) reply.header('teal-next', next);
  return reply.type('text/csv; charset=utf-8').send(asCsv(items as readonly Body[]));
}

/** A GET of what has no revision: it is as it is now. */
export function sendNow<Noun>(
  reply: FastifyReply,
  found: Noun | Problem,
  bodyOf: (noun: Noun) => unknown,
): FastifyReply {
  return found instanceof Problem ? sendProblem(reply, found) : reply.send(bodyOf(found));
}

export async function put(
  engine: ApiParts['engine'],
  request: FastifyRequest,
  reply: FastifyReply,
  command: Command,
): Promise<FastifyReply> {
  return sendPut(reply, await execute(engine, request, command, contextOf(request)));
}

/** The same for a command that may have to look at every name of a zone first: it does so in slices. */
export async function putForeseen(
  parts: Pick<ApiParts, 'engine' | 'queries'>,
  request: FastifyRequest,
  reply: FastifyReply,
  command: Command,
): Promise<FastifyReply> {
  return sendPut(reply, await executeForeseen(parts, request, reply, [command, contextOf(request)]));
}

export function sendPut(reply: FastifyReply, outcome: CommandResult): FastifyReply {
  if (outcome instanceof Problem) return sendProblem(reply, outcome);
  const described = describe(reply, outcome);
  // What was put is not there yet.
  if (outcome.isPending !== true) described.header('etag', etagOf(outcome.revision));
  return described.send(withFleet(outcome.body, outcome));
}

/** `bodyOf`: what is sent, where that is more than what is kept for Idempotency-Key. */
export async function post(
  engine: ApiParts['engine'],
  request: FastifyRequest,
  reply: FastifyReply,
  command: Command,
  bodyOf = (outcome: Outcome): unknown => outcome.body,
): Promise<FastifyReply> {
  const outcome = await execute(engine, request, command, contextOf(request));
  if (outcome instanceof Problem) return sendProblem(reply, outcome);
  return describe(reply, outcome).send(withFleet(bodyOf(outcome), outcome));
}

/** The same for a command that may have to look at every name of a zone first. */
export async function postForeseen(
  parts: Pick<ApiParts, 'engine' | 'queries'>,
  request: FastifyRequest,
  reply: FastifyReply,
  command: Command,
): Promise<FastifyReply> {
  const outcome = await executeForeseen(parts, request, reply, [command, contextOf(request)]);
  if (outcome instanceof Problem) return sendProblem(reply, outcome);
  return describe(reply, outcome).send(withFleet(outcome.body, outcome));
}

export async function remove(
  engine: ApiParts['engine'],
  request: FastifyRequest,
  reply: FastifyReply,
  command: Command,
): Promise<FastifyReply> {
  const outcome = await execute(engine, request, command, contextOf(request));
  if (outcome instanceof Problem) return sendProblem(reply, outcome);
  return describe(reply, outcome).code(204).send();
}

export function contextOf(request: FastifyRequest): CommandContext {
  assert(request.commandContext !== undefined, 'the context hook runs before every handler of a write');
  return request.commandContext;
}

/** In a fleet a reply says who answers from it. */
function withFleet(body: unknown, { fleet }: Outcome): unknown {
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  return fleet === undefined || !isObject ? body : { ...body, fleet };
}

function describe(reply: FastifyReply, outcome: Outcome): FastifyReply {
  const status = outcome.isPending ? 202 : outcome.created ? 201 : 200;
  reply.code(status).header('teal-revision', outcome.revision);
  if (outcome.replayed) reply.header('idempotency-replayed', 'true');
  return reply;
}
