/**
 * Events: what has happened, for those who listen. Most follow from revisions, so that they can be told again; what
 * probes see is of this process, and comes after the revision that was the last one then.
 */
import type { ZoneSigning } from '../../model/dnssec/signing.ts';
import { type DnssecTrigger, dnssecTriggersOf, type SignaturesEvent } from '../../model/dnssec/triggers.ts';
import { canonicalName } from '../../model/name.ts';
import { type ProposalTrigger, proposalTriggersOf } from '../../model/proposed.ts';
import type { Release } from '../../model/release.ts';
import { type ReleaseProgress, type ReleaseTrigger, triggersOf } from '../../model/release-triggers.ts';
import type { Revision, Subject } from '../../model/revision.ts';
import type { Why } from '../../model/why.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import type { Grant } from '../grant.ts';
import type { NodeEvent } from '../nodes.ts';
import type { HealthEvent } from '../observed/health.ts';
import { signingReply } from '../replies/dnssec.ts';
import type { proposedReply } from '../replies/proposals.ts';
import { releaseReply } from '../replies/releases.ts';
import { revisionReply } from '../replies/revision.ts';

/** Where an event stands among all: the revision that it follows from, and its number within that one, from 0. */
export interface Position {
  readonly revision: number;
  readonly index: number;
  /** Of what is seen (by probes, of nodes, of signatures that end): which process saw it, and its number there, from 1. */
  readonly health?: { readonly process: string; readonly number: number };
}

/** Before all events. */
export const START: Position = { revision: 0, index: 0 };

/** An id of an event has up to three digits for its place in its revision. */
const INDEX_MAX = 999;

interface Placed {
  readonly position: Position;
  /** Unix time, milliseconds. */
  readonly atMs: number;
}

export type Event = Placed &
  (
    | { readonly name: 'revision'; readonly revision: Revision }
    | { readonly name: 'health'; readonly health: HealthEvent }
    | { readonly name: 'node'; readonly node: NodeEvent }
    | { readonly name: 'signatures'; readonly signatures: SignaturesEvent }
    | { readonly name: 'dnssec'; readonly trigger: DnssecTrigger; readonly signing: ZoneSigning }
    | { readonly name: 'proposal'; readonly trigger: ProposalTrigger; readonly proposal: ToldProposal }
    | { readonly name: 'release'; readonly trigger: ReleaseTrigger; readonly release: Release; readonly why: Why }
  );

/**
 * A position as the id of an event: `17` for revision 17, `17.1` for the first thing that it did to a release,
 * `17.1-k3x.5` for the fifth thing that the probes of process k3x saw, after it. The log never changes, and a process
 * has a name of its own, so no id is ever that of another event, whatever restarts come between.
 */
export function formatId({ revision, index, health }: Position): string {
  const place = index === 0 ? String(revision) : `${revision}.${index}`;
  return health === undefined ? place : `${place}-${health.process}.${health.number}`;
}

/** undefined: it is no id of an event. */
export function parseId(text: string): Position | undefined {
  const match = /^(0|[1-9][0-9]{0,14})(?:\.([1-9][0-9]{0,2}))?(?:-([0-9a-z]{1,16})\.([1-9][0-9]{0,14}))?$/.exec(text);
  if (match === null) return undefined;
  const [, revision, index = 0, process, number] = match;
  const health = process === undefined ? undefined : { process, number: Number(number) };
  return { revision: Number(revision), index: Number(index), ...(health && { health }) };
}

/** Below 0 where the first one comes before the other. */
export function comparePositions(one: Position, other: Position): number {
  if (one.revision !== other.revision) return one.revision - other.revision;
  if (one.index !== other.index) return one.index - other.index;
  return (one.health?.number ?? 0) - (other.health?.number ?? 0);
}

export function isAfter(one: Position, other: Position): boolean {
  return comparePositions(one, other) > 0;
}

/** The place right before an event: all events up to it are before that one. */
export function beforeOf({ revision, index }: Position): Position {
  return index > 0 ? { revision, index: index - 1 } : { revision: Math.max(0, revision - 1), index: INDEX_MAX };
}

/** As its reply shows it: what a revision keeps of it. */
type ToldProposal = ReturnType<typeof proposedReply>;

/** Where releases are found by their ids. */
export type Releases = Pick<Store, 'release'>;

/** The events of a revision, in order; the first is the revision itself. */
export function eventsOf(revision: Revision, store: Releases): Event[] {
  const { atMs, reason, links } = revision;
  const why = { ...(reason !== undefined && { reason }), ...(links !== undefined && { links }) };
  const events: Event[] = [{ name: 'revision', revision, atMs, position: { revision: revision.revision, index: 0 } }];
  for (const subject of revision.subjects) {
    if (subject.kind === 'proposal') events.push(...proposalEvents(subject, revision, events.length));
    if (subject.kind === 'dnssec') events.push(...signingEvents(subject, revision, events.length));
    if (subject.kind !== 'release' || subject.forgotten !== undefined) continue;
    const release = releaseAt(subject, revision.revision, store);
    const before = (subject.before ?? undefined) as ReleaseProgress | undefined;
    for (const trigger of triggersOf(before, release)) {
      const position = { revision: revision.revision, index: events.length };
      events.push({ name: 'release', trigger, release, why, atMs, position });
    }
  }
  return events;
}

function proposalEvents({ before, after, forgotten }: Subject, { revision, atMs }: Revision, index: number): Event[] {
  if (after === null || forgotten !== undefined) return [];
  const proposal = after as ToldProposal;
  return proposalTriggersOf((before as ToldProposal | null) ?? undefined, proposal).map((trigger, i) => {
    return { name: 'proposal', trigger, proposal, atMs, position: { revision, index: index + i } };
  });
}

/** What happened to a signed zone, whose keys are told of without what is sealed. */
function signingEvents(
  { name, before, after, forgotten }: Subject,
  { revision, atMs }: Revision,
  index: number,
): Event[] {
  if (after === null || forgotten !== undefined) return [];
  const signing = { ...(after as ZoneSigning), zone: name, revision };
  return dnssecTriggersOf((before as ZoneSigning | null)?.stage, signing.stage).map((trigger, i) => {
    return { name: 'dnssec', trigger, signing, atMs, position: { revision, index: index + i } };
  });
}

/** The release as it was: what never changes is in the revision that made it, and in the row that it has now. */
function releaseAt({ name, after }: Subject, revision: number, store: Releases): Release {
  return { ...(store.release(name) as Release), ...(after as Partial<Release>), revision };
}

/** What an event tells, as far as it is granted; undefined: nothing of it is. */
export function dataOf(event: Event, grant: Grant): object | undefined {
  if (event.name === 'revision') {
    const revision = grant.revision(event.revision);
    return revision && { ...revisionReply(revision), services: servicesOf(revision) };
  }
  if (event.name === 'health') {
    const { service, pool, target, state, reason } = event.health;
    return grant.service(service) ? { service: shown(service), pool, target, state, reason } : undefined;
  }
  if (event.name === 'proposal') {
    const { trigger, proposal } = event;
    const isSeen = Object.keys(proposal.services).every((name) => grant.service(canonicalName(name) as string));
    return isSeen ? { trigger, proposal, services: Object.keys(proposal.services) } : undefined;
  }
  if (event.name === 'dnssec') {
    if (!grant.zone(event.signing.zone)) return undefined;
    const { zone, stage, status, ds } = signingReply(event.signing);
    return { trigger: event.trigger, zone, stage, status, ds };
  }
  // No secret: who may read hears of it in the reply to each change.
  if (event.name === 'node') return event.node;
  if (event.name === 'signatures') {
    const { zone, trigger, endsSeconds, message } = event.signatures;
    if (!grant.zone(zone)) return undefined;
    return { trigger, zone: shown(zone), ends: new Date(endsSeconds * 1000).toISOString(), message };
  }
  const release = grant.release(event.release);
  if (release === undefined) return undefined;
  const services = release.services.map(({ name }) => shown(name));
  // What was said of all of it may name the rest.
  const why = release === event.release ? event.why : {};
  return { trigger: event.trigger, ...why, release: releaseReply(release, undefined), services };
}

function servicesOf({ subjects }: Revision): string[] {
  return subjects.filter(({ kind }) => kind === 'service').map(({ name }) => shown(name));
}
