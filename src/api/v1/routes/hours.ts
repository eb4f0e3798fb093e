/** What a service answered in each hour of the last week. */
import { refTo } from '../../../contract/components.ts';
import { ServiceParams } from '../../../contract/services.ts';
import { Problem } from '../../../model/errors.ts';
import { shown } from '../../../shown.ts';
import { access } from '../../access.ts';
import type { ApiInstance, ApiParts } from '../../parts.ts';
import { sendProblem } from '../../problems.ts';
import { readProblems } from '../../reply-schemas.ts';
import { timeOf } from '../replies/time.ts';

const get = {
  operationId: 'getAnswerHours',
  summary: 'What a service answered, hour by hour, for a week',
  description:
    'Counted by this server once a minute, and kept over restarts. Where thousands of services are asked all the time, hours are kept for less than a week.',
  tags: ['drain'],
  params: ServiceParams,
  response: { 200: { description: 'As it is now.', ...refTo('AnswerHours') }, ...readProblems('service_unknown') },
};

export function hourRoutes(api: ApiInstance, { queries, hours }: ApiParts): void {
  api.get('/v1/services/:name/hours', { schema: get, config: access('read', 'service') }, (request, reply) => {
    const service = queries.service(request.params.name);
    if (service instanceof Problem) return sendProblem(reply, service);
    const items = hours.of(service.name).map(({ atMs, answers }) => ({ at: timeOf(atMs), answers }));
    return reply.send({ service: shown(service.name), items });
  });
}
