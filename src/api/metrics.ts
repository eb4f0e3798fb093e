/** What is measured, for Prometheus; and the measuring of requests to the API. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { access } from './access.ts';
import type { ApiInstance, ApiParts } from './parts.ts';
import { problemReplies, readProblems } from './reply-schemas.ts';

const text = {
  description: 'In the text format of Prometheus.',
  content: { 'text/plain': { schema: { type: 'string' } } },
};

/** To be registered among the guarded routes, or among the public ones where the settings say so. */
export function metricsRoutes(api: ApiInstance, { metrics, options }: ApiParts): void {
  const schema = {
    tags: ['health'],
    operationId: 'getMetrics',
    summary: 'What is measured',
    description: 'docs/metrics.md of the repository has the list.',
    ...(options.metricsPublic && { security: [] }),
    response: {
      200: text,
      ...(options.metricsPublic
        ? problemReplies(['host_unknown', 'token_invalid', 'share_used_up', 'busy'])
        : readProblems()),
    },
  };
  api.get('/metrics', { schema, config: access('read', 'server') }, async (_request, reply) => {
    const body = await metrics.text();
    return reply.type(metrics.contentType).send(body);
  });
}

/** An onResponse hook that measures requests. A stream of events lasts as long as its reader wants, and says nothing. */
export function makeMeasure({ metrics }: ApiParts) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (String(reply.getHeader('content-type')).startsWith('text/event-stream')) return;
    const route = request.routeOptions.url ?? 'none';
    metrics.answered({ method: request.method, route, status: reply.statusCode, seconds: reply.elapsedTime / 1000 });
  };
}
