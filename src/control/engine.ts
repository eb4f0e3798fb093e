/**
 * The control path: every change of any kind is a command that is executed here, one after the other: it is drafted
 * against the state, the log takes its entry, and the entry is applied, as one that another node appended would be.
 */
import assert from 'node:assert/strict';
import { guarded } from '../guard.ts';
import { withHeld } from '../model/drain.ts';
import type { Entry } from '../model/entry.ts';
import { Problem, StoreUnavailable, unconfirmed } from '../model/errors.ts';
import type { ModelChange, Revision } from '../model/revision.ts';
import type { Service } from '../model/service.ts';
import type { Store } from '../store/sqlite.ts';
import type { Held, SigningAnew, TableChange, TableChanges } from '../table/changes.ts';
import type { Command, CommandContext, CommandResult } from './commands/command.ts';
import { Drafting } from './drafting.ts';
import { isDraft } from './drafts/draft.ts';
import { loadAll } from './loading.ts';
import { answered } from './log/answered.ts';
import { catchUp } from './log/catch-up.ts';
import { heldAt } from './log/history.ts';
import { localLog } from './log/local.ts';
import type { Appended, Log } from './log/log.ts';
import { Queue } from './log/queue.ts';
import { imports, type LocalChange, StagedZones } from './log/staged.ts';
import { type Digests, digestsInTable, Preparing } from './preparing.ts';
import { type OnDrafted, type Refused, rehearse } from './rehearsal.ts';
import type { Sliced } from './slices.ts';

/** Told of what changed, of the revision that it is, and of what it came from where that is known. */
type ChangeListener = (changes: readonly ModelChange[], revision: Revision, context?: CommandContext) => void;

const HALTED = new Problem(
  'internal',
  'The control plane has stopped after a fault; the log has it. Restart the server.',
);

export class Engine {
  readonly #store: Store;
  readonly #table: TableChanges;
  #log: Log;
  readonly #inForce: (service: Service) => Service;
  readonly #preparing: Preparing;
  /** What was staged here for entries that import zones. */
  readonly staged = new StagedZones();
  readonly #listeners: ChangeListener[] = [];
  readonly #drafting: Drafting;
  /** A commit of which could not be told whether it was kept. */
  #doubtful: Entry | undefined;
  isHalted = false;
  readonly #queue = new Queue();

  /** `inForce`: a service as it is answered, which its health and that of its pools have a say in. */
  constructor(
    store: Store,
    table: TableChanges,
    inForce: (service: Service) => Service = (service) => service,
    log: Log = localLog,
  ) {
    this.#store = store;
    this.#drafting = new Drafting(store);
    this.#table = table;
    this.#log = log;
    this.#inForce = inForce;
    this.#preparing = new Preparing(table, inForce, store, this.staged);
  }

  digestBy(digests: Digests): void {
    this.#preparing.digests = digests;
  }

  /** Nothing is changed any more: whoever still runs after a fault is refused. */
  halt(): void {
    this.isHalted = true;
  }

  /**
   * Calls the listener with what changed, after each change that is durable and answered from. One that throws takes
   * nothing back, and keeps nothing from the others.
   */
  onChange(listener: ChangeListener): void {
    this.#listeners.push(guarded('a listener to changes', listener));
  }

  /** From now on another log takes the entries. To be called where no command is being executed: before any, or in `during`. */
  follow(log: Log): void {
    this.#log = log;
    this.staged.contents = log.fleet?.contents;
  }

  /** Does the work when its turn comes among the commands, none of which is executed meanwhile. */
  during<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    return this.#queue.run(work);
  }

  /** Who knows what is not in the store; see Drafting. */
  knownBy(known: Parameters<Drafting['knownBy']>[0]): void {
    this.#drafting.knownBy(known);
  }

  /**
   * Brings what the store holds into the table. To be called once, before anything is answered. `atMs`: Unix time,
   * milliseconds, until which an earlier process may have answered. `leftOut`: is told why zones are left out.
   */
  load(atMs: number, leftOut: (why: Problem) => void = () => {}): Problem | undefined {
    const bring = (changes: readonly TableChange[]) => this.#bring(changes);
    this.#preparing.begin(atMs);
    return loadAll(this.#store, { table: this.#table, inForce: this.#inForce, bring, leftOut }, atMs);
  }

  /**
   * Goes on with a table that holds what this store held at some revision, and with what readers were answered by since.
   * To be called instead of `load`. Where it gives a reason, the table is of no use, and must not be changed any more.
   * `uncountedUntilMs`: Unix time, milliseconds, until which answers may have been given that the counters do not have.
   */
  goOn(uncountedUntilMs?: number): string | undefined {
    const { held, content } = this.#table;
    if (held === undefined) return 'it was never loaded to its end';
    const changes = catchUp(this.#store, content, held, this.#inForce);
    if (typeof changes === 'string') return changes;
    // What changed while nobody wrote is not known in full: digests are made anew.
    const full = this.#table.prepare([...changes, ...digestsInTable(this.#store, content)]);
    if (full !== undefined) return full.detail;
    this.#table.publish(this.#heldNow());
    if (uncountedUntilMs !== undefined) {
      for (const service of content.services()) content.noteHeld(withHeld(service, service, uncountedUntilMs));
    }
    return undefined;
  }

  #heldNow(): Held {
    return heldAt(this.#store.revision(this.#store.lastRevision));
  }

  /** To be called when all that the store holds is in the table: who finds the table later can go on with it. */
  tellLoaded(): void {
    this.#table.hold(this.#heldNow());
  }

  /** Fills a store that has never had a revision, all or nothing: a start that is cut off begins again with an empty one. */
  seed(commands: readonly Command[], context: CommandContext): Problem | undefined {
    if (!this.#store.isUnused) return undefined;
    return this.#store.allOrNothing(() => {
      for (const command of commands) {
        const result = this.executeAtOnce(command, context);
        if (result instanceof Problem) return result;
      }
      return undefined;
    });
  }

  /**
   * Executes a command, after those that came before it: two never overlap. Where none is being executed it begins before
   * this returns. When it resolves with an Outcome the change is on the disk and every query that arrives from then on is
   * answered from it; with a Problem nothing has changed.
   */
  execute(command: Command, context: CommandContext): Promise<CommandResult> {
    const done = this.#queue.run(() => this.#tryExecute(command, context));
    return this.#log.fleet === undefined ? done : answered(this.#log.fleet, done);
  }

  /** The same before it returns: for the seed, which is one transaction of the store. No command may be waiting. */
  executeAtOnce(command: Command, context: CommandContext): CommandResult {
    assert(this.#queue.isIdle, 'no command waits');
    const result = this.#tryExecute(command, context);
    assert(!(result instanceof Promise), 'the log takes an entry at once');
    return result;
  }

  /**
   * Applies the entry that comes next in the log, as another node appended it, heard now (Unix time, milliseconds); what it
   * imports was staged before. One that was applied already changes nothing. Where it gives a Problem, nothing has changed.
   */
  apply(entry: Entry, heardAtMs: number): Problem | undefined {
    if (this.isHalted) return HALTED;
    return this.#unlessUnavailable(() => {
      this.recover();
      const { revision } = entry.revision;
      const last = this.#store.lastRevision;
      if (revision <= last) return undefined;
      assert.equal(revision, last + 1, 'entries are applied in their order');
      return this.#carryOut(entry, undefined, heardAtMs);
    });
  }

  /** A commit of which could not be told yet whether it was kept. */
  get isInDoubt(): boolean {
    return this.#doubtful !== undefined;
  }

  /** Whether such a commit takes over what was staged of a zone, if it was kept. */
  doubts(zone: string, content: string): boolean {
    return this.#doubtful !== undefined && imports(this.#doubtful.changes, zone, content);
  }

  #tryExecute(command: Command, context: CommandContext): CommandResult | Promise<CommandResult> {
    if (this.isHalted) return HALTED;
    return this.#unlessUnavailable(() => {
      this.recover();
      return this.#executeNow(command, context);
    });
  }

  #unlessUnavailable<Result>(work: () => Result): Result | Problem {
    try {
      return work();
    } catch (error) {
      if (error instanceof StoreUnavailable) return error.problem;
      throw error;
    }
  }

  /**
   * What the commands would come to, one after the other, each on what those before it leave: the same refusals as from
   * `execute`, and nothing of it stays. `onDrafted` is told of each, and once more where they begin anew.
   */
  *rehearse(commands: readonly Command[], context: CommandContext, onDrafted: OnDrafted): Sliced<Refused | undefined> {
    const ground = {
      store: this.#store,
      settle: () => this.recover(),
      localOf: (changes: readonly ModelChange[]) => this.#localOf(changes),
      draft: (command: Command, revision: number, assumed: readonly LocalChange[]) => {
        const drafted = this.#drafting.draft(command, context, revision);
        if (drafted instanceof Problem || !isDraft(drafted)) return drafted;
        const changes = drafted.changes.map((change) => this.#drafting.withObserved(change, context.atMs));
        // What is put into a zone that is only assumed needs that zone in the table.
        const zones = assumed.filter(({ op }) => op === 'putZone');
        return this.#rehearseTable(changes, zones) ?? drafted;
      },
    };
    try {
      return yield* rehearse(ground, commands, onDrafted);
    } catch (error) {
      if (error instanceof StoreUnavailable) return { problem: error.problem, index: 0 };
      throw error;
    }
  }

  #executeNow(command: Command, context: CommandContext): CommandResult | Promise<CommandResult> {
    const made = this.#drafting.make(command, context);
    if ('result' in made) return made.result;
    const { entry, outcome } = made;
    // An entry of the log must be applied, so the table is asked before.
    const full = this.#log.isLocal ? undefined : this.#rehearseTable(entry.changes);
    if (full !== undefined) return full;
    const finish = (appended: Appended): CommandResult | Promise<CommandResult> => {
      if (appended instanceof Problem) return appended;
      // It stands in the log, and is for the next process to apply.
      if (this.isHalted) return HALTED;
      if (appended === 'behind') return this.#tryExecute(command, context);
      if (this.#log.fleet === undefined) return this.#carryOut(entry, context) ?? outcome;
      const failed = this.#unlessUnavailable(() => this.#carryOut(entry, context));
      if (failed === undefined) return outcome;
      this.#log.fleet.notApplied(outcome.revision, failed);
      return unconfirmed(outcome.revision, `this node could not apply it: ${failed.detail}`);
    };
    const appended = this.#log.append(entry.revision.revision - 1, entry);
    if (!(appended instanceof Promise)) return finish(appended);
    return appended.then((landed) => this.#unlessUnavailable(() => finish(landed)));
  }

  /** Whether the table would take the changes; nothing of them stays. */
  #rehearseTable(changes: readonly ModelChange[], before: readonly LocalChange[] = []): Problem | undefined {
    const full = this.#preparing.prepare([...before, ...this.#localOf(changes)]);
    if (full === undefined) this.#table.takeBack();
    return full;
  }

  #localOf(changes: readonly ModelChange[]): readonly LocalChange[] {
    return changes.map((change) => this.staged.localOf(change));
  }

  /**
   * Applies the entry after the last one. Compile before commit, commit before publish: what is seen is durable, what is
   * durable will be seen. Nothing may come between, so nothing here is waited for.
   */
  #carryOut(entry: Entry, context?: CommandContext, heardAtMs?: number): Problem | undefined {
    const changes = this.#localOf(entry.changes);
    const full = this.#preparing.prepareEntry(changes, this.#log);
    if (full !== undefined) return full;
    let failed: Problem | undefined;
    try {
      failed = this.#store.commit(entry, changes, heardAtMs);
    } catch (error) {
      this.#table.takeBack();
      throw error;
    }
    if (failed !== undefined && !this.#isKept(entry)) {
      this.#table.takeBack();
      return failed;
    }
    this.#publish(entry, context);
    return undefined;
  }

  #publish({ changes, revision }: Entry, context?: CommandContext): void {
    this.#table.publish(heldAt(revision));
    this.#preparing.published();
    this.staged.takeOver(changes);
    for (const listener of this.#listeners) listener(changes, revision, context);
    // At last: it may apply the next entry at once, and all hear of each in its order.
    guarded('the log of the fleet', () => this.#log.fleet?.applied(revision.revision))();
  }

  /** A commit can fail after the disk took it: what the store says now is what counts, once it says anything. */
  #isKept(entry: Entry): boolean {
    try {
      return this.#store.lastRevision === entry.revision.revision;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      // Its client is told that it failed. If it was kept all the same, it takes effect as soon as that is known.
      this.#doubtful = entry;
      return false;
    }
  }

  /** Finds out about a commit in doubt: it takes effect, or is known not to have been kept. Throws StoreUnavailable. */
  recover(): void {
    const doubtful = this.#doubtful;
    if (doubtful === undefined) return;
    const isKept = this.#store.lastRevision === doubtful.revision.revision;
    if (isKept) {
      const full = this.#preparing.prepareEntry(this.#localOf(doubtful.changes), this.#log, true);
      if (full !== undefined) throw new StoreUnavailable(full.detail);
    } else if (this.#log.isLocal) this.staged.giveUp(doubtful.changes); // What a fleet's log has is applied again.
    this.#doubtful = undefined; // What follows may be in doubt as well.
    if (isKept) this.#publish(doubtful);
  }

  /**
   * Answers a service by the health that is in force now: no revision, and visible at once. Like a command it is
   * synchronous, so that the two never overlap, and each is seen whole. `service`: as the store has it.
   */
  refresh(service: Service): Problem | undefined {
    if (this.isHalted) return HALTED;
    return this.#preparing.comesLater(service) ? undefined : this.#bring([{ op: 'putService', service }]);
  }

  /** Answers what is signed in another way, or anew: no revision. */
  resign(change: SigningAnew): Problem | undefined {
    return this.isHalted ? HALTED : this.#bring([change]);
  }

  #bring(changes: readonly TableChange[]): Problem | undefined {
    const problem = this.#preparing.prepare(changes);
    if (problem !== undefined) return problem;
    this.#table.publish();
    this.#preparing.published();
    return undefined;
  }
}
