/** The revision log and what is derived from it, in SQLite: what is acknowledged is on the disk. */
import Sqlite, { type Database } from 'better-sqlite3';
import type { Entry, KeptReply } from '../model/entry.ts';
import { type Problem, StoreUnavailable } from '../model/errors.ts';
import { DatabaseFile } from './database-file.ts';
import { Deliveries } from './deliveries.ts';
import { Derived, type StagedContent, type StoreChange } from './derived.ts';
import { openDirectory } from './directory.ts';
import { StoreError } from './error.ts';
import { CHECKPOINT_PAGES } from './log-length.ts';
import { IDEMPOTENCY_KEPT_MS, LogReads } from './log-reads.ts';
import { migrate } from './migrations.ts';
import { Reserve } from './reserve.ts';
import { Room } from './room.ts';
import { revisionColumns } from './rows.ts';
import type { Checkpoint } from './staged-log.ts';
import type { SharedStore } from './staging.ts';
import type { Retention } from './texts.ts';
import { createTurn, Turn } from './turn.ts';

/** And how much for one token, keys and replies; the oldest go first. Thousands of releases. */
const IDEMPOTENCY_MAX_BYTES = 4 * 2 ** 20;

/** Where the settings do not say. */
export const RETENTION: Retention = { revisions: 10_000, maxBytes: 2 ** 30 };

/**
 * Pages of the write-ahead log before a commit brings them in though the builder thread is about to, after an import: should
 * it not come to it. 128 MiB.
 */
const OWED_CHECKPOINT_PAGES = 32_768;

/** And on a disk that is nearly full: 1 MiB, some 25 shifts. */
const SCARCE_CHECKPOINT_PAGES = 256;

/**
 * What is written to learn whether there is room for a change again. A shift takes a dozen pages of 4 KiB or two; what one
 * that failed has left of the log's file has room for a few, on a disk that is full.
 */
const TRIAL_BYTES = 128 * 1024;

/** Of which fleet's log a store is a copy, and who ran on it last. */
export interface StoredFleet {
  /** The log's own random name. */
  readonly log: string;
  readonly name: string;
  readonly node: string | null;
  readonly incarnation: string | null;
}

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
    database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** What SQLite says of a write for which there is no room: on the disk, within a quota, for the index of the log. */
const WITHOUT_ROOM: ReadonlySet<string> = new Set(['SQLITE_FULL', 'SQLITE_IOERR_WRITE', 'SQLITE_IOERR_SHMSIZE']);

export class Store extends LogReads {
  readonly #database: Database;
  readonly #lock: Database;
  readonly #file: DatabaseFile;
  #measure: { readonly steadyMs: () => number; readonly written: (ms: number) => void } | undefined;

  /** What another thread needs to open it too. */
  readonly shared: SharedStore;
  readonly #turn: Turn;
  readonly #room: Room;
  #checkpointPages = CHECKPOINT_PAGES;
  readonly #derived: Derived;
  /** What waits for webhooks. */
  readonly deliveries: Deliveries;

  constructor(file: DatabaseFile, database: Database, lock: Database, retention: Retention) {
    super(database);
    this.#file = file;
    this.shared = { file: database.name, fd: file.fd, turn: createTurn(), retention };
    this.#turn = new Turn(this.shared.turn);
    this.#database = database;
    this.#room = new Room(database, new Reserve(file.fd));
    this.#lock = lock;
    this.#derived = new Derived(this.statements, this.entries.packed, this.contents.blocks);
    this.deliveries = new Deliveries(database, (work) => this.#write(work), this.condition.read);
    // An import that a process before this one had begun and did not finish.
    this.statements.dropStaged.run();
    this.entries.packed.unpinAll();
  }

  /** What keeps changes from being made, as far as is known: the last write failed, or a read did. */
  get failure(): Problem | undefined {
    return this.writeFailure ?? this.readFailure;
  }

  /** What the last write failed with; undefined when it went through. */
  get writeFailure(): Problem | undefined {
    return this.condition.writeFailure;
  }

  /** What a read failed with that has not worked since. */
  get readFailure(): Problem | undefined {
    return this.condition.readFailure;
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
   * entry, with what was staged here for them. `heardAtMs`: of another node's entry, Unix time, milliseconds, of now.
   */
  commit(entry: Entry, changes: readonly StoreChange[], heardAtMs?: number): Problem | undefined {
    const { revision, reply } = entry;
    return this.#write(() => {
      const statements = this.statements;
      if (revision.revision === 1) statements.beUsed.run();
      statements.addRevision.run(...revisionColumns(revision));
      revision.subjects.forEach((subject, i) => {
        const { kind, name, before, after } = subject;
        const [was, is] = [before, after].map((each) => this.texts.put(JSON.stringify(each), revision.revision));
        statements.addSubject.run(revision.revision, i, kind, name, was, is);
      });
      this.entries.add(entry);
      for (const change of changes) this.#derived.apply(change);
      // How old a reply is can be told by one clock only, which is the one here: that of whoever made it may be days off.
      if (reply !== undefined) this.#keep({ ...reply, atMs: heardAtMs ?? reply.atMs });
    });
  }

  /** Undefined: it is the log of one node. */
  get fleet(): StoredFleet | undefined {
    return this.read('fleet', () => this.statements.fleet.get() as StoredFleet | undefined);
  }

  /** On return it is on the disk. Undefined: it is the log of one node from now on. */
  keepFleet(fleet: StoredFleet | undefined): Problem | undefined {
    return this.#write(() => {
      if (fleet === undefined) this.statements.deleteFleet.run();
      else this.statements.putFleet.run(fleet.log, fleet.name, fleet.node, fleet.incarnation);
    });
  }

  /** Looks whether the store is still there and can be read; `failure` tells. Costs microseconds. */
  check(): void {
    try {
      this.read('check', () => {
        this.#mustBeThere();
        this.statements.lastRevision.get();
      });
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
    }
  }

  /** Tries what failed again, and a write, to learn whether the store can be used again. */
  tryAgain(): Problem | undefined {
    // A page that was read badly is still in SQLite's memory, and would be read from there again.
    if (this.readFailure !== undefined) this.#database.pragma('shrink_memory');
    this.condition.readAgain();
    const failed = this.#write(() => this.statements.trialWrite.run(TRIAL_BYTES));
    // The room that it took is free for the next change.
    if (failed === undefined) this.#write(() => this.statements.endTrial.run());
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
    return this.condition.write(() => {
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
    const failed = this.condition.write(() => {
      this.#mustBeThere();
      this.#leaveLog();
      this.#commit(work);
    });
    if (failed === undefined) this.#measure?.written(this.#measure.steadyMs() - startedMs);
    return failed;
  }

  /** One transaction. Where the log cannot grow for it, it begins anew first, if there is room for that. */
  #commit(work: () => void): void {
    const commit = this.#database.transaction(work).immediate;
    try {
      this.#turn.asMain(commit);
    } catch (error) {
      if (!WITHOUT_ROOM.has((error as { code?: string }).code ?? '') || !this.#bringIn()) throw error;
      this.#turn.asMain(commit);
    }
  }

  /** Brings all of the log into the database; false: it could not be. */
  #bringIn(): boolean {
    // Within another transaction nothing can be; and what has no room need not be written at each change.
    if (this.#database.inTransaction || !this.#room.isEnough()) return false;
    try {
      const [done] = this.#database.pragma('wal_checkpoint(PASSIVE)') as [Checkpoint];
      this.#room.keep();
      return done.busy === 0 && done.checkpointed === done.log;
    } catch {
      return false;
    }
  }

  /**
   * What an import has left in the log is for its thread to bring into the database: a shift should not have to. Where the disk
   * is nearly full it has to, before a log that grows takes the room for that.
   */
  #leaveLog(): void {
    const pages = this.#room.isScarce()
      ? SCARCE_CHECKPOINT_PAGES
      : this.#turn.isLogOwed
        ? OWED_CHECKPOINT_PAGES
        : CHECKPOINT_PAGES;
    if (pages === this.#checkpointPages) return;
    this.#database.pragma(`wal_autocheckpoint = ${pages}`);
    this.#checkpointPages = pages;
  }

  #mustBeThere(): void {
    const fault = this.#file.fault();
    if (fault !== undefined) throw new StoreUnavailable(`the store cannot be used: ${fault}`);
  }

  #keep(reply: KeptReply): void {
    const { token, key } = reply;
    const statements = this.statements;
    statements.forgetReplies.run(reply.atMs - IDEMPOTENCY_KEPT_MS);
    statements.forgetReply.run(token, key);
    statements.keepReply.run(token, key, reply.bodyHash, reply.outcome, reply.atMs);
    // Each takes the oldest away, until there is room: retries come within seconds.
    const size = () => (statements.repliesSize.get(token) as { bytes: number } | undefined)?.bytes ?? 0;
    while (size() > IDEMPOTENCY_MAX_BYTES && statements.forgetOldestReply.run(token, token, key).changes > 0);
  }

  /** Gives staged records up; their rows are swept later. */
  dropStaged({ records, content }: StagedContent): Problem | undefined {
    if (typeof records !== 'number') return undefined;
    return this.#write(() => {
      this.statements.dropContent.run(records);
      this.entries.packed.unpin(content);
    });
  }

  /** Brings everything into the database file, and gives the directory free. */
  close(): void {
    this.#database.close();
    this.#file.close();
    this.#lock.close();
  }
}
