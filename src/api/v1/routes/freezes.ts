/** Freezes: made, read, changed, deleted. */
import { refTo } from '../../../contract/components.ts';
import { FreezeBody, FreezeDryRunBody, FreezePageQuery, FreezeParams } from '../../../contract/freezes.ts';
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
import { freezeOutlook, freezeReply } from '../replies/nouns.ts';
import { put, remove, sendPage, sendResource } from '../replies.ts';
import { writtenBack } from '../write-back.ts';

const tags = ['freezes'];

const list = {
  operationId: 'listFreezes',
  summary: 'Freezes in name order',
  description: 'A token that is limited sees those that may hold what it reaches.',
  tags,
  querystring: FreezePageQuery,
  response: { ...pageReply('Freeze', 'A page of freezes.'), ...readProblems('query_invalid', 'service_unknown') },
};

const get = {
  operationId: 'getFreeze',
  summary: 'One freeze',
  description: '`active` and `until` say how it stands now.',
  tags,
  params: FreezeParams,
  headers: getHeaders,
  response: { ...resourceReply('Freeze', 'The freeze.'), ...readProblems('freeze_unknown') },
};

const putFreeze = {
  operationId: 'putFreeze',
  summary: 'Make or change a freeze',
  description:
    'While it is on, shifts and releases of its services are refused with `frozen`, and a release that goes on waits at its next shift. Rollbacks, aborts, forced health and other targets are not frozen.',
  tags,
  params: FreezeParams,
  headers: putHeaders,
  body: FreezeBody,
  response: {
    ...putReply('Freeze', { creates: true }),
    ...writeProblems('member_read_only', 'freeze_invalid', 'pattern_invalid', 'labels_invalid', 'limit_reached'),
  },
};

const foresee = {
  operationId: 'foreseeFreeze',
  summary: 'When a freeze would be on',
  description:
    'The next windows of a freeze with such a body as instants, and what clocks that are set do to them. Nothing is changed, and nothing is kept.',
  tags,
  headers: whyHeaders,
  body: FreezeDryRunBody,
  response: {
    200: { description: 'As it would stand now.', ...refTo('FreezeOutlook') },
    ...writeProblems('freeze_invalid', 'pattern_invalid', 'labels_invalid'),
  },
};

const deleteFreeze = {
  operationId: 'deleteFreeze',
  summary: 'Delete a freeze',
  description: 'Releases that it holds go on, unless another one does.',
  tags,
  params: FreezeParams,
  headers: ifMatchHeader,
  response: { ...deleteReply, ...deleteProblems('freeze_unknown') },
};

export function freezeRoutes(api: ApiInstance, { engine, queries, now }: ApiParts): void {
  api.get('/v1/freezes', { schema: list, config: access('read', 'filtered') }, (request, reply) => {
    const { after = '', limit, service } = request.query;
    const nowMs = now();
    return sendPage(reply, queries.agreement.freezes(after, grantOf(request), service), limit, (freeze) =>
      freezeReply(freeze, nowMs),
    );
  });
  api.get('/v1/freezes/:name', { schema: get, config: access('read', 'filtered') }, (request, reply) => {
    const found = queries.agreement.freeze(request.params.name, grantOf(request));
    return sendResource(request, reply, found, (freeze) => freezeReply(freeze, now()));
  });
  const everything = queries.grant(undefined);
  const back = writtenBack(
    ({ name }: { readonly name: string }) => queries.agreement.freeze(name, everything),
    (freeze) => freezeReply(freeze, now()),
    { moving: { members: ['active', 'until', 'begins'] } },
  );
  const config = { ...access('admin', 'server'), ...back };
  api.put('/v1/freezes/:name', { schema: putFreeze, config }, (request, reply) =>
    put(engine, request, reply, { kind: 'freeze.put', name: request.params.name, body: request.body }),
  );
  api.post('/v1/freezes', { schema: foresee, config: access('read', 'filtered') }, (request, reply) => {
    const { dryRun: _dryRun, ...body } = request.body;
    const outlook = freezeOutlook(body, now());
    return outlook instanceof Problem ? sendProblem(reply, outlook) : reply.send(outlook);
  });
  api.delete('/v1/freezes/:name', { schema: deleteFreeze, config: access('admin', 'server') }, (request, reply) =>
    remove(engine, request, reply, { kind: 'freeze.delete', name: request.params.name }),
  );
}
