/** Zone files: a whole zone in one request, as an RFC 1035 master file. */
import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { ImportQuery, ZoneFileQuery, ZoneParams } from '../../../contract/zones.ts';
import { Problem } from '../../../model/errors.ts';
import { access } from '../../access.ts';
import { logResult } from '../../commands.ts';
import { refuse } from '../../door/guard.ts';
import { wholeBody } from '../../door/whole-body.ts';
import { streamOf } from '../../door/whole-zones.ts';
import type { ApiInstance, ApiParts } from '../../parts.ts';
import { sendProblem } from '../../problems.ts';
import { getHeaders, notModified, putHeaders, putReply, readProblems, writeProblems } from '../../reply-schemas.ts';
import { contextOf, sendFresh, sendPut } from '../replies.ts';

const tags = ['zones'];

/** text/dns is RFC 4027's; curl says x-www-form-urlencoded of whatever it sends. */
const mediaTypes = ['text/dns', 'text/plain', 'application/octet-stream', 'application/x-www-form-urlencoded'];

const putFile = {
  operationId: 'putZoneFile',
  summary: 'Make a zone, or replace its records, by a zone file',
  description:
    'All of it or nothing, in one revision; services of the zone stay. The body is text/dns (RFC 1035 §5, RFC 4027).',
  tags,
  params: ZoneParams,
  querystring: ImportQuery,
  headers: putHeaders,
  // For the document only: bytes are held against no schema.
  'x-body': { 'text/dns': { schema: { type: 'string', description: 'RFC 1035 §5; $INCLUDE is refused.' } } },
  response: {
    ...putReply('Import', { creates: true }),
    ...writeProblems(
      ...(['query_invalid', 'service_conflict', 'cname_conflict', 'apex_conflict', 'zone_file_invalid'] as const),
      ...([
        'signatures_unsaid',
        'zone_signed',
        'signing_state',
        'zone_has_services',
        'ds_present',
        'stopping',
      ] as const),
    ),
  },
};

const getFile = {
  operationId: 'getZoneFile',
  summary: 'A zone as a zone file',
  description:
    'RFC 1035 §5, in canonical order; services are comments in it. Sent back, it changes nothing. With `signed=true` as others are to hold a zone that is signed here: with the NSEC records and signatures that it is answered with, each service as its pool of the greatest weight, the first among equals, and each preview name as its pool; it has no ETag, since weights and signatures change without it. Before all of the zone is answered as it is to be signed there is no such file: `signing_state`. Of a zone that is not signed, but has a digest (`zonemd`), the same without signatures.',
  tags,
  params: ZoneParams,
  querystring: ZoneFileQuery,
  headers: getHeaders,
  response: {
    200: { description: 'The file.', content: { 'text/dns': { schema: { type: 'string' } } } },
    ...notModified,
    ...readProblems(
      ...(['zone_unknown', 'signing_unknown', 'signing_state', 'signing_refused'] as const),
      ...(['store_unavailable', 'stopping'] as const),
    ),
  },
};

/** To be registered in a scope of its own: its bodies are taken as they come. */
export function zoneFileRoutes(api: ApiInstance, { engine, zoneFiles, signings, now, options }: ApiParts): void {
  api.removeAllContentTypeParsers();
  const { zoneFileMaxBytes } = options;
  api.addContentTypeParser(mediaTypes, (request: FastifyRequest, payload: Readable) =>
    wholeBody(request, payload, zoneFileMaxBytes),
  );
  const { wholeZones } = api;
  api.addHook('preHandler', async (request, reply) => {
    const refused = wholeZones.enter(request, reply);
    return refused === undefined ? undefined : refuse(reply, refused);
  });
  api.get('/v1/zones/:zone/file', { schema: getFile, config: access('read', 'zone') }, async (request, reply) => {
    const { zone } = request.params;
    const isSigned = request.query.signed === 'true';
    const keys = isSigned ? signings.exportKeys(zone, now()) : undefined;
    if (keys instanceof Problem) return sendProblem(reply, keys);
    const file = await zoneFiles.export(zone, keys);
    if (file instanceof Problem) return sendProblem(reply, file);
    // How it is signed may have changed while it was read.
    const behind = isSigned ? signings.exportRefusal(zone) : undefined;
    if (behind !== undefined) return sendProblem(reply, behind);
    const refused = wholeZones.hold(request, reply, file.pieces);
    if (refused !== undefined) return refuse(reply, refused);
    if (isSigned) return reply.header('cache-control', 'no-store').type('text/dns').send(streamOf(file.pieces));
    return sendFresh(request, reply, file.revision, () => reply.type('text/dns').send(streamOf(file.pieces)));
  });
  const route = { schema: putFile, config: access('admin', 'zone'), bodyLimit: zoneFileMaxBytes };
  api.put('/v1/zones/:zone/file', route, async (request, reply) => {
    const bytes = (request.body as Uint8Array | undefined) ?? new Uint8Array(0);
    const context = contextOf(request);
    const { signatures, force } = request.query;
    const result = await zoneFiles.import(request.params.zone, bytes, context, signatures, force === 'true');
    logResult(engine, request, { command: 'zone.import', actor: context.actor }, result);
    return sendPut(reply, result);
  });
}
