/** The log of events: the last ones in memory, all others read from the store where somebody has missed them. */
import { guarded } from '../../guard.ts';
import type { SignaturesEvent } from '../../model/dnssec/triggers.ts';
import type { ModelChange, Revision } from '../../model/revision.ts';
import type { Store } from '../../store/sqlite.ts';
import type { Engine } from '../engine.ts';
import { PAGE_BYTES } from '../listing.ts';
import type { NodeEvent } from '../nodes.ts';
import type { HealthEvent } from '../observed/health.ts';
import { comparePositions, type Event, eventsOf, isAfter, type Position, type Releases } from './event.ts';

/** Revisions whose events are kept in memory: enough for listeners that keep up. */
const KEPT_REVISIONS = 256;
/** One with more subjects, as when a large zone goes, is read from the store again rather than kept. */
const KEPT_SUBJECTS = 100;
/** Revisions read at once, and not much more than a page of bytes: bounds the work of one turn of the event loop. */
const REVISIONS_AT_ONCE = 100;
/** What probes saw is in no store: whoever has missed more of it reads everything anew. */
const KEPT_HEALTH = 1000;
/** A client that has missed more reads everything anew, which costs less. */
export const REPLAYED_REVISIONS_MAX = 10_000;

export class EventLog {
  readonly #store: Pick<Store, 'revisions' | 'release'>;
  readonly #kept = new Map<number, Event[]>();
  readonly #listeners = new Set<() => void>();
  /** Names this process in the ids of what its probes see. */
  readonly #process: string;
  #health: Event[] = [];
  #healthNumber = 0;
  /** Of the last one that was pushed out. */
  #healthLost: Position | undefined;
  #last: number;
  /** Of the last event of that revision, so that what probes see has its place without a look into the store. */
  #lastIndex: number;

  constructor(
    store: Pick<Store, 'revisions' | 'release' | 'lastRevision'>,
    engine: Pick<Engine, 'onChange'>,
    process: string,
  ) {
    this.#store = store;
    this.#process = process;
    this.#last = store.lastRevision;
    this.#lastIndex = indexOfLast(this.#read(this.#last - 1)[0]);
    engine.onChange((changes, revision) => this.#add(changes, revision));
  }

  /** Calls the listener whenever there is something new; the result ends that. */
  listen(listener: () => void): () => void {
    const guardedListener = guarded('a listener to events', listener);
    this.#listeners.add(guardedListener);
    return () => this.#listeners.delete(guardedListener);
  }

  /** The position of the last event. */
  get end(): Position {
    const last = this.#health.at(-1)?.position;
    const revision = this.#lastOfRevisions;
    return last !== undefined && isAfter(last, revision) ? last : revision;
  }

  /** True where what followed the position cannot be told any more, or the position is of a log that is not this one. */
  isLost(position: Position): boolean {
    const { revision } = position;
    return revision > this.#last || revision < this.#last - REPLAYED_REVISIONS_MAX || this.hasForgotten(position);
  }

  /** True where something that was seen after the position is kept no longer. */
  hasForgotten(position: Position): boolean {
    return this.#healthLost !== undefined && isAfter(this.#healthLost, this.#here(position));
  }

  /** Something that the probes of this process saw. */
  addHealth(health: HealthEvent, atMs: number): void {
    this.#addSeen({ name: 'health', health, atMs, position: this.#nextSeen() });
  }

  /** How this node stands in its fleet, when that has changed. */
  addNode(node: NodeEvent, atMs: number): void {
    this.#addSeen({ name: 'node', node, atMs, position: this.#nextSeen() });
  }

  /** What time does to a zone whose signatures were made elsewhere. */
  addSignatures(signatures: SignaturesEvent, atMs: number): void {
    this.#addSeen({ name: 'signatures', signatures, atMs, position: this.#nextSeen() });
  }

  #nextSeen(): Position {
    this.#healthNumber += 1;
    return { ...this.#lastOfRevisions, health: { process: this.#process, number: this.#healthNumber } };
  }

  #addSeen(event: Event): void {
    this.#health.push(event);
    if (this.#health.length > KEPT_HEALTH) this.#healthLost = this.#health.shift()?.position;
    for (const listener of this.#listeners) listener();
  }

  /** Some of the events after a position, in order; none: there are no more yet. */
  after(from: Position): Event[] {
    const position = this.#here(from);
    const events = this.#afterOfRevisions(position);
    const last = events.at(-1)?.position;
    const isEnd = last === undefined || last.revision === this.#last;
    const seen = this.#health.filter((event) => {
      return isAfter(event.position, position) && (isEnd || !isAfter(event.position, last));
    });
    if (seen.length === 0) return events;
    return [...events, ...seen].sort((one, other) => comparePositions(one.position, other.position));
  }

  get #lastOfRevisions(): Position {
    return { revision: this.#last, index: this.#lastIndex };
  }

  /** What the probes of another process saw is over: all that those of this one saw since is news. */
  #here(position: Position): Position {
    if (position.health === undefined || position.health.process === this.#process) return position;
    return { revision: position.revision, index: position.index };
  }

  #afterOfRevisions(position: Position): Event[] {
    let from = Math.max(0, position.revision - 1);
    for (;;) {
      const revisions = this.#read(from);
      const events = revisions.flat().filter((event) => isAfter(event.position, position));
      // The revision of the position itself may have been the only one that was read.
      if (events.length > 0 || from + revisions.length >= this.#last) return events;
      from += revisions.length;
    }
  }

  /** The events of some revisions after a number, of each apart: of those in memory, or from the store. */
  #read(after: number): Event[][] {
    const page: Event[][] = [];
    let bytes = 0;
    const isKept = this.#kept.has(after + 1);
    for (let last = after; page.length < REVISIONS_AT_ONCE && bytes < PAGE_BYTES; last++) {
      const events = isKept ? this.#kept.get(last + 1) : this.#fromStore(last);
      if (events === undefined) break;
      page.push(events);
      bytes += sizeOf(events);
    }
    return page;
  }

  /** The events of the revision after a number; undefined: there is none yet. */
  #fromStore(after: number): Event[] | undefined {
    if (after >= this.#last) return undefined;
    const [revision] = this.#store.revisions(after, 1);
    return revision && eventsOf(revision, this.#store);
  }

  #add(changes: readonly ModelChange[], revision: Revision): void {
    const events = eventsOf(revision, releasesOf(changes));
    this.#last = revision.revision;
    this.#lastIndex = indexOfLast(events);
    if (revision.subjects.length <= KEPT_SUBJECTS) {
      this.#kept.set(revision.revision, events);
      for (const oldest of this.#kept.keys()) {
        if (oldest > revision.revision - KEPT_REVISIONS) break;
        this.#kept.delete(oldest);
      }
    }
    for (const listener of this.#listeners) listener();
  }
}

/** Of events that several listen to, once. */
const sizes = new WeakMap<Event[], number>();

/** Bytes of what a revision's events tell, near enough. */
function sizeOf(events: Event[]): number {
  const size = sizes.get(events) ?? JSON.stringify(events).length;
  sizes.set(events, size);
  return size;
}

function indexOfLast(events: readonly Event[] | undefined): number {
  return Math.max(0, (events?.length ?? 0) - 1);
}

/** The releases as changes leave them: a revision that is about one changes it. */
function releasesOf(changes: readonly ModelChange[]): Releases {
  const releases = changes.flatMap((change) => (change.op === 'putRelease' ? [change.release] : []));
  return { release: (id) => releases.find((release) => release.id === id) };
}
