/** Changes that were proposed: read, approved, canceled. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApproveBody, ProposalPageQuery, ProposalParams } from '../../../contract/proposals.ts';
import { EmptyBody } from '../../../contract/releases.ts';
import { Problem } from '../../../model/errors.ts';
import { includesScope } from '../../../model/token.ts';
import { access, grantOf } from '../../access.ts';
import { takeNoBody } from '../../json-body.ts';
import type { ApiInstance, ApiParts } from '../../parts.ts';
import { sendProblem } from '../../problems.ts';
import {
  getHeaders,
  pageReply,
  postHeaders,
  postReply,
  readProblems,
  resourceReply,
  writeProblems,
} from '../../reply-schemas.ts';
import { proposedReply } from '../replies/nouns.ts';
import { post, sendPage, sendResource } from '../replies.ts';

const tags = ['proposals'];

const list = {
  operationId: 'listProposals',
  summary: 'Changes that were proposed, by number',
  description: 'Those that are done or ended among them. A token that is limited sees those that it reaches.',
  tags,
  querystring: ProposalPageQuery,
  response: { ...pageReply('ProposedChange', 'A page of proposals.'), ...readProblems('query_invalid') },
};

const get = {
  operationId: 'getProposal',
  summary: 'One change that was proposed',
  description: 'What is to be done, who asked for it, and what it waits for.',
  tags,
  params: ProposalParams,
  headers: getHeaders,
  response: { ...resourceReply('ProposedChange', 'The proposal.'), ...readProblems('proposal_unknown') },
};

const approve = {
  operationId: 'approveProposal',
  summary: 'Agree with what somebody else proposed',
  description:
    'It is done with the reply, unless it is for a later time. It is void where a service of it has changed since. A release needs the scope `release`.',
  tags,
  params: ProposalParams,
  headers: postHeaders,
  body: ApproveBody,
  response: {
    ...postReply('ProposedChange', 'Approved; where it is due, it is in force.'),
    ...writeProblems(
      ...(['proposal_unknown', 'proposal_state', 'approval_own', 'approval_void', 'frozen'] as const),
      ...(['release_active', 'nothing_to_release', 'release_invalid', 'pool_unknown'] as const),
      'idempotency_key_reused',
    ),
  },
};

const cancel = {
  operationId: 'cancelProposal',
  summary: 'Refuse what was proposed, or take it back',
  description: 'It is never done. Whoever could have asked for it may.',
  tags,
  params: ProposalParams,
  headers: postHeaders,
  body: EmptyBody,
  response: {
    ...postReply('ProposedChange', 'It is never done.'),
    ...writeProblems('proposal_unknown', 'proposal_state', 'idempotency_key_reused'),
  },
};

export function proposalRoutes(api: ApiInstance, { engine, queries }: ApiParts): void {
  api.get('/v1/proposals', { schema: list, config: access('read', 'filtered') }, (request, reply) => {
    const { after = 0, limit, state } = request.query;
    return sendPage(reply, queries.proposals(after, grantOf(request), state), limit, proposedReply);
  });
  api.get('/v1/proposals/:id', { schema: get, config: access('read', 'filtered') }, (request, reply) =>
    sendResource(request, reply, queries.proposed(request.params.id, grantOf(request)), proposedReply),
  );
  const config = access('shift', 'proposal');
  const options = { config, preValidation: takeNoBody };
  api.post('/v1/proposals/:id/approve', { schema: approve, ...options }, (request, reply) => {
    const { id } = request.params;
    const narrow = refuseScope(request, reply, queries.proposed(id, grantOf(request)));
    if (narrow !== undefined) return narrow;
    return post(engine, request, reply, { kind: 'proposal.approve', id, ...request.body });
  });
  api.post('/v1/proposals/:id/cancel', { schema: cancel, ...options }, (request, reply) => {
    const { id } = request.params;
    const narrow = refuseScope(request, reply, queries.proposed(id, grantOf(request)));
    if (narrow !== undefined) return narrow;
    return post(engine, request, reply, { kind: 'proposal.cancel', id });
  });
}

/** Whoever may not begin a release does not begin one by a word on a proposal. */
function refuseScope(
  { actor }: FastifyRequest,
  reply: FastifyReply,
  found: ReturnType<ApiParts['queries']['proposed']>,
): FastifyReply | undefined {
  const isRelease = !(found instanceof Problem) && found.command.kind === 'release.create';
  if (!isRelease || actor === undefined || includesScope(actor.scope, 'release')) return undefined;
  const detail = `The token \`${actor.name}\` has the scope ${actor.scope}; a proposal of a release needs release.`;
  return sendProblem(reply, new Problem('token_forbidden', detail));
}
