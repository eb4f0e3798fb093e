/** What a client gets from a service, and why. */

import { refTo } from '../../../contract/components.ts';
import { ExplainQuery, ServiceParams } from '../../../contract/services.ts';
import { DRAWS_DEFAULT, EXPLAINED_TYPES } from '../../../control/explain.ts';
import { Problem } from '../../../model/errors.ts';
import { access } from '../../access.ts';
import type { ApiInstance, ApiParts } from '../../parts.ts';
import { sendProblem } from '../../problems.ts';
import { readProblems } from '../../reply-schemas.ts';
import { inTurns } from '../../slices.ts';
import { explanationReply } from '../replies/explanation.ts';
import { sendNow } from '../replies.ts';

const get = {
  operationId: 'explainService',
  summary: 'What a client gets, and why',
  description:
    'Asked of the code that answers DNS, over the table that it answers from; counted nowhere. `observed` has what was answered to all clients, in a fleet by each node and by all. `name` may be a preview name too. A resolver that does not tell the network of its clients (ECS) is the client itself.',
  tags: ['services'],
  params: ServiceParams,
  querystring: ExplainQuery,
  response: {
    200: { description: 'What was answered at this moment.', ...refTo('Explanation') },
    ...readProblems('service_unknown', 'query_invalid'),
  },
};

export function explainRoutes(api: ApiInstance, { explain, drain }: ApiParts): void {
  const config = access('read', 'service');
  api.get('/v1/services/:name/explain', { schema: get, config }, async (request, reply) => {
    const { client = request.ip, type = EXPLAINED_TYPES[0], draws = DRAWS_DEFAULT } = request.query;
    const work = explain.explain({ name: request.params.name, client, type, draws });
    const explanation = await inTurns(request, reply, work);
    if (explanation instanceof Problem) return sendProblem(reply, explanation);
    // The name may be that of a preview; what was answered is told of the service.
    await drain.gather(explanation.service);
    const answered = drain.answered(explanation.service);
    return sendNow(reply, answered, (all) => explanationReply(explanation, all));
  });
}
