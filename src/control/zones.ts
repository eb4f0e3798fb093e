/** Drafts of changes to zones: made, changed, taken away, with what is in them. */
import { isDeepStrictEqual } from 'node:util';
import { Problem } from '../model/errors.ts';
import { canonicalName, checkOwnerName, isAtOrBelow } from '../model/name.ts';
import type { ModelChange } from '../model/revision.ts';
import type { RRset } from '../model/rrset.ts';
import { serviceBody } from '../model/service.ts';
import { makeZone, withRaisedSerial, type Zone, zoneBody } from '../model/zone.ts';
import type { Store } from '../store/sqlite.ts';
import { TYPE } from '../wire/constants.ts';
import { formatType } from '../wire/rdata.ts';
import type { Command, CommandContext } from './command.ts';
import { checkPrecondition, type Drafted, shown } from './draft.ts';
import { refuseAtPreview } from './previews.ts';
import { refuseWhileReleasing } from './releases/guard.ts';

/** Names of services that a refusal lists; the rest is counted. */
const NAMED_SERVICES_MAX = 5;

export function draftZonePut(
  store: Store,
  command: Extract<Command, { kind: 'zone.put' }>,
  context: CommandContext,
  revision: number,
): Drafted {
  const name = zoneName(command.zone);
  if (name instanceof Problem) return name;
  const before = store.zone(name);
  const stale = checkPrecondition(context, before?.revision, `the zone ${shown(name)}`);
  if (stale !== undefined) return stale;
  const unraised = makeZone(name, command.body, before?.serial ?? 0, before?.revision ?? 0);
  if (unraised instanceof Problem) return unraised;
  if (before !== undefined && isDeepStrictEqual(zoneBody(before), zoneBody(unraised))) {
    return { revision: before.revision, body: zoneReply(before) };
  }
  const zone = withRaisedSerial(unraised, revision);
  const parent = before === undefined ? store.zoneOf(name) : undefined;
  const inherited = parent === undefined ? { moves: [], problem: undefined } : moveBelow(store, parent, name, revision);
  if (inherited.problem !== undefined) return inherited.problem;
  return {
    kind: 'zone.put',
    summary: `${before === undefined ? 'made' : 'changed'} the zone ${shown(name)}`,
    subjects: [{ kind: 'zone', name, before: before ? zoneBody(before) : null, after: zoneBody(zone) }],
    changes: [{ op: 'putZone', zone }, ...inherited.moves],
    created: before === undefined,
    body: zoneReply(zone),
  };
}

export function draftZoneDelete(
  store: Store,
  command: Extract<Command, { kind: 'zone.delete' }>,
  context: CommandContext,
): Drafted {
  const name = canonicalName(command.zone);
  if (name instanceof Problem) return name;
  const before = store.zone(name);
  const stale = checkPrecondition(context, before?.revision, `the zone ${shown(name)}`);
  if (stale !== undefined) return stale;
  if (before === undefined) return unknownZone(name);
  const services = store.servicesIn(name);
  const names = services.map((service) => service.name);
  const releasing = command.withServices ? refuseWhileReleasing(store, names, 'delete its zone') : undefined;
  if (releasing !== undefined) return releasing;
  if (services.length > 0 && !command.withServices) {
    const named = services.slice(0, NAMED_SERVICES_MAX).map((service) => service.name);
    const more = services.length > named.length ? ` and ${services.length - named.length} more` : '';
    const detail = `The zone ${shown(name)} has services (${named.join(', ')}${more}); ?services=delete deletes them with it.`;
    return new Problem('zone_has_services', detail, { conflict: named[0] as string });
  }
  return {
    kind: 'zone.delete',
    summary: `deleted the zone ${shown(name)}${services.length > 0 ? ` with ${services.length} services` : ''}`,
    subjects: [
      { kind: 'zone', name, before: zoneBody(before), after: null },
      ...services.map((service) => ({
        kind: 'service' as const,
        name: service.name,
        before: serviceBody(service),
        after: null,
      })),
    ],
    changes: [{ op: 'deleteZone', zone: name }],
    created: false,
    body: null,
  };
}

/** The zone with its number and its name, as replies show it. */
export function zoneReply(zone: Zone): unknown {
  return { name: shown(zone.name), ...zoneBody(zone), revision: zone.revision };
}

export function unknownZone(name: string): Problem {
  return new Problem('zone_unknown', `There is no zone ${shown(name)} here.`);
}

function zoneName(text: string): string | Problem {
  const name = canonicalName(text);
  if (name instanceof Problem) return name;
  const bad = checkOwnerName(name);
  if (bad !== undefined) return bad;
  if (name !== '*' && !name.startsWith('*.')) return name;
  // RFC 4592 §4.2 discourages it, and nobody can delegate it.
  return new Problem('name_invalid', `A zone cannot be a wildcard: ${name}.`);
}

/**
 * A new zone takes over the names at and below it that its parent held. NS and DS at its apex stay: they are the
 * parent's word on the delegation (RFC 4035 §3.1.4.1).
 */
export function moveBelow(
  store: Store,
  parent: Zone,
  name: string,
  revision: number,
): { moves: ModelChange[]; problem: Problem | undefined } {
  const moves: ModelChange[] = [];
  const preview = refuseAtPreview(store, name);
  if (preview !== undefined) return { moves, problem: preview };
  for (const rrset of rrsetsBelow(store, parent.name, name)) {
    if (rrset.name === name && (rrset.type === TYPE.NS || rrset.type === TYPE.DS)) continue;
    if (rrset.name === name && (rrset.type === TYPE.CNAME || rrset.type === TYPE.SOA)) {
      const other = `${name}/${formatType(rrset.type)}`;
      const detail = `${other} stands where the zone's own SOA and NS must be; delete it first.`;
      return { moves: [], problem: new Problem('cname_conflict', detail, { conflict: other }) };
    }
    moves.push({ op: 'deleteRRset', zone: parent.name, name: rrset.name, type: rrset.type });
    moves.push({ op: 'putRRset', rrset: { ...rrset, zone: name, revision } });
  }
  for (const service of store.servicesIn(parent.name)) {
    if (!isAtOrBelow(service.name, name)) continue;
    if (service.name === name && service.kind === 'host') {
      const detail = `The service ${name} answers with a CNAME and cannot stand at a zone's apex; delete it first.`;
      return { moves: [], problem: new Problem('apex_conflict', detail, { conflict: name }) };
    }
    moves.push({ op: 'deleteService', zone: parent.name, name: service.name });
    moves.push({ op: 'putService', service: { ...service, zone: name, revision } });
  }
  if (moves.length > 0) {
    moves.push({ op: 'putZone', zone: withRaisedSerial(parent, revision) });
  }
  return { moves, problem: undefined };
}

/** RRsets that one step of a walk through a zone reads. */
const PAGE = 1000;

function* rrsetsBelow(store: Store, zone: string, name: string): Generator<RRset> {
  let after: { name: string; type: number } | undefined;
  for (;;) {
    const page = store.rrsets(zone, after, PAGE);
    for (const rrset of page) if (isAtOrBelow(rrset.name, name)) yield rrset;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = { name: last.name, type: last.type };
  }
}
