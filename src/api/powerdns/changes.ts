/** What changes zones: RRsets all or nothing and at one instant, zones made and deleted. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Command, CommandResult } from '../../control/commands/command.ts';
import { CHANGES_MAX } from '../../control/drafts/record-list.ts';
import { apexRRsets } from '../../control/zone-files/rrset-json.ts';
import { Problem } from '../../model/errors.ts';
import { makeRRset } from '../../model/rrset.ts';
import { makeZone, type ZoneBody } from '../../model/zone.ts';
import { canonicalOrder, writeZoneFile } from '../../wire/zone-file/writer.ts';
import { access, grantOf } from '../access.ts';
import { executeForeseen, logResult } from '../commands.ts';
import { refuse } from '../door/guard.ts';
import { doorContext } from '../door-context.ts';
import type { ApiInstance, ApiParts } from '../parts.ts';
import { sendProblem } from '../problems.ts';
import { apexOf, inApexWords, partApex, recordOf } from './apex.ts';
import {
  type AskedRRset,
  asChange,
  bad,
  bodyOf,
  explain,
  fieldsOf,
  inClientsWords,
  nameOf,
  readRRsets,
  textOf,
} from './rrset-changes.ts';
import { zoneOf } from './zone-id.ts';
import { sendMade, ZONE, ZONES } from './zones.ts';

/** A name that begins the actor of a change: the door's, as its clients call it. */
const ACTOR = 'pdns';

/** A thousand RRsets of some hundred bytes, or one as large as there can be. */
const BODY_MAX_BYTES = 512 * 1024;

/** Zones whose records come from another server: Teal fetches none. */
const FETCHED = ['SLAVE', 'SECONDARY', 'CONSUMER'];

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
    const zone = zoneOf(request, queries, 'whole');
    const refused = zone instanceof Problem ? zone : refuseFetched(fieldsOf(request.body) ?? {});
    // Kinds, accounts and the editing of serials mean nothing here.
    return refused instanceof Problem ? sendProblem(reply, refused) : reply.code(204).send();
  });
  api.delete(ZONE, ofZones, async (request, reply) => {
    const zone = zoneOf(request, queries, 'whole');
    if (zone instanceof Problem) return sendProblem(reply, zone);
    const named = zone.name === '' ? '.' : zone.name;
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
  const named = zone.name === '' ? '.' : zone.name;
  const changes = records.map(asChange);
  const command = { kind: 'records.change', zone: named, changes, ...(apex !== undefined && { apex }) } as const;
  const result = await run(parts, request, reply, command);
  return result instanceof Problem ? inApexWords(inClientsWords(result, records), own) : result;
}

/** The name of the zone that was made. */
async function create(
  parts: ApiParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<string | Problem | 'exists'> {
  const fields = fieldsOf(request.body) ?? {};
  const text = textOf(fields, 'name');
  const name = text instanceof Problem ? text : nameOf(text);
  if (name instanceof Problem) return name;
  const fetched = refuseFetched(fields);
  if (fetched !== undefined) return fetched;
  if (!grantOf(request).zone(name))
    return new Problem('token_forbidden', `The zone ${name}. is out of the reach of this token`);
  const named = name === '' ? '.' : name;
  if (!(parts.queries.zone(named) instanceof Problem)) return 'exists';
  const asked = readRRsets(name, fields.rrsets ?? [], true);
  if (asked instanceof Problem) return asked;
  const [own, records] = partApex(name, asked);
  const body = newBody(name, fields.nameservers, own);
  if (body instanceof Problem) return body;
  const result =
    records.length === 0
      ? await run(parts, request, reply, { kind: 'zone.put', zone: named, body }, true)
      : await createFilled(parts, request, { name, body, records });
  // Somebody was faster.
  if (result instanceof Problem) return result.code === 'revision_stale' ? 'exists' : result;
  // A file of records has no place for how they were written. Where that is refused the log says so, and the zone stands.
  const odd = records.filter((rrset) => isOdd(name, rrset)).map(asChange);
  for (let at = 0; at < odd.length; at += CHANGES_MAX) {
    const changes = odd.slice(at, at + CHANGES_MAX);
    await run(parts, request, reply, { kind: 'records.change', zone: named, changes });
  }
  return named;
}

/** Whether it was written as Teal would not write it. */
function isOdd(zone: string, rrset: AskedRRset): boolean {
  if (rrset.contents.length === 0) return false;
  const made = makeRRset({ zone, name: rrset.name, type: rrset.type }, bodyOf(rrset), 0);
  return !(made instanceof Problem) && made.written !== undefined;
}

/** A zone with its records is made as by a file of it: in one revision, which is answered from at one instant. */
async function createFilled(
  { zoneFiles, engine, now }: ApiParts,
  request: FastifyRequest,
  { name, body, records }: { readonly name: string; readonly body: ZoneBody; readonly records: readonly AskedRRset[] },
): Promise<CommandResult> {
  const zone = makeZone(name, body, undefined);
  if (zone instanceof Problem) return zone;
  const rrsets = [...apexRRsets(zone)];
  for (const rrset of records) {
    const { type, contents } = rrset;
    if (contents.length === 0) continue;
    const made = makeRRset({ zone: name, name: rrset.name, type }, bodyOf(rrset), 0);
    if (made instanceof Problem) return explain(rrset, made, recordOf(made));
    rrsets.push(made);
  }
  const context = doorContext(request, now(), ACTOR);
  if (context instanceof Problem) return context;
  const file = Buffer.from([...writeZoneFile(name, [], canonicalOrder(rrsets))].join(''));
  const result = await zoneFiles.import(name === '' ? '.' : name, file, { ...context, ifNoneMatch: 'any' });
  logResult(engine, request, { command: 'zone.import', actor: context.actor }, result);
  if (!(result instanceof Problem) || result.findings === undefined) return result;
  return bad(result.findings.find(({ severity }) => severity === 'error')?.message ?? result.detail);
}

/** `isNew`: only where there is none. */
async function run(
  parts: ApiParts,
  request: FastifyRequest,
  reply: FastifyReply,
  command: Command,
  isNew = false,
): Promise<CommandResult> {
  const context = doorContext(request, parts.now(), ACTOR);
  if (context instanceof Problem) return context;
  const whole = isNew ? { ...context, ifNoneMatch: 'any' as const } : context;
  return executeForeseen(parts, request, reply, [command, whole]);
}

/** What the zone says of itself: by `nameservers`, and by its SOA and NS where there are such RRsets. */
function newBody(name: string, nameservers: unknown, own: readonly AskedRRset[]): ZoneBody | Problem {
  const names = Array.isArray(nameservers) ? nameservers.filter((each) => typeof each === 'string') : [];
  const undotted = names.find((each) => !each.endsWith('.'));
  if (undotted !== undefined) return bad(`Nameserver '${undotted}' is not canonical`);
  const start = { nameservers: names, hostmaster: name === '' ? 'hostmaster.' : `hostmaster.${name}.` };
  const apex = apexOf(name, own);
  if (apex instanceof Problem) return apex;
  const body = { ...start, ...apex };
  if (body.nameservers.length > 0) return body;
  return bad('Nameservers list must be given, or an NS RRset of the zone');
}

function refuseFetched({ kind }: Readonly<Record<string, unknown>>): Problem | undefined {
  if (typeof kind !== 'string' || !FETCHED.includes(kind.toUpperCase())) return undefined;
  return bad(`Kind '${kind}': Teal fetches no zones from other servers; it has zones of the kind Native`);
}
