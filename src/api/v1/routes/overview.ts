/** All services at a glance, in one reply. */
import { refTo } from '../../../contract/components.ts';
import { OverviewQuery } from '../../../contract/overview.ts';
import { PAGE_DEFAULT } from '../../../contract/pages.ts';
import { Problem } from '../../../model/errors.ts';
import { access, grantOf } from '../../access.ts';
import type { ApiInstance, ApiParts } from '../../parts.ts';
import { sendProblem } from '../../problems.ts';
import { readProblems } from '../../reply-schemas.ts';
import { inTurns } from '../../slices.ts';
import { overviewReply } from '../replies/overview.ts';

const get = {
  operationId: 'getOverview',
  summary: 'All services at a glance',
  description:
    'What releases, waits for somebody, is unhealthy or drains, and a page of services with their shares, what was answered, and who changed what last and why. Counted by this server. A token that is limited sees what it reaches.',
  tags: ['services'],
  querystring: OverviewQuery,
  response: { 200: { description: 'As it is now.', ...refTo('Overview') }, ...readProblems('query_invalid') },
};

export function overviewRoutes(api: ApiInstance, { overview, now }: ApiParts): void {
  api.get('/v1/overview', { schema: get, config: access('read', 'filtered') }, async (request, reply) => {
    const { limit = PAGE_DEFAULT, ...asked } = request.query;
    const work = overview.page(asked, grantOf(request), { nowMs: now(), limit });
    const page = await inTurns(request, reply, work);
    return page instanceof Problem ? sendProblem(reply, page) : reply.send(overviewReply(page));
  });
}
