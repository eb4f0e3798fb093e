/** The weights of a service: read, shifted, rolled back. */

import { RollbackBody, ServiceParams, WeightsBody } from '../../../contract/services.ts';
import type { Service } from '../../../model/service.ts';
import { access } from '../../access.ts';
import { takeNoBody } from '../../json-body.ts';
import type { ApiInstance, ApiParts } from '../../parts.ts';
import {
  getHeaders,
  ifMatchHeader,
  postHeaders,
  postReply,
  proposedReply,
  putReply,
  readProblems,
  resourceReply,
  writeProblems,
} from '../../reply-schemas.ts';
import { weightsReply } from '../replies/nouns.ts';
import { post, put } from '../replies.ts';
import { resource } from '../resource.ts';

const tags = ['weights'];

const get = {
  operationId: 'getWeights',
  summary: 'The weights of a service, and the shares they come to',
  description: 'As people set them; what health makes of them is in the report on health.',
  tags,
  params: ServiceParams,
  headers: getHeaders,
  response: { ...resourceReply('Weights', 'The weights in force.'), ...readProblems('service_unknown') },
};

const putWeights = {
  operationId: 'putWeights',
  summary: 'Shift traffic between the pools of a service',
  description: 'Once this is answered with 200, every query that arrives is answered by the new weights.',
  tags,
  params: ServiceParams,
  headers: ifMatchHeader,
  body: WeightsBody,
  response: {
    ...putReply('Weights', { creates: false }),
    ...proposedReply,
    ...writeProblems(
      'member_read_only',
      'service_unknown',
      'release_active',
      'frozen',
      'weights_invalid',
      'weights_all_zero',
      'pools_mismatch',
    ),
  },
};

const rollback = {
  operationId: 'rollBack',
  summary: 'Restore earlier weights',
  description:
    'With `{}` or no body: the weights before the last release, or the last shift that was not itself a rollback; said twice it changes nothing more. A release that goes on is aborted.',
  tags,
  params: ServiceParams,
  headers: postHeaders,
  body: RollbackBody,
  response: {
    ...postReply('Weights', 'The restored weights are in force.'),
    ...writeProblems(
      'service_unknown',
      'revision_unknown',
      'revision_forgotten',
      'pools_changed',
      'nothing_to_roll_back',
      'idempotency_key_reused',
    ),
  },
};

const weightsOf = (service: Service) => ({ revision: service.revision, ...weightsReply(service) });

export function weightsRoutes(api: ApiInstance, { engine, queries }: ApiParts): void {
  const weights = resource(({ name }: { name: string }) => queries.service(name), weightsOf, { within: 'weights' });
  api.get('/v1/services/:name/weights', { schema: get, config: access('read', 'service') }, weights.get);
  api.put(
    '/v1/services/:name/weights',
    {
      schema: putWeights,
      config: { ...access('shift', 'service'), ...weights.writtenBack },
    },
    (request, reply) => {
      const { name } = request.params;
      const command = { kind: 'weights.put', name, weights: request.body } as const;
      return put(engine, request, reply, command);
    },
  );
  // A rollback is made in a hurry.
  api.post(
    '/v1/services/:name/rollback',
    { schema: rollback, config: access('shift', 'service'), preValidation: takeNoBody },
    (request, reply) => post(engine, request, reply, { kind: 'rollback', name: request.params.name, ...request.body }),
  );
}
