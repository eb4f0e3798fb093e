/** Zones that are made, with their records or without, at one instant. */
import { isDeepStrictEqual } from 'node:util';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CommandResult } from '../../control/commands/command.ts';
import { Passed } from '../../control/listing.ts';
import { apexRRsets } from '../../control/zone-files/rrset-json.ts';
import { Problem } from '../../model/errors.ts';
import { makeRRset } from '../../model/rrset.ts';
import { makeZone, nextSerial, type ZoneBody } from '../../model/zone.ts';
import { shown } from '../../shown.ts';
import { canonicalOrder, writeZoneFile } from '../../wire/zone-file/writer.ts';
import { grantOf } from '../access.ts';
import { logResult } from '../commands.ts';
import { doorContext } from '../door-context.ts';
import type { ApiParts } from '../parts.ts';
import { keepWritten, note } from './after-creation.ts';
import { apexOf, partApex, recordOf } from './apex.ts';
import { type AskedRRset, bad, bodyOf, explain, fieldsOf, nameOf, readRRsets, textOf } from './rrset-changes.ts';
import { ACTOR, run } from './run.ts';
import { withNotes } from './zone-notes.ts';

/** Only where there is none. */
const NEW = { ifNoneMatch: 'any' } as const;

/** Zones whose records come from another server: Teal fetches none. */
const FETCHED = ['SLAVE', 'SECONDARY', 'CONSUMER'];

/** The name of the zone that was made. */
export async function create(
  parts: ApiParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<string | Problem | 'exists'> {
  const fields = fieldsOf(request.body) ?? {};
  const text = textOf(fields, 'name');
  const name = text instanceof Problem ? text : nameOf(text);
  if (name instanceof Problem) return name;
  // PowerDNS reads a zone file there; passed over, the zone would be there without its records.
  if (typeof fields.zone === 'string' && fields.zone !== '') {
    return bad('zone: a zone file is imported by /v1/zones; send its records in rrsets');
  }
  const refused = refuseFetched(fields) ?? refuseSigning(fields, false);
  if (refused !== undefined) return refused;
  if (!grantOf(request).zone(name))
    return new Problem('token_forbidden', `The zone ${name}. is out of the reach of this token`);
  const named = shown(name);
  if (!(parts.queries.zone(named) instanceof Problem)) return 'exists';
  const asked = readRRsets(name, fields.rrsets ?? [], true);
  if (asked instanceof Problem) return asked;
  const [own, records] = partApex(name, asked);
  const body = newBody(name, fields, own);
  if (body instanceof Problem) return body;
  const result =
    records.length === 0
      ? await run(parts, request, reply, { kind: 'zone.put', zone: named, body }, NEW)
      : await createFilled(parts, request, { name, body, records });
  // Somebody was faster.
  if (result instanceof Problem) return result.code === 'revision_stale' ? 'exists' : result;
  if (records.length === 0) return named;
  const client = { parts, request, reply };
  const zoneNow = () => parts.queries.zone(named);
  const zone = zoneNow();
  if (zone instanceof Problem) return zone;
  // Where that is refused the log says so, and the zone stands.
  if (!isDeepStrictEqual(zone.labels ?? {}, body.labels ?? {})) await note(client, zoneNow, fields);
  const odd = records.filter((rrset) => isOdd(name, rrset));
  await keepWritten(client, zoneNow, { rrsets: odd, madeBy: result.revision });
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
  { zoneFiles, engine, now, queries }: ApiParts,
  request: FastifyRequest,
  { name, body, records }: { readonly name: string; readonly body: ZoneBody; readonly records: readonly AskedRRset[] },
): Promise<CommandResult> {
  const zone = makeZone(name, body, undefined);
  if (zone instanceof Problem) return zone;
  const rrsets = [...apexRRsets({ ...zone, serial: serialToBe(queries) })];
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
  const result = await zoneFiles.import(shown(name), file, { ...context, ifNoneMatch: 'any' });
  logResult(engine, request, { command: 'zone.import', actor: context.actor }, result);
  if (!(result instanceof Problem) || result.findings === undefined) return result;
  const found = result.findings.find(({ severity }) => severity === 'error')?.message ?? result.detail;
  // Of the file, which nobody sent.
  return bad(found.replace(/ \(line \d+\)/g, ''));
}

/** As of a zone that is made without records: later than all that there was, should there have been such a zone before. */
function serialToBe(queries: ApiParts['queries']): number {
  const newest = queries.revisions(undefined, true, queries.grant(undefined));
  if (newest instanceof Problem) return 1;
  for (const one of newest.found) if (!(one instanceof Passed)) return nextSerial(0, one.revision + 1);
  return 1;
}

/** What the zone says of itself: by `nameservers`, and by its SOA and NS where there are such RRsets. */
function newBody(
  name: string,
  fields: Readonly<Record<string, unknown>>,
  own: readonly AskedRRset[],
): ZoneBody | Problem {
  const { nameservers } = fields;
  const labels = withNotes({}, fields);
  if (labels instanceof Problem) return labels;
  const names: unknown[] = Array.isArray(nameservers) ? nameservers : [];
  if (!areTexts(names)) return bad('Nameservers must be non-empty strings');
  const undotted = names.find((each) => !each.endsWith('.'));
  if (undotted !== undefined) return bad(`Nameserver '${undotted}' is not canonical`);
  const start = { nameservers: names, hostmaster: name === '' ? 'hostmaster.' : `hostmaster.${name}.` };
  const apex = apexOf(name, own);
  if (apex instanceof Problem) return apex;
  const body = { ...start, ...apex, labels };
  if (body.nameservers.length > 0) return body;
  return bad('Nameservers list must be given, or an NS RRset of the zone');
}

function areTexts(names: readonly unknown[]): names is string[] {
  return names.every((each) => typeof each === 'string' && each !== '');
}

export function refuseFetched({ kind }: Readonly<Record<string, unknown>>): Problem | undefined {
  if (typeof kind !== 'string' || !FETCHED.includes(kind.toUpperCase())) return undefined;
  return bad(`Kind '${kind}': Teal fetches no zones from other servers; it has zones of the kind Native`);
}

/** Passed over, a zone would be taken for signed, or for unsigned, that is not. */
export function refuseSigning({ dnssec }: Readonly<Record<string, unknown>>, isSigned: boolean): Problem | undefined {
  if (dnssec === undefined || dnssec === null || dnssec === isSigned) return undefined;
  if (typeof dnssec !== 'boolean') return bad("Key 'dnssec' is not a Bool");
  const [verb, way] = dnssec ? ['signed', 'sign'] : ['unsigned', 'unsign'];
  return bad(
    `dnssec: a zone is ${verb} by \`teal dnssec ${way}\`, or by /v1/zones/{zone}/dnssec, and not here; leave it out`,
  );
}
