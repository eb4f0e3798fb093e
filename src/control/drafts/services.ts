/** Drafts of changes to services, and what may stand beside them. */

import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { adoptedTypes } from '../../model/adoption.ts';
import { Problem } from '../../model/errors.ts';
import { canonicalName, checkOwnerName, isAtOrBelow, suffixesOf } from '../../model/name.ts';
import { previewNames } from '../../model/preview.ts';
import type { Subject } from '../../model/revision.ts';
import type { RRset } from '../../model/rrset.ts';
import { answeredBody, makeService, type Service, serviceBody, weightsOf } from '../../model/service.ts';
import { withRaisedSerial, type Zone } from '../../model/zone.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import { TYPE } from '../../wire/constants.ts';
import type { Command, CommandContext } from '../commands/command.ts';
import { rrsetName } from '../names.ts';
import { rrsetReply } from '../replies/rrsets.ts';
import { serviceReply } from '../replies/services.ts';
import { inPlaceOf, leaveRecords, settleBody, typesOf, withoutRecords } from './adoption.ts';
import { checkPrecondition, type Drafted } from './draft.ts';
import { passFreeze } from './freeze-guard.ts';
import { withPast } from './held-before.ts';
import { refuseAtPreview } from './previews.ts';
import { withinRelease } from './release-changes.ts';
import { refuseWhileReleasing } from './release-guard.ts';
import { nameserverProblem } from './rrsets.ts';
import { namerWarnings, newNameWarnings } from './target-warnings.ts';

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
  const settled = settleBody(store, { zone: zone.name, name }, command.body, before);
  if (settled instanceof Problem) return settled;
  const { body, replaced } = settled;
  const salt = saltOf(name, revision, context.atMs);
  const made = makeService({ name, zone: zone.name, salt }, body, before, revision);
  if (made instanceof Problem) return made;
  const { atMs, earliestMs = atMs } = context;
  const placed = inPlaceOf(before === undefined ? withPast(store, made, atMs, earliestMs) : made, replaced, atMs);
  const conflict = findConflict(store, zone, { service: placed, before, replaced });
  if (conflict !== undefined) return conflict;
  if (before !== undefined && isSame(before, placed)) {
    return { revision: before.revision, body: serviceReply(before) };
  }
  if (before !== undefined && !isDeepStrictEqual(weightsOf(before), weightsOf(placed))) {
    const releasing = refuseWhileReleasing(store, [name], 'change its pools or weights');
    if (releasing !== undefined) return releasing;
  }
  const isMoved = before !== undefined && movesTraffic(before, placed);
  const alone = isMoved ? refuseAlone(before) : undefined;
  if (alone !== undefined) return alone;
  const override = isMoved ? passFreeze(store, [before], context) : undefined;
  if (override instanceof Problem) return override;
  const release = before && store.activeReleaseOf(name);
  const within = release && withinRelease(release, placed, context.atMs);
  const service = within?.service ?? placed;
  const without = withoutRecords(replaced);
  const subject = { kind: 'service', name, before: before ? serviceBody(before) : null, after: serviceBody(service) };
  return {
    kind: 'service.put',
    summary: `${before === undefined ? 'made' : 'changed'} the service ${shown(name)}${notes(before, service, replaced)}`,
    subjects: [subject as Subject, ...without.subjects, ...(within?.subjects ?? [])],
    changes: [
      { op: 'putService', service },
      ...(within?.changes ?? []),
      ...without.changes,
      ...(isAnsweredAlike(before, service) ? [] : [{ op: 'putZone', zone: withRaisedSerial(zone, revision) } as const]),
    ],
    ...(override && { override }),
    created: before === undefined,
    body: replyTo(store, zone, { before, service }, replaced),
  };
}

/**
 * Other weights, or other networks that get a pool whatever the weights. Other targets do not: a machine that is replaced
 * on a Saturday is no release.
 */
function movesTraffic(before: Service, after: Service): boolean {
  return !isDeepStrictEqual([weightsOf(before), before.pins], [weightsOf(after), after.pins]);
}

/** What two have to agree on is not done by writing the service. */
function refuseAlone({ name, approval }: Service): Problem | undefined {
  if (approval !== 'required') return undefined;
  const detail = `Shifts of ${shown(name)} want approval by somebody else: leave its weights and pins as they are, and shift it, which is a proposal then.`;
  return new Problem('approval_needed', detail, { conflict: shown(name) });
}

/** What keeps the service from its name, once the records are gone that it takes the place of. */
function findConflict(
  store: Store,
  zone: Zone,
  { service, before, replaced }: { service: Service; before: Service | undefined; replaced: readonly RRset[] },
): Problem | undefined {
  const { name } = service;
  const stays = (owner: string, { type }: RRset): boolean =>
    owner !== name || replaced.every((rrset) => rrset.type !== type);
  const typesAt = (owner: string): number[] =>
    store.rrsetsAt(zone.name, owner).flatMap((rrset) => (stays(owner, rrset) ? [rrset.type] : []));
  return (
    refuseAtPreview(store, name) ??
    checkNameserver(zone, service, before) ??
    checkServicePlace(zone.name, service, typesAt, '; with "replace": true it takes the place of that, at one instant')
  );
}

function replyTo(
  store: Store,
  zone: Zone,
  { before, service }: { readonly before: Service | undefined; readonly service: Service },
  replaced: readonly RRset[],
): unknown {
  // What records it takes the place of were answered at its name, so that nobody has a proof that it is not there.
  const had = replaced.length > 0 ? [service.name] : namesOf(before);
  const warnings = [
    ...(service.kind === 'host' ? namerWarnings(store, zone, new Set([service.name])) : []),
    ...(store.signing(zone.name) === undefined ? [] : newNameWarnings(zone, had, namesOf(service))),
  ];
  return {
    ...(serviceReply(service) as object),
    ...(replaced.length > 0 && { replaced: replaced.map(rrsetReply) }),
    ...(warnings.length > 0 && { warnings }),
  };
}

function namesOf(service: Service | undefined): readonly string[] {
  return service === undefined ? [] : [service.name, ...previewNames(service).keys()];
}

function notes(before: Service | undefined, after: Service, replaced: readonly RRset[]): string {
  const place = replaced.length === 0 ? '' : ` in place of its ${typesOf(replaced)}`;
  const kind = before === undefined || before.kind === after.kind ? '' : `, now of ${kindWords[after.kind]}`;
  return `${place}${kind}${secretsNote(before, after)}${approvalNote(before, after)}`;
}

const kindWords = { addresses: 'addresses', host: 'host names' } as const;

/** At most its labels and what its health is asked with change: the zone's serial may stay. */
function isAnsweredAlike(before: Service | undefined, after: Service): boolean {
  return (
    before !== undefined &&
    isDeepStrictEqual([answeredBody(before), before.health], [answeredBody(after), after.health])
  );
}

/** Secrets are in no body, so that they are compared apart. */
function isSame(before: Service, after: Service): boolean {
  return isDeepStrictEqual([serviceBody(before), before.health], [serviceBody(after), after.health]);
}

/** Whoever reads the log is to see when four eyes became two. */
function approvalNote(before: Service | undefined, after: Service): string {
  if (before?.approval === after.approval) return '';
  return after.approval === 'required' ? ', whose shifts now want approval' : ', whose shifts no longer want approval';
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
  const left = leaveRecords(before, command.leave, revision);
  if (left instanceof Problem) return left;
  return {
    kind: 'service.delete',
    summary: `deleted the service ${shown(name)}${left.note}`,
    subjects: [{ kind: 'service', name, before: serviceBody(before), after: null }, ...left.subjects],
    changes: [
      ...left.changes,
      { op: 'deleteService', zone: before.zone, name },
      { op: 'putZone', zone: withRaisedSerial(store.zone(before.zone) as Zone, revision) },
    ],
    created: false,
    body: null,
  };
}

function missing(name: string, context: CommandContext): Problem {
  return checkPrecondition(context, undefined, `service ${name}`) as Problem;
}

/** The service of a name as typed by a user. */
export function findService(store: Pick<Store, 'service'>, text: string): Service | Problem {
  const name = canonicalName(text);
  if (name instanceof Problem) return name;
  return store.service(name) ?? unknownService(name);
}

export function unknownService(name: string): Problem {
  return new Problem('service_unknown', `There is no service ${shown(name)} here.`);
}

/**
 * 409 where the service cannot stand at its name in a zone that has types `typesAt` its names. `wayOut`: what to say where
 * what stands there is what a service can take the place of.
 */
export function checkServicePlace(
  zone: string,
  { name, kind }: Service,
  typesAt: (name: string) => readonly number[],
  wayOut = '',
): Problem | undefined {
  if (kind === 'host' && name === zone) {
    // RFC 1034 §3.6.2: no other data beside a CNAME, and an apex has SOA and NS.
    const detail = `A service of host names answers with a CNAME, which cannot stand at the apex of ${shown(name)}; use addresses.`;
    return new Problem('apex_conflict', detail, { conflict: name });
  }
  const others = typesAt(name);
  // First what would have to go before, then what the service can take the place of.
  const taken =
    (kind === 'host' ? others.find((type) => !adoptedTypes.has(type)) : undefined) ??
    others.find((type) => adoptedTypes.has(type));
  if (taken !== undefined) {
    const other = rrsetName(name, taken);
    const owns = kind === 'host' ? 'its whole name' : 'A and AAAA at its name and has no CNAME beside it';
    const detail = `A service of ${kindWords[kind]} owns ${owns}, but ${other} stands there${adoptedTypes.has(taken) ? wayOut : ''}.`;
    return new Problem('service_conflict', detail, { conflict: other });
  }
  return checkOccluded(zone, name, typesAt);
}

/** Below a zone cut (RFC 1034 §4.2.1) or a DNAME (RFC 6672 §2.4) nothing is answered from this zone. */
function checkOccluded(zone: string, name: string, typesAt: (name: string) => readonly number[]): Problem | undefined {
  for (const above of suffixesOf(name)) {
    if (!isAtOrBelow(above, zone)) break;
    const hiding = typesAt(above).find((type) => {
      return (type === TYPE.NS && above !== zone) || (type === TYPE.DNAME && above !== name);
    });
    if (hiding === undefined) continue;
    const other = rrsetName(above, hiding);
    const detail = `${shown(name)} is below ${other}: what stands there is not answered by this zone.`;
    return new Problem('service_conflict', detail, { conflict: other });
  }
  return undefined;
}
