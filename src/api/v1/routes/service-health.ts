/** The health of a service: what is seen of it here, and what people decide of it for a while. */

import { refTo } from '../../../contract/components.ts';
import { ForcedBody, UnforceQuery } from '../../../contract/health.ts';
import { ServiceParams, ServicePoolParams } from '../../../contract/services.ts';
import { access } from '../../access.ts';
import type { ApiInstance, ApiParts } from '../../parts.ts';
import {
  deleteProblems,
  deleteReply,
  ifMatchHeader,
  putReply,
  readProblems,
  writeProblems,
} from '../../reply-schemas.ts';
import { healthReply } from '../replies/nouns.ts';
import { put, remove, sendNow } from '../replies.ts';

const tags = ['services'];

const get = {
  operationId: 'getServiceHealth',
  summary: 'What this server knows of the health of a service',
  description: 'What probes saw last, and what people forced. It changes without a revision.',
  tags,
  params: ServiceParams,
  // It changes without a revision, so it has no ETag.
  response: {
    200: { description: 'What is known now.', ...refTo('ServiceHealth') },
    ...readProblems('service_unknown'),
  },
};

const force = {
  operationId: 'forceHealth',
  summary: 'Decide that a pool or target is up or down, for a while',
  description:
    'It goes before what probes see, survives a restart, and ends by itself. Where no pool that has weight is left healthy, all are answered from.',
  tags,
  params: ServicePoolParams,
  headers: ifMatchHeader,
  body: ForcedBody,
  response: {
    ...putReply('ForcedHealth', { creates: false }),
    ...writeProblems('service_unknown', 'pool_unknown', 'health_invalid'),
  },
};

const unforce = {
  operationId: 'unforceHealth',
  summary: 'Let probes decide again; nothing changes where nothing is forced',
  description: 'Of one target of the pool where the query names it, else of the pool as such.',
  tags,
  params: ServicePoolParams,
  querystring: UnforceQuery,
  headers: ifMatchHeader,
  response: {
    ...deleteReply,
    ...deleteProblems('service_unknown', 'pool_unknown', 'health_invalid', 'query_invalid'),
  },
};

export function serviceHealthRoutes(api: ApiInstance, { engine, queries }: ApiParts): void {
  api.get('/v1/services/:name/health', { schema: get, config: access('read', 'service') }, (request, reply) =>
    sendNow(reply, queries.health(request.params.name), healthReply),
  );
  api.put(
    '/v1/services/:name/health/:pool',
    { schema: force, config: access('shift', 'service') },
    (request, reply) => {
      const { name, pool } = request.params;
      const command = { kind: 'health.force', name, pool, body: request.body } as const;
      return put(engine, request, reply, command);
    },
  );
  api.delete(
    '/v1/services/:name/health/:pool',
    { schema: unforce, config: access('shift', 'service') },
    (request, reply) => remove(engine, request, reply, { kind: 'health.unforce', ...request.params, ...request.query }),
  );
}
