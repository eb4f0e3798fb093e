/** Every refusal, those that Fastify and Node make included: as application/problem+json (RFC 9457) where no API has its own way. */
import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { Problem, StoreUnavailable } from '../model/errors.ts';
import type { Dialect, Written } from './dialect.ts';

export const PROBLEM_TYPE = 'application/problem+json';

/** Carries a problem through Fastify's hooks and parsers, which know no other way to refuse than an Error. */
export class Refusal extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/**
 * The body of a refusal. `type` is about:blank (RFC 9457 §4.2.1: the status says the kind, so the title is its
 * phrase); what exactly went wrong is in `code`, which scripts may rely on.
 */
export function problemBody(problem: Problem): Record<string, unknown> {
  const { status, code, detail, pointer, conflict, findings } = problem;
  return {
    type: 'about:blank',
    title: STATUS_CODES[status],
    status,
    code,
    detail,
    ...(pointer !== undefined && { pointer }),
    ...(conflict !== undefined && { conflict }),
    ...(findings !== undefined && { findings }),
  };
}

export function writeProblem(problem: Problem): Written {
  return { status: problem.status, type: PROBLEM_TYPE, body: JSON.stringify(problemBody(problem)) };
}

/** The refusal in the way of the API that was asked. */
export function refusalOf(
  { server }: FastifyRequest,
  problem: Problem,
  dialect: Dialect | undefined = server?.dialect,
): Written {
  return dialect?.refusal(problem) ?? writeProblem(problem);
}

/** `dialect`: where the request has none by its route. */
export function sendProblem(reply: FastifyReply, problem: Problem, dialect?: Dialect): FastifyReply {
  const { status, type, body } = refusalOf(reply.request, problem, dialect);
  // As bytes, since Fastify would put a string through the serializer once more and add a charset to the type.
  return reply.code(status).type(type).send(Buffer.from(body));
}

/** Fastify's error handler. An error that is no fault of the client's is logged, and told without details. */
export function answerError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  dialect?: Dialect,
): FastifyReply {
  const problem = problemOf(error, request);
  if (problem.status === 500) request.log.error({ err: error }, 'a request failed unexpectedly');
  return sendProblem(reply, problem, dialect);
}

function problemOf(error: FastifyError | Refusal, request: FastifyRequest): Problem {
  if (error instanceof Refusal || error instanceof StoreUnavailable) return error.problem;
  // A read that is not told as StoreUnavailable is one that somebody forgot to guard; it is the store all the same.
  if (error.code?.startsWith('SQLITE_')) return new Problem('store_unavailable', 'The store cannot be read.');
  switch (error.code) {
    case 'FST_ERR_BAD_URL':
      return new Problem(
        'url_invalid',
        'The path is not well percent-encoded UTF-8; write a byte of a name as %5CDDD.',
      );
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new Problem('body_too_large', `A body has at most ${request.routeOptions.bodyLimit} bytes here.`);
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new Problem('media_type_unknown', 'Send the body as JSON with `Content-Type: application/json`.');
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new Problem('request_invalid', 'The body is not as long as Content-Length says.');
  }
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return new Problem('request_invalid', 'The request is not well-formed HTTP.');
  }
  return new Problem('internal', 'Something unexpected went wrong; the log has the details under the request id.');
}
