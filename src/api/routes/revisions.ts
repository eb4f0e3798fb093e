/** The log of changes: all of it, and what concerns one service. */
import type { ApiInstance, ApiParts } from '../parts.ts';
import { sendPage } from '../replies.ts';
import { pageReply, readProblems } from '../reply-schemas.ts';
import { HistoryPageQuery, PAGE_DEFAULT, RevisionPageQuery, ServiceParams } from '../schemas.ts';

const tags = ['revisions'];

const list = {
  operationId: 'listRevisions',
  summary: 'Every change, by number',
  tags,
  querystring: RevisionPageQuery,
  response: { ...pageReply('Revision', 'A page of revisions.'), ...readProblems('query_invalid') },
};

const history = {
  operationId: 'getHistory',
  summary: 'The changes of one service, of a deleted one too',
  tags,
  params: ServiceParams,
  querystring: HistoryPageQuery,
  response: { ...pageReply('Revision', 'A page of revisions.'), ...readProblems('query_invalid', 'service_unknown') },
};

export function revisionRoutes(api: ApiInstance, { queries }: ApiParts): void {
  api.get('/v1/revisions', { schema: list }, ({ query }, reply) =>
    sendPage(reply, queries.revisions(query.after ?? 0, query.limit ?? PAGE_DEFAULT)),
  );
  api.get('/v1/services/:name/history', { schema: history }, ({ params, query }, reply) => {
    const newestFirst = query.order === 'newest';
    return sendPage(reply, queries.history(params.name, query.after, query.limit ?? PAGE_DEFAULT, newestFirst));
  });
}
