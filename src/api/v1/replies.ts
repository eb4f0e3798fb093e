/** How results become replies: resources, pages, and the outcomes of writes. */
import assert from 'node:assert/strict';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PAGE_DEFAULT } from '../../contract/pages.ts';
import type { Command, CommandContext, CommandResult, Outcome } from '../../control/commands/command.ts';
import type { Listing } from '../../control/listing.ts';
import type { Sliced } from '../../control/slices.ts';
import { Problem } from '../../model/errors.ts';
import type { ApiParts } from '../parts.ts';
import { sendProblem } from '../problems.ts';
import { inTurns } from '../slices.ts';
import { etagOf, isNamedBy } from './conditions.ts';
import { page } from './page.ts';

/** A noun that has an ETag: the last revision that changed it. */
interface Revised {
  readonly revision: number;
}

/** A GET of one resource; 304 where the client has it already (RFC 9110 §15.4.5). */
export function sendResource<Noun extends Revised>(
  request: FastifyRequest,
  reply: FastifyReply,
  found: Noun | Problem,
  bodyOf: (noun: Noun) => unknown,
): FastifyReply {
  if (found instanceof Problem) return sendProblem(reply, found);
  return sendFresh(request, reply, found.revision, () => reply.send(bodyOf(found)));
}

/** Sends what is at the revision, or 304. */
export function sendFresh(
  request: FastifyRequest,
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
): FastifyReply {
  if (listing instanceof Problem) return sendProblem(reply, listing);
  return reply.send(page(listing, limit ?? PAGE_DEFAULT, bodyOf));
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
  return sendPut(reply, await run(engine, request, command));
}

/** The same for a command that may have to look at every name of a zone first: it does so in slices. */
export async function putForeseen(
  parts: Pick<ApiParts, 'engine' | 'queries'>,
  request: FastifyRequest,
  reply: FastifyReply,
  command: Command,
): Promise<FastifyReply> {
  return sendPut(reply, await runForeseen(parts, request, reply, command));
}

async function runForeseen(
  { engine, queries }: Pick<ApiParts, 'engine' | 'queries'>,
  request: FastifyRequest,
  reply: FastifyReply,
  command: Command,
): Promise<Outcome | Problem> {
  const work = function* (): Sliced<Promise<Outcome | Problem>> {
    return run(engine, request, yield* queries.foresee(command, contextOf(request)));
  };
  return await inTurns(request, reply, work());
}

export function sendPut(reply: FastifyReply, outcome: CommandResult): FastifyReply {
  if (outcome instanceof Problem) return sendProblem(reply, outcome);
  return describe(reply, outcome).header('etag', etagOf(outcome.revision)).send(outcome.body);
}

/** `bodyOf`: what is sent, where that is more than what is kept for Idempotency-Key. */
export async function post(
  engine: ApiParts['engine'],
  request: FastifyRequest,
  reply: FastifyReply,
  command: Command,
  bodyOf = (outcome: Outcome): unknown => outcome.body,
): Promise<FastifyReply> {
  const outcome = await run(engine, request, command);
  if (outcome instanceof Problem) return sendProblem(reply, outcome);
  return describe(reply, outcome).send(bodyOf(outcome));
}

/** The same for a command that may have to look at every name of a zone first. */
export async function postForeseen(
  parts: Pick<ApiParts, 'engine' | 'queries'>,
  request: FastifyRequest,
  reply: FastifyReply,
  command: Command,
): Promise<FastifyReply> {
  const outcome = await runForeseen(parts, request, reply, command);
  if (outcome instanceof Problem) return sendProblem(reply, outcome);
  return describe(reply, outcome).send(outcome.body);
}

export async function remove(
  engine: ApiParts['engine'],
  request: FastifyRequest,
  reply: FastifyReply,
  command: Command,
): Promise<FastifyReply> {
  const outcome = await run(engine, request, command);
  if (outcome instanceof Problem) return sendProblem(reply, outcome);
  return describe(reply, outcome).code(204).send();
}

/** Executes a command; one that changes something is told in the log by whoever listens to the engine. */
async function run(engine: ApiParts['engine'], request: FastifyRequest, command: Command): Promise<Outcome | Problem> {
  const result = await engine.execute(command, contextOf(request));
  logResult(engine, request, command.kind, result);
  return result;
}

export function contextOf(request: FastifyRequest): CommandContext {
  assert(request.commandContext !== undefined, 'the context hook runs before every handler of a write');
  return request.commandContext;
}

/** Engines whose store refuses, since their last change. */
const refusing = new WeakSet<ApiParts['engine']>();
/** Of a path that a line shows. */
const PATH_MAX_CHARS = 200;

/** One line for each refusal; but where the store or the table refuses everybody, for the first one only. */
export function logResult(
  engine: ApiParts['engine'],
  request: FastifyRequest,
  command: Command['kind'],
  result: CommandResult,
): void {
  const { actor } = contextOf(request);
  const line = { actor, command, path: request.url.slice(0, PATH_MAX_CHARS), client: request.ip };
  if (!(result instanceof Problem)) {
    refusing.delete(engine);
    request.log.debug({ ...line, revision: result.revision, replayed: result.replayed }, 'a change was answered');
    return;
  }
  const { code, status, detail } = result;
  const isFirst = !refusing.has(engine);
  if (status >= 500) refusing.add(engine);
  const level = status < 500 ? 'info' : isFirst ? 'error' : 'debug';
  request.log[level]({ ...line, code }, `a change was refused: ${detail}`);
}

function describe(reply: FastifyReply, outcome: Outcome): FastifyReply {
  reply.code(outcome.created ? 201 : 200).header('teal-revision', outcome.revision);
  if (outcome.replayed) reply.header('idempotency-replayed', 'true');
  return reply;
}
