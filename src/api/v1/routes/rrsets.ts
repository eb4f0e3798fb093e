/** RRsets of a zone: made, read, changed, deleted, listed. */

import { AnswersPageQuery, RRsetPageQuery } from '../../../contract/pages.ts';
import { RRsetBody, RRsetParams, ZoneParams } from '../../../contract/zones.ts';
import { access, grantOf } from '../../access.ts';
import type { ApiInstance, ApiParts } from '../../parts.ts';
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
  writeProblems,
} from '../../reply-schemas.ts';
import { rrsetReply } from '../replies/nouns.ts';
import { putForeseen, remove, sendPage } from '../replies.ts';
import { resource } from '../resource.ts';

const tags = ['RRsets'];

/** What may be wrong with a change of records, whether it comes alone or in a list. */
export const changeCodes = [
  'type_unknown',
  'zone_unknown',
  'name_taken',
  'cname_conflict',
  'dname_conflict',
  'service_conflict',
  'zone_kept',
  'limit_reached',
  'apex_conflict',
  'name_outside_zones',
  'rdata_invalid',
  'ttl_invalid',
  'labels_invalid',
  'rrset_invalid',
] as const;

const path = '/v1/zones/:zone/rrsets/:name/:type';

const list = {
  operationId: 'listRRsets',
  summary: 'RRsets of a zone in the order of name and type',
  description: 'Without the SOA and NS of the apex, which belong to the zone. `after` is `name/TYPE`.',
  tags,
  params: ZoneParams,
  querystring: RRsetPageQuery,
  response: { ...pageReply('RRset', 'A page of RRsets.'), ...readProblems('query_invalid', 'zone_unknown') },
};

const answers = {
  operationId: 'listAnswers',
  summary: 'All that a zone answers, and what makes each of it',
  description:
    'Its own SOA and NS, what its services answer from each pool, their preview names, and its records, delegations told apart. Without what signing makes (`GET /v1/zones/{zone}/dnssec`).',
  tags,
  params: ZoneParams,
  querystring: AnswersPageQuery,
  response: { ...pageReply('Answered', 'A page of RRsets.'), ...readProblems('query_invalid', 'zone_unknown') },
};

const get = {
  operationId: 'getRRset',
  summary: 'One RRset',
  description: 'Exactly of this name and type: no wildcard, alias or delegation is followed.',
  tags,
  params: RRsetParams,
  headers: getHeaders,
  response: {
    ...resourceReply('RRset', 'The RRset.'),
    ...readProblems('type_unknown', 'zone_unknown', 'rrset_unknown', 'name_taken', 'name_outside_zones'),
  },
};

const putRRset = {
  operationId: 'putRRset',
  summary: 'Make or replace an RRset',
  description: 'All records of the name and type at once; those that are left out are gone.',
  tags,
  params: RRsetParams,
  headers: putHeaders,
  body: RRsetBody,
  response: {
    ...putReply('RRset', { creates: true }),
    ...writeProblems('member_read_only', ...changeCodes),
  },
};

const deleteRRset = {
  operationId: 'deleteRRset',
  summary: 'Delete an RRset',
  description: 'All records of the name and type. The SOA and NS of the apex belong to the zone.',
  tags,
  params: RRsetParams,
  headers: ifMatchHeader,
  response: {
    ...deleteReply,
    ...deleteProblems('type_unknown', 'zone_unknown', 'rrset_unknown', 'name_taken', 'name_outside_zones'),
  },
};

export function rrsetRoutes(api: ApiInstance, parts: ApiParts): void {
  const { engine, queries } = parts;
  api.get(
    '/v1/zones/:zone/rrsets',
    { schema: list, config: access('read', 'records', 'records') },
    (request, reply) => {
      const { after, limit, ...filter } = request.query;
      return sendPage(reply, queries.rrsets(request.params.zone, after, grantOf(request), filter), limit, rrsetReply);
    },
  );
  const ofRecords = access('read', 'records', 'records');
  api.get('/v1/zones/:zone/answers', { schema: answers, config: ofRecords }, (request, reply) => {
    const { after, limit, ...filter } = request.query;
    const found = queries.answered(request.params.zone, after, grantOf(request), filter);
    return sendPage(reply, found, limit, ({ answered }) => answered);
  });
  type Params = Readonly<Record<'zone' | 'name' | 'type', string>>;
  const rrset = resource(({ zone, name, type }: Params) => queries.rrset(zone, name, type), rrsetReply);
  api.get(path, { schema: get, config: access('read', 'rrset', 'records') }, rrset.get);
  const config = { ...access('records', 'rrset'), ...rrset.writtenBack };
  api.put(path, { schema: putRRset, config }, (request, reply) => {
    const { zone, name, type } = request.params;
    return putForeseen(parts, request, reply, { kind: 'rrset.put', zone, name, type, body: request.body });
  });
  api.delete(path, { schema: deleteRRset, config: access('records', 'rrset') }, (request, reply) =>
    remove(engine, request, reply, { kind: 'rrset.delete', ...request.params }),
  );
}
