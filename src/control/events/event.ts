/** Events: what has happened, for those who listen. All of them follow from revisions, so that they can be told again. */
import type { Release } from '../../model/release.ts';
import { type ReleaseProgress, type ReleaseTrigger, triggersOf } from '../../model/release-triggers.ts';
import type { Revision, Subject } from '../../model/revision.ts';
import type { Store } from '../../store/sqlite.ts';
import { shown } from '../draft.ts';
import type { Grant } from '../grant.ts';
import { releaseReply } from '../releases/replies.ts';
import { revisionReply } from '../revision-reply.ts';

/** Where an event stands among all: the revision that it follows from, and its number within that one, from 0. */
export interface Position {
  readonly revision: number;
  readonly index: number;
}

/** Before all events. */
export const START: Position = { revision: 0, index: 0 };

interface Placed {
  readonly position: Position;
  /** Unix time, milliseconds. */
  readonly atMs: number;
}

export type Event = Placed &
  (
    | { readonly name: 'revision'; readonly revision: Revision }
    | { readonly name: 'release'; readonly trigger: ReleaseTrigger; readonly release: Release }
  );

/**
 * A position as the id of an event: `17` for revision 17, `17.1` for the first thing that it did to a release. The log
 * never changes, so no id is ever that of another event, whatever restarts come between.
 */
export function formatId({ revision, index }: Position): string {
  return index === 0 ? String(revision) : `${revision}.${index}`;
}

/** undefined: it is no id of an event. */
export function parseId(text: string): Position | undefined {
  const match = /^(0|[1-9][0-9]{0,14})(?:\.([1-9][0-9]{0,2}))?$/.exec(text);
  return match === null ? undefined : { revision: Number(match[1]), index: Number(match[2] ?? 0) };
}

export function isAfter(one: Position, other: Position): boolean {
  return one.revision > other.revision || (one.revision === other.revision && one.index > other.index);
}

/** The events of a revision, in order; the first is the revision itself. */
export function eventsOf(revision: Revision, store: Pick<Store, 'release'>): Event[] {
  const { atMs } = revision;
  const events: Event[] = [{ name: 'revision', revision, atMs, position: { revision: revision.revision, index: 0 } }];
  for (const subject of revision.subjects) {
    if (subject.kind !== 'release') continue;
    const release = releaseAt(subject, revision.revision, store);
    const before = (subject.before ?? undefined) as ReleaseProgress | undefined;
    for (const trigger of triggersOf(before, release)) {
      const position = { revision: revision.revision, index: events.length };
      events.push({ name: 'release', trigger, release, atMs, position });
    }
  }
  return events;
}

/** The release as it was: what never changes is in the revision that made it, and in the row that it has now. */
function releaseAt({ name, after }: Subject, revision: number, store: Pick<Store, 'release'>): Release {
  return { ...(store.release(name) as Release), ...(after as Partial<Release>), revision };
}

/** What an event tells, as far as it is granted; undefined: nothing of it is. */
export function dataOf(event: Event, grant: Grant): object | undefined {
  if (event.name === 'revision') {
    const revision = grant.revision(event.revision);
    return revision && { ...revisionReply(revision), services: servicesOf(revision) };
  }
  const release = grant.release(event.release);
  if (release === undefined) return undefined;
  const services = release.services.map(({ name }) => shown(name));
  return { trigger: event.trigger, release: releaseReply(release, undefined), services };
}

function servicesOf({ subjects }: Revision): string[] {
  return subjects.filter(({ kind }) => kind === 'service').map(({ name }) => shown(name));
}
