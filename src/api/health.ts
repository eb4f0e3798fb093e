/** Whether the server lives, and whether it takes changes; for supervisors and load balancers, without a token. */
import { Type } from 'typebox';
import { openToAll } from './access.ts';
import type { Api } from './parts.ts';
import { sendProblem } from './problems.ts';
import { problemReplies } from './reply-schemas.ts';

const tags = ['health'];
const open = { tags, security: [] };

const status = (word: string, description: string) => ({
  description,
  ...Type.Object({ status: Type.Literal(word) }),
});

const live = {
  ...open,
  operationId: 'getHealth',
  summary: 'The process lives',
  description: 'For supervisors. Without a token, and without a look at the store or the workers.',
  response: { 200: status('ok', 'It does.'), ...problemReplies(['request_invalid']) },
};

const ready = {
  ...open,
  operationId: 'getReadiness',
  summary: 'The server answers, and takes changes',
  description: 'For load balancers: 503 while a worker is missing or the store takes no change.',
  response: {
    200: status('ready', 'It does both.'),
    ...problemReplies(['request_invalid', 'store_unavailable', 'workers_missing']),
  },
};

export const health: Api = {
  isDocumented: true,
  routes(api, { queries }) {
    openToAll(api, { isNamed: false });
    api.get('/healthz', { schema: live, config: { prompt: true } }, (_request, reply) => reply.send({ status: 'ok' }));
    api.get('/readyz', { schema: ready, config: { prompt: true } }, (_request, reply) => {
      const problem = queries.readiness();
      return problem === undefined ? reply.send({ status: 'ready' }) : sendProblem(reply, problem);
    });
  },
};
