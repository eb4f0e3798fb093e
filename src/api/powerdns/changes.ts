/** What changes zones: RRsets all or nothing and at one instant, zones made and deleted. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CommandResult } from '../../control/commands/command.ts';
import { Problem } from '../../model/errors.ts';
import { shown } from '../../shown.ts';
import { access } from '../access.ts';
import { refuse } from '../door/guard.ts';
import type { ApiInstance, ApiParts } from '../parts.ts';
import { sendProblem } from '../problems.ts';
import { note } from './after-creation.ts';
import { apexOf, inApexWords, partApex } from './apex.ts';
import { create, refuseFetched, refuseSigning } from './creation.ts';
import { asChange, bad, fieldsOf, inClientsWords, readRRsets } from './rrset-changes.ts';
import { run } from './run.ts';
import { zoneOf } from './zone-id.ts';
import { sendMade, ZONE, ZONES } from './zones.ts';

/** A thousand RRsets of some hundred bytes, or one as large as there can be. */
const BODY_MAX_BYTES = 512 * 1024;

export function changeRoutes(api: ApiInstance, parts: ApiParts): void {
  const { queries } = parts;
  const bodyLimit = Math.min(BODY_MAX_BYTES, parts.options.bodyMaxBytes);
  const ofZones = { config: access('admin', 'filtered'), bodyLimit };
  api.patch(ZONE, { config: access('records', 'filtered'), bodyLimit }, async (request, reply) => {
    const result = await patch(parts, request, reply);
    return result instanceof Problem ? sendProblem(reply, result) : reply.code(204).send();
  });
  api.post(ZONES, ofZones, async (request, reply) => {
    const tooMany = request.server.wholeZones.enter(request, reply);
    if (tooMany !== undefined) return refuse(reply, tooMany);
    const result = await create(parts, request, reply);
    // A client that meets a zone that is there goes on with it.
    if (result === 'exists') return reply.code(409).type('text/plain; charset=utf-8').send('Conflict');
    if (result instanceof Problem) return sendProblem(reply, result);
    const zone = queries.zone(result);
    return zone instanceof Problem ? sendProblem(reply, zone) : sendMade(parts, request, reply, zone);
  });
  api.put(ZONE, ofZones, async (request, reply) => {
    const fields = fieldsOf(request.body) ?? {};
    const zoneNow = () => zoneOf(request, queries, 'whole');
    const zone = zoneNow();
    if (zone instanceof Problem) return sendProblem(reply, zone);
    const refused =
      refuseFetched(fields) ??
      refuseSigning(fields, parts.signings.isSigned(zone.name)) ??
      (await note({ parts, request, reply }, zoneNow, fields));
    return refused instanceof Problem ? sendProblem(reply, refused) : reply.code(204).send();
  });
  api.delete(ZONE, ofZones, async (request, reply) => {
    const zone = zoneOf(request, queries, 'whole');
    if (zone instanceof Problem) return sendProblem(reply, zone);
    const named = shown(zone.name);
    const result = await run(parts, request, reply, { kind: 'zone.delete', zone: named, withServices: false });
    if (!(result instanceof Problem)) return reply.code(204).send();
    const isFull = result.code === 'zone_has_services';
    return sendProblem(reply, isFull ? bad(result.detail.replace(/;.*$/, '; delete them first')) : result);
  });
  // Secondaries are told by themselves, where there are some; clients ask for it after each change.
  api.put(`${ZONE}/notify`, { config: access('records', 'filtered'), bodyLimit }, (request, reply) => {
    const zone = zoneOf(request, queries, 'records');
    return zone instanceof Problem ? sendProblem(reply, zone) : reply.send({ result: 'Notification queued' });
  });
}

/** All of it in one revision, or nothing. */
async function patch(
  parts: ApiParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<CommandResult | undefined> {
  const zone = zoneOf(request, parts.queries, 'records');
  if (zone instanceof Problem) return zone;
  const asked = readRRsets(zone.name, fieldsOf(request.body)?.rrsets);
  if (asked instanceof Problem) return asked;
  const [own, records] = partApex(zone.name, asked);
  const apex = apexOf(zone.name, own);
  if (apex instanceof Problem) return apex;
  if (apex === undefined && records.length === 0) return undefined;
  const named = shown(zone.name);
  const changes = records.map(asChange);
  const command = { kind: 'records.change', zone: named, changes, ...(apex !== undefined && { apex }) } as const;
  const result = await run(parts, request, reply, command);
  return result instanceof Problem ? inApexWords(inClientsWords(result, records), own) : result;
}
