/** What a list of changes makes of the RRsets that it names, and whether that may be. */
import { Problem } from '../../model/errors.ts';
import { canonicalName } from '../../model/name.ts';
import { type RecordChange, RRsetInChange } from '../../model/record-change.ts';
import { parseStoredType, type RRset } from '../../model/rrset.ts';
import type { Zone } from '../../model/zone.ts';
import type { Store } from '../../store/sqlite.ts';
import { TYPE } from '../../wire/constants.ts';
import { type Below, type BelowQuestion, rrsetKey } from '../commands/below.ts';
import type { Sliced } from '../slices.ts';
import { RecordsAfter } from './records-after.ts';
import { checkAbsent, checkOwner, dnameQuestion, idIn, type RRsetId } from './rrsets.ts';

/** Changes of one list: so many are carried out in a fraction of a second, and UPDATE fits no more into a message. */
export const CHANGES_MAX = 1000;
/** Records that the RRsets of a list have, before it and after: their text is kept in the log, one turn's work in all. */
export const RECORDS_TOUCHED_MAX = 20_000;
/** Of a list that are looked at in one slice: a few milliseconds' work. */
const CHANGES_AT_ONCE = 50;
/** New DNAMEs of a list: for each of them every name of the zone is looked at. */
export const DNAMES_MAX = 10;

const verbs = ['put', 'add', 'remove', 'delete'] as const;
type Verb = (typeof verbs)[number];

/** An RRset that a list names. */
export interface Changed {
  readonly name: string;
  readonly type: number;
  readonly before: RRset | undefined;
  readonly after: RRset | undefined;
  /** What was typed for its records. */
  readonly texts: readonly string[];
  /** The last change of the list that named it. */
  readonly index: number;
}

/** `single`: a list of one, whose problems are told without its place in it. */
type Telling = 'list' | 'single';

export class RecordsChanged {
  /** In the order in which the list names them. */
  readonly all: readonly Changed[];
  /** The zone as the list leaves it. */
  readonly after: RecordsAfter;
  readonly #zone: Zone;
  readonly #telling: Telling;

  constructor(store: Store, zone: Zone, all: readonly Changed[], telling: Telling) {
    this.all = all;
    this.after = new RecordsAfter(store, zone.name);
    this.#zone = zone;
    this.#telling = telling;
    for (const { name, type, after } of all) this.after.assume(name, type, after);
  }

  /** Refuses what may not stand where the list puts it. What stood there already, by an import for one, may be changed. */
  *check(below: readonly Below[]): Sliced<Problem | undefined> {
    if (this.#newDnames().length > DNAMES_MAX) {
      return new Problem('changes_invalid', `One list makes at most ${DNAMES_MAX} DNAMEs.`, { pointer: '/changes' });
    }
    for (const [i, { name, type, before, after, index }] of this.all.entries()) {
      if (isPause(i)) yield;
      if (before !== undefined) continue;
      const id: RRsetId = { zone: this.#zone, name, type };
      const problem = after === undefined ? checkAbsent(this.after, id) : checkOwner(this.after, id, below);
      if (problem !== undefined) return this.#telling === 'single' ? problem : toldOf(problem, index);
    }
    return undefined;
  }

  /** What must be known of the zone for that, and takes long to find out. */
  questions(): BelowQuestion[] {
    const dnames = this.#newDnames();
    // Refused then, whatever is below them.
    if (dnames.length > DNAMES_MAX) return [];
    return dnames.map(({ name, type }) => dnameQuestion(this.after, { zone: this.#zone, name, type }));
  }

  #newDnames(): Changed[] {
    return this.all.filter(({ type, before, after }) => type === TYPE.DNAME && !before && after);
  }
}

/** The changes in the order of the list, on what the store has; it must have the same in every slice. */
export function* composeRecords(
  store: Store,
  zone: Zone,
  changes: readonly RecordChange[],
  revision: number,
  telling: Telling = 'list',
): Sliced<RecordsChanged | Problem> {
  if (changes.length > CHANGES_MAX) return wrongCount(changes.length);
  const rrsets = new Map<string, RRsetInChange>();
  let records = 0;
  for (const [index, change] of changes.entries()) {
    if (isPause(index)) yield;
    const verb = verbOf(change);
    if (verb === undefined) return notOneVerb(index);
    const id = idOf(zone, change[verb] as { name: string; type: string });
    if (id instanceof Problem) return telling === 'single' ? id : toldOf(id, index, verb);
    const key = rrsetKey(id.name, id.type);
    const known = rrsets.get(key);
    const rrset = known ?? inChange(store, id);
    rrsets.set(key, rrset);
    rrset.index = index;
    records += (known === undefined ? (rrset.before?.rdata.length ?? 0) : 0) + sizeOf(change);
    if (records > RECORDS_TOUCHED_MAX) return tooManyRecords(index);
    const problem = carryOut(rrset, change, revision);
    if (problem !== undefined) return telling === 'single' ? problem : toldOf(problem, index, verb);
  }
  const all: Changed[] = [];
  for (const rrset of rrsets.values()) {
    const after = rrset.after(revision);
    if (after instanceof Problem) return toldOf(after, rrset.index);
    const { before, texts, index, owner } = rrset;
    all.push({ name: owner.name, type: owner.type, before, after, texts, index });
  }
  return new RecordsChanged(store, zone, all, telling);
}

/** Whether a slice ends before the item. */
export function isPause(index: number): boolean {
  return index > 0 && index % CHANGES_AT_ONCE === 0;
}

function inChange(store: Store, { zone, name, type }: RRsetId): RRsetInChange {
  return new RRsetInChange({ zone: zone.name, name, type }, store.rrset(zone.name, name, type), zone.ttlSeconds);
}

function idOf(zone: Zone, { name: nameText, type: typeText }: { name: string; type: string }): RRsetId | Problem {
  const name = canonicalName(nameText);
  if (name instanceof Problem) return located(name, '/name');
  const type = parseStoredType(typeText);
  if (type instanceof Problem) return located(type, '/type');
  const id = idIn(zone, name, type);
  return id instanceof Problem ? located(id, '/name') : id;
}

function carryOut(rrset: RRsetInChange, { put, add, remove }: RecordChange, revision: number): Problem | undefined {
  if (put !== undefined) {
    const { name: _name, type: _type, ...body } = put;
    return rrset.put(body, revision);
  }
  if (add !== undefined) return rrset.add(add);
  if (remove !== undefined) return rrset.remove(remove);
  rrset.delete();
  return undefined;
}

function verbOf(change: RecordChange): Verb | undefined {
  const given = verbs.filter((verb) => change[verb] !== undefined);
  return given.length === 1 ? given[0] : undefined;
}

function sizeOf({ put, add, remove }: RecordChange): number {
  return (put?.rdata ?? add?.values ?? remove?.values ?? []).length;
}

export function wrongCount(count: number): Problem {
  const detail = `A list has 1 to ${CHANGES_MAX} changes, not ${count}.`;
  return new Problem('changes_invalid', detail, { pointer: '/changes' });
}

function notOneVerb(index: number): Problem {
  const detail = `changes[${index}] has exactly one of ${verbs.join(', ')}.`;
  return new Problem('changes_invalid', detail, { pointer: `/changes/${index}` });
}

function tooManyRecords(index: number): Problem {
  const detail = `changes[${index}]: the RRsets of one list have at most ${RECORDS_TOUCHED_MAX} records, those that are there and those that come; send the rest in another list.`;
  return new Problem('changes_invalid', detail, { pointer: `/changes/${index}` });
}

/** A problem of one change, told with its place in the list; without a verb it is of what the list leaves. */
function toldOf(problem: Problem, index: number, verb?: Verb): Problem {
  const inside = verb === undefined ? '' : (problem.pointer ?? '');
  const pointer = `/changes/${index}${verb === undefined ? '' : `/${verb}`}${inside}`;
  const path = pointer
    .slice(1)
    .replace(/\/(\d+)/g, '[$1]')
    .replaceAll('/', '.');
  return located(problem, pointer, `${path}: ${problem.detail}`);
}

function located(problem: Problem, pointer: string, detail = problem.detail): Problem {
  const { code, conflict } = problem;
  return new Problem(code, detail, { pointer, ...(conflict !== undefined && { conflict }) });
}
