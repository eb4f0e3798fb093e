/** What may stand beside what at one name, asked of what a list of changes leaves. */

import { Problem } from '../../model/errors.ts';
import { canonicalName, checkOwnerName, isAtOrBelow, parentOf, suffixesOf } from '../../model/name.ts';
import { atDelegation, belowDname, besideCname, glueTypes, TYPES_MAX } from '../../model/record-rules.ts';
import { parseStoredType, type RRset } from '../../model/rrset.ts';
import type { Zone } from '../../model/zone.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import { TYPE } from '../../wire/constants.ts';
import { formatType } from '../../wire/rdata.ts';
import type { Below, BelowQuestion } from '../commands/below.ts';
import { rrsetName } from '../names.ts';
import { belowOf } from './below.ts';
import { refuseAtPreview } from './previews.ts';
import type { RecordsAfter, RuledStore } from './records-after.ts';
import { refuseMade } from './signed-guard.ts';
import { unknownZone } from './zones.ts';

/** SOA and NS, which are the zone's. */
const APEX_TYPES = 2;

/** Which RRset is meant. */
export interface RRsetId {
  readonly zone: Zone;
  readonly name: string;
  readonly type: number;
}

/** There is no such RRset; where its name is another zone's, it says so. */
export function missingRRset(store: RuledStore, id: RRsetId): Problem {
  const { name, type } = id;
  return refuseOthers(store, id) ?? new Problem('rrset_unknown', `There is no RRset ${rrsetName(name, type)} here.`);
}

/** What is not there and would be another zone's. */
function refuseOthers(store: RuledStore, { zone, name, type }: RRsetId): Problem | undefined {
  const owner = store.zoneOf(name) as Zone;
  return owner.name === zone.name || atDelegation.has(type) ? undefined : taken(name, owner);
}

function taken(name: string, owner: Zone): Problem {
  const detail = `${shown(name)} belongs to the zone ${shown(owner.name)}, the longest one that holds it.`;
  return new Problem('name_taken', detail, { conflict: owner.name });
}

/** The zone, the name and the type; the zone holds such names, though a child zone may hide them. */
export function findRRsetId(store: Store, asked: { zone: string; name: string; type: string }): RRsetId | Problem {
  const zoneName = canonicalName(asked.zone);
  if (zoneName instanceof Problem) return zoneName;
  const name = canonicalName(asked.name);
  if (name instanceof Problem) return name;
  const type = parseStoredType(asked.type);
  if (type instanceof Problem) return type;
  const zone = store.zone(zoneName);
  return zone === undefined ? unknownZone(zoneName) : idIn(zone, name, type);
}

/** Names are canonical. */
export function idIn(zone: Zone, name: string, type: number): RRsetId | Problem {
  if (isAtOrBelow(name, zone.name)) return { zone, name, type };
  const full = shown(`${name}.${zone.name}`);
  const detail = `${shown(name)} is not in the zone ${shown(zone.name)}; names are written in full, ${full} for one.`;
  return new Problem('name_outside_zones', detail);
}

/** Refuses what is not there, and could not be: it is nothing to add to or to take from. */
export function checkAbsent(store: RuledStore, id: RRsetId): Problem | undefined {
  return checkApexOwned(id) ?? refuseOthers(store, id);
}

/** Refuses an RRset that cannot come to stand at its name. */
export function checkOwner(store: RecordsAfter, id: RRsetId, below: readonly Below[]): Problem | undefined {
  const { zone, name, type } = id;
  const badOwner = checkOwnerName(name);
  if (badOwner !== undefined) return badOwner;
  const owner = store.zoneOf(name) as Zone;
  if (owner.name !== zone.name && !isParents(store, id, owner)) return taken(name, owner);
  return (
    checkApex(id) ??
    refuseMade(store.before, id) ??
    checkAlias(store, zone, name, type) ??
    checkTypes(store, zone, name) ??
    checkDname(store, id, below) ??
    checkServices(store, zone, name, type) ??
    // A child zone's previews are not where its parent's glue is.
    (owner.name === zone.name ? refuseAtPreview(store.before, name) : undefined)
  );
}

/** At and below a child zone's apex its parent has its word on the delegation, and glue for it, which the child hides. */
function isParents(store: RuledStore, { zone, name, type }: RRsetId, child: Zone): boolean {
  if (child.name === name && atDelegation.has(type)) return true;
  return glueTypes.has(type) && ancestorWith(store, zone, name, TYPE.NS) !== undefined;
}

/** The nearest name at or above this one, below the zone's apex, that has an RRset of the type. */
function ancestorWith(store: RuledStore, zone: Zone, name: string, type: number): string | undefined {
  for (const above of suffixesOf(name)) {
    if (above === zone.name) return undefined;
    if (store.rrset(zone.name, above, type) !== undefined) return above;
  }
  return undefined;
}

/** SOA and NS at the apex are the zone's. */
function checkApexOwned({ zone, name, type }: RRsetId): Problem | undefined {
  if (name !== zone.name || (type !== TYPE.SOA && type !== TYPE.NS)) return undefined;
  const detail = `${formatType(type)} at the apex is written through the zone: PUT /v1/zones/${shown(name)}, or \`apex\` beside the changes of a list.`;
  return new Problem('apex_conflict', detail, { conflict: name });
}

function checkApex(id: RRsetId): Problem | undefined {
  const owned = checkApexOwned(id);
  if (owned !== undefined) return owned;
  const { zone, name, type } = id;
  // RFC 1035 §3.3.13: an SOA marks the start of a zone.
  if (type === TYPE.SOA) return new Problem('rrset_invalid', 'An SOA stands only at the apex of a zone.');
  if (name === zone.name && type === TYPE.CNAME) {
    // RFC 1034 §3.6.2: no other data beside a CNAME, and an apex has SOA and NS.
    const detail = `A CNAME cannot stand at the apex of ${shown(name)}, beside SOA and NS.`;
    return new Problem('apex_conflict', detail, { conflict: name });
  }
  return undefined;
}

/** Beside a CNAME there is nothing else (RFC 1034 §3.6.2), and the zone's own nameservers are none (RFC 2181 §10.3). */
function checkAlias(store: RuledStore, zone: Zone, name: string, type: number): Problem | undefined {
  if (type === TYPE.CNAME && zone.nameservers.includes(name)) return nameserverProblem('cname_conflict', zone, name);
  const clashes = (other: RRset): boolean =>
    type === TYPE.CNAME ? !besideCname.has(other.type) : other.type === TYPE.CNAME && !besideCname.has(type);
  const other = store.rrsetsAt(zone.name, name).find(clashes);
  if (other === undefined) return undefined;
  const detail = `${rrsetName(name, other.type)} stands there already, and beside a CNAME there is nothing else.`;
  return new Problem('cname_conflict', detail, { conflict: rrsetName(name, other.type) });
}

/** One more type at a name, after the change, as long as these are not too many. */
function checkTypes(store: RuledStore, zone: Zone, name: string): Problem | undefined {
  const types = store.rrsetsAt(zone.name, name).length + (name === zone.name ? APEX_TYPES : 0);
  if (types <= TYPES_MAX) return undefined;
  const detail = `${shown(name)} would have records of ${types} types, and a name may have those of ${TYPES_MAX}.`;
  return new Problem('limit_reached', detail, { conflict: shown(name) });
}

/** 409: what would stand at the name is an alias, and a nameserver is a host with addresses (RFC 2181 §10.3). */
export function nameserverProblem(code: 'cname_conflict' | 'service_conflict', zone: Zone, name: string): Problem {
  const conflict = rrsetName(zone.name, TYPE.NS);
  const detail = `${conflict} names ${shown(name)}, and a nameserver cannot be an alias (RFC 2181 §10.3); name another one first.`;
  return new Problem(code, detail, { conflict });
}

/** Below a DNAME nothing is answered (RFC 6672 §2.4). */
function checkDname(store: RecordsAfter, id: RRsetId, known: readonly Below[]): Problem | undefined {
  const { zone, name, type } = id;
  const isBelow = belowDname.has(type) ? undefined : refuseBelowDname(store, zone, name);
  if (isBelow !== undefined || type !== TYPE.DNAME) return isBelow;
  const below = belowOf(store.before, dnameQuestion(store, id), known);
  if (below === undefined) return undefined;
  const other = rrsetName(below.name, below.type);
  const detail = `${other} stands below ${shown(name)}, and below a DNAME nothing is answered (RFC 6672 §2.4); delete it first.`;
  return new Problem('dname_conflict', detail, { conflict: other });
}

/** What a new DNAME must know of its zone, as it is before the changes: what they make is asked for by itself. */
export function dnameQuestion(store: RecordsAfter, { zone, name }: RRsetId): BelowQuestion {
  return { zone: zone.name, name, passOver: [...belowDname], except: store.gone };
}

function refuseBelowDname(store: RuledStore, zone: Zone, name: string): Problem | undefined {
  if (name === zone.name) return undefined;
  const parent = parentOf(name) as string;
  const above =
    ancestorWith(store, zone, parent, TYPE.DNAME) ??
    (store.rrset(zone.name, zone.name, TYPE.DNAME) === undefined ? undefined : zone.name);
  if (above === undefined) return undefined;
  const other = rrsetName(above, TYPE.DNAME);
  const detail = `${shown(name)} is below ${other}, and below a DNAME nothing is answered (RFC 6672 §2.4).`;
  return new Problem('dname_conflict', detail, { conflict: other });
}

function checkServices(store: RecordsAfter, zone: Zone, name: string, type: number): Problem | undefined {
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
  const { at, below } = store.servicesFrom(name);
  const hidden = (type === TYPE.NS ? at : undefined) ?? below;
  if (hidden === undefined) return undefined;
  const detail = `${rrsetName(name, type)} would hide the service ${hidden}: names below it are no longer answered here.`;
  return new Problem('service_conflict', detail, { conflict: hidden });
}
