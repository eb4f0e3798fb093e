/** What the engine must know about a write besides the command: who, when, why, under which conditions. */
import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { CommandContext } from '../../control/commands/command.ts';
import { Problem } from '../../model/errors.ts';
import type { Token } from '../../model/token.ts';
import { contextFor } from '../commands.ts';
import { overrideHeader, takeOverride } from '../override.ts';
import type { ApiParts, Hook } from '../parts.ts';
import { sendProblem } from '../problems.ts';
import { explainNoMatch, parseIfMatch, parseIfNoneMatch } from './conditions.ts';
import { takeWhy, whyHeaders } from './why.ts';

/** A preHandler hook: reads the headers of a request with an actor, once its body is there. */
export function makeContextHook({ now }: ApiParts): Hook {
  return async (request, reply) => {
    if (request.actor === undefined) return;
    const context = readContext(request, request.actor, now());
    if (context instanceof Problem) return sendProblem(reply, context);
    request.commandContext = context;
  };
}

function readContext(request: FastifyRequest, actor: Token, atMs: number): CommandContext | Problem {
  const ifMatch = request.headers['if-match'];
  const accepted = ifMatch === undefined ? undefined : parseIfMatch(ifMatch);
  if (accepted instanceof Problem) return accepted;
  // A read has no use for it, and none of its replies would say so.
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (accepted?.length === 0 && !isRead) return explainNoMatch(ifMatch as string);
  const refused = readIfNoneMatch(request);
  if (refused instanceof Problem) return refused;
  const why = isRead ? {} : takeWhy(request);
  if (why instanceof Problem) return why;
  const override = isRead ? undefined : takeOverride(request);
  if (override instanceof Problem) return override;
  const idempotency = readIdempotency(request, actor);
  if (idempotency instanceof Problem) return idempotency;
  return {
    ...contextFor(request, actor, atMs),
    why,
    ...(override !== undefined && { override }),
    ...(accepted !== undefined && { ifMatch: accepted }),
    ...(refused !== undefined && { ifNoneMatch: refused }),
    ...(idempotency !== undefined && { idempotency }),
  };
}

/** Of a PUT: nothing else makes what a client could say that it must not be there. */
function readIfNoneMatch({ method, headers }: FastifyRequest): CommandContext['ifNoneMatch'] | Problem {
  const header = headers['if-none-match'];
  return header === undefined || method !== 'PUT' ? undefined : parseIfNoneMatch(header);
}

/**
 * Idempotency-Key of a POST; the other methods are idempotent by themselves (RFC 9110 §9.2.2). Commands are carried
 * out one after the other, so a second request never meets the first one still in flight: there is no 409.
 */
function readIdempotency(request: FastifyRequest, actor: Token): CommandContext['idempotency'] | Problem {
  const key = request.headers['idempotency-key'];
  if (key === undefined || request.method !== 'POST') return undefined;
  if (typeof key !== 'string' || !/^[\x20-\x7e]{1,255}$/.test(key)) {
    return new Problem('header_invalid', 'Idempotency-Key must be 1 to 255 printable ASCII characters.');
  }
  const hash = createHash('sha256').update(
    `${request.method} ${request.url}\n${whyHeaders(request.headers)}${overrideHeader(request.headers)}`,
  );
  if (request.bodyBytes !== undefined) hash.update(request.bodyBytes);
  return { key, token: actor.name, bodyHash: hash.digest('hex') };
}
