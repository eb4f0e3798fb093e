/** What a node knows, is told and does: the parts of the state machine that `node.ts` turns. */

import { ackKey, leftOutKey, memberKey } from './keys.ts';
import type { LeftOut } from './left-out.ts';
import type { Member } from './records.ts';
import type { Timings } from './timings.ts';
import type { Read, Stored, Transaction, TransactionReply } from './transaction.ts';
import type { Deleted, View } from './view.ts';

export interface NodeSettings {
  readonly node: string;
  /** Random, of this process. */
  readonly incarnation: string;
  /**
   * The incarnation of the process that ran on this data directory before, and has ended: the directory's lock says so.
   * undefined: the directory was never in the fleet.
   */
  readonly earlier: string | undefined;
  /** Of Teal. */
  readonly version: string;
  readonly timings: Timings;
}

/**
 * Why an entry could not be applied: no room, by a later version of Teal, or what it imports is not here yet. `ahead`: this
 * node has applied what the log does not have.
 */
type BlockedWhy = 'full' | 'newer' | 'unstaged' | 'ahead';

export interface Blocked {
  readonly why: BlockedWhy;
  readonly words: string;
}

/** `joining`: its record is not ours yet. */
export type Standing = 'joining' | 'live' | 'out';

/** Our own record, once it is ours. */
export interface Own {
  /** `leaving`: it may still say that we are live, but we claim nothing and want to be out. */
  readonly mode: 'live' | 'out' | 'leaving';
  readonly changedAt: number;
  /**
   * Until then nothing is confirmed, nor does it go out: the process that had the record before may be alive, and claim to be current by what
   * it read then.
   */
  readonly silentUntilMs: number;
}

/** What a heartbeat read, until it is confirmed or too old. */
interface ClaimRead {
  /** Of the steady clock, before it was asked. */
  readonly sentAtMs: number;
  readonly head: number;
  /** The place of our own record then. */
  readonly recordAt: number;
}

/** What a transaction is on the way for. */
export type Call =
  | {
      readonly kind: 'heartbeat';
      readonly sentAtMs: number;
      readonly applied: number;
      /** Of the entry `applied`; undefined: it is not known, and asked for. */
      readonly place: number | undefined;
      /** And of our own record; 0: it was not ours yet. */
      readonly recordAt: number;
      readonly seenAt: number;
      readonly reads: readonly Read[];
    }
  | {
      readonly kind: 'take';
      readonly member: Member;
      readonly silent: boolean;
      readonly ack: number | undefined;
      readonly leftOut: LeftOut;
    }
  | { readonly kind: 'ack'; readonly revision: number; readonly leftOut: LeftOut }
  | { readonly kind: 'rejoin'; readonly revision: number; readonly leftOut: LeftOut; readonly sentAtMs: number }
  | { readonly kind: 'leave' }
  | { readonly kind: 'append'; readonly id: string; readonly sentAtMs: number }
  | { readonly kind: 'ask'; readonly shifts: readonly string[]; readonly sentAtMs: number }
  | { readonly kind: 'out'; readonly member: string; readonly reads: readonly Read[] };

/** A change that a node wants to append. */
export interface ShiftWanted {
  /** The driver's own name of it. */
  readonly shift: string;
  /** Random, of the entry: by it a retry finds out whether it had landed. */
  readonly id: string;
  /** The entry that it was drafted on. */
  readonly expected: number;
  /** The sealed entry. */
  readonly value: Uint8Array;
  /** Of the leader whose own work it is: the place at which it became that. */
  readonly epoch?: number | undefined;
  /** Whose answers it changes; undefined: that is not known. */
  readonly zones?: readonly string[] | undefined;
}

export interface Append extends ShiftWanted {
  readonly phase: 'probing' | 'appending' | 'catching';
  readonly startedMs: number;
  /** A try had no reply, so that it may have landed. */
  readonly isDoubtful: boolean;
  readonly retryAtMs: number;
  /** The entry to catch up to, before the change is judged again. */
  readonly target: number;
}

/** A revision that stands, of which is not known yet who has to confirm it. */
interface Ask {
  readonly shift: string;
  readonly revision: number;
  readonly startedMs: number;
}

/** A change that stands, and waits to be confirmed. */
export interface Wait {
  readonly shift: string;
  readonly revision: number;
  /** Whose answers it changes; undefined: that is not known here. */
  readonly zones: readonly string[] | undefined;
  readonly waitingFor: ReadonlySet<string>;
  /** When all that a node that has not confirmed may claim is over. */
  readonly deadlineMs: number;
}

export interface NodeState {
  readonly settings: NodeSettings;
  /** Of the last step. */
  readonly steppedAtMs: number;
  /** The last entry that is answered from here. */
  readonly applied: number;
  /** The last entry that the log is known to have. */
  readonly heard: number;
  readonly isApplying: boolean;
  readonly blocked: Blocked | undefined;
  /** Where the last entry that is applied stands in the engine, and those after it, as far as that is known. */
  readonly places: ReadonlyMap<number, number>;
  /** The watch broke, and has told nothing since. */
  readonly isWatchBroken: boolean;
  /**
   * What a watch tells that broke may be of a log that was put back meanwhile: until a heartbeat that was sent from then on
   * has looked, nothing is applied. Steady clock, milliseconds.
   */
  readonly lookSinceMs: number | undefined;
  /** Zones that are not answered from here, whatever is applied. */
  readonly leftOut: LeftOut;
  readonly view: View;
  /** The last place of the engine that it told of; 0: none yet. */
  readonly seenAt: number;
  /** The engine was read once. */
  readonly isRead: boolean;
  /** When the records of all nodes were read last. */
  readonly othersReadAtMs: number;
  readonly own: Own | undefined;
  readonly standing: Standing;
  /** Why the log cannot be applied, as it was told last, and when; undefined: not since the standing is what it is. */
  readonly toldReason: { readonly words: string; readonly atMs: number } | undefined;
  readonly claimUntilMs: number;
  readonly reads: readonly ClaimRead[];
  readonly calls: ReadonlyMap<number, Call>;
  readonly nextCall: number;
  readonly heartbeatAtMs: number;
  /** When the last transaction was sent that had a reply. */
  readonly contactAtMs: number;
  /** Nothing that was lost or refused is tried again before. */
  readonly retryAtMs: number;
  readonly append: Append | undefined;
  readonly asks: readonly Ask[];
  readonly waits: readonly Wait[];
  readonly isStopping: boolean;
  readonly isEnded: boolean;
}

/** There is no reply. */
export interface LostCall {
  readonly kind: 'lost';
  readonly call: number;
  /** false: it surely never reached the engine, or was not carried out. */
  readonly isSent: boolean;
  /** Why the engine refuses it, and would again. */
  readonly refusal?: string | undefined;
}

export type NodeEvent =
  | { readonly kind: 'tick' }
  | { readonly kind: 'reply'; readonly call: number; readonly reply: TransactionReply }
  | LostCall
  /** From the watch. */
  | { readonly kind: 'changed'; readonly puts: readonly Stored[]; readonly deletes: readonly Deleted[] }
  /** The watch broke, and is opened again. */
  | { readonly kind: 'broken' }
  /** The log has come so far. */
  | { readonly kind: 'heard'; readonly revision: number }
  /** It is answered from. `place`: see NodeState.places; undefined: it was not looked at. */
  | { readonly kind: 'applied'; readonly revision: number; readonly place?: number | undefined }
  | { readonly kind: 'refused'; readonly revision: number; readonly why: BlockedWhy; readonly words: string }
  /** From now on these zones are left out, and no others: told before the entry that leaves one out. */
  | { readonly kind: 'leftOut'; readonly zones: readonly string[] }
  /** The log has it no more. */
  | { readonly kind: 'missing'; readonly revision: number }
  | { readonly kind: 'restored'; readonly revision: number }
  | ({ readonly kind: 'shift' } & ShiftWanted)
  /** A reply says that a revision stands which this node did not append just now: it is to be confirmed all the same. */
  | { readonly kind: 'confirm'; readonly shift: string; readonly revision: number }
  | { readonly kind: 'stop' };

/** Who does not answer from a revision, and from which one instead. */
export interface Behind {
  readonly node: string;
  readonly revision: number;
  /** Of the zones of the change, those that it leaves out: there it answers from none, whatever it has applied. */
  readonly leftOut?: readonly string[];
}

export type NodeEffect =
  | { readonly kind: 'send'; readonly call: number; readonly transaction: Transaction }
  /** 0: nothing is claimed. */
  | { readonly kind: 'claim'; readonly untilMs: number }
  | { readonly kind: 'apply'; readonly revision: number }
  | { readonly kind: 'restore' }
  | { readonly kind: 'committed'; readonly shift: string; readonly revision: number }
  | {
      readonly kind: 'confirmed';
      readonly shift: string;
      readonly revision: number;
      readonly answering: readonly string[];
      readonly behind: readonly Behind[];
    }
  /** It may stand at this revision; where it was `committed` before, it does. */
  | { readonly kind: 'unconfirmed'; readonly shift: string; readonly revision: number }
  /** Another came first, and is applied. */
  | { readonly kind: 'behind'; readonly shift: string }
  /** Another leads. */
  | { readonly kind: 'deposed'; readonly shift: string }
  /** It surely was not appended. */
  | { readonly kind: 'unavailable'; readonly shift: string; readonly words: string }
  | { readonly kind: 'standing'; readonly standing: Standing; readonly words: string }
  | { readonly kind: 'ended'; readonly why: 'stopped' | 'taken' | 'removed'; readonly words: string };

/** What stands there of the node itself. */
export function ownReads({ node }: Turn): Read[] {
  return [memberKey(node), ackKey(node), leftOutKey(node)].map((key) => ({ key }));
}

/** One step of a node: the state as it becomes, and what is to be done. */
export class Turn {
  state: NodeState;
  readonly effects: NodeEffect[] = [];
  readonly nowMs: number;

  constructor(state: NodeState, nowMs: number) {
    this.state = { ...state, steppedAtMs: nowMs };
    this.nowMs = nowMs;
  }

  set(changes: Partial<NodeState>): void {
    this.state = { ...this.state, ...changes };
  }

  effect(effect: NodeEffect): void {
    this.effects.push(effect);
  }

  get node(): string {
    return this.state.settings.node;
  }

  get timings(): Timings {
    return this.state.settings.timings;
  }

  send(call: Call, transaction: Transaction): void {
    const { nextCall, calls } = this.state;
    this.set({ nextCall: nextCall + 1, calls: new Map(calls).set(nextCall, call) });
    this.effect({ kind: 'send', call: nextCall, transaction });
  }

  /** Takes a call out of those that are on the way; undefined: it is not among them. */
  end(call: number): Call | undefined {
    const ended = this.state.calls.get(call);
    if (ended === undefined) return undefined;
    const calls = new Map(this.state.calls);
    calls.delete(call);
    this.set({ calls });
    return ended;
  }

  isOnTheWay(...kinds: readonly Call['kind'][]): boolean {
    for (const { kind } of this.state.calls.values()) if (kinds.includes(kind)) return true;
    return false;
  }

  /** Whether what was lost or refused may be tried again. */
  get mayRetry(): boolean {
    return this.nowMs >= this.state.retryAtMs;
  }

  retryLater(): void {
    this.set({ retryAtMs: this.nowMs + this.timings.retryMs });
  }
}
