/** Drafts of changes to services, and what may stand beside them. */

import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Problem } from '../../model/errors.ts';
import { canonicalName, checkOwnerName, isAtOrBelow, suffixesOf } from '../../model/name.ts';
import { makeService, type Service, serviceBody, weightsOf } from '../../model/service.ts';
import { withRaisedSerial, type Zone } from '../../model/zone.ts';
import type { Store } from '../../store/sqlite.ts';
import { TYPE } from '../../wire/constants.ts';
import type { Command, CommandContext } from '../commands/command.ts';
import { label, shown } from '../names.ts';
import { serviceReply } from '../replies/services.ts';
import { checkPrecondition, type Drafted } from './draft.ts';
import { refuseAtPreview } from './previews.ts';
import { refuseWhileReleasing } from './release-guard.ts';
import { nameserverProblem } from './rrsets.ts';
import { namerWarnings } from './target-warnings.ts';

export function draftServicePut(
  store: Store,
  command: Extract<Command, { kind: 'service.put' }>,
  context: CommandContext,
  revision: number,
): Drafted {
  const name = canonicalName(command.name);
  if (name instanceof Problem) return name;
  const before = store.service(name);
  const stale = checkPrecondition(context, before?.revision, `the service ${shown(name)}`);
  if (stale !== undefined) return stale;
  const badOwner = checkOwnerName(name);
  if (badOwner !== undefined) return badOwner;
  const zone = store.zoneOf(name);
  if (zone === undefined) {
    const detail = `${shown(name)} is in no zone of this server; make the zone first.`;
    return new Problem('name_outside_zones', detail);
  }
  const salt = saltOf(name, revision, context.atMs);
  const service = makeService({ name, zone: zone.name, salt }, command.body, before, revision);
  if (service instanceof Problem) return service;
  const conflict =
    refuseAtPreview(store, name) ??
    checkNameserver(zone, service, before) ??
    checkServicePlace(zone.name, service, (owner) => store.rrsetsAt(zone.name, owner).map(({ type }) => type));
  if (conflict !== undefined) return conflict;
  if (before !== undefined && isSame(before, service)) {
    return { revision: before.revision, body: serviceReply(before) };
  }
  if (before !== undefined && !leavesReleases(before, service)) {
    const releasing = refuseWhileReleasing(store, [name], 'change its pools, weights or TTLs');
    if (releasing !== undefined) return releasing;
  }
  return {
    kind: 'service.put',
    summary: `${before === undefined ? 'made' : 'changed'} the service ${shown(name)}${secretsNote(before, service)}`,
    subjects: [{ kind: 'service', name, before: before ? serviceBody(before) : null, after: serviceBody(service) }],
    changes: [
      { op: 'putService', service },
      { op: 'putZone', zone: withRaisedSerial(zone, revision) },
    ],
    created: before === undefined,
    body: withWarnings(store, zone, service),
  };
}

function withWarnings(store: Store, zone: Zone, service: Service): unknown {
  const warnings = service.kind === 'host' ? namerWarnings(store, zone, service.name) : [];
  const reply = serviceReply(service) as object;
  return warnings.length === 0 ? reply : { ...reply, warnings };
}

/** Secrets are in no body, so that they are compared apart. */
function isSame(before: Service, after: Service): boolean {
  return isDeepStrictEqual([serviceBody(before), before.health], [serviceBody(after), after.health]);
}

/** Where nothing else changes, before and after look alike in the log. */
function secretsNote(before: Service | undefined, after: Service): string {
  const headers = before?.health?.http?.headers;
  const isKept = headers === undefined || isDeepStrictEqual(headers, after.health?.http?.headers);
  return isKept ? '' : ', with other headers of its health check';
}

/** Where a plain CNAME is refused a service that answers with one is refused too. */
function checkNameserver(zone: Zone, { name, kind }: Service, before: Service | undefined): Problem | undefined {
  if (kind !== 'host' || before?.kind === 'host' || !zone.nameservers.includes(name)) return undefined;
  return nameserverProblem('service_conflict', zone, name);
}

/** Differs from service to service, and where one is made anew. Every node reads it in the revision that made it. */
function saltOf(name: string, revision: number, atMs: number): string {
  return createHash('sha256').update(`${name} ${revision} ${atMs}`).digest('hex').slice(0, 32);
}

export function draftServiceDelete(
  store: Store,
  command: Extract<Command, { kind: 'service.delete' }>,
  context: CommandContext,
  revision: number,
): Drafted {
  const before = findService(store, command.name);
  if (before instanceof Problem) return context.ifMatch === undefined ? before : missing(command.name, context);
  const stale = checkPrecondition(context, before.revision, `the service ${shown(before.name)}`);
  if (stale !== undefined) return stale;
  const { name } = before;
  const releasing = refuseWhileReleasing(store, [name], 'delete it');
  if (releasing !== undefined) return releasing;
  return {
    kind: 'service.delete',
    summary: `deleted the service ${shown(name)}`,
    subjects: [{ kind: 'service', name, before: serviceBody(before), after: null }],
    changes: [
      { op: 'deleteService', zone: before.zone, name },
      { op: 'putZone', zone: withRaisedSerial(store.zone(before.zone) as Zone, revision) },
    ],
    created: false,
    body: null,
  };
}

/** True where nothing changes that a release moves or counts on: targets may be mended meanwhile. */
function leavesReleases(before: Service, after: Service): boolean {
  const counted = (service: Service) => [weightsOf(service), service.ttlSeconds, service.release];
  return isDeepStrictEqual(counted(before), counted(after));
}

function missing(name: string, context: CommandContext): Problem {
  return checkPrecondition(context, undefined, `service ${name}`) as Problem;
}

/** The service of a name as typed by a user. */
export function findService(store: Pick<Store, 'service'>, text: string): Service | Problem {
  const name = canonicalName(text);
  if (name instanceof Problem) return name;
  return store.service(name) ?? new Problem('service_unknown', `There is no service ${shown(name)} here.`);
}

/** 409 where the service cannot stand at its name in a zone that has types `typesAt` its names. */
export function checkServicePlace(
  zone: string,
  { name, kind }: Service,
  typesAt: (name: string) => readonly number[],
): Problem | undefined {
  if (kind === 'host' && name === zone) {
    // RFC 1034 §3.6.2: no other data beside a CNAME, and an apex has SOA and NS.
    const detail = `A service of host names answers with a CNAME, which cannot stand at the apex of ${shown(name)}; use addresses.`;
    return new Problem('apex_conflict', detail, { conflict: name });
  }
  const others = typesAt(name);
  const taken = kind === 'host' ? others[0] : others.find((type) => addressTypes.has(type));
  if (taken !== undefined) {
    const other = label(name, taken);
    const owns = kind === 'host' ? 'its whole name' : 'A and AAAA at its name and has no CNAME beside it';
    return new Problem('service_conflict', `A service of ${kind} owns ${owns}, but ${other} stands there.`, {
      conflict: other,
    });
  }
  return checkOccluded(zone, name, typesAt);
}

const addressTypes = new Set<number>([TYPE.A, TYPE.AAAA, TYPE.CNAME]);

/** Below a zone cut (RFC 1034 §4.2.1) or a DNAME (RFC 6672 §2.4) nothing is answered from this zone. */
function checkOccluded(zone: string, name: string, typesAt: (name: string) => readonly number[]): Problem | undefined {
  for (const above of suffixesOf(name)) {
    if (!isAtOrBelow(above, zone)) break;
    const hiding = typesAt(above).find((type) => {
      return (type === TYPE.NS && above !== zone) || (type === TYPE.DNAME && above !== name);
    });
    if (hiding === undefined) continue;
    const other = label(above, hiding);
    const detail = `${shown(name)} is below ${other}: what stands there is not answered by this zone.`;
    return new Problem('service_conflict', detail, { conflict: other });
  }
  return undefined;
}
