/** What each token may hold of the server at once: connections, requests, bytes of bodies and of replies. */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../../model/errors.ts';
import type { ApiInstance } from '../parts.ts';
import { refusalOf, sendProblem } from '../problems.ts';
import { makeBodyHook } from './bodies.ts';
import type { Door } from './door.ts';
import { inPieces, PIECE_BYTES } from './pieces.ts';
import { onceOver, RETRY_AFTER_SECONDS, Shares } from './shares.ts';
import { Turns } from './turns.ts';

const MIB = 2 ** 20;

/** Requests that are being received, worked on or answered. In CI many tools at once have one token. */
const REQUESTS = { what: 'requests at once', perToken: 100, inAll: 1000 };
/** Some dozens of the longest pages for one token, some hundreds in all. */
const REPLIES = { what: 'bytes of replies that are still to be read', perToken: 8 * MIB, inAll: 64 * MIB };
/** Replies up to this length lie in the kernel's buffers, or cost no more than the connection that they are for. */
const SMALL_BYTES = PIECE_BYTES;

/** To be called once it is known who asks. `bodyMaxBytes`: the longest body of any route. */
export function guardWithShares(api: ApiInstance, door: Door, bodyMaxBytes: number): void {
  const requests = new Shares(REQUESTS);
  const replies = new Shares(REPLIES);
  // Two of the longest for one token, so that what was cut off can be sent again while the first is still in memory.
  const bytes = { perToken: 2 * bodyMaxBytes, inAll: 3 * bodyMaxBytes };
  const bodies = new Shares({ what: 'bytes of bodies on their way', ...bytes });
  const turns = new Turns();

  api.addHook('onRequest', async (request, reply) => {
    request.turns = turns;
    request.holder = holderOf(request, door);
    const token = request.actor?.name;
    if (token === undefined) return;
    if (!door.prove(request.raw.socket, token)) {
      reply.header('connection', 'close');
      return refuse(reply, new Problem('share_used_up', 'This token has its share of connections; close some.'));
    }
    // Writes are never refused for what is unread: a shift must go through.
    const refused = requests.refusal(token, 1) ?? (isRead(request) ? replies.refusal(token, 1) : undefined);
    if (refused !== undefined && !door.makeRoom(token)) return refuse(reply, refused);
    requests.add(token, 1);
    onceOver(reply.raw, () => requests.give(token, 1));
  });
  api.addHook('preParsing', makeBodyHook(door, bodies, turns));
  api.addHook('preHandler', async (request, reply) => {
    // Its body has waited for its turn already; and who asks whether the server lives does not wait.
    if (request.body !== undefined || request.routeOptions.config.prompt === true) return;
    const refused = await turns.take(request.holder);
    if (refused !== undefined) return refuse(reply, refused);
  });
  api.addHook('onSend', async (request, reply, payload) => bound(request, reply, payload, replies));
}

/** Whose share a request is on: the token's, or that of the network which it comes from. No token's name has a blank. */
function holderOf(request: FastifyRequest, door: Door): string {
  return request.actor?.name ?? `from ${door.prefixOf(request.ip ?? '') ?? request.ip}`;
}

function isRead({ method }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD';
}

export function refuse(reply: FastifyReply, problem: Problem): FastifyReply {
  return sendProblem(reply.header('retry-after', RETRY_AFTER_SECONDS), problem);
}

/** A long reply is counted, and sent in pieces, so that it can be seen whether its reader reads. */
function bound(request: FastifyRequest, reply: FastifyReply, payload: unknown, replies: Shares): unknown {
  if (request.method === 'HEAD' || (typeof payload !== 'string' && !Buffer.isBuffer(payload))) return payload;
  const bytes = Buffer.from(payload as string);
  if (bytes.length <= SMALL_BYTES) return bytes;
  const { holder } = request;
  // A change that was done is told, whatever it costs.
  const refused = isRead(request) ? replies.refusal(holder, bytes.length) : undefined;
  if (refused !== undefined) {
    reply.removeHeader('etag').removeHeader('content-length').header('retry-after', RETRY_AFTER_SECONDS);
    const { status, type, body } = refusalOf(request, refused);
    reply.code(status).type(type);
    return Buffer.from(body);
  }
  replies.add(holder, bytes.length);
  onceOver(reply.raw, () => replies.give(holder, bytes.length));
  reply.header('content-length', bytes.length);
  return Readable.from(inPieces([bytes]), { objectMode: false, highWaterMark: PIECE_BYTES });
}
