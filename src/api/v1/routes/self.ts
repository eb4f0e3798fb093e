/** Who asks: so that a client can say beforehand what it may not do, and to whom it speaks. */
import type { FastifyRequest } from 'fastify';
import { refTo } from '../../../contract/components.ts';
import { personOf } from '../../../control/commands/person.ts';
import { candidatesFor, highestScope } from '../../../model/person.ts';
import { roleBody, type Token, tokenBody } from '../../../model/token.ts';
import { access } from '../../access.ts';
import type { ApiInstance, ApiParts } from '../../parts.ts';
import { readProblems } from '../../reply-schemas.ts';
import { markOf, PERSON_HEADER } from '../../sessions.ts';

const get = {
  operationId: 'getSelf',
  summary: 'Who asks, what they may, and which server answers',
  description: 'Every token may ask. What is not among the limits is refused with `token_forbidden`.',
  tags: ['tokens'],
  response: { 200: { description: 'As it is now.', ...refTo('Self') }, ...readProblems() },
};

export function selfRoutes(api: ApiInstance, { options }: ApiParts): void {
  const server = { ...options.console, version: options.version };
  api.get('/v1/self', { schema: get, config: access('read', 'filtered', 'records') }, (request, reply) => {
    if (request.signedIn !== undefined) reply.header(PERSON_HEADER, markOf(request.signedIn.session));
    return reply.send({ ...whoIs(request), server });
  });
}

function whoIs({ actor, signedIn }: FastifyRequest): object {
  const token = actor as Token;
  const { owner: _owner, ...body } = tokenBody(token);
  const person = personOf({ actor: token.name, ...token });
  if (signedIn === undefined) return { ...body, kind: 'token', person };
  const { session, roles } = signedIn;
  const [furthest = token] = candidatesFor(token.name, roles, highestScope(roles));
  return { ...tokenBody(furthest), kind: 'person', person, title: session.person.title, roles: roles.map(roleBody) };
}
