/** Drafts of changes to records: a list of them is one revision, all or nothing; one RRset put or deleted is such a list. */

import { isDeepStrictEqual } from 'node:util';
import { Problem } from '../../model/errors.ts';
import { unlabelled } from '../../model/labels.ts';
import type { ModelChange, Subject } from '../../model/revision.ts';
import { rrsetBody } from '../../model/rrset.ts';
import { type ApexChange, changedZone, withRaisedSerial, type Zone, zoneBody } from '../../model/zone.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import { TYPE } from '../../wire/constants.ts';
import { parseType } from '../../wire/rdata.ts';
import type { BelowQuestion } from '../commands/below.ts';
import type { CommandContext } from '../commands/command.ts';
import type { RecordsCommand } from '../commands/records.ts';
import { firstOf, rrsetName } from '../names.ts';
import { changesReply, type RRsetChange } from '../replies/record-changes.ts';
import { rrsetReply } from '../replies/rrsets.ts';
import { atOnce, type Sliced } from '../slices.ts';
import { checkPrecondition, type Draft, type Drafted } from './draft.ts';
import { type Changed, composeRecords, isPause, type RecordsChanged, wrongCount } from './record-list.ts';
import { findRRsetId, missingRRset } from './rrsets.ts';
import { refuseMade, refuseUndelegating } from './signed-guard.ts';
import { recordWarnings } from './target-warnings.ts';
import { checkNameservers, findZone } from './zones.ts';

type RecordsChange = Extract<RecordsCommand, { kind: 'records.change' }>;

/** Names of RRsets that a summary lists; the rest is counted. */
const NAMED_RRSETS_MAX = 3;

/** In slices: a long list is worked out before its turn comes, see foresight.ts. */
export function* draftRecords(
  store: Store,
  command: RecordsChange,
  context: Pick<CommandContext, 'ifMatch' | 'ifNoneMatch'>,
  revision: number,
): Sliced<Drafted> {
  const zone = findZone(store, command.zone);
  if (zone instanceof Problem) return zone;
  const stale = checkPrecondition(context, zone.revision, `the zone ${shown(zone.name)}`);
  if (stale !== undefined) return stale;
  const { changes: asked, apex } = command;
  if (asked.length === 0 && apex === undefined) return wrongCount(0);
  const own = apex === undefined ? zone : withApex(zone, apex);
  if (own instanceof Problem) return own;
  // What the records may be is asked of the zone as it will be.
  const composed = yield* composeRecords(store, own, asked, revision);
  if (composed instanceof Problem) return composed;
  const refused =
    (yield* composed.check(command.below ?? [])) ?? checkApex(composed, own, zone) ?? checkCuts(store, zone, composed);
  if (refused !== undefined) return refused;
  const changes: RRsetChange[] = [];
  for (const [i, changed] of composed.all.entries()) {
    if (isPause(i)) yield;
    changes.push(asChange(changed));
  }
  const made = composed.all.filter((_, i) => changes[i]?.change !== 'none');
  const warnings = yield* recordWarnings(composed.after, own, composed.all);
  const change = own === zone ? 'none' : 'changed';
  const told = { zone, changes, ...(apex !== undefined && { apex: { change } as const }) };
  const body = (at: number): object => changesReply(told, at, warnings);
  if (made.length === 0 && own === zone) return { revision: zone.revision, body: body(zone.revision) };
  return {
    kind: 'records.change',
    summary: summaryOf(zone, own, made),
    ...revisionOf({ before: zone, after: own }, made, revision),
    created: false,
    body: body(revision),
  };
}

/** The zone with what it shall say; the same where it says so already. */
function withApex(zone: Zone, apex: ApexChange): Zone | Problem {
  const own = changedZone(zone, apex);
  if (own instanceof Problem) return inApex(own);
  return isDeepStrictEqual(zoneBody(zone), zoneBody(own)) ? zone : own;
}

function checkApex({ after }: RecordsChanged, own: Zone, before: Zone): Problem | undefined {
  const refused = checkNameservers(after, own, before);
  return refused && inApex(refused);
}

/** A problem of what the zone says, told with its place in the command. */
function inApex({ code, detail, pointer = '', conflict }: Problem): Problem {
  return new Problem(code, `apex: ${detail}`, {
    pointer: `/apex${pointer}`,
    ...(conflict !== undefined && { conflict }),
  });
}

function summaryOf(zone: Zone, own: Zone, made: readonly Changed[]): string {
  const isOwn = own !== zone;
  if (made.length === 0) return `changed the zone ${shown(zone.name)}`;
  const names = made.map(({ name, type }) => rrsetName(name, type));
  const what = isOwn ? `the zone ${shown(zone.name)} and records of it` : `records of ${shown(zone.name)}`;
  return `changed ${what}: ${firstOf(names, NAMED_RRSETS_MAX)}`;
}

/** The RRset that a command names, as it is; a problem where it is not as the client saw it. */
function findMeant(store: Store, asked: Parameters<typeof findRRsetId>[1], context: CommandContext) {
  const id = findRRsetId(store, asked);
  if (id instanceof Problem) return id;
  const { zone, name, type } = id;
  const before = store.rrset(zone.name, name, type);
  const what = rrsetName(name, type);
  return checkPrecondition(context, before?.revision, `the RRset ${what}`) ?? { id, zone, before, what };
}

/** 409 where a signed zone would no longer delegate another one of ours. */
function checkCuts(store: Store, zone: Zone, { all }: RecordsChanged): Problem | undefined {
  const cuts = all.filter(({ type, before, after }) => type === TYPE.NS && before && !after).map(({ name }) => name);
  return refuseUndelegating(store, zone, new Set(cuts));
}

export function draftRRsetPut(
  store: Store,
  { zone: zoneText, name, type, body: asked, below = [] }: Extract<RecordsCommand, { kind: 'rrset.put' }>,
  context: CommandContext,
  revision: number,
): Drafted {
  const found = findMeant(store, { zone: zoneText, name, type }, context);
  if (found instanceof Problem) return found;
  const { id, zone, before, what } = found;
  // Whatever it would say.
  const made = refuseMade(store, id);
  if (made !== undefined) return made;
  const composed = atOnce(composeRecords(store, zone, [{ put: { name, type, ...asked } }], revision, 'single'));
  if (composed instanceof Problem) return composed;
  const refused = atOnce(composed.check(below));
  if (refused !== undefined) return refused;
  const [changed] = composed.all as [Changed];
  const warnings = atOnce(recordWarnings(composed.after, zone, composed.all));
  const { change } = asChange(changed);
  const rrset = change === 'none' ? before : changed.after;
  const reply = rrset && { ...rrsetReply(rrset), ...(warnings.length > 0 && { warnings }) };
  if (change === 'none') return { revision: (before ?? zone).revision, body: reply };
  return {
    kind: 'rrset.put',
    summary: `${change} ${what}`,
    ...revisionOf({ before: zone, after: zone }, [changed], revision),
    created: before === undefined,
    body: reply,
  };
}

export function draftRRsetDelete(
  store: Store,
  { zone: zoneText, name, type }: Extract<RecordsCommand, { kind: 'rrset.delete' }>,
  context: CommandContext,
  revision: number,
): Drafted {
  const found = findMeant(store, { zone: zoneText, name, type }, context);
  if (found instanceof Problem) return found;
  const { id, zone, before, what } = found;
  if (before === undefined) return refuseMade(store, id) ?? missingRRset(store, id);
  const composed = atOnce(composeRecords(store, zone, [{ delete: { name, type } }], revision, 'single'));
  if (composed instanceof Problem) return composed;
  const refused = checkCuts(store, zone, composed);
  if (refused !== undefined) return refused;
  return {
    kind: 'rrset.delete',
    summary: `deleted ${what}`,
    ...revisionOf({ before: zone, after: zone }, composed.all, revision),
    created: false,
    body: null,
  };
}

/** What the command must know of its zone: only new DNAMEs ask, and what names none is not looked at further. */
export function* recordQuestions(
  store: Store,
  command: RecordsChange | Extract<RecordsCommand, { kind: 'rrset.put' }>,
): Sliced<BelowQuestion[]> {
  const changes =
    command.kind === 'rrset.put'
      ? [{ put: { name: command.name, type: command.type, ...command.body } }]
      : command.changes;
  if (!changes.some(({ put, add }) => parseType((put ?? add)?.type ?? '') === TYPE.DNAME)) return [];
  const zone = findZone(store, command.zone);
  const composed = zone instanceof Problem ? zone : yield* composeRecords(store, zone, changes, store.lastRevision + 1);
  return composed instanceof Problem ? [] : composed.questions();
}

/** Subjects and changes of the revision; the zone's serial is raised once, unless labels alone change. */
function revisionOf(
  { before: zone, after: own }: { readonly before: Zone; readonly after: Zone },
  changed: RecordsChanged['all'],
  revision: number,
): Pick<Draft, 'subjects' | 'changes'> {
  const raised = { ...withRaisedSerial(own, revision), ...(own !== zone && { settingsRevision: revision }) };
  const subjects: Subject[] =
    own === zone ? [] : [{ kind: 'zone', name: zone.name, before: zoneBody(zone), after: zoneBody(raised) }];
  const changes: ModelChange[] = [];
  for (const { name, type, before, after } of changed) {
    const [was, is] = [before, after].map((rrset) => (rrset === undefined ? null : rrsetBody(rrset)));
    subjects.push({ kind: 'rrset', name: rrsetName(name, type), before: was, after: is });
    changes.push(
      after === undefined ? { op: 'deleteRRset', zone: zone.name, name, type } : { op: 'putRRset', rrset: after },
    );
  }
  if (own === zone && changed.every(isAnsweredAlike)) return { subjects, changes };
  return { subjects, changes: [...changes, { op: 'putZone', zone: raised }] };
}

/** At most its labels change. */
function isAnsweredAlike({ before, after }: Changed): boolean {
  if (before === undefined || after === undefined) return before === after;
  return isDeepStrictEqual(unlabelled(rrsetBody(before)), unlabelled(rrsetBody(after)));
}

function asChange({ name, type, before, after }: Changed): RRsetChange {
  const isSame =
    before === undefined || after === undefined
      ? before === after
      : isDeepStrictEqual(rrsetBody(before), rrsetBody(after)) && isDeepStrictEqual(before.written, after.written);
  const change = isSame ? 'none' : before === undefined ? 'made' : after === undefined ? 'deleted' : 'changed';
  return { name, type, change, rrset: after };
}
