/**
 * One node of a fleet as a state machine: it is told what happened and what time it is, and says what to do. It has no
 * clock, no socket and no thread; whoever drives it carries out what it says, in order, after each step.
 */
import assert from 'node:assert/strict';
import { append, hearAppend, hearEntry, loseAppend, loseProbe, wantShift } from './append.ts';
import { beat, claim, claimNothing, hearBeat, lookFor } from './claims.ts';
import { ask, confirmShifts, hearAsk, hearOut, wantConfirmed } from './confirmation.ts';
import { entryId } from './envelope.ts';
import { LOG_PREFIX, parseKey } from './keys.ts';
import { leftOutOf } from './left-out.ts';
import {
  adopt,
  confirm,
  end,
  hearAck,
  hearLeave,
  hearRejoin,
  hearTake,
  leave,
  rejoin,
  take,
  tellStanding,
} from './membership.ts';
import { forgetPlaces, notePlace } from './places.ts';
import type { TransactionReply } from './transaction.ts';
import { type LostCall, type NodeEffect, type NodeEvent, type NodeSettings, type NodeState, Turn } from './turn.ts';
import { emptyView, memberOf, withDeleted, withStored } from './view.ts';

export interface Stepped {
  readonly state: NodeState;
  /** To be carried out in this order. */
  readonly effects: readonly NodeEffect[];
}

/** A node that has just begun, with entries applied up to `applied`. */
export function startNode(settings: NodeSettings, applied: number, nowMs: number): Stepped {
  const state: NodeState = {
    settings,
    steppedAtMs: nowMs,
    applied,
    heard: applied,
    isApplying: false,
    blocked: undefined,
    places: new Map(),
    isWatchBroken: false,
    lookSinceMs: undefined,
    leftOut: leftOutOf(settings.incarnation, []),
    view: emptyView,
    seenAt: 0,
    isRead: false,
    othersReadAtMs: Number.NEGATIVE_INFINITY,
    own: undefined,
    standing: 'joining',
    toldReason: undefined,
    claimUntilMs: 0,
    reads: [],
    calls: new Map(),
    nextCall: 1,
    heartbeatAtMs: nowMs,
    contactAtMs: Number.NEGATIVE_INFINITY,
    retryAtMs: nowMs,
    append: undefined,
    asks: [],
    waits: [],
    isStopping: false,
    isEnded: false,
  };
  const turn = new Turn(state, nowMs);
  // What an earlier process claimed is not ours to go on with.
  claimNothing(turn);
  settle(turn);
  return { state: turn.state, effects: turn.effects };
}

/** What becomes of the node by an event, at a time of the steady clock. */
export function stepNode(state: NodeState, event: NodeEvent, nowMs: number): Stepped {
  if (state.isEnded) return { state, effects: afterTheEnd(event) };
  const turn = new Turn(state, nowMs);
  hear(turn, event);
  settle(turn);
  return { state: turn.state, effects: turn.effects };
}

function afterTheEnd(event: NodeEvent): NodeEffect[] {
  if (event.kind === 'confirm') return [{ kind: 'unconfirmed', shift: event.shift, revision: event.revision }];
  if (event.kind !== 'shift') return [];
  return [{ kind: 'unavailable', shift: event.shift, words: 'this node has left the fleet' }];
}

function hear(turn: Turn, event: NodeEvent): void {
  switch (event.kind) {
    case 'tick':
      return;
    case 'reply':
      return hearReply(turn, event.call, event.reply);
    case 'lost':
      return lose(turn, event);
    case 'changed':
      return hearChanges(turn, event);
    case 'broken':
      return turn.set({ isWatchBroken: true });
    case 'heard':
      return lookFor(turn, event.revision);
    case 'shift':
      return wantShift(turn, event);
    case 'confirm':
      return wantConfirmed(turn, event);
    case 'leftOut':
      return turn.set({ leftOut: leftOutOf(turn.state.settings.incarnation, event.zones) });
    case 'stop':
      return turn.set({ isStopping: true });
    default:
      return hearApplied(turn, event);
  }
}

function hearApplied(
  turn: Turn,
  event: Extract<NodeEvent, { kind: 'applied' | 'refused' | 'missing' | 'restored' }>,
): void {
  const { applied, heard } = turn.state;
  const { kind, revision } = event;
  // Told twice, or by now no more of account: what is being applied is a later one.
  if (kind !== 'restored' && revision <= applied) return;
  if (kind === 'missing') return turn.effect({ kind: 'restore' });
  turn.set({ isApplying: false });
  if (kind === 'refused') {
    const { why, words } = event;
    return turn.set({ blocked: { why, words: `entry ${revision} ${words}` } });
  }
  assert(kind === 'restored' || revision <= applied + 1, 'entries are applied in their order');
  if (kind === 'applied' && event.place !== undefined) notePlace(turn, revision, event.place);
  // What a snapshot brings was never read entry by entry.
  turn.set({ applied: Math.max(applied, revision), heard: Math.max(heard, revision) });
  forgetPlaces(turn);
}

function hearChanges(turn: Turn, { puts, deletes }: Extract<NodeEvent, { kind: 'changed' }>): void {
  const { view, isWatchBroken, heartbeatAtMs } = turn.state;
  turn.set({ view: withDeleted(withStored(view, puts), deletes) });
  if (isWatchBroken) {
    const lookSinceMs = turn.nowMs;
    turn.set({ isWatchBroken: false, lookSinceMs, heartbeatAtMs: Math.min(heartbeatAtMs, turn.nowMs) });
  }
  for (const { key, value, changedAt } of puts) {
    const parsed = key.startsWith(LOG_PREFIX) ? parseKey(key) : undefined;
    if (parsed?.kind !== 'log') continue;
    notePlace(turn, parsed.revision, changedAt);
    hearEntry(turn, parsed.revision, entryId(value));
  }
}

function hearReply(turn: Turn, id: number, reply: TransactionReply): void {
  const call = turn.end(id);
  if (call === undefined) return;
  turn.set({ seenAt: Math.max(turn.state.seenAt, reply.at) });
  switch (call.kind) {
    case 'heartbeat':
      touch(turn, call.sentAtMs);
      return hearBeat(turn, call, reply);
    case 'append':
      touch(turn, call.sentAtMs);
      return hearAppend(turn, call, reply);
    case 'ask':
      return hearAsk(turn, call, reply);
    case 'take':
      return hearTake(turn, call, reply);
    case 'ack':
      return hearAck(turn, call, reply);
    case 'rejoin':
      return hearRejoin(turn, call, reply);
    case 'leave':
      return hearLeave(turn, reply);
    case 'out':
      return hearOut(turn, call, reply);
  }
}

/** The engine answered what was sent then. */
function touch(turn: Turn, sentAtMs: number): void {
  if (sentAtMs > turn.state.contactAtMs) turn.set({ contactAtMs: sentAtMs });
}

function lose(turn: Turn, lost: LostCall): void {
  const call = turn.end(lost.call);
  if (call === undefined) return;
  if (call.kind === 'append') loseAppend(turn, call, lost);
  else if (call.kind === 'heartbeat') loseProbe(turn, call, lost);
  else turn.retryLater();
}

/** From what is known to what is to be done. The order counts: who goes out claims nothing more. */
function settle(turn: Turn): void {
  if (!turn.state.isEnded) adopt(turn);
  if (turn.state.isEnded) return;
  beat(turn);
  take(turn);
  if (turn.state.isEnded) return;
  append(turn);
  apply(turn);
  leave(turn);
  rejoin(turn);
  confirm(turn);
  claim(turn);
  ask(turn);
  confirmShifts(turn);
  tellStanding(turn);
  finish(turn);
}

function apply(turn: Turn): void {
  const { applied, heard, isApplying, blocked, lookSinceMs, own, append } = turn.state;
  if (isApplying || blocked !== undefined || lookSinceMs !== undefined || heard <= applied || own === undefined) return;
  // It may be our own: that is known first.
  if (append?.phase === 'appending' && append.expected === applied) return;
  turn.set({ isApplying: true });
  turn.effect({ kind: 'apply', revision: applied + 1 });
}

/** A node that stops is done when shifts do not wait for it any more. */
function finish(turn: Turn): void {
  const { isStopping, own, view } = turn.state;
  if (!isStopping) return;
  const isOut = own === undefined || memberOf(view, turn.node).value?.state !== 'live';
  if (isOut) end(turn, 'stopped', `${turn.node} was stopped`);
}

/**
 * When the node wants to be told the time again; after each step. Later does no harm to what is promised, earlier none at
 * all.
 */
export function wakeAtMs(state: NodeState): number {
  if (state.isEnded) return Number.POSITIVE_INFINITY;
  const { heartbeatAtMs, retryAtMs, append, asks, waits, own, settings, steppedAtMs } = state;
  const { giveUpMs } = settings.timings;
  const times = [heartbeatAtMs, retryAtMs, own?.silentUntilMs ?? 0];
  if (append !== undefined) times.push(append.startedMs + giveUpMs, append.retryAtMs);
  for (const { startedMs } of asks) times.push(startedMs + giveUpMs);
  for (const { deadlineMs } of waits) times.push(deadlineMs, deadlineMs + giveUpMs);
  // What was due at the last step was done by it.
  return Math.min(...times.filter((time) => time > steppedAtMs));
}
