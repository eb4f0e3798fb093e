/**
 * The log of a fleet: it drives this node's part of the protocol (model/fleet/node.ts) with real clocks and the engine
 * that keeps the log, and hands entries to whoever applies them.
 */
import assert from 'node:assert/strict';
import { guarded, inBackground, tellFault } from '../../guard.ts';
import { type Entry, encodeEntry } from '../../model/entry.ts';
import { ofWhatWasFound, type Problem, unconfirmed } from '../../model/errors.ts';
import { isLeadersOwn } from '../../model/fleet/election.ts';
import { sealEntry } from '../../model/fleet/envelope.ts';
import { HEAD_KEY } from '../../model/fleet/keys.ts';
import { lateNodes, noLag, withApplied } from '../../model/fleet/lag.ts';
import { zonesOf } from '../../model/fleet/left-out.ts';
import { startNode, stepNode, wakeAtMs } from '../../model/fleet/node.ts';
import { parseRevision, Unreadable } from '../../model/fleet/records.ts';
import { reading, type Transaction } from '../../model/fleet/transaction.ts';
import type { NodeEffect, NodeEvent, NodeState } from '../../model/fleet/turn.ts';
import type { View } from '../../model/fleet/view.ts';
import type { Answering } from '../commands/command.ts';
import { asShown, unavailable } from './answered.ts';
import { Applying } from './applying.ts';
import { Chunks, envelopeTools } from './chunks.ts';
import { SharedContents } from './contents.ts';
import type { FleetLogParts } from './fleet-parts.ts';
import { Incoming } from './incoming.ts';
import { Lost } from './keeper.ts';
import type { Appended, FleetLog, Log } from './log.ts';
import { ContentFollower } from './staging.ts';

/** What the watch tells of. */
const WATCHED = ['log/', 'member/', 'ack/'];
const WHAT = 'the log of the fleet';
/** When its turn is tried again in which there was a fault. */
const AFTER_FAULT_MS = 1000;
/** 128 bits: no two entries have the same. */
const ID_BYTES = 16;

/** An entry that is being appended by this node. */
interface Pending {
  readonly shift: string;
  resolve(appended: Appended): void;
}

export class SharedLog implements Log, FleetLog {
  readonly isLocal = false;
  readonly #parts: FleetLogParts;
  readonly #chunks: Chunks;
  readonly #follower: ContentFollower;
  readonly contents: SharedContents;
  readonly #incoming: Incoming;
  readonly #applying: Applying;
  #state: NodeState;
  /** Events that came while another was being dealt with. */
  readonly #events: NodeEvent[] = [];
  #isTurning = false;
  #isStarted = false;
  #cancelWake = (): void => {};
  #endWatch = (): void => {};
  #pending: Pending | undefined;
  /** An entry of ours that stands, and that the engine is about to carry out. */
  #carried: number | undefined;
  /** By the handle that the node gives back. */
  readonly #waits = new Map<string, (result: Answering | Problem) => void>();
  /** Of our own revisions that are not confirmed yet. */
  readonly #own = new Map<number, Promise<Answering | Problem>>();
  /** Called when an entry was applied. */
  readonly #catching = new Set<() => void>();
  #next = 1;
  /** Zones that the protocol was told of last. */
  #leftOut: readonly string[] = [];
  #lag = noLag;
  /** Until when this node claims to be current. */
  #claimUntilMs = 0;
  /** What is to be done before anything else. */
  readonly #first: readonly NodeEffect[];
  #ended = (): void => {};

  constructor(parts: FleetLogParts) {
    this.#parts = parts;
    this.#chunks = new Chunks(parts.keeper);
    this.#incoming = new Incoming(parts.keeper);
    this.contents = new SharedContents({ ...parts, ...parts.settings });
    this.#follower = new ContentFollower({ ...parts, ...parts.settings });
    this.#applying = new Applying({
      ...{ incoming: this.#incoming, follower: this.#follower, applier: parts.applier },
      tell: (event) => this.#tell(event),
      applied: (revision) => this.applied(revision),
    });
    const { state, effects } = startNode(parts.settings, parts.applier.lastRevision, parts.clock.steadyMs());
    this.#state = state;
    this.#first = effects;
  }

  /** Nothing is sent before, and no change is taken. */
  start(): void {
    this.#isStarted = true;
    const { keeper, listener } = this.#parts;
    this.#endWatch = keeper.watch(WATCHED, {
      changed: (puts, deletes) => {
        this.#incoming.keep(puts, this.#state.applied);
        this.#tell({ kind: 'changed', puts, deletes });
      },
      broken: (words) => {
        this.#tell({ kind: 'broken' });
        listener.onBroken(words);
      },
    });
    this.#follower.start();
    this.#carryOut(this.#first);
    guarded(WHAT, () => this.#tick())();
  }

  /** Leaves the others in peace: shifts do not wait for this node from then on. Resolves when that is known, or in vain. */
  stop(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#parts.clock.after(withinMs, () => this.#end());
      this.#ended = () => {
        cancel();
        resolve();
      };
      if (this.#state.isEnded || !this.#isStarted) this.#end();
      else this.#tell({ kind: 'stop' });
    });
  }

  get fleet(): FleetLog {
    return this;
  }

  /** For how long from now on this node may claim to be current, milliseconds; 0: it may not. */
  get claimsForMs(): number {
    return Math.max(0, this.#claimUntilMs - this.#parts.clock.steadyMs());
  }

  /** What this node has seen of the others. */
  get view(): View {
    return this.#state.view;
  }

  /** Members that answer from older entries for longer than a commit takes, or may. */
  get late(): string[] {
    return lateNodes(this.#lag, this.#state.view, this.#state.applied, this.#parts.clock.steadyMs());
  }

  /** Reads where the log is, and waits until that is applied here; false where that was not done in time. */
  async catchUp(timeoutMs: number): Promise<boolean> {
    if (!this.#isStarted || this.#state.isEnded) return false;
    const reply = await this.#parts.keeper.transact(reading([{ key: HEAD_KEY }]));
    const head = reply instanceof Lost ? undefined : parseRevision(reply.found[0]?.value ?? new Uint8Array());
    if (head === undefined || head instanceof Unreadable) return false;
    this.#tell({ kind: 'heard', revision: head });
    if (this.#state.applied >= head) return true;
    return new Promise((resolve) => {
      const done = (isApplied: boolean): void => {
        cancel();
        this.#catching.delete(look);
        resolve(isApplied);
      };
      const look = (): void => {
        if (this.#state.applied >= head) done(true);
      };
      const cancel = this.#parts.clock.after(timeoutMs, () => done(false));
      this.#catching.add(look);
    });
  }

  append(expected: number, entry: Entry): Promise<Appended> {
    assert(this.#pending === undefined, 'one entry is appended at a time');
    if (!this.#isStarted) return Promise.resolve(unavailable('this node has not found its log in etcd yet'));
    const id = this.#parts.randomBytes(ID_BYTES).toString('hex');
    const { revision } = entry.revision;
    const epoch = isLeadersOwn(entry.revision.kind) ? this.#parts.epoch() : 0;
    if (epoch === undefined) return Promise.resolve(unavailable('another node leads'));
    const sealed = sealEntry({ id, revision, epoch }, encodeEntry(entry), envelopeTools);
    return this.#chunks.put(sealed.chunks).then((lost) => {
      if (lost !== undefined) return unavailable(lost.words);
      return new Promise((resolve) => {
        const shift = String(this.#next++);
        this.#pending = { shift, resolve };
        const wanted = { shift, id, expected, value: sealed.value, zones: zonesOf(entry.changes) };
        this.#tell({ kind: 'shift', ...wanted, epoch: epoch === 0 ? undefined : epoch });
      });
    });
  }

  async answered(revision: number): Promise<Answering | Problem> {
    const own = this.#own.get(revision);
    if (own !== undefined) return own;
    if (!this.#isStarted) return unavailable('this node has not found its log in etcd yet');
    const ask = String(this.#next++);
    return new Promise((resolve) => {
      this.#waits.set(ask, (result) => resolve(ofWhatWasFound(revision, result)));
      this.#tell({ kind: 'confirm', shift: ask, revision });
    });
  }

  notApplied(revision: number, problem: Problem): void {
    this.#carried = undefined;
    this.#tell({ kind: 'refused', revision, why: 'full', words: problem.detail });
  }

  /** To be called with each revision that is answered from, whoever made it. */
  applied(revision: number): void {
    if (!this.#isStarted) return;
    if (this.#carried === revision) this.#carried = undefined;
    const place = this.#incoming.forget(revision);
    this.#lag = withApplied(this.#lag, revision, this.#parts.clock.steadyMs());
    this.#tellLeftOut();
    this.#tell({ kind: 'applied', revision, place });
    for (const look of [...this.#catching]) look();
  }

  /** Zones may come back by themselves: it is looked at now and then, and before an entry is confirmed. */
  #tellLeftOut(): void {
    const zones = [...this.#parts.applier.leftOut()].sort();
    if (JSON.stringify(zones) === JSON.stringify(this.#leftOut)) return;
    this.#leftOut = zones;
    this.#tell({ kind: 'leftOut', zones });
  }

  #tell(event: NodeEvent): void {
    this.#events.push(event);
    if (this.#isTurning) return;
    this.#isTurning = true;
    try {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
        const { state, effects } = stepNode(this.#state, next, this.#parts.clock.steadyMs());
        this.#state = state;
        this.#carryOut(effects);
      }
    } finally {
      this.#isTurning = false;
    }
    this.#wake();
  }

  #wake(waitMs = wakeAtMs(this.#state) - this.#parts.clock.steadyMs()): void {
    this.#cancelWake();
    if (this.#state.isEnded) return;
    this.#cancelWake = this.#parts.clock.after(Math.ceil(Math.max(0, waitMs)), () => this.#tick());
  }

  /** Whatever becomes of it there is a next one, which is set by what it comes to, unless that is a fault. */
  #tick(): void {
    this.#wake(AFTER_FAULT_MS);
    // Who does not know what it leaves out says nothing, and ceases to be current.
    this.#tellLeftOut();
    this.#tell({ kind: 'tick' });
  }

  #carryOut(effects: readonly NodeEffect[]): void {
    for (const effect of effects) {
      try {
        this.#act(effect);
      } catch (fault) {
        tellFault(fault, WHAT);
      }
    }
  }

  #act(effect: NodeEffect): void {
    const { listener } = this.#parts;
    switch (effect.kind) {
      case 'send':
        return inBackground(WHAT, this.#send(effect.call, effect.transaction));
      case 'claim':
        this.#claimUntilMs = effect.untilMs;
        return listener.onClaim(effect.untilMs);
      case 'apply':
        return this.#apply(effect.revision);
      case 'restore':
        return listener.onMissing(this.#state.applied + 1);
      case 'standing':
        return listener.onStanding(effect.standing, effect.words);
      case 'ended':
        listener.onEnded(effect.why, effect.words);
        return this.#end();
      default:
        return this.#settle(effect);
    }
  }

  async #send(call: number, transaction: Transaction): Promise<void> {
    const reply = await this.#parts.keeper.transact(transaction);
    if (reply instanceof Lost)
      this.#tell({ kind: 'lost', call, isSent: reply.isSent, refusal: reply.isRefused ? reply.words : undefined });
    else this.#tell({ kind: 'reply', call, reply });
  }

  /** What became of a shift. */
  #settle(
    effect: Extract<
      NodeEffect,
      { kind: 'committed' | 'confirmed' | 'unconfirmed' | 'behind' | 'deposed' | 'unavailable' }
    >,
  ): void {
    const { kind, shift } = effect;
    switch (kind) {
      case 'committed': {
        const answering = new Promise<Answering | Problem>((resolve) => this.#waits.set(shift, resolve));
        this.#own.set(effect.revision, answering);
        const over = answering.then(() => this.#own.delete(effect.revision));
        inBackground(WHAT, over);
        this.#carried = effect.revision;
        return this.#appended(shift, 'appended');
      }
      case 'confirmed': {
        const { revision, answering, behind } = effect;
        return this.#answer(shift, { revision, answering, behind: behind.map(asShown) });
      }
      case 'unconfirmed': {
        const problem = unconfirmed(effect.revision, 'etcd did not say so, or who answers from it');
        this.#appended(shift, problem);
        return this.#answer(shift, problem);
      }
      case 'behind':
        return this.#appended(shift, 'behind');
      case 'deposed':
        return this.#appended(shift, unavailable('another node leads by now'));
      case 'unavailable':
        this.#answer(shift, unavailable(effect.words));
        return this.#appended(shift, unavailable(effect.words));
    }
  }

  #answer(shift: string, result: Answering | Problem): void {
    this.#waits.get(shift)?.(result);
    this.#waits.delete(shift);
  }

  #appended(shift: string, appended: Appended): void {
    if (this.#pending?.shift !== shift) return;
    const { resolve } = this.#pending;
    this.#pending = undefined;
    resolve(appended);
  }

  #apply(revision: number): void {
    if (revision !== this.#carried) this.#applying.apply(revision);
  }

  #end(): void {
    this.#endWatch();
    for (const each of [this.#follower, this.contents]) each.stop();
    this.#cancelWake();
    this.#appended(this.#pending?.shift ?? '', unavailable('this node has left the fleet'));
    for (const shift of [...this.#waits.keys()]) this.#answer(shift, unavailable('this node has left the fleet'));
    this.#ended();
  }
}
