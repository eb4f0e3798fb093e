/** The log as it is read and looked through: by who, what and when, and by what a revision is about. */
import { Problem } from '../model/errors.ts';
import { type AskedFilter, isNarrow, makeFilter } from '../model/filter.ts';
import { readDay, readInstant } from '../model/instant.ts';
import type { Revision } from '../model/revision.ts';
import type { Store } from '../store/sqlite.ts';
import { CLOCKS_DIFFER_MS } from './clock.ts';
import type { Grant } from './grant.ts';
import { type Listing, narrowed, walk } from './listing.ts';
import { isRevision } from './search.ts';

/** What revisions are looked for by, besides what they are about. */
export interface AskedRevisions extends AskedFilter {
  readonly actor?: string;
  /** With a dot at its end: all that begin so. */
  readonly kind?: string;
  /** RFC 3339; the second is exclusive. */
  readonly since?: string;
  readonly until?: string;
}

/** The same, as it is compared. */
interface When {
  readonly actor: string | undefined;
  readonly kind: string | undefined;
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** undefined: nothing of it narrows anything. */
function makeWhen({ actor, kind, since, until }: AskedRevisions): When | undefined | Problem {
  const sinceMs = since === undefined ? Number.NEGATIVE_INFINITY : timeMs('since', since);
  if (sinceMs instanceof Problem) return sinceMs;
  const untilMs = until === undefined ? Number.POSITIVE_INFINITY : timeMs('until', until);
  if (untilMs instanceof Problem) return untilMs;
  const isAny = [actor, kind, since, until].every((each) => each === undefined);
  return isAny ? undefined : { actor, kind, sinceMs, untilMs };
}

function timeMs(key: string, text: string): number | Problem {
  const ms = readDay(text) ?? readInstant(text);
  if (ms !== undefined) return ms;
  const example = 'a time such as 2026-01-31T12:00:00Z, or a date';
  return new Problem('query_invalid', `${key} is ${example}, not ${JSON.stringify(text)}.`);
}

function isThen({ actor, kind, atMs }: Revision, when: When | undefined): boolean {
  if (when === undefined) return true;
  if (when.actor !== undefined && when.actor !== actor) return false;
  if (when.kind !== undefined && !(when.kind.endsWith('.') ? kind.startsWith(when.kind) : kind === when.kind))
    return false;
  return atMs >= when.sinceMs && atMs < when.untilMs;
}

/** The walk as far as something can follow that is of that time. */
function* whileThen(found: Iterable<Revision>, when: When | undefined, newestFirst: boolean): Generator<Revision> {
  for (const revision of found) {
    const { atMs } = revision;
    const isOver = newestFirst
      ? atMs < (when?.sinceMs ?? Number.NEGATIVE_INFINITY) - CLOCKS_DIFFER_MS
      : atMs > (when?.untilMs ?? Number.POSITIVE_INFINITY) + CLOCKS_DIFFER_MS;
    if (isOver) return;
    yield revision;
  }
}

interface AskedLog {
  /** Exclusive, in the direction of the walk. */
  readonly after: number | undefined;
  readonly newestFirst: boolean;
  readonly asked: AskedRevisions;
}

export function listRevisions(
  store: Store,
  grant: Grant,
  { after, newestFirst, asked }: AskedLog,
): Listing<Revision> | Problem {
  const filter = makeFilter(asked);
  if (filter instanceof Problem) return filter;
  const when = makeWhen(asked);
  if (when instanceof Problem) return when;
  const next = (number: number | undefined) =>
    newestFirst ? store.revisionsBefore(number ?? Number.MAX_SAFE_INTEGER, 1) : store.revisions(number ?? 0, 1);
  const found = walk<Revision>((last) => next(last?.revision ?? after));
  const all = revisionsIn(when === undefined ? found : whileThen(found, when, newestFirst), grant);
  const isNarrowed = isNarrow(filter) || when !== undefined;
  return narrowed(all, isNarrowed, (revision) => isThen(revision, when) && isRevision(store, revision, filter));
}

export function revisionsIn(found: Iterable<Revision>, grant: Grant): Listing<Revision> {
  return { found, within: (revision) => grant.revision(revision), key: ({ revision }) => String(revision) };
}
