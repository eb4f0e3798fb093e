/** What is measured, for Prometheus; and the measuring of requests to the API. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { access, documentScope, openToAll } from './access.ts';
import type { Api, ApiParts } from './parts.ts';
import { problemReplies, readProblems } from './reply-schemas.ts';

const text = {
  description: 'In the text format of Prometheus.',
  content: { 'text/plain': { schema: { type: 'string' } } },
};

const schema = {
  tags: ['health'],
  operationId: 'getMetrics',
  summary: 'What is measured',
  description: 'docs/metrics.md of the repository has the list.',
};
const guarded = { ...schema, response: { 200: text, ...readProblems() } };
const open = {
  ...schema,
  security: [],
  response: { 200: text, ...problemReplies(['host_unknown', 'token_invalid', 'share_used_up', 'busy']) },
};

/** The settings say whether it needs a token. */
export const measurements: Api = {
  isDocumented: true,
  routes(api, { metrics, options: { metricsPublic } }) {
    if (metricsPublic) openToAll(api, { isNamed: true });
    else api.addHook('onRoute', documentScope);
    const config = access('read', 'server');
    api.get('/metrics', { schema: metricsPublic ? open : guarded, config }, async (_request, reply) => {
      const body = await metrics.text();
      return reply.type(metrics.contentType).send(body);
    });
  },
};

/** An onResponse hook that measures requests. A stream of events lasts as long as its reader wants, and says nothing. */
export function makeMeasure({ metrics }: ApiParts) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (String(reply.getHeader('content-type')).startsWith('text/event-stream')) return;
    const route = request.routeOptions.url ?? 'none';
    const { method, server } = request;
    const seconds = reply.elapsedTime / 1000;
    metrics.answered({ method, route, status: reply.statusCode, seconds, door: server?.door });
  };
}
