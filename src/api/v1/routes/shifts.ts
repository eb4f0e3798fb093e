/** Shifts of several services: one revision, one instant. */

import { ShiftBody } from '../../../contract/services.ts';
import { Problem } from '../../../model/errors.ts';
import { access } from '../../access.ts';
import type { ApiInstance, ApiParts } from '../../parts.ts';
import { sendProblem } from '../../problems.ts';
import { postHeaders, postReply, proposedReply, writeProblems } from '../../reply-schemas.ts';
import { post } from '../replies.ts';
import { momentOf } from '../schedule.ts';

const shift = {
  operationId: 'shift',
  summary: 'Shift several services at one instant',
  description:
    'All of it or nothing, as one revision. No answer is ever made from some of the new weights and some of the old.',
  tags: ['weights'],
  headers: postHeaders,
  body: ShiftBody,
  response: {
    ...postReply('Shift', 'All new weights are in force.'),
    ...proposedReply,
    ...writeProblems(
      'service_unknown',
      'release_active',
      'frozen',
      'schedule_invalid',
      'limit_reached',
      'weights_invalid',
      'weights_all_zero',
      'pools_mismatch',
      'idempotency_key_reused',
    ),
  },
};

const servicesOf = (body: { services: object }): string[] => Object.keys(body.services);

export function shiftRoutes(api: ApiInstance, { engine }: ApiParts): void {
  api.post('/v1/shifts', { schema: shift, config: access('shift', servicesOf) }, (request, reply) => {
    const { services, ...when } = request.body;
    const moment = momentOf(when);
    if (moment instanceof Problem) return sendProblem(reply, moment);
    return post(engine, request, reply, { kind: 'shift', services, ...moment });
  });
}
