/** The revision log and what is derived from it, in SQLite: what is acknowledged is on the disk. */
import Sqlite, { type Database } from 'better-sqlite3';
import type { Entry, KeptReply } from '../model/entry.ts';
import { type Problem, StoreUnavailable } from '../model/errors.ts';
import { isAtOrBelow, suffixesOf } from '../model/name.ts';
import type { Release } from '../model/release.ts';
import type { Revision, Subject } from '../model/revision.ts';
import type { RRset } from '../model/rrset.ts';
import type { Service } from '../model/service.ts';
import type { StoredToken } from '../model/token.ts';
import type { StoredWebhook } from '../model/webhook.ts';
import type { Zone } from '../model/zone.ts';
import { Condition } from './condition.ts';
import { DatabaseFile } from './database-file.ts';
import { Deliveries } from './deliveries.ts';
import { Derived, type StagedContent, type StagedRecords, type StoreChange } from './derived.ts';
import { openDirectory } from './directory.ts';
import { Entries } from './entries.ts';
import { StoreError } from './error.ts';
import { migrate } from './migrations.ts';
import type { PackedContent } from './packed.ts';
import { type RevisionRow, type RRsetRow, revisionColumns, type SubjectRow, toRevision, toRRset } from './rows.ts';
import type { SharedStore } from './staging.ts';
import { makeStatements, type Statements } from './statements.ts';
import { type Retention, Texts } from './texts.ts';
import { createTurn, Turn } from './turn.ts';

/** How long a reply is kept (API contract). */
const IDEMPOTENCY_KEPT_MS = 24 * 3600 * 1000;

/** And how much for one token, keys and replies; the oldest go first. Thousands of releases. */
const IDEMPOTENCY_MAX_BYTES = 4 * 2 ** 20;

/** Where the settings do not say. */
export const RETENTION: Retention = { revisions: 10_000, maxBytes: 2 ** 30 };

/** Pages of the write-ahead log before a commit brings them into the database: 16 MiB. */
const CHECKPOINT_PAGES = 4096;

interface StoreOptions {
  /** A directory that has lost its database is made a new one. */
  readonly startEmpty?: boolean;
  /** What is kept of the log's large texts. */
  readonly retention?: Retention;
}

/** Opens the store in a directory, made if need be. Throws StoreError. */
export function openStore(directory: string, options: StoreOptions = {}): Store {
  let lock: Database | undefined;
  let file: DatabaseFile | undefined;
  let database: Database | undefined;
  try {
    const opened = openDirectory(directory, options.startEmpty === true);
    lock = opened.lock;
    file = new DatabaseFile(opened.file);
    database = openDatabase(opened.file);
    return new Store(file, database, lock, options.retention ?? RETENTION);
  } catch (error) {
    database?.close();
    file?.close();
    lock?.close();
    if (error instanceof StoreError) throw error;
    throw new StoreError(`cannot open the store in ${directory}: ${(error as Error).message}`);
  }
}

/** The connection that a store writes by, with its tables as this version has them. */
export function openDatabase(file: string): Database {
  const database = new Sqlite(file);
  try {
    database.pragma('journal_mode = WAL');
    // FULL: every commit waits until the log is on the disk. NORMAL could lose acknowledged commits with the power.
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = OFF');
    migrate(database);
    database.pragma('foreign_keys = ON');
    // During an import the builder's connection checkpoints first (see staging.ts): a shift should not have to.
    database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** RRsets of a zone that one look for names goes through: a few milliseconds. */
export const RRSETS_LOOKED_AT = 10_000;
/** Entries of the log that one look goes through: as much. */
const SUBJECTS_LOOKED_AT = 1000;
/** SQLite sorts bytes after all texts. */
const AFTER_ALL_NAMES = Buffer.alloc(0);

/** Which RRset of a zone. */
interface RRsetKey {
  readonly name: string;
  readonly type: number;
}

/** A subject of a revision. */
interface LogEntry {
  readonly revision: number;
  readonly position: number;
}

export class Store {
  readonly #database: Database;
  readonly #lock: Database;
  readonly #statements: Statements;
  readonly #file: DatabaseFile;
  readonly #condition = new Condition();
  #measure: { readonly steadyMs: () => number; readonly written: (ms: number) => void } | undefined;

  /** What another thread needs to open it too. */
  readonly shared: SharedStore;
  readonly #turn: Turn;
  readonly #texts: Texts;
  readonly #entries: Entries;
  readonly #derived: Derived;
  /** What waits for webhooks. */
  readonly deliveries: Deliveries;

  constructor(file: DatabaseFile, database: Database, lock: Database, retention: Retention) {
    this.#file = file;
    this.shared = { file: database.name, turn: createTurn(), retention };
    this.#texts = new Texts(database);
    this.#turn = new Turn(this.shared.turn);
    this.#database = database;
    this.#lock = lock;
    this.#statements = makeStatements(database);
    this.#entries = new Entries(database);
    this.#derived = new Derived(this.#statements, this.#entries.packed);
    this.deliveries = new Deliveries(database, (work) => this.#write(work), this.#condition.read);
    // What a process before this one had begun to import and did not finish.
    this.#statements.dropStaged.run();
    this.#entries.packed.unpinAll();
  }

  /** What keeps changes from being made, as far as is known: the last write failed, or a read did. */
  get failure(): Problem | undefined {
    return this.writeFailure ?? this.readFailure;
  }

  /** What the last write failed with; undefined when it went through. */
  get writeFailure(): Problem | undefined {
    return this.#condition.writeFailure;
  }

  /** What a read failed with that has not worked since. */
  get readFailure(): Problem | undefined {
    return this.#condition.readFailure;
  }

  /** Tells how long each write that goes through takes, its sync included, milliseconds. */
  measure(steadyMs: () => number, written: (ms: number) => void): void {
    this.#measure = { steadyMs, written };
  }

  /** What SQLite says of its own settings; 2 is FULL. */
  get durability(): { journalMode: string; synchronous: number } {
    const [journalMode, synchronous] = ['journal_mode', 'synchronous'].map((name) => {
      return this.#database.pragma(name, { simple: true });
    });
    return { journalMode: journalMode as string, synchronous: synchronous as number };
  }

  /**
   * Appends an entry and changes the derived rows, all or nothing. On return it is on the disk. `changes`: those of the
   * entry, with what was staged here for them.
   */
  commit(entry: Entry, changes: readonly StoreChange[]): Problem | undefined {
    const { revision, reply } = entry;
    return this.#write(() => {
      const statements = this.#statements;
      if (revision.revision === 1) statements.beUsed.run();
      statements.addRevision.run(...revisionColumns(revision));
      revision.subjects.forEach((subject, i) => {
        const { kind, name, before, after } = subject;
        const [was, is] = [before, after].map((each) => this.#texts.put(JSON.stringify(each), revision.revision));
        statements.addSubject.run(revision.revision, i, kind, name, was, is);
      });
      this.#entries.add(entry);
      for (const change of changes) this.#derived.apply(change);
      if (reply !== undefined) this.#keep(reply);
    });
  }

  /** All tokens in the order of their names. */
  tokens(): StoredToken[] {
    return this.#read('tokens', () => {
      const rows = this.#statements.tokens.all() as { digest: Uint8Array; body: string }[];
      return rows.map(({ digest, body }) => ({ ...(JSON.parse(body) as Omit<StoredToken, 'digest'>), digest }));
    });
  }

  /** All webhooks in the order of their names. */
  webhooks(): StoredWebhook[] {
    return this.#read('webhooks', () => this.#statements.webhooks.all().map(toWebhook));
  }

  webhook(name: string): StoredWebhook | undefined {
    return this.#read('webhook', () => {
      const row = this.#statements.webhook.get(name);
      return row === undefined ? undefined : toWebhook(row);
    });
  }

  /** Looks whether the store is still there and can be read; `failure` tells. Costs microseconds. */
  check(): void {
    try {
      this.#read('check', () => {
        this.#mustBeThere();
        this.#statements.lastRevision.get();
      });
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
    }
  }

  /** Tries what failed again, and a small write, to learn whether the store can be used again. */
  probe(): Problem | undefined {
    // What was read badly is still in SQLite's memory, and would be read from there again.
    if (this.readFailure !== undefined) this.#database.pragma('shrink_memory');
    this.#condition.readAgain();
    this.#write(() => this.#statements.probe.run());
    return this.failure;
  }

  /** Runs several commits as one: all are kept, or (where `work` gives a Problem) none. */
  allOrNothing(work: () => Problem | undefined): Problem | undefined {
    let problem: Problem | undefined;
    const undone = new Error('taken back');
    try {
      this.#database.transaction(() => {
        problem = work();
        if (problem !== undefined) throw undone;
      })();
    } catch (error) {
      if (error !== undone) throw error;
    }
    return problem;
  }

  /**
   * Runs `work` on what would be there after the changes that it assumes. Nothing of them stays, and they are seen by
   * this thread alone.
   */
  whatIf(work: (assume: (changes: readonly StoreChange[]) => void) => void): Problem | undefined {
    const undone = new Error('taken back');
    return this.#condition.write(() => {
      this.#mustBeThere();
      const assume = (changes: readonly StoreChange[]): void => {
        for (const change of changes) this.#derived.apply(change);
      };
      try {
        this.#turn.asMain(
          this.#database.transaction(() => {
            work(assume);
            throw undone;
          }).immediate,
        );
      } catch (error) {
        if (error !== undone) throw error;
      }
    });
  }

  #write(work: () => void): Problem | undefined {
    const startedMs = this.#measure?.steadyMs() ?? 0;
    const failed = this.#condition.write(() => {
      this.#mustBeThere();
      this.#turn.asMain(this.#database.transaction(work).immediate);
    });
    if (failed === undefined) this.#measure?.written(this.#measure.steadyMs() - startedMs);
    return failed;
  }

  #mustBeThere(): void {
    const fault = this.#file.fault();
    if (fault !== undefined) throw new StoreUnavailable(`the store cannot be used: ${fault}`);
  }

  #read<Result>(what: string, work: () => Result): Result {
    return this.#condition.read(what, work);
  }

  #keep(reply: KeptReply): void {
    const { token, key } = reply;
    const statements = this.#statements;
    statements.forgetReplies.run(reply.atMs - IDEMPOTENCY_KEPT_MS);
    statements.forgetReply.run(token, key);
    statements.keepReply.run(token, key, reply.bodyHash, reply.outcome, reply.atMs);
    // Each takes the oldest away, until there is room: retries come within seconds.
    const size = () => (statements.repliesSize.get(token) as { bytes: number } | undefined)?.bytes ?? 0;
    while (size() > IDEMPOTENCY_MAX_BYTES && statements.forgetOldestReply.run(token, token, key).changes > 0);
  }

  #contentOf(zone: string): number | undefined {
    return (this.#statements.contentOf.get(zone) as { content: number } | undefined)?.content;
  }

  /** The types that staged records have at a name. */
  stagedTypesAt(records: StagedRecords, name: string): number[] {
    return this.#read('stagedTypesAt', () => {
      if (typeof records !== 'number') return records.filter((rrset) => rrset.name === name).map(({ type }) => type);
      return (this.#statements.stagedTypesAt.all(records, name) as { type: number }[]).map(({ type }) => type);
    });
  }

  /** Gives staged records up; their rows are swept later. */
  dropStaged({ records, content }: StagedContent): Problem | undefined {
    if (typeof records !== 'number') return undefined;
    return this.#write(() => {
      this.#statements.dropContent.run(records);
      this.#entries.packed.unpin(content);
    });
  }

  /** The last revision of the log; 0 where it is empty. */
  get lastRevision(): number {
    return this.#read(
      'lastRevision',
      () => (this.#statements.lastRevision.get() as { revision: number | null }).revision ?? 0,
    );
  }

  /** True as long as there has been no revision, since the directory was new. */
  get isUnused(): boolean {
    return this.#read('isUnused', () => this.#statements.unused.get() !== undefined);
  }

  zone(name: string): Zone | undefined {
    return this.#read('zone', () => parsed<Zone>(this.#statements.zone.get(name)));
  }

  /** The zone that owns a name: the longest that the name is at or below. */
  zoneOf(name: string): Zone | undefined {
    for (const suffix of suffixesOf(name)) {
      const zone = this.zone(suffix);
      if (zone !== undefined) return zone;
    }
    return undefined;
  }

  /**
   * The name of the zone that owned a name at a revision, or right before it: of what a revision took away it is the zone
   * that had it.
   */
  zoneAt(name: string, revision: number): string | undefined {
    return this.#read('zoneAt', () => suffixesOf(name).find((suffix) => this.#stood(suffix, revision)));
  }

  /** Whether a zone was there at a revision. Where the log says nothing of it, it is as it is now. */
  #stood(zone: string, revision: number): boolean {
    const { zoneStoodAfter, zoneStoodBefore } = this.#statements;
    const told = zoneStoodAfter.get(revision, zone, revision) ?? zoneStoodBefore.get(zone, revision);
    return told === undefined ? this.zone(zone) !== undefined : (told as { stood: number }).stood === 1;
  }

  /** Zones in name order, after a name (exclusive). */
  zones(after: string | undefined, limit: number): Zone[] {
    return this.#read('zones', () => {
      const rows =
        after === undefined ? this.#statements.zonesFirst.all(limit) : this.#statements.zonesAfter.all(after, limit);
      return rows.map((row) => parsed<Zone>(row) as Zone);
    });
  }

  rrset(zone: string, name: string, type: number): RRset | undefined {
    return this.#read('rrset', () => {
      const row = this.#statements.rrset.get(zone, name, type) as RRsetRow | undefined;
      return row && toRRset(row);
    });
  }

  /** All RRsets of one name. */
  rrsetsAt(zone: string, name: string): RRset[] {
    return this.#read('rrsetsAt', () => (this.#statements.rrsetsAt.all(zone, name) as RRsetRow[]).map(toRRset));
  }

  /** RRsets of a zone by name and type, after one of them (exclusive). */
  rrsets(zone: string, after: { name: string; type: number } | undefined, limit: number): RRset[] {
    return this.#read('rrsets', () => {
      const { name, type } = after ?? { name: '', type: -1 };
      return (this.#statements.rrsetsAfter.all(zone, name, type, limit) as RRsetRow[]).map(toRRset);
    });
  }

  /** Those of the first `looked` RRsets of a zone that are of these types. */
  rrsetsOfTypes(zone: string, types: readonly number[], looked: number): RRset[] {
    return this.#read('rrsetsOfTypes', () => {
      const [one, two, three] = types;
      return (this.#statements.rrsetsOfTypes.all(zone, looked, one, two, three) as RRsetRow[]).map(toRRset);
    });
  }

  /**
   * Some RRset of a zone below a name, of those that are meant. Names are in the order of their text, so that it may be
   * anywhere: of those after `after` the next few thousand are looked at, up to `last` where there are more.
   */
  rrsetBelow(
    zone: string,
    name: string,
    isMeant: (rrset: RRsetKey) => boolean,
    after: RRsetKey = { name: '', type: -1 },
  ): { readonly found?: RRsetKey; readonly last?: RRsetKey } {
    return this.#read('rrsetBelow', () => {
      const { rrsetsBelow, rrsetsUpTo } = this.#statements;
      const last = rrsetsUpTo.get(zone, after.name, after.type, RRSETS_LOOKED_AT - 1) as RRsetKey | undefined;
      const suffix = name === '' ? '' : `.${name}`;
      const range = [after.name, after.type, last?.name ?? AFTER_ALL_NAMES, last?.type ?? 0];
      for (const row of rrsetsBelow.iterate(zone, ...range, suffix.length, suffix)) {
        const found = row as RRsetKey;
        // The dot before it may be one within a label.
        if (found.name !== name && isAtOrBelow(found.name, name) && isMeant(found)) return { found };
      }
      return { ...(last && { last }) };
    });
  }

  /** Names the content of a zone: an import brings another one. */
  contentOf(zone: string): number | undefined {
    return this.#read('contentOf', () => this.#contentOf(zone));
  }

  /** How the log names RRsets that were changed, after an entry of it; `last` where there may be more. */
  rrsetsChanged(after: LogEntry): { readonly labels: readonly string[]; readonly last?: LogEntry } {
    return this.#read('rrsetsChanged', () => {
      const rows = this.#statements.subjectsAfter.all(after.revision, after.position, SUBJECTS_LOOKED_AT);
      const found = rows as (LogEntry & { kind: Subject['kind']; name: string })[];
      const last = found.length === SUBJECTS_LOOKED_AT ? found.at(-1) : undefined;
      return { labels: found.filter(({ kind }) => kind === 'rrset').map(({ name }) => name), ...(last && { last }) };
    });
  }

  service(name: string): Service | undefined {
    return this.#read('service', () => parsed<Service>(this.#statements.service.get(name)));
  }

  services(after: string | undefined, limit: number): Service[] {
    return this.#read('services', () =>
      this.#statements.servicesAfter.all(after ?? '', limit).map((row) => parsed<Service>(row) as Service),
    );
  }

  servicesIn(zone: string): Service[] {
    return this.#read('servicesIn', () =>
      this.#statements.servicesIn.all(zone).map((row) => parsed<Service>(row) as Service),
    );
  }

  release(id: string): Release | undefined {
    return this.#read('release', () => parsed<Release>(this.#statements.release.get(id)));
  }

  /** Releases in number order, after an id (exclusive). */
  releases(after: number, limit: number): Release[] {
    return this.#read('releases', () =>
      this.#statements.releasesAfter.all(after, limit).map((row) => parsed<Release>(row) as Release),
    );
  }

  /** The same of one service. */
  releasesOf(service: string, after: number, limit: number): Release[] {
    return this.#read('releasesOf', () =>
      this.#statements.releasesOf.all(service, after, limit).map((row) => parsed<Release>(row) as Release),
    );
  }

  activeReleases(): Release[] {
    return this.#read('activeReleases', () =>
      this.#statements.activeReleases.all().map((row) => parsed<Release>(row) as Release),
    );
  }

  activeReleaseOf(service: string): Release | undefined {
    return this.#read('activeReleaseOf', () => parsed<Release>(this.#statements.activeReleaseOf.get(service)));
  }

  /** The first of the zone's services that a release moves; none: []. */
  releasingIn(zone: string): string[] {
    return this.#read('releasingIn', () =>
      (this.#statements.releasingIn.all(zone) as { name: string }[]).map(({ name }) => name),
    );
  }

  lastReleaseOf(service: string): Release | undefined {
    return parsed<Release>(this.#statements.lastReleaseOf.get(service));
  }

  revision(revision: number): Revision | undefined {
    return this.#read('revision', () => {
      const row = this.#statements.revision.get(revision) as RevisionRow | undefined;
      return row && this.#withSubjects(row);
    });
  }

  /** Revisions in order, after a number (exclusive). */
  revisions(after: number, limit: number): Revision[] {
    return this.#read('revisions', () =>
      (this.#statements.revisionsAfter.all(after, limit) as RevisionRow[]).map((row) => this.#withSubjects(row)),
    );
  }

  /** The newest first, before a number (exclusive). */
  revisionsBefore(before: number, limit: number): Revision[] {
    return this.#read('revisionsBefore', () => {
      const rows = this.#statements.revisionsBefore.all(before, limit) as RevisionRow[];
      return rows.map((row) => this.#withSubjects(row));
    });
  }

  /** Revisions about one subject, the newest first, before a number (exclusive). */
  history(kind: Subject['kind'], name: string, before: number, limit: number): Revision[] {
    return this.#read('history', () => {
      const rows = this.#statements.history.all(kind, name, before, limit) as RevisionRow[];
      return rows.map((row) => this.#withSubjects(row));
    });
  }

  /** Revisions about one subject, the oldest first, after a number (exclusive). */
  historyAfter(kind: Subject['kind'], name: string, after: number, limit: number): Revision[] {
    return this.#read('historyAfter', () => {
      const rows = this.#statements.historyAfter.all(kind, name, after, limit) as RevisionRow[];
      return rows.map((row) => this.#withSubjects(row));
    });
  }

  #withSubjects(row: RevisionRow): Revision {
    const subjects = this.#statements.subjects.all(row.revision) as SubjectRow[];
    return toRevision(row, subjects, (entry) => this.#texts.get(entry));
  }

  /** An entry of the log; undefined where it was forgotten, or made before the log carried its changes. */
  entry(revision: number): Entry | undefined {
    return this.#read('entry', () => this.#entries.get(revision));
  }

  /** The records that an entry names by their hash; undefined where they were forgotten. */
  packedContent(hash: string): PackedContent | undefined {
    return this.#read('packedContent', () => this.#entries.packed.get(hash));
  }

  /** The reply kept for a token's key, unless it is too old. */
  keptReply(token: string, key: string, atMs: number): KeptReply | undefined {
    return this.#read('keptReply', () => {
      const row = this.#statements.keptReply.get(token, key, atMs - IDEMPOTENCY_KEPT_MS);
      const kept = row as { body_hash: string; outcome: string; at_ms: number } | undefined;
      return kept && { token, key, bodyHash: kept.body_hash, outcome: kept.outcome, atMs: kept.at_ms };
    });
  }

  /** Bytes of the log's large texts, and of the replies kept for Idempotency-Keys. */
  get kept(): { readonly textBytes: number; readonly replyBytes: number } {
    return this.#read('kept', () => {
      const replies = this.#statements.allRepliesSize.get() as { bytes: number | null };
      return { textBytes: this.#texts.bytes, replyBytes: replies.bytes ?? 0 };
    });
  }

  get zoneCount(): number {
    return this.#read('zoneCount', () => (this.#statements.zoneCount.get() as { zones: number }).zones);
  }

  allZones(): Zone[] {
    return this.#read('allZones', () => this.#statements.allZones.all().map((row) => parsed<Zone>(row) as Zone));
  }

  allServices(): Service[] {
    return this.#read('allServices', () =>
      this.#statements.allServices.all().map((row) => parsed<Service>(row) as Service),
    );
  }

  /** Every RRset of a zone, without holding them all at once. Nothing may be written meanwhile. */
  *rrsetsOf(zone: string): Generator<RRset> {
    const rows = this.#read('rrsetsOf', () => this.#statements.rrsetsOf.iterate(zone));
    try {
      for (;;) {
        const next = this.#read('rrsetsOf', () => rows.next());
        if (next.done) return;
        yield this.#read('rrsetsOf', () => toRRset(next.value as RRsetRow));
      }
    } finally {
      rows.return?.();
    }
  }

  /** Brings everything into the database file, and gives the directory free. */
  close(): void {
    this.#database.close();
    this.#file.close();
    this.#lock.close();
  }
}

function toWebhook(row: unknown): StoredWebhook {
  const { secret, body } = row as { secret: string; body: string };
  return { ...(JSON.parse(body) as Omit<StoredWebhook, 'secret'>), secret };
}

function parsed<Noun>(row: unknown): Noun | undefined {
  return row === undefined ? undefined : (JSON.parse((row as { body: string }).body) as Noun);
}
