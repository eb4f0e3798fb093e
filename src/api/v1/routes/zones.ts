/** Zones: made, read, changed, deleted, listed. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ZonePageQuery } from '../../../contract/pages.ts';
import { ZoneBody, ZoneDeleteQuery, ZoneParams } from '../../../contract/zones.ts';
import { Problem } from '../../../model/errors.ts';
import { settingsRevision, type Zone } from '../../../model/zone.ts';
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
  writeProblems,
} from '../../reply-schemas.ts';
import { etagOf } from '../conditions.ts';
import { zoneReply } from '../replies/nouns.ts';
import { putForeseen, remove, sendFresh, sendPage } from '../replies.ts';
import { writtenBack } from '../write-back.ts';

const tags = ['zones'];

const list = {
  operationId: 'listZones',
  summary: 'Zones in name order',
  description: 'A token that is limited sees those that it reaches.',
  tags,
  querystring: ZonePageQuery,
  response: { ...pageReply('Zone', 'A page of zones.'), ...readProblems('query_invalid') },
};

const get = {
  operationId: 'getZone',
  summary: 'One zone',
  description:
    'Its SOA and NS; the records are RRsets of their own, and their changes leave its ETag as it is. The ETag is for If-Match: a reply is 304 only where the records, which the serial tells of, have not been changed since either.',
  tags,
  params: ZoneParams,
  headers: getHeaders,
  response: { ...resourceReply('Zone', 'The zone.'), ...readProblems('zone_unknown') },
};

const putZone = {
  operationId: 'putZone',
  summary: 'Make a zone, or change its SOA and NS',
  description:
    'A new zone takes over the services at and below it from the zone that held them, in the same revision; records of that zone stay there, hidden.',
  tags,
  params: ZoneParams,
  headers: putHeaders,
  body: ZoneBody,
  response: {
    ...putReply('Zone', { creates: true }),
    ...writeProblems(
      'member_read_only',
      'cname_conflict',
      'service_conflict',
      'zone_kept',
      'apex_conflict',
      'zone_invalid',
      'ttl_invalid',
      'labels_invalid',
    ),
  },
};

const deleteZone = {
  operationId: 'deleteZone',
  summary: 'Delete a zone with its RRsets',
  description: 'In one revision. Its services are deleted with it only where the query says so.',
  tags,
  params: ZoneParams,
  querystring: ZoneDeleteQuery,
  headers: ifMatchHeader,
  response: {
    ...deleteReply,
    ...deleteProblems('query_invalid', 'zone_unknown', 'zone_has_services', 'release_active', 'ds_present'),
  },
};

export function zoneRoutes(api: ApiInstance, parts: ApiParts): void {
  const { engine, queries } = parts;
  api.get('/v1/zones', { schema: list, config: access('read', 'filtered') }, (request, reply) => {
    const { after, limit, ...filter } = request.query;
    return sendPage(reply, queries.zones(after, grantOf(request), filter), limit, zoneReply);
  });
  api.get('/v1/zones/:zone', { schema: get, config: access('read', 'zone') }, (request, reply) =>
    sendZone(request, reply, queries.zone(request.params.zone)),
  );
  const find = ({ zone }: { zone: string }) => queries.zone(zone);
  const config = {
    ...access('admin', 'zone'),
    ...writtenBack(find, zoneReply, { moving: { by: 'contentRevision', members: ['serial', 'contentRevision'] } }),
  };
  api.put('/v1/zones/:zone', { schema: putZone, config }, (request, reply) => {
    const { zone } = request.params;
    return putForeseen(parts, request, reply, { kind: 'zone.put', zone, body: request.body });
  });
  api.delete('/v1/zones/:zone', { schema: deleteZone, config: access('admin', 'zone') }, (request, reply) => {
    const { zone } = request.params;
    const withServices = request.query.services === 'delete';
    const force = request.query.force === 'true';
    return remove(engine, request, reply, { kind: 'zone.delete', zone, withServices, force });
  });
}

/** The ETag is of the settings. What the records move, the serial, would be old in what a 304 lets a client keep. */
function sendZone(request: FastifyRequest, reply: FastifyReply, found: Zone | Problem): FastifyReply {
  if (found instanceof Problem) return sendProblem(reply, found);
  const revision = settingsRevision(found);
  if (found.revision !== revision) return reply.header('etag', etagOf(revision)).send(zoneReply(found));
  return sendFresh(request, reply, revision, () => reply.send(zoneReply(found)));
}
