/** Who asks: so that a client can say beforehand what it may not do, and to whom it speaks. */
import { refTo } from '../../../contract/components.ts';
import { type Token, tokenBody } from '../../../model/token.ts';
import { access } from '../../access.ts';
import type { ApiInstance, ApiParts } from '../../parts.ts';
import { readProblems } from '../../reply-schemas.ts';

const get = {
  operationId: 'getSelf',
  summary: 'Who asks, what they may, and which server answers',
  description: 'Every token may ask. What is not among the limits is refused with `token_forbidden`.',
  tags: ['tokens'],
  response: { 200: { description: 'As it is now.', ...refTo('Self') }, ...readProblems() },
};

export function selfRoutes(api: ApiInstance, { options }: ApiParts): void {
  const server = { ...options.console, version: options.version };
  api.get('/v1/self', { schema: get, config: access('read', 'filtered', 'records') }, (request, reply) =>
    reply.send({ ...tokenBody(request.actor as Token), kind: 'token', server }),
  );
}
