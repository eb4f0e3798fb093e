/** Commands as every API gives them to the engine: on whose behalf, from which request, and with a word in the log. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Command, CommandContext, CommandResult } from '../control/commands/command.ts';
import type { Sliced } from '../control/slices.ts';
import { Problem } from '../model/errors.ts';
import type { Token } from '../model/token.ts';
import { noteBehind } from './fleet-headers.ts';
import type { ApiParts } from './parts.ts';
import { inTurns } from './slices.ts';

/** What any request says of a change by itself: who, with which limits, when and from where. An API adds what else it reads. */
export function contextFor(
  request: FastifyRequest,
  { name, limits, owner, subject: ofToken }: Pick<Token, 'name' | 'limits' | 'owner' | 'subject'>,
  atMs: number,
): CommandContext {
  const traceparent = readTraceparent(request.headers);
  const subject = request.signedIn?.session.person.subject ?? ofToken;
  return {
    actor: name,
    atMs,
    origin: { requestId: request.id, client: request.ip, ...(traceparent !== undefined && { traceparent }) },
    ...(limits !== undefined && { limits }),
    ...(owner !== undefined && { owner }),
    ...(subject !== undefined && { subject }),
  };
}

/** One that changes something is told in the log by whoever listens to the engine. */
export async function execute(
  engine: ApiParts['engine'],
  request: FastifyRequest,
  command: Command,
  context: CommandContext,
): Promise<CommandResult> {
  const result = await engine.execute(command, context);
  logResult(engine, request, { command: command.kind, actor: context.actor }, result);
  return result;
}

/** The same for a command that may have to look at every name of a zone first: it does so in slices. */
export async function executeForeseen(
  { engine, queries }: Pick<ApiParts, 'engine' | 'queries'>,
  request: FastifyRequest,
  reply: FastifyReply,
  [command, context]: readonly [Command, CommandContext],
): Promise<CommandResult> {
  const work = function* (): Sliced<Promise<CommandResult>> {
    return execute(engine, request, yield* queries.foresee(command, context), context);
  };
  return await inTurns(request, reply, work());
}

/** Engines whose store refuses, since their last change. */
const refusing = new WeakSet<ApiParts['engine']>();
/** Of a path that a line shows. */
const PATH_MAX_CHARS = 200;

/**
 * One line for each refusal; but where the store or the table refuses everybody, for the first one only. And the reply says
 * which nodes of a fleet are behind.
 */
export function logResult(
  engine: ApiParts['engine'],
  request: FastifyRequest,
  { command, actor }: { readonly command: Command['kind']; readonly actor: string },
  result: CommandResult,
): void {
  const line = { actor, command, path: request.url.slice(0, PATH_MAX_CHARS), client: request.ip };
  noteBehind(request, result);
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

/** Version, trace, parent and flags (W3C Trace Context §3.2); a later version may have more behind them. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;

/** What is none is passed over, as the standard asks (§3.3), and never a reason to refuse a change. */
function readTraceparent({ traceparent }: FastifyRequest['headers']): string | undefined {
  const match = typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent) : null;
  if (match === null || (match[1] === '00' && match[2] !== undefined)) return undefined;
  return match[0].slice(0, TRACEPARENT_CHARS);
}

const TRACEPARENT_CHARS = 55;
