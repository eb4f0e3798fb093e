/** The log of changes: all of it, and what concerns one service. */

import { HistoryPageQuery, RevisionPageQuery } from '../../../contract/pages.ts';
import { ServiceParams } from '../../../contract/services.ts';
import { access, grantOf } from '../../access.ts';
import type { ApiInstance, ApiParts } from '../../parts.ts';
import { pageReply, readProblems } from '../../reply-schemas.ts';
import { revisionsAsCsv } from '../replies/csv.ts';
import { revisionReply } from '../replies/nouns.ts';
import { sendCsv, sendPage } from '../replies.ts';

const tags = ['revisions'];

const { description, ...pageSchema } = pageReply('Revision', 'A page of revisions.')[200];
const pageOrCsv = {
  description,
  headers: { 'Teal-Next': { type: 'string', description: 'Of a page of CSV: `after` of the next one.' } },
  content: {
    'application/json': { schema: pageSchema },
    'text/csv': { schema: { type: 'string', description: 'RFC 4180, with a head.' } },
  },
};

const list = {
  operationId: 'listRevisions',
  summary: 'Every change, by number',
  description: 'Who changed what, when, and what was there before. A token that is limited sees what it reaches.',
  tags,
  querystring: RevisionPageQuery,
  response: { 200: pageOrCsv, ...readProblems('query_invalid') },
};

const history = {
  operationId: 'getHistory',
  summary: 'The changes of one service, of a deleted one too',
  description: 'Those of its releases and of its forced health among them.',
  tags,
  params: ServiceParams,
  querystring: HistoryPageQuery,
  response: { ...pageReply('Revision', 'A page of revisions.'), ...readProblems('query_invalid', 'service_unknown') },
};

export function revisionRoutes(api: ApiInstance, { queries }: ApiParts): void {
  api.get('/v1/revisions', { schema: list, config: access('read', 'filtered') }, (request, reply) => {
    const { after, limit, order, format, ...filter } = request.query;
    const listing = queries.revisions(after, order === 'newest', grantOf(request), filter);
    if (format === 'csv') return sendCsv(reply, listing, limit, revisionReply, revisionsAsCsv);
    return sendPage(reply, listing, limit, revisionReply);
  });
  api.get('/v1/services/:name/history', { schema: history, config: access('read', 'service') }, (request, reply) => {
    const { after, limit, order } = request.query;
    const listing = queries.history(request.params.name, after, order === 'newest', grantOf(request));
    return sendPage(reply, listing, limit, revisionReply);
  });
}
