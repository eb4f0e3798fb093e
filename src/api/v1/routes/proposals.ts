/** Changes that were proposed: read, approved, canceled. */
import { ApproveBody, ProposalPageQuery, ProposalParams } from '../../../contract/proposals.ts';
import { EmptyBody } from '../../../contract/releases.ts';
import { access, grantOf } from '../../access.ts';
import { takeNoBody } from '../../json-body.ts';
import type { ApiInstance, ApiParts } from '../../parts.ts';
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
    'It is done with the reply, unless it is for a later time. It is void where a service of it has changed since.',
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
  description: 'It is never done. Whoever may shift all of its services may say so.',
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
    return sendPage(reply, queries.agreement.proposals(after, grantOf(request), state), limit, proposedReply);
  });
  api.get('/v1/proposals/:id', { schema: get, config: access('read', 'filtered') }, (request, reply) =>
    sendResource(request, reply, queries.agreement.proposed(request.params.id, grantOf(request)), proposedReply),
  );
  const approving = { schema: approve, config: access('release', 'proposal'), preValidation: takeNoBody };
  api.post('/v1/proposals/:id/approve', approving, (request, reply) =>
    post(engine, request, reply, { kind: 'proposal.approve', id: request.params.id, ...request.body }),
  );
  const canceling = { schema: cancel, config: access('shift', 'proposal'), preValidation: takeNoBody };
  api.post('/v1/proposals/:id/cancel', canceling, (request, reply) =>
    post(engine, request, reply, { kind: 'proposal.cancel', id: request.params.id }),
  );
}
