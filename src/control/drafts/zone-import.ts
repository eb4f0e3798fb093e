/** The draft of an import: what was built aside becomes the zone, and the zone's services stay. */
import { isDeepStrictEqual } from 'node:util';
import { Problem } from '../../model/errors.ts';
import type { ModelChange } from '../../model/revision.ts';
import type { Service } from '../../model/service.ts';
import { nextSerial, settingsRevision, type Zone, zoneBody } from '../../model/zone.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import { TYPE } from '../../wire/constants.ts';
import type { Finding } from '../../wire/zone-file/finding.ts';
import type { BuiltZone, StagedZone } from '../commands/built-zone.ts';
import type { Command, CommandContext } from '../commands/command.ts';
import { zoneReply } from '../replies/zones.ts';
import { checkPrecondition, type Drafted } from './draft.ts';
import { refuseAtPreviews } from './previews.ts';
import { checkServicePlace } from './services.ts';
import { isKept, refuseBelowSigned, refuseLostChain, refuseSignatures, refuseUndelegated } from './signed-guard.ts';
import { hidden, hiddenQuestion, refuseAliasServices, takeServices } from './zones.ts';

type ImportCommand = Extract<Command, { kind: 'zone.import' }>;

export function draftZoneImport(
  store: Store,
  command: ImportCommand,
  context: CommandContext,
  revision: number,
): Drafted {
  const { zone: name, built, baseRevision, signatures } = command;
  const before = store.zone(name);
  const stale = checkPrecondition(context, before?.revision, `the zone ${shown(name)}`);
  if (stale !== undefined) return stale;
  // They may have come and gone since the file was read.
  const unsuited = refuseSignatures(store, name, signatures);
  if (unsuited !== undefined) return unsuited;
  if (before?.zonemd === true && built.hasDigest === true && built.isKept !== true) {
    return new Problem('revision_stale', `The zone ${shown(name)} was changed while its file was read; send it again.`);
  }
  // What is signed is the SOA as it stands.
  const serial = built.isKept === true ? built.apex.serial : serialOf(built.apex.serial, before, revision);
  const warnings = [...command.warnings, ...warningsOf(store, name, built, serial)];
  const body = (zone: Zone) => ({
    ...zoneReply(zone),
    // What this brought, and the ETag of the file.
    revision: zone.revision,
    rrsets: built.rrsets,
    warnings,
  });
  if (built.staged === undefined && before?.revision !== baseRevision) {
    // The file says what the zone said when it was read, but the zone has been changed since.
    return new Problem('revision_stale', `The zone ${shown(name)} was changed while its file was read; send it again.`);
  }
  const labelled = before?.labels && { labels: before.labels };
  // A zone that is kept has the digest that it brings.
  const digested = before?.zonemd === true && built.isKept !== true && { zonemd: true as const };
  // A file knows no labels: those of the zone stay, and those of RRsets that it has.
  const unsettled: Zone = { name, ...built.apex, ...labelled, ...digested, serial, revision };
  const isAsSet = before !== undefined && haveSameSettings(before, unsettled);
  const zone: Zone = { ...unsettled, settingsRevision: isAsSet ? settingsRevision(before) : revision };
  if (before !== undefined && built.staged === undefined && isSame(before, zone, built.apex.serial)) {
    return { revision: before.revision, body: body(before) };
  }
  const leads = refuseLostChain(store, name, built, command.force === true);
  if (leads !== undefined) return leads;
  const parent = before === undefined ? store.zoneOf(name) : undefined;
  const undelegated = refuseBelowSigned(store, parent, name) ?? refuseLostCuts(store, name, built);
  if (undelegated !== undefined) return undelegated;
  const moves = parent === undefined ? [] : takeServices(store, parent, name, revision);
  if (moves instanceof Problem) return moves;
  const taken = built.isKept === true ? moves[0]?.service : undefined;
  if (taken !== undefined) {
    const detail = `The zone ${shown(name)} would take over the service ${shown(taken.name)}, and what that answers would be signed by nobody: delete it first, or import the zone without signatures and let Teal sign it (teal dnssec sign).`;
    return new Problem('zone_has_services', detail, { conflict: shown(taken.name) });
  }
  // The file was checked against the services of that moment.
  const alias = refuseAliasServices(store, zone);
  if (alias !== undefined) return alias;
  const { staged } = built;
  if (staged !== undefined) {
    const services = [...unplacedIn(store, command), ...moves.map(({ service }) => service)];
    for (const service of services) {
      const conflict = placeConflict(store, name, service, staged);
      if (conflict !== undefined) return conflict;
    }
  }
  const change: ModelChange =
    staged === undefined ? { op: 'putZone', zone } : { op: 'importZone', zone, content: staged.content };
  const { rrsets, sha256 } = built;
  return {
    kind: 'zone.import',
    summary: `imported the zone ${shown(name)}: ${rrsets} RRsets`,
    subjects: [
      { kind: 'zone', name, before: before ? zoneBody(before) : null, after: { ...zoneBody(zone), rrsets, sha256 } },
    ],
    changes: [change, ...moves],
    hidesNamesOf: hidden(store, hiddenQuestion(store, parent, name, context), command.below),
    created: before === undefined,
    body: body(zone),
  };
}

/** The services that are not known to have their places. */
function unplacedIn(store: Store, { zone, unplaced }: Pick<ImportCommand, 'zone' | 'unplaced'>): Service[] {
  if (unplaced === undefined) return store.servicesIn(zone);
  const services = [...unplaced].sort().map((name) => store.service(name));
  return services.filter((service) => service !== undefined && service.zone === zone) as Service[];
}

/** Why a service cannot stand in a zone whose records are these. */
export function placeConflict(
  store: Store,
  zone: string,
  service: Service,
  { records }: Pick<StagedZone, 'records'>,
): Problem | undefined {
  const typesAt = (owner: string) => store.stagedTypesAt(records, owner);
  return checkServicePlace(zone, service, typesAt) ?? refuseAtPreviews(store, service, typesAt);
}

/** What the zone loses, or has that is of another content. */
function warningsOf(store: Store, name: string, built: BuiltZone, serial: number): Finding[] {
  const isUnsigned = built.isKept !== true && isKept(store, name);
  const isOutdated = built.hasDigest === true && (serial !== built.apex.serial || store.servicesIn(name).length > 0);
  return [...(isUnsigned ? [signaturesGone(name)] : []), ...(isOutdated ? [digestOutdated(name)] : [])];
}

/** 409 where the file of a zone that is answered with signatures does not delegate another zone of ours. */
function refuseLostCuts(store: Store, name: string, { staged, isKept: keeps }: BuiltZone): Problem | undefined {
  if (staged === undefined || (store.signing(name) === undefined && keeps !== true)) return undefined;
  return refuseUndelegated(store, { name }, (at) => store.stagedTypesAt(staged.records, at).includes(TYPE.NS));
}

function signaturesGone(zone: string): Finding {
  const message = `${shown(zone)} was served with signatures, and the file has none: where the parent has a DS, validators refuse all that is answered now`;
  return { severity: 'warning', code: 'signatures_gone', file: '', line: 0, column: 0, message };
}

function digestOutdated(zone: string): Finding {
  const message = `The ZONEMD of the file is of another content than what ${shown(zone)} answers now, by its serial or its services, and nothing here makes it anew: turn zonemd on, or take the record out`;
  return { severity: 'warning', code: 'digest_outdated', file: '', line: 0, column: 0, message };
}

/**
 * The file's serial where it is the later one (RFC 1982 §3.2), else the next of the log. A zone that is new here has
 * nothing that its serial must be later than, and secondaries elsewhere may know it by the file's.
 */
function serialOf(file: number, before: Zone | undefined, revision: number): number {
  if (before === undefined) return file;
  const next = nextSerial(before.serial, revision);
  return ((file - next) | 0) > 0 ? file : next;
}

/** Nothing but the serial differs, and the file's is not a later one. */
function isSame(before: Zone, after: Zone, fileSerial: number): boolean {
  return haveSameSettings(before, after) && ((fileSerial - before.serial) | 0) <= 0;
}

function haveSameSettings(before: Zone, after: Zone): boolean {
  const { serial: _before, ...one } = zoneBody(before);
  const { serial: _after, ...other } = zoneBody(after);
  return isDeepStrictEqual(one, other);
}
