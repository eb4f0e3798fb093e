/** The door for ExternalDNS: its webhook provider's protocol, version 1, with weights. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Passed } from '../../control/listing.ts';
import type { Sliced } from '../../control/slices.ts';
import { Problem } from '../../model/errors.ts';
import { suffixesOf } from '../../model/name.ts';
import { access, grantOf } from '../access.ts';
import { doorContext, withoutPlace } from '../door-context.ts';
import { parseLargeBody } from '../json-body.ts';
import type { Api, ApiParts } from '../parts.ts';
import { sendProblem } from '../problems.ts';
import { inTurns } from '../slices.ts';
import { Application } from './apply.ts';
import { dialect } from './dialect.ts';
import { Dropped } from './dropped.ts';
import {
  declaredWeight,
  hasBadWeight,
  makeEndpoint,
  POOL_TYPES,
  readEndpoints,
  type WrittenEndpoint,
} from './endpoint.ts';
import {
  find,
  isInReach,
  reachesService,
  releasingIn,
  sharesOfRRset,
  sharesOfService,
  TYPES,
  written,
  zoneOf,
} from './found.ts';
import { type Edit, whyNoRRset } from './plan.ts';

/** Compared byte for byte by ExternalDNS. */
const MEDIA_TYPE = 'application/external.dns.webhook+json;version=1';
/** Of a body: some ten thousand endpoints, all that a cluster has at each /adjustendpoints. */
const BODY_MAX_BYTES = 8 * 2 ** 20;
/** ExternalDNS reads no more of a reply. */
const REPLY_MAX_BYTES = 32 * 2 ** 20;
const ITEMS_AT_ONCE = 50;
const NAME = 'external-dns';
/** Of an owner's name, in the log of changes. */
const OWNER_MAX_CHARS = 63;

export const externalDns: Api = {
  prefix: '/external-dns',
  dialect,
  door: NAME,
  isDocumented: false,
  routes(api, parts) {
    const dropped = new Dropped(parts);
    api.addContentTypeParser('*', { parseAs: 'buffer' }, parseLargeBody);
    const config = access('admin', 'filtered', 'records');
    const bodyLimit = Math.min(BODY_MAX_BYTES, parts.options.zoneFileMaxBytes);
    // With a slash at the end and without: the base path is kept as it was given.
    api.get('/', { config }, (request, reply) => negotiate(parts, request, reply));
    api.get('/records', { config }, (request, reply) => sendRecords(parts, request, reply));
    api.post('/adjustendpoints', { config, bodyLimit }, (request, reply) => adjust(parts, dropped, request, reply));
    api.post('/records', { config, bodyLimit }, (request, reply) => change(parts, dropped, request, reply));
  },
};

function send(reply: FastifyReply, body: unknown): FastifyReply {
  return sendText(reply, Buffer.from(JSON.stringify(body)));
}

/** A list of pieces that have been written one by one, so that no turn is long. */
function sendList(reply: FastifyReply, pieces: readonly string[]): FastifyReply {
  return sendText(reply, Buffer.from(`[${pieces.join(',')}]`));
}

/** As bytes: Fastify would add a charset to the type of a text. */
function sendText(reply: FastifyReply, bytes: Buffer): FastifyReply {
  return reply.header('content-type', MEDIA_TYPE).send(bytes);
}

/** Asked once, when ExternalDNS starts: the zones that it should look after. None: all, and what is not ours is dropped later. */
async function negotiate({ queries }: ApiParts, request: FastifyRequest, reply: FastifyReply) {
  const grant = grantOf(request);
  const zones = queries.zones(undefined, grant);
  if (zones instanceof Problem) return sendProblem(reply, zones);
  const all = [...zones.found].flatMap((zone) => (zone instanceof Passed ? [] : [zone.name]));
  const include = all.filter((name) => grant.recordsOf(name));
  const included = new Set(include);
  const exclude = all.filter((name) => !included.has(name) && suffixesOf(name).some((above) => included.has(above)));
  return send(reply, { include, ...(exclude.length > 0 && { exclude }) });
}

async function sendRecords(parts: ApiParts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const pieces = await inTurns(request, reply, listRecords(parts, request));
  if (pieces instanceof Problem) return sendProblem(reply, pieces);
  return sendList(reply, pieces);
}

function* listRecords({ queries }: ApiParts, request: FastifyRequest): Sliced<string[] | Problem> {
  const grant = grantOf(request);
  const isReleasing = releasingIn(queries);
  const pieces: string[] = [];
  let bytes = 0;
  const add = (endpoint: WrittenEndpoint): void => {
    const text = JSON.stringify(endpoint);
    bytes += Buffer.byteLength(text) + 1;
    pieces.push(text);
  };
  let items = 0;
  // Of a token for records only some are in reach, and no service is in that of /v1.
  const services = queries.services(undefined, queries.grant(undefined));
  if (services instanceof Problem) return services;
  for (const service of services.found) {
    if (!(service instanceof Passed) && reachesService(grant, service, service)) {
      for (const share of sharesOfService(service, isReleasing)) add(written(service.name, share, service.ttlSeconds));
    }
    if (++items % ITEMS_AT_ONCE === 0) yield;
  }
  const zones = queries.zones(undefined, grant);
  if (zones instanceof Problem) return zones;
  for (const zone of zones.found) {
    if (zone instanceof Passed || !grant.recordsOf(zone.name)) continue;
    const rrsets = queries.rrsets(zone.name, undefined, grant);
    if (rrsets instanceof Problem) continue;
    for (const rrset of rrsets.found) {
      if (++items % ITEMS_AT_ONCE === 0) yield;
      if (bytes > REPLY_MAX_BYTES) return tooMany;
      if (rrset instanceof Passed || rrsets.within(rrset) === undefined) continue;
      for (const share of sharesOfRRset(rrset)) {
        if (TYPES.includes(share.type)) add(written(rrset.name, share, rrset.ttlSeconds));
      }
    }
  }
  return bytes > REPLY_MAX_BYTES ? tooMany : pieces;
}

const tooMany = new Problem(
  'busy',
  'There are more records than ExternalDNS reads (32 MiB): give it a token for fewer zones.',
);

/** What is left of the endpoints that ExternalDNS wants: those that could stand, in the spelling in which they are shown. */
async function adjust(parts: ApiParts, dropped: Dropped, request: FastifyRequest, reply: FastifyReply) {
  const endpoints = readEndpoints(request.body ?? [], 'The body');
  if (endpoints instanceof Problem) return sendProblem(reply, endpoints);
  const work = function* (): Sliced<string[]> {
    const left: string[] = [];
    for (const [i, endpoint] of endpoints.entries()) {
      if (i > 0 && i % ITEMS_AT_ONCE === 0) yield;
      const adjusted = adjusted1(parts, dropped, request, endpoint);
      if (adjusted !== undefined) left.push(JSON.stringify(adjusted));
    }
    return left;
  };
  return sendList(reply, await inTurns(request, reply, work()));
}

function adjusted1(
  parts: ApiParts,
  dropped: Dropped,
  request: FastifyRequest,
  endpoint: WrittenEndpoint,
): WrittenEndpoint | undefined {
  const made = takeEndpoint(parts, request, endpoint);
  if (typeof made === 'string') {
    dropped.tell(endpoint, made);
    return undefined;
  }
  const { name, type, set } = made;
  const zone = zoneOf(parts.queries, name);
  const found = zone && set !== '' ? find(parts.queries, zone, name, [type]) : undefined;
  const shares = found && [
    ...(found.service ? sharesOfService(found.service, found.isReleasing) : []),
    ...found.rrsets.flatMap(sharesOfRRset),
  ];
  // A release or a person may have moved it: what was annotated is where a new pool starts.
  const isThere = set === '' || shares?.some((share) => share.set === set);
  if (hasBadWeight(endpoint)) dropped.tellWeight(endpoint);
  const weight = isThere ? undefined : made.weight;
  const started = weight === undefined ? undefined : [{ name: 'webhook/weight', value: String(weight) }];
  const providerSpecific = made.isDeclared ? declaredWeight(made.weight as number) : started;
  const { providerSpecific: _, ...rest } = endpoint;
  return {
    ...rest,
    dnsName: name,
    targets: made.targets,
    recordType: type,
    ...(providerSpecific && { providerSpecific }),
  };
}

const OUT_OF_REACH = 'it is out of reach of the token';

/** The endpoint, or why it can never stand here. */
function takeEndpoint({ queries }: ApiParts, request: FastifyRequest, endpoint: WrittenEndpoint) {
  const made = makeEndpoint(endpoint);
  if (typeof made === 'string') return made;
  const zone = zoneOf(queries, made.name);
  if (zone === undefined) return 'it is in no zone of this server';
  const grant = grantOf(request);
  if (!isInReach(grant, zone.name, made)) return OUT_OF_REACH;
  if (grant.isOfRecords && POOL_TYPES.includes(made.type)) {
    const service = queries.service(made.name);
    const isService = !(service instanceof Problem);
    const place = { zone: zone.name, name: made.name };
    if (isService && !reachesService(grant, place, service)) return OUT_OF_REACH;
  }
  const isApex = made.name === zone.name;
  if (isApex && made.type === 'CNAME') return 'a CNAME cannot stand at the apex of a zone (RFC 1034 §3.6.2)';
  if (isApex && made.type === 'NS') return 'the NS records at the apex are those of the zone';
  return whyNoRRset(zone.name, made) ?? made;
}

async function change(parts: ApiParts, dropped: Dropped, request: FastifyRequest, reply: FastifyReply) {
  const edits = readEdits(request.body);
  if (edits instanceof Problem) return sendProblem(reply, edits);
  const owner = edits.map(({ endpoint, old }) => (endpoint.labels ?? old?.labels)?.owner).find(Boolean);
  const who = owner?.replace(/[^A-Za-z0-9._@/-]/g, '_').slice(0, OWNER_MAX_CHARS);
  const usual = `Asked for by ExternalDNS with the token ${request.actor?.name}`;
  const context = doorContext(request, parts.now(), NAME, who, usual);
  if (context instanceof Problem) return sendProblem(reply, context);
  const application = new Application(parts, request, reply, context);
  const take = function* (): Sliced<undefined> {
    for (const [i, { verb, endpoint, old }] of edits.entries()) {
      if (i > 0 && i % ITEMS_AT_ONCE === 0) yield;
      const made = takeEndpoint(parts, request, endpoint);
      const was = old === undefined ? undefined : makeEndpoint(old);
      // Such as the record of who owns a zone's apex, whose name is beside the zone: it can never stand.
      if (typeof made === 'string') dropped.tell(endpoint, made);
      else application.add({ verb, endpoint: made, old: typeof was === 'string' ? undefined : was } as Edit);
    }
    return undefined;
  };
  await inTurns(request, reply, take());
  await application.run();
  const [first] = application.refused;
  if (first === undefined) return reply.code(204).send();
  const [name, { code, detail }] = first;
  const more = application.refused.size === 1 ? '' : `, and ${application.refused.size - 1} more`;
  // A token that does not reach one name is no reason for ExternalDNS to exit: the status is for the request.
  const told = code === 'token_forbidden' ? 'service_conflict' : code;
  return sendProblem(reply, new Problem(told, `${name}${more} was refused, all else is done: ${withoutPlace(detail)}`));
}

interface WrittenEdit {
  readonly verb: Edit['verb'];
  readonly endpoint: WrittenEndpoint;
  readonly old?: WrittenEndpoint | undefined;
}

function readEdits(body: unknown): WrittenEdit[] | Problem {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return new Problem('body_invalid', 'The body is an object with the lists create, updateOld, updateNew and delete.');
  }
  const lists = ['create', 'updateOld', 'updateNew', 'delete'].map((key) =>
    readEndpoints((body as Record<string, unknown>)[key], key),
  );
  const problem = lists.find((list) => list instanceof Problem);
  if (problem instanceof Problem) return problem;
  const [create, updateOld, updateNew, deleted] = lists as [
    WrittenEndpoint[],
    WrittenEndpoint[],
    WrittenEndpoint[],
    WrittenEndpoint[],
  ];
  if (updateOld.length !== updateNew.length) {
    const detail = `updateOld has ${updateOld.length} endpoints and updateNew ${updateNew.length}: they are pairs.`;
    return new Problem('body_invalid', detail);
  }
  return [
    ...deleted.map((endpoint) => ({ verb: 'remove', endpoint }) as const),
    ...updateNew.map((endpoint, i) => ({ verb: 'set', endpoint, old: updateOld[i] }) as const),
    ...create.map((endpoint) => ({ verb: 'set', endpoint }) as const),
  ];
}
