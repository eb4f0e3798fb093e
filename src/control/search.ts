/** What is looked for in lists: RRsets by their names alone where that will do, releases and revisions by what they are about. */
import { type AskedFilter, type Filter, isLabelled, isNamed } from '../model/filter.ts';
import { isAtOrBelow } from '../model/name.ts';
import { isActive, type Release, type ReleaseState } from '../model/release.ts';
import type { Revision, Subject } from '../model/revision.ts';
import type { RRset } from '../model/rrset.ts';
import { isExpired, type StoredToken, type TokenScope } from '../model/token.ts';
import { shown } from '../shown.ts';
import type { Store } from '../store/sqlite.ts';
import { formatType } from '../wire/rdata.ts';
import type { Grant } from './grant.ts';
import { type Listing, Passed } from './listing.ts';
import { rrsetName } from './names.ts';

/** Names of RRsets that one slice looks at: a millisecond or two. */
const KEYS_AT_ONCE = 1000;

interface RRsetKey {
  readonly name: string;
  readonly type: number;
}

interface RRsetSearch {
  readonly zone: string;
  /** The last of the page before. */
  readonly start: RRsetKey | undefined;
  readonly grant: Grant;
  readonly filter: Filter;
}

/** Records are read only where the name and the type are what is looked for. */
export function searchRRsets(store: Store, asked: RRsetSearch): Listing<RRset> {
  const { zone, grant, filter } = asked;
  const isMeant = ({ name, type }: RRsetKey): boolean =>
    (filter.name ?? name) === name &&
    (filter.type ?? type) === type &&
    isNamed(filter, shown(name)) &&
    grant.rrset(zone, name, type);
  return {
    found: filter.name === undefined ? throughKeys(store, asked, isMeant) : atName(store, asked, isMeant),
    within: (rrset) => (isLabelled(filter, rrset.labels) ? rrset : undefined),
    key: ({ name, type }) => rrsetName(name, type),
    search: grant.isOfRecords ? 'all' : 'some',
  };
}

/** Between two slices RRsets may come and go: one that is there all the time is met once. */
function* throughKeys(
  store: Store,
  { zone, start, filter }: RRsetSearch,
  isMeant: (key: RRsetKey) => boolean,
): Generator<RRset | Passed> {
  for (let after = start; ; ) {
    const keys = store.rrsetKeys(zone, after, KEYS_AT_ONCE);
    for (const key of keys) {
      if (!isMeant(key) || (filter.labels !== undefined && !key.isLabelled)) continue;
      const rrset = store.rrset(zone, key.name, key.type);
      if (rrset !== undefined) yield rrset;
    }
    const last = keys.at(-1);
    if (last === undefined || keys.length < KEYS_AT_ONCE) return;
    after = last;
    yield new Passed(rrsetName(last.name, last.type));
  }
}

function* atName(
  store: Store,
  { zone, start, filter }: RRsetSearch,
  isMeant: (key: RRsetKey) => boolean,
): Generator<RRset> {
  const name = filter.name as string;
  for (const rrset of store.rrsetsAt(zone, name)) {
    const isAfter = start === undefined || name > start.name || (name === start.name && rrset.type > start.type);
    if (isAfter && isMeant(rrset)) yield rrset;
  }
}

export interface AskedReleases extends AskedFilter {
  /** `active`: goes on, or is paused. */
  readonly state?: ReleaseState | 'active';
}

export function isRelease(
  store: Pick<Store, 'zoneOf'>,
  release: Release,
  filter: Filter,
  state: AskedReleases['state'],
): boolean {
  if (state === 'active' ? !isActive(release) : state !== undefined && release.state !== state) return false;
  const { q, zone, name } = filter;
  return (
    (q === undefined && zone === undefined && name === undefined) ||
    release.services.some(
      (service) =>
        (name ?? service.name) === service.name &&
        isNamed(filter, shown(service.name)) &&
        (zone === undefined || store.zoneOf(service.name)?.name === zone),
    )
  );
}

/** One of its subjects is what is looked for. */
export function isRevision(store: Pick<Store, 'zoneAt'>, { revision, subjects }: Revision, filter: Filter): boolean {
  const { zone, name, type } = filter;
  return subjects.some((subject) => {
    const about = nameOf(subject);
    if (!isNamed(filter, shown(subject.name))) return false;
    if (name !== undefined && about !== name) return false;
    if (type !== undefined && !(subject.kind === 'rrset' && subject.name.endsWith(`/${formatType(type)}`)))
      return false;
    if (zone === undefined) return true;
    if (subject.kind === 'zone' || subject.kind === 'dnssec') return subject.name === zone;
    return about !== undefined && isAtOrBelow(about, zone) && store.zoneAt(about, revision) === zone;
  });
}

/** The domain name that a subject is about; undefined: none. */
function nameOf({ kind, name }: Subject): string | undefined {
  switch (kind) {
    case 'zone':
    case 'dnssec':
    case 'service':
      return name;
    case 'rrset': {
      const owner = name.slice(0, name.lastIndexOf('/'));
      return owner === '.' ? '' : owner;
    }
    case 'health':
      return name.slice(0, Math.max(0, name.indexOf('/')));
    default:
      return undefined;
  }
}

export interface AskedTokens extends Pick<AskedFilter, 'q'> {
  readonly state?: 'good' | 'expired';
  readonly scope?: TokenScope;
}

export function isToken(token: StoredToken, { q, state, scope }: AskedTokens, atMs: number): boolean {
  if (q !== undefined && !isNamed({ q: q.toLowerCase() }, token.name)) return false;
  if (state !== undefined && isExpired(token, atMs) !== (state === 'expired')) return false;
  return scope === undefined || token.scope === scope;
}
