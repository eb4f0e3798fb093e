/** What files declare, compared with what is there. */

import { ApplyBody } from '../../../contract/apply.ts';
import { refTo } from '../../../contract/components.ts';
import type { ApplyPlan } from '../../../contract/types.ts';
import type { Declared } from '../../../control/apply/plan.ts';
import { Problem } from '../../../model/errors.ts';
import { access, grantOf } from '../../access.ts';
import type { ApiInstance, ApiParts } from '../../parts.ts';
import { sendProblem } from '../../problems.ts';
import { whyHeaders, writeProblems } from '../../reply-schemas.ts';
import { inTurns } from '../../slices.ts';
import { contextOf } from '../replies.ts';

const planApply = {
  operationId: 'planApply',
  summary: 'What would make all as it is declared',
  description:
    'Zones, records, services, tokens, webhooks and freezes: of each what is there and what would be, in the order in which it can be done, and refused where a step would be. What is not declared is left alone, unless `prune` names labels that it bears. Nothing is changed, and nothing is kept: `teal apply` then writes each noun by its own request.',
  tags: ['apply'],
  headers: whyHeaders,
  body: ApplyBody,
  response: {
    200: { description: 'The steps.', ...refTo('ApplyPlan') },
    ...writeProblems(
      'name_invalid',
      'type_unknown',
      'zone_unknown',
      'name_taken',
      'cname_conflict',
      'dname_conflict',
      'service_conflict',
      'zone_kept',
      'apex_conflict',
      'zone_has_services',
      'zone_not_empty',
      'release_active',
      'token_exists',
      'limit_reached',
      'zone_invalid',
      'rdata_invalid',
      'rrset_invalid',
      'ttl_invalid',
      'labels_invalid',
      'service_invalid',
      'health_invalid',
      'weights_invalid',
      'weights_all_zero',
      'targets_mixed',
      'pool_unknown',
      'pattern_invalid',
      'expiry_invalid',
      'token_name_invalid',
      'token_owner_invalid',
      'webhook_invalid',
      'freeze_invalid',
      'frozen',
      'approval_needed',
      'name_outside_zones',
    ),
  },
};

export function applyRoutes(api: ApiInstance, { engine, queries }: ApiParts): void {
  api.post('/v1/apply', { schema: planApply, config: access('admin', 'filtered') }, async (request, reply) => {
    const { dryRun: _dryRun, ...declared } = request.body;
    const work = queries.plan(engine, declared as Declared, contextOf(request), grantOf(request));
    const plan = await inTurns(request, reply, work);
    if (plan instanceof Problem) return sendProblem(reply, plan);
    return reply.send({ dryRun: true, ...plan } as ApplyPlan);
  });
}
