/** The drain report of a service: when no cache can still hold the answers of its pools. */

import { refTo } from '../../../contract/components.ts';
import { DrainQuery } from '../../../contract/drain.ts';
import { ServiceParams } from '../../../contract/services.ts';
import { access } from '../../access.ts';
import type { ApiInstance, ApiParts } from '../../parts.ts';
import { readProblems } from '../../reply-schemas.ts';
import { drainReply } from '../replies/drain.ts';
import { sendNow } from '../replies.ts';

const get = {
  operationId: 'getDrain',
  summary: 'How far the pools of a service are drained',
  description:
    'Counted by this server since it started. A pool drains while its weight is 0; `drainedAt` is when the TTL of the last of its answers to expire has run out, and a margin. Connections are not ended by DNS.',
  tags: ['drain'],
  params: ServiceParams,
  querystring: DrainQuery,
  response: {
    200: { description: 'The report at this moment.', ...refTo('Drain') },
    ...readProblems('query_invalid', 'service_unknown'),
  },
};

export function drainRoutes(api: ApiInstance, { drain, now }: ApiParts): void {
  api.get('/v1/services/:name/drain', { schema: get, config: access('read', 'service') }, async (request, reply) => {
    if (request.query.check !== undefined) await drain.check(request.params.name, now());
    await drain.gather(request.params.name);
    const report = drain.report(request.params.name, now());
    return sendNow(reply, report, drainReply);
  });
}
