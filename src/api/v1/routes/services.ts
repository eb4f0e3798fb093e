/** Services: made, read, changed, deleted, listed. */

import { CompareServicesBody } from '../../../contract/comparison.ts';
import { refTo } from '../../../contract/components.ts';
import { ServicePageQuery } from '../../../contract/pages.ts';
import { ProposalQuery, ServiceBody, ServiceDeleteQuery, ServiceParams } from '../../../contract/services.ts';
import { compareServices } from '../../../control/service-comparison.ts';
import { Problem } from '../../../model/errors.ts';
import { access, grantOf } from '../../access.ts';
import type { ApiInstance, ApiParts } from '../../parts.ts';
import { sendProblem } from '../../problems.ts';
import {
  deleteProblems,
  deleteReply,
  getHeaders,
  ifMatchHeader,
  pageReply,
  putHeaders,
  putReply,
  readProblems,
  resourceReply,
  whyHeaders,
  writeProblems,
} from '../../reply-schemas.ts';
import { inTurns } from '../../slices.ts';
import { serviceReply } from '../replies/nouns.ts';
import { proposalReply } from '../replies/proposal.ts';
import { contextOf, put, remove, sendNow, sendPage } from '../replies.ts';
import { resource } from '../resource.ts';

const tags = ['services'];

/** What may be wrong with the body of a service. */
const bodyCodes = [
  'service_conflict',
  'zone_kept',
  'release_active',
  'frozen',
  'apex_conflict',
  'name_outside_zones',
  'service_invalid',
  'health_invalid',
  'ttl_invalid',
  'labels_invalid',
  'weights_invalid',
  'weights_all_zero',
  'targets_mixed',
  'pool_unknown',
] as const;

const list = {
  operationId: 'listServices',
  summary: 'Services in name order',
  description: 'A token that is limited sees those that it reaches.',
  tags,
  querystring: ServicePageQuery,
  response: { ...pageReply('Service', 'A page of services.'), ...readProblems('query_invalid') },
};

const get = {
  operationId: 'getService',
  summary: 'One service',
  description: 'With its weights in force, and the shares of answers that they come to.',
  tags,
  params: ServiceParams,
  headers: getHeaders,
  response: { ...resourceReply('Service', 'The service.'), ...readProblems('service_unknown') },
};

const putService = {
  operationId: 'putService',
  summary: 'Make or change a service',
  description:
    'A pool that exists keeps its weight where the body names none, so that a canary is not undone. With `replace` it takes the place of the records at its name, in one revision and at one instant: no query meets neither. What it becomes can be all of addresses, or all of one host name each, and the other way round later.',
  tags,
  params: ServiceParams,
  headers: putHeaders,
  body: ServiceBody,
  response: {
    ...putReply('Service', { creates: true }),
    ...writeProblems('member_read_only', ...bodyCodes),
  },
};

const compare = {
  operationId: 'compareServices',
  summary: 'What services would become',
  description:
    'Says of each what a PUT of its body would do now, one after the other, and is refused where one of them would be. Nothing is changed, and nothing is kept.',
  tags,
  headers: whyHeaders,
  body: CompareServicesBody,
  response: {
    200: { description: 'What is there, and what would be.', ...refTo('ServiceComparison') },
    ...writeProblems(...bodyCodes),
  },
};

const servicesOf = (body: { services: object }): string[] => Object.keys(body.services);

const deleteService = {
  operationId: 'deleteService',
  summary: 'Delete a service; its history stays',
  description:
    'From then on the zone answers at the name: with the records of a pool where `leave` names one, in the same revision. Not while a release goes on.',
  tags,
  params: ServiceParams,
  querystring: ServiceDeleteQuery,
  headers: ifMatchHeader,
  response: { ...deleteReply, ...deleteProblems('service_unknown', 'release_active', 'pool_unknown', 'query_invalid') },
};

const propose = {
  operationId: 'proposeService',
  summary: 'The service that the records at a name would make',
  description:
    'A body to PUT that takes their place and changes no answer: TTL and targets are theirs. Nothing is changed. The token must reach the records of the zone.',
  tags,
  params: ServiceParams,
  querystring: ProposalQuery,
  response: {
    200: { description: 'What is there, and what to PUT.', ...refTo('Proposal') },
    ...readProblems(
      'rrset_unknown',
      'service_conflict',
      'zone_kept',
      'name_outside_zones',
      'service_invalid',
      'targets_mixed',
      'query_invalid',
    ),
  },
};

export function serviceRoutes(api: ApiInstance, { engine, queries }: ApiParts): void {
  api.get('/v1/services', { schema: list, config: access('read', 'filtered') }, (request, reply) => {
    const { after, limit, ...filter } = request.query;
    return sendPage(reply, queries.services(after, grantOf(request), filter), limit, serviceReply);
  });
  const service = resource(({ name }: { name: string }) => queries.service(name), serviceReply);
  api.get('/v1/services/:name', { schema: get, config: access('read', 'service') }, service.get);
  const config = { ...access('admin', 'service'), ...service.writtenBack };
  api.put('/v1/services/:name', { schema: putService, config }, (request, reply) => {
    const { name } = request.params;
    return put(engine, request, reply, { kind: 'service.put', name, body: request.body });
  });
  api.post('/v1/services', { schema: compare, config: access('admin', servicesOf) }, async (request, reply) => {
    const work = compareServices(engine, queries, request.body.services, contextOf(request));
    const compared = await inTurns(request, reply, work);
    return compared instanceof Problem
      ? sendProblem(reply, compared)
      : reply.send({ dryRun: true, services: compared });
  });
  api.delete('/v1/services/:name', { schema: deleteService, config: access('admin', 'service') }, (request, reply) =>
    remove(engine, request, reply, { kind: 'service.delete', name: request.params.name, ...request.query }),
  );
  api.get('/v1/services/:name/proposal', { schema: propose, config: access('read', 'service') }, (request, reply) => {
    const found = queries.proposal(request.params.name, request.query, grantOf(request));
    return sendNow(reply, found, proposalReply);
  });
}
