/** A noun at a path of its own: its GET shows it, and its PUT takes back what the GET showed, by one way to find and show it. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from '../../model/errors.ts';
import { type Revised, sendResource } from './replies.ts';
import { writtenBack } from './write-back.ts';

/** `get`: the handler of the GET; `writtenBack`: for the `config` of the PUT, whose body may be what the GET showed. */
export function resource<Params, Noun extends Revised>(
  find: (params: Params) => Noun | Problem,
  bodyOf: (noun: Noun) => unknown,
  options?: Parameters<typeof writtenBack>[2],
) {
  return {
    get(request: Pick<FastifyRequest, 'headers'> & { params: Params }, reply: FastifyReply): FastifyReply {
      return sendResource(request, reply, find(request.params), bodyOf);
    },
    writtenBack: writtenBack(find, bodyOf, options),
  };
}
