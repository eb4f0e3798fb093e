/** Several changes of a zone's records at once. */

import { RecordChangesBody, ZoneParams } from '../../../contract/zones.ts';
import { access } from '../../access.ts';
import type { ApiInstance, ApiParts } from '../../parts.ts';
import { postHeaders, postReply, writeProblems } from '../../reply-schemas.ts';
import { postForeseen } from '../replies.ts';
import { changeCodes } from './rrsets.ts';

const changeRecords = {
  operationId: 'changeRecords',
  summary: 'Change records of a zone, all or nothing',
  description:
    'Whole RRsets and single values, in one revision that is answered from at one instant. Changes of one RRset follow each other in the order of the list, so that a delete before a put or an add leaves what was put or added. `apex` changes what the zone itself says, its SOA and NS, at the same instant. Two writers who add a value each both have it there. `If-Match` is of all that is in the zone: its `contentRevision`, which is the ETag of its file.',
  tags: ['RRsets'],
  params: ZoneParams,
  headers: postHeaders,
  body: RecordChangesBody,
  response: {
    ...postReply('RecordChanges', 'All of it is in force.'),
    ...writeProblems(...changeCodes, 'changes_invalid', 'zone_invalid', 'idempotency_key_reused'),
  },
};

export function recordChangeRoutes(api: ApiInstance, parts: ApiParts): void {
  const config = access('records', 'records');
  api.post('/v1/zones/:zone/changes', { schema: changeRecords, config }, (request, reply) => {
    const { zone } = request.params;
    const { changes, apex } = request.body;
    const command = { kind: 'records.change', zone, changes, ...(apex !== undefined && { apex }) } as const;
    return postForeseen(parts, request, reply, command);
  });
}
