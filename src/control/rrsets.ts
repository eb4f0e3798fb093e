/** Drafts of changes to RRsets, and what may stand beside what at one name. */
import { isDeepStrictEqual } from 'node:util';
import { Problem } from '../model/errors.ts';
import { canonicalName, checkOwnerName, isAtOrBelow } from '../model/name.ts';
import { makeRRset, parseStoredType, type RRset, rrsetBody } from '../model/rrset.ts';
import { withRaisedSerial, type Zone } from '../model/zone.ts';
import type { Store } from '../store/sqlite.ts';
import { TYPE } from '../wire/constants.ts';
import { formatType } from '../wire/rdata.ts';
import type { Command, CommandContext } from './command.ts';
import { checkPrecondition, type Drafted, shown } from './draft.ts';
import { refuseAtPreview } from './previews.ts';
import { unknownZone } from './zones.ts';

/** Where an RRset stands: its zone and its key. */
interface Place {
  readonly zone: Zone;
  readonly name: string;
  readonly type: number;
}

export function draftRRsetPut(
  store: Store,
  command: Extract<Command, { kind: 'rrset.put' }>,
  context: CommandContext,
  revision: number,
): Drafted {
  const place = findPlace(store, command);
  if (place instanceof Problem) return place;
  const { zone, name, type } = place;
  const before = store.rrset(zone.name, name, type);
  const stale = checkPrecondition(context, before?.revision, `the RRset ${label(name, type)}`);
  if (stale !== undefined) return stale;
  const rrset = makeRRset({ zone: zone.name, name, type }, command.body, revision);
  if (rrset instanceof Problem) return rrset;
  const conflict = checkNeighbours(store, place);
  if (conflict !== undefined) return conflict;
  const body = rrsetBody(rrset);
  if (before !== undefined && isDeepStrictEqual(rrsetBody(before), body)) {
    return { revision: before.revision, body: rrsetReply(before) };
  }
  return {
    kind: 'rrset.put',
    summary: `${before === undefined ? 'made' : 'changed'} ${label(name, type)}`,
    subjects: [{ kind: 'rrset', name: label(name, type), before: before ? rrsetBody(before) : null, after: body }],
    changes: [
      { op: 'putRRset', rrset },
      { op: 'putZone', zone: withRaisedSerial(zone, revision) },
    ],
    created: before === undefined,
    body: rrsetReply(rrset),
  };
}

export function draftRRsetDelete(
  store: Store,
  command: Extract<Command, { kind: 'rrset.delete' }>,
  context: CommandContext,
  revision: number,
): Drafted {
  const place = findPlace(store, command);
  if (place instanceof Problem) return place;
  const { zone, name, type } = place;
  const before = store.rrset(zone.name, name, type);
  const stale = checkPrecondition(context, before?.revision, `the RRset ${label(name, type)}`);
  if (stale !== undefined) return stale;
  if (before === undefined) return unknownRRset(name, type);
  return {
    kind: 'rrset.delete',
    summary: `deleted ${label(name, type)}`,
    subjects: [{ kind: 'rrset', name: label(name, type), before: rrsetBody(before), after: null }],
    changes: [
      { op: 'deleteRRset', zone: zone.name, name, type },
      { op: 'putZone', zone: withRaisedSerial(zone, revision) },
    ],
    created: false,
    body: null,
  };
}

/** The RRset with its key and number, as replies show it. */
export function rrsetReply(rrset: RRset): unknown {
  const { zone, name, type, revision } = rrset;
  return { zone: shown(zone), name: shown(name), type: formatType(type), ...rrsetBody(rrset), revision };
}

export function unknownRRset(name: string, type: number): Problem {
  return new Problem('rrset_unknown', `There is no RRset ${label(name, type)} here.`);
}

/** `www.example.com/A`: how an RRset is named in the log. */
export function label(name: string, type: number): string {
  return `${shown(name)}/${formatType(type)}`;
}

/** Checks a name and a type against the zone they are said to be in. */
export function findPlace(store: Store, asked: { zone: string; name: string; type: string }): Place | Problem {
  const zoneName = canonicalName(asked.zone);
  if (zoneName instanceof Problem) return zoneName;
  const name = canonicalName(asked.name);
  if (name instanceof Problem) return name;
  const type = parseStoredType(asked.type);
  if (type instanceof Problem) return type;
  const zone = store.zone(zoneName);
  if (zone === undefined) return unknownZone(zoneName);
  if (!isAtOrBelow(name, zoneName)) {
    return new Problem('name_outside_zones', `${shown(name)} is not in the zone ${shown(zoneName)}.`);
  }
  const badOwner = checkOwnerName(name);
  if (badOwner !== undefined) return badOwner;
  const owner = store.zoneOf(name) as Zone;
  // The parent keeps its word on a delegation, everything else at and below the child's apex is the child's.
  const isDelegation = owner.name === name && (type === TYPE.NS || type === TYPE.DS);
  if (owner.name !== zoneName && !isDelegation) {
    const detail = `${shown(name)} belongs to the zone ${shown(owner.name)}, the longest one that holds it.`;
    return new Problem('name_taken', detail, { conflict: owner.name });
  }
  return { zone, name, type };
}

/** 409 where the RRset cannot stand at its name. */
function checkNeighbours(store: Store, { zone, name, type }: Place): Problem | undefined {
  return (
    checkApex(zone, name, type) ??
    checkAlias(store, zone, name, type) ??
    checkServices(store, zone, name, type) ??
    refuseAtPreview(store, name)
  );
}

function checkApex(zone: Zone, name: string, type: number): Problem | undefined {
  const isApex = name === zone.name;
  if (isApex && (type === TYPE.SOA || type === TYPE.NS)) {
    const detail = `${formatType(type)} at the apex is written through the zone: PUT /v1/zones/${shown(name)}.`;
    return new Problem('apex_conflict', detail, { conflict: name });
  }
  // RFC 1035 §3.3.13: an SOA marks the start of a zone.
  if (type === TYPE.SOA) return new Problem('rrset_invalid', 'An SOA stands only at the apex of a zone.');
  if (isApex && type === TYPE.CNAME) {
    // RFC 1034 §3.6.2: no other data beside a CNAME, and an apex has SOA and NS.
    const detail = `A CNAME cannot stand at the apex of ${shown(name)}, beside SOA and NS.`;
    return new Problem('apex_conflict', detail, { conflict: name });
  }
  return undefined;
}

/** Beside a CNAME there is nothing else (RFC 1034 §3.6.2). */
function checkAlias(store: Store, zone: Zone, name: string, type: number): Problem | undefined {
  const others = store.rrsetsAt(zone.name, name).filter((rrset) => rrset.type !== type);
  const other = type === TYPE.CNAME ? others[0] : others.find((rrset) => rrset.type === TYPE.CNAME);
  if (other === undefined) return undefined;
  const detail = `${label(name, other.type)} stands there already, and beside a CNAME there is nothing else.`;
  return new Problem('cname_conflict', detail, { conflict: label(name, other.type) });
}

function checkServices(store: Store, zone: Zone, name: string, type: number): Problem | undefined {
  const service = store.service(name);
  if (service !== undefined && service.zone === zone.name) {
    const owned = service.kind === 'host' || type === TYPE.A || type === TYPE.AAAA || type === TYPE.CNAME;
    if (owned) {
      const owns = service.kind === 'host' ? 'the whole name' : 'A and AAAA, and a CNAME cannot be beside it';
      const detail = `The service ${shown(name)} owns ${owns}.`;
      return new Problem('service_conflict', detail, { conflict: name });
    }
  }
  const occludes = (type === TYPE.NS && name !== zone.name) || type === TYPE.DNAME;
  if (!occludes) return undefined;
  const hidden = store
    .servicesIn(zone.name)
    .find((other) => isAtOrBelow(other.name, name) && (type === TYPE.NS || other.name !== name));
  if (hidden === undefined) return undefined;
  const detail = `${label(name, type)} would hide the service ${hidden.name}: names below it are no longer answered here.`;
  return new Problem('service_conflict', detail, { conflict: hidden.name });
}
