/** Drafts of changes to zones: made, changed, taken away, with what is in them. */

import { isDeepStrictEqual } from 'node:util';
import { Problem } from '../../model/errors.ts';
import { unlabelled } from '../../model/labels.ts';
import { canonicalName, isAtOrBelow, suffixesOf } from '../../model/name.ts';
import { atDelegation } from '../../model/record-rules.ts';
import type { ModelChange } from '../../model/revision.ts';
import { serviceBody } from '../../model/service.ts';
import { makeZone, settingsRevision, withRaisedSerial, type Zone, zoneBody } from '../../model/zone.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import { TYPE } from '../../wire/constants.ts';
import type { Below, BelowQuestion } from '../commands/below.ts';
import type { Command, CommandContext } from '../commands/command.ts';
import { firstOf } from '../names.ts';
import { zoneReply } from '../replies/zones.ts';
import { belowOf } from './below.ts';
import { checkPrecondition, type Drafted } from './draft.ts';
import { refuseAtPreview } from './previews.ts';
import type { RuledStore } from './records-after.ts';
import { refuseWhileReleasing } from './release-guard.ts';
import { ownDigest, refuseBelowSigned, refuseKept, refuseWhileDs } from './signed-guard.ts';

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
  const stale = checkPrecondition(context, before && settingsRevision(before), `the zone ${shown(name)}`);
  if (stale !== undefined) return stale;
  const unraised = makeZone(name, command.body, before);
  if (unraised instanceof Problem) return unraised;
  if (before !== undefined && isDeepStrictEqual(zoneBody(before), zoneBody(unraised))) {
    return { revision: settingsRevision(before), body: zoneReply(before) };
  }
  // Answers stay as they were where only labels change, and secondaries need not come for it.
  const isLabelled = before !== undefined && isDeepStrictEqual(answered(before), answered(unraised));
  const kept = before === undefined || isLabelled ? undefined : refuseKept(store, name);
  if (kept !== undefined) return kept;
  const changed = isLabelled ? { ...unraised, revision } : withRaisedSerial(unraised, revision);
  const zone: Zone = { ...changed, settingsRevision: revision };
  const parent = before === undefined ? store.zoneOf(name) : undefined;
  const undelegated = refuseBelowSigned(store, parent, name);
  if (undelegated !== undefined) return undelegated;
  const moves = parent === undefined ? [] : takeServices(store, parent, name, revision);
  if (moves instanceof Problem) return moves;
  const alias = checkNameservers(store, zone, before);
  if (alias !== undefined) return alias;
  if (zone.zonemd === true && store.rrset(name, name, TYPE.ZONEMD) !== undefined) return ownDigest(name);
  return {
    kind: 'zone.put',
    summary: `${before === undefined ? 'made' : 'changed'} the zone ${shown(name)}`,
    subjects: [{ kind: 'zone', name, before: before ? zoneBody(before) : null, after: zoneBody(zone) }],
    changes: [{ op: 'putZone', zone }, ...moves],
    hidesNamesOf: hidden(store, hiddenQuestion(store, parent, name, context), command.below),
    created: before === undefined,
    body: zoneReply(zone),
  };
}

const answered = (zone: Zone): object => unlabelled(zoneBody(zone));

export function draftZoneDelete(
  store: Store,
  command: Extract<Command, { kind: 'zone.delete' }>,
  context: CommandContext,
): Drafted {
  const name = canonicalName(command.zone);
  if (name instanceof Problem) return name;
  const before = store.zone(name);
  const stale = checkPrecondition(context, before && settingsRevision(before), `the zone ${shown(name)}`);
  if (stale !== undefined) return stale;
  if (before === undefined) return unknownZone(name);
  const leads = refuseWhileDs(store, name, command.force === true);
  if (leads !== undefined) return leads;
  const services = store.servicesIn(name);
  const names = services.map((service) => service.name);
  const releasing = command.withServices ? refuseWhileReleasing(store, names, 'delete its zone', name) : undefined;
  if (releasing !== undefined) return releasing;
  if (services.length > 0 && !command.withServices) {
    const detail = `The zone ${shown(name)} has services (${firstOf(names, NAMED_SERVICES_MAX)}); ?services=delete deletes them with it.`;
    return new Problem('zone_has_services', detail, { conflict: names[0] });
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

/** A zone by its name as typed by a user. */
export function findZone(store: Store, text: string): Zone | Problem {
  const name = canonicalName(text);
  return name instanceof Problem ? name : (store.zone(name) ?? unknownZone(name));
}

export function unknownZone(name: string): Problem {
  return new Problem('zone_unknown', `There is no zone ${shown(name)} here.`);
}

/**
 * The name of a zone as typed by a user. A `*` that is not its first label is a label like others (RFC 4592 §2.1.1), and
 * whoever has the name above may delegate it.
 */
export function zoneName(text: string): string | Problem {
  const name = canonicalName(text);
  if (name instanceof Problem) return name;
  if (name !== '*' && !name.startsWith('*.')) return name;
  // RFC 4592 §4.2 discourages it, and nobody can delegate it.
  return new Problem('name_invalid', `A zone cannot be a wildcard: ${name}.`);
}

/** 409 where a nameserver that `zone` names, and did not name before, is an alias (RFC 2181 §10.3). */
export function checkNameservers(store: RuledStore, zone: Zone, before: Zone | undefined): Problem | undefined {
  for (const host of zone.nameservers) {
    if (!isAtOrBelow(host, zone.name) || before?.nameservers.includes(host)) continue;
    const problem = refuseAlias(store, zone, host);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function refuseAlias(store: RuledStore, zone: Zone, host: string): Problem | undefined {
  if (store.rrset(zone.name, host, TYPE.CNAME) !== undefined) {
    const conflict = `${shown(host)}/CNAME`;
    const detail = `A nameserver is a host with addresses, and ${conflict} is an alias (RFC 2181 §10.3).`;
    return new Problem('cname_conflict', detail, { pointer: '/nameservers', conflict });
  }
  return isAliasService(store, zone, host) ? aliasServiceProblem(host) : undefined;
}

/** 409 where a service of this zone, or of the parent whose services it takes over, answers with a CNAME for a nameserver. */
export function refuseAliasServices(store: Store, zone: Zone): Problem | undefined {
  const host = zone.nameservers.find((name) => isAliasService(store, zone, name));
  return host === undefined ? undefined : aliasServiceProblem(host);
}

function isAliasService(store: RuledStore, zone: Zone, host: string): boolean {
  const service = isAtOrBelow(host, zone.name) ? store.service(host) : undefined;
  return service?.kind === 'host' && isAtOrBelow(zone.name, service.zone);
}

function aliasServiceProblem(host: string): Problem {
  const detail = `A nameserver is a host with addresses, and the service ${shown(host)} answers with a CNAME (RFC 2181 §10.3).`;
  return new Problem('service_conflict', detail, { pointer: '/nameservers', conflict: host });
}

/** The parent, where a new child hides some of its answers: it has not delegated the name, and has records there. */
export function hidden(
  store: Store,
  question: BelowQuestion | undefined,
  known: Below | undefined,
): string | undefined {
  if (question === undefined) return undefined;
  const { zone, name } = question;
  const hides =
    store.rrsetsAt(zone, name).some(({ type }) => !atDelegation.has(type)) ||
    belowOf(store, question, known === undefined ? [] : [known]) !== undefined;
  return hides ? zone : undefined;
}

/** What must be known of the parent of a new zone, if anything. */
export function hiddenQuestion(
  store: Store,
  parent: Zone | undefined,
  name: string,
  { limits }: Pick<CommandContext, 'limits'>,
): BelowQuestion | undefined {
  // A token that may do everything is not asked.
  if (limits === undefined || parent === undefined || isDelegated(store, parent, name)) return undefined;
  return { zone: parent.name, name, passOver: [] };
}

function isDelegated(store: Store, zone: Zone, name: string): boolean {
  const below = suffixesOf(name).filter((above) => above !== zone.name && isAtOrBelow(above, zone.name));
  return below.some((above) => store.rrset(zone.name, above, TYPE.NS) !== undefined);
}

type Move = Extract<ModelChange, { op: 'putService' }>;

/**
 * A new zone takes over its parent's services at and below it, which go on answering: the longest zone owns a name.
 * Records stay where they are, as the parent's word on the delegation and its glue; the child hides them while it is
 * there. The parent's content has not changed, so its serial stays.
 */
export function takeServices(store: Store, parent: Zone, name: string, revision: number): Move[] | Problem {
  const preview = refuseAtPreview(store, name);
  if (preview !== undefined) return preview;
  const moves: Move[] = [];
  for (const service of store.servicesIn(parent.name)) {
    if (!isAtOrBelow(service.name, name)) continue;
    if (service.name === name && service.kind === 'host') {
      const detail = `The service ${name} answers with a CNAME and cannot stand at a zone's apex; delete it first.`;
      return new Problem('apex_conflict', detail, { conflict: name });
    }
    moves.push({ op: 'putService', service: { ...service, zone: name, revision }, before: service });
  }
  return moves;
}
