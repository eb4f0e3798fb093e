/** Zones: listed, read with their RRsets, and what clients read beside them. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Passed } from '../../control/listing.ts';
import type { Sliced } from '../../control/slices.ts';
import { apexRRsets, writeRRsets } from '../../control/zone-files/rrset-json.ts';
import { Problem } from '../../model/errors.ts';
import { canonicalName } from '../../model/name.ts';
import type { Zone } from '../../model/zone.ts';
import { shown } from '../../shown.ts';
import { parseType } from '../../wire/rdata.ts';
import { access, grantOf } from '../access.ts';
import { refuse } from '../door/guard.ts';
import { bytesOf, streamOf } from '../door/whole-zones.ts';
import type { ApiInstance, ApiParts } from '../parts.ts';
import { sendProblem } from '../problems.ts';
import { inTurns } from '../slices.ts';
import { SERVER } from './server.ts';
import { zoneOf } from './zone-id.ts';
import { aroundRRsets, zoneInList } from './zone-json.ts';
import { notesOf } from './zone-notes.ts';

export const ZONES = `${SERVER}/zones`;
export const ZONE = `${ZONES}/:zone`;

/** Zones that are read in one slice: a few milliseconds' work. */
const ZONES_AT_ONCE = 200;
const JSON_TYPE = 'application/json';

export function zoneRoutes(api: ApiInstance, parts: ApiParts): void {
  const { queries } = parts;
  const config = access('read', 'filtered', 'records');
  api.get(ZONES, { config }, async (request, reply) => {
    const { zone, dnssec } = request.query as { zone?: string; dnssec?: string };
    const body = await inTurns(request, reply, listZones(parts, request, zone, dnssec !== 'false'));
    return reply.type(JSON_TYPE).send(body);
  });
  api.get(ZONE, { config }, async (request, reply) => {
    const zone = zoneOf(request, queries, 'records');
    if (zone instanceof Problem) return sendProblem(reply, zone);
    const { rrsets, rrset_name: name, rrset_type: type } = request.query as Record<string, string | undefined>;
    if (rrsets === 'false') return sendAround(parts, reply, zone, undefined);
    if (name !== undefined) return sendAround(parts, reply, zone, rrsetsNamed(parts, request, zone, { name, type }));
    return sendWhole(parts, request, reply, zone);
  });
  api.get(`${ZONE}/export`, { config: access('read', 'filtered') }, async (request, reply) => {
    const zone = zoneOf(request, queries, 'whole');
    if (zone instanceof Problem) return sendProblem(reply, zone);
    const tooMany = request.server.wholeZones.enter(request, reply);
    if (tooMany !== undefined) return refuse(reply, tooMany);
    const file = await parts.zoneFiles.export(shown(zone.name));
    if (file instanceof Problem) return sendProblem(reply, file);
    const tooMuch = request.server.wholeZones.hold(request, reply, file.pieces);
    if (tooMuch !== undefined) return refuse(reply, tooMuch);
    return reply.type('text/plain; charset=utf-8').send(streamOf(file.pieces));
  });
  const ofZone = (path: string, bodyFor: (zone: Zone) => unknown): void => {
    api.get(`${ZONE}/${path}`, { config }, (request, reply) => {
      const zone = zoneOf(request, queries, 'records');
      return zone instanceof Problem ? sendProblem(reply, zone) : reply.send(bodyFor(zone));
    });
  };
  ofZone('cryptokeys', () => []);
  ofZone('metadata', (zone) => [{ kind: 'SOA-EDIT-API', metadata: [notesOf(zone).soa_edit_api], type: 'Metadata' }]);
}

/** Sends a zone with all its RRsets that are in reach, as they are at one moment. */
async function sendWhole(
  { zoneFiles, signings }: Pick<ApiParts, 'zoneFiles' | 'signings'>,
  request: FastifyRequest,
  reply: FastifyReply,
  { name }: Zone,
): Promise<FastifyReply> {
  const { wholeZones } = request.server;
  const tooMany = wholeZones.enter(request, reply);
  if (tooMany !== undefined) return refuse(reply, tooMany);
  const list = await zoneFiles.list(shown(name), request.actor?.limits);
  if (list instanceof Problem) return sendProblem(reply, list);
  const pieces = withRRsets(list, signings.isSigned(list.zone.name));
  const tooMuch = wholeZones.hold(request, reply, pieces);
  if (tooMuch !== undefined) return refuse(reply, tooMuch);
  return reply.type(JSON_TYPE).header('content-length', bytesOf(pieces)).send(streamOf(pieces));
}

/** Sends a zone that was made, which is told in any case: nobody may take a refusal for its never having been made. */
export async function sendMade(
  { zoneFiles, signings }: Pick<ApiParts, 'zoneFiles' | 'signings'>,
  request: FastifyRequest,
  reply: FastifyReply,
  zone: Zone,
): Promise<FastifyReply> {
  reply.code(201);
  const list = await zoneFiles.list(shown(zone.name), request.actor?.limits);
  if (list instanceof Problem) return sendAround({ signings }, reply, zone, undefined);
  const pieces = withRRsets(list, signings.isSigned(list.zone.name));
  request.server.wholeZones.holdAnyway(request, reply, pieces);
  return reply.type(JSON_TYPE).header('content-length', bytesOf(pieces)).send(streamOf(pieces));
}

function withRRsets(
  { zone, pieces }: { readonly zone: Zone; readonly pieces: readonly Uint8Array[] },
  isSigned: boolean,
): Uint8Array[] {
  const [before, after] = aroundRRsets(zone, isSigned);
  return [Buffer.from(`${before},"rrsets":[`), ...pieces, Buffer.from(`],${after}`)];
}

/** `rrsets`: what stands between the brackets; undefined: no list at all. */
function sendAround(
  { signings }: Pick<ApiParts, 'signings'>,
  reply: FastifyReply,
  zone: Zone,
  rrsets: readonly Uint8Array[] | undefined,
): FastifyReply {
  const [before, after] = aroundRRsets(zone, signings.isSigned(zone.name));
  const list = rrsets === undefined ? '' : `"rrsets":[${Buffer.concat(rrsets)}],`;
  return reply.type(JSON_TYPE).send(Buffer.from(`${before},${list}${after}`));
}

/** By what the query asks for, in reach; there may be none. */
function rrsetsNamed(
  { queries }: ApiParts,
  request: FastifyRequest,
  zone: Zone,
  asked: { readonly name: string; readonly type: string | undefined },
): Uint8Array[] {
  const name = canonicalName(asked.name);
  if (name instanceof Problem) return [];
  const all = [...(name === zone.name ? apexRRsets(zone) : []), ...queries.rrsetsAt(zone.name, name)];
  const type = asked.type === undefined ? undefined : parseType(asked.type);
  const grant = grantOf(request);
  return writeRRsets(
    all.filter((rrset) => (type ?? rrset.type) === rrset.type && grant.rrset(zone.name, name, rrset.type)),
  );
}

/** Those in reach, in name order; `only`: the zone of this name. */
function* listZones(
  { queries, signings }: ApiParts,
  request: FastifyRequest,
  only: string | undefined,
  tellsSigning: boolean,
): Sliced<string> {
  const grant = grantOf(request);
  const told = (zone: Zone): object => zoneInList(zone, tellsSigning ? signings.isSigned(zone.name) : undefined);
  const one = only === undefined ? undefined : queries.zone(only);
  if (one instanceof Problem) return '[]';
  if (one !== undefined) return grant.recordsOf(one.name) ? JSON.stringify([told(one)]) : '[]';
  const found = queries.zones(undefined, grant);
  if (found instanceof Problem) return '[]';
  const texts: string[] = [];
  let looked = 0;
  for (const zone of found.found) {
    if (!(zone instanceof Passed) && grant.recordsOf(zone.name)) texts.push(JSON.stringify(told(zone)));
    if (++looked % ZONES_AT_ONCE === 0) yield;
  }
  return `[${texts.join(',')}]`;
}
