/** A request's work in slices: each of them in a turn of its token, and none for a client that has gone. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { inSlices, type Sliced } from '../control/slices.ts';

export function inTurns<Result>(request: FastifyRequest, reply: FastifyReply, work: Sliced<Result>): Promise<Result> {
  return inSlices(work, async () => {
    await request.turns.again(request.holder);
    // Its place among the requests has been given back, so that nothing of it may go on; and nobody waits for an end.
    if (reply.raw.destroyed) await new Promise<never>(() => {});
  });
}
