/**
 * Whom shifts wait for: a node's own record, how it becomes ours, how it goes out and comes back, and what it confirms.
 * Whoever is out claims nothing, and so needs not be waited for.
 */
import { claimNothing, headIn, lookFor } from './claims.ts';
import { ackKey, HEAD_KEY, leftOutKey, memberKey } from './keys.ts';
import { encodeLeftOut, isSame, type LeftOut, leftOutOf } from './left-out.ts';
import { encodeMember, encodeRevision, type Member, REMOVED } from './records.ts';
import type { Put, Read, TransactionReply } from './transaction.ts';
import { type Call, type Own, ownReads, type Standing, type Turn } from './turn.ts';
import { ackOf, confirmedBy, leftOutBy, memberOf, withDeleted, withFound, withStored } from './view.ts';

/** Takes note of what became of our record. */
export function adopt(turn: Turn): void {
  const { own, view } = turn.state;
  if (own === undefined) return;
  const { value, changedAt } = memberOf(view, turn.node);
  if (changedAt <= own.changedAt) return;
  if (value === undefined || value.incarnation === REMOVED) {
    return end(turn, 'removed', `the record of ${turn.node} was removed from the fleet`);
  }
  if (value.incarnation !== turn.state.settings.incarnation) {
    return end(turn, 'taken', `another process runs as ${turn.node}: an id is one node's only`);
  }
  if (own.mode === 'live') claimNothing(turn);
  // Whoever put us out waited for all that an earlier process could claim.
  const silentUntilMs = value.state === 'out' ? 0 : own.silentUntilMs;
  turn.set({ own: { mode: turn.state.isStopping ? 'leaving' : value.state, changedAt, silentUntilMs } });
}

export function end(turn: Turn, why: 'stopped' | 'taken' | 'removed', words: string): void {
  claimNothing(turn);
  const { append, asks, waits } = turn.state;
  if (append !== undefined) {
    const { shift, expected, isDoubtful } = append;
    const isOpen = isDoubtful || (append.phase === 'appending' && turn.isOnTheWay('append'));
    if (isOpen) turn.effect({ kind: 'unconfirmed', shift, revision: expected + 1 });
    else turn.effect({ kind: 'unavailable', shift, words });
  }
  for (const { shift, revision } of [...asks, ...waits]) turn.effect({ kind: 'unconfirmed', shift, revision });
  turn.set({ isEnded: true, append: undefined, asks: [], waits: [], calls: new Map() });
  turn.effect({ kind: 'ended', why, words });
}

const rejoinReads = (turn: Turn): Read[] => [{ key: HEAD_KEY }, ...ownReads(turn)];

/** How often a node tells another reason why it cannot apply the log, once it has told one. */
const REASONS_EVERY_MS = 10_000;

/** The place for a compare: 0 where nothing is there. */
export function placeOf({ value, changedAt }: { value: unknown; changedAt: number }): number {
  return value === undefined ? 0 : changedAt;
}

/**
 * Makes the record ours. One that says live stays so, since the process that had it may claim to be current for a while
 * yet, and shifts must go on to wait for it: unless that process is known to have ended, we are silent for that long.
 */
export function take(turn: Turn): void {
  const { settings, own, isRead, view, isStopping } = turn.state;
  if (own !== undefined || !isRead || isStopping || !turn.mayRetry || turn.isOnTheWay('take')) return;
  const seen = memberOf(view, turn.node);
  if (seen.value?.incarnation === settings.incarnation) {
    // The reply to an earlier try was lost.
    return becomeOurs(turn, seen.value, seen.changedAt, true);
  }
  if ((seen.value === undefined && settings.earlier !== undefined) || seen.value?.incarnation === REMOVED) {
    return end(
      turn,
      'removed',
      `${turn.node} was removed from the fleet: stop it, and teal fleet join --force makes it a node anew`,
    );
  }
  const state = seen.value?.state ?? 'out';
  // The one before it may itself have been silent, and ended before all was over that it was silent for.
  const isEnded = seen.value?.incarnation === settings.earlier && seen.value?.isTaken !== true;
  const silent = state === 'live' && !isEnded;
  const { incarnation, version } = settings;
  const member: Member = { state, incarnation, version, ...(silent && { isTaken: true }) };
  const ack = silent ? undefined : turn.state.applied;
  const { leftOut } = turn.state;
  const puts: Put[] = [{ key: memberKey(turn.node), value: encodeMember(member) }, sayingLeftOut(turn)];
  if (ack !== undefined) puts.push({ key: ackKey(turn.node), value: encodeRevision(ack) });
  turn.send(
    { kind: 'take', member, silent, ack, leftOut },
    {
      compares: [{ key: memberKey(turn.node), changedAt: placeOf(seen) }],
      puts,
      reads: [],
      otherwise: ownReads(turn),
    },
  );
}

export function hearTake(turn: Turn, call: Call & { kind: 'take' }, reply: TransactionReply): void {
  if (!reply.succeeded) return hearOwn(turn, reply);
  const { member, ack, silent, leftOut } = call;
  noteOwn(turn, reply.at, { member, ack, leftOut });
  becomeOurs(turn, member, reply.at, silent);
}

function becomeOurs(turn: Turn, member: Member, changedAt: number, silent: boolean): void {
  const { staleAfterMs, marginMs } = turn.timings;
  const silentUntilMs = silent && member.state === 'live' ? turn.nowMs + staleAfterMs + marginMs : 0;
  turn.set({ own: { mode: member.state, changedAt, silentUntilMs } });
}

/** What we put ourselves, as the others see it. */
function noteOwn(
  turn: Turn,
  at: number,
  { member, ack, leftOut }: { member?: Member; ack?: number | undefined; leftOut?: LeftOut },
): void {
  const noted = { changedAt: at, createdAt: at };
  const puts = [];
  if (member !== undefined) puts.push({ key: memberKey(turn.node), value: encodeMember(member), ...noted });
  if (ack !== undefined) puts.push({ key: ackKey(turn.node), value: encodeRevision(ack), ...noted });
  const isNone = leftOut?.count === 0;
  if (leftOut !== undefined && !isNone)
    puts.push({ key: leftOutKey(turn.node), value: encodeLeftOut(leftOut), ...noted });
  const view = withStored(turn.state.view, puts);
  turn.set({ view: isNone ? withDeleted(view, [{ key: leftOutKey(turn.node), at }]) : view });
}

/** Before what is confirmed: whoever hears of that knows by then which zones it does not go for. */
function sayingLeftOut({ node, state: { leftOut } }: Turn): Put {
  const key = leftOutKey(node);
  return leftOut.count === 0 ? { key, isDeleted: true } : { key, value: encodeLeftOut(leftOut) };
}

/** Takes in what was found after a refusal. Where that is nothing new, the next try waits. */
function hearOwn(turn: Turn, reply: TransactionReply, reads: readonly Read[] = ownReads(turn)): void {
  const { view, heard } = turn.state;
  turn.set({ view: withFound(view, reads, reply) });
  lookFor(turn, headIn(reply.found) ?? 0);
  if (turn.state.view === view && turn.state.heard === heard) turn.retryLater();
}

/**
 * It is too early to confirm anything, or to go out: shifts are to wait for what an earlier process may claim. Or what was
 * lost or refused is tried again later.
 */
function isSilent(turn: Turn, own: Own): boolean {
  return turn.nowMs < own.silentUntilMs || !turn.mayRetry;
}

/** Goes out where entries cannot be applied or the node stops: shifts need not wait for it. */
export function leave(turn: Turn): void {
  const { own, blocked, isStopping, view } = turn.state;
  if (own === undefined || own.mode === 'out') return;
  if (own.mode === 'live') {
    if (blocked === undefined && !isStopping) return;
    // First the claim, then the record: a shift does not wait for us once it sees that.
    claimNothing(turn);
    turn.set({ own: { ...own, mode: 'leaving' } });
  }
  const member = memberOf(view, turn.node).value;
  if (member === undefined || member.state === 'out') return;
  // Who recovered meanwhile comes back by a record of its own, which ends what is still on the way.
  if ((blocked === undefined && !isStopping) || isSilent(turn, own) || turn.isOnTheWay('leave', 'rejoin')) return;
  turn.send(
    { kind: 'leave' },
    {
      compares: [{ key: memberKey(turn.node), changedAt: own.changedAt }],
      puts: [{ key: memberKey(turn.node), value: encodeMember({ ...member, state: 'out' }) }],
      reads: [],
      otherwise: ownReads(turn),
    },
  );
}

export function hearLeave(turn: Turn, reply: TransactionReply): void {
  if (!reply.succeeded) return hearOwn(turn, reply);
  const member = memberOf(turn.state.view, turn.node).value;
  if (member !== undefined) noteOwn(turn, reply.at, { member: { ...member, state: 'out' } });
}

/** Comes back, where the log has nothing that is not applied here: else a shift that did not wait for us could be missed. */
export function rejoin(turn: Turn): void {
  const { own, blocked, isStopping, applied, heard, settings, leftOut } = turn.state;
  if (own === undefined || own.mode === 'live' || blocked !== undefined || isStopping || applied < heard) return;
  if (isSilent(turn, own) || turn.isOnTheWay('rejoin', 'ack')) return;
  const member: Member = { state: 'live', incarnation: settings.incarnation, version: settings.version };
  turn.send(
    { kind: 'rejoin', revision: applied, leftOut, sentAtMs: turn.nowMs },
    {
      compares: [
        { key: HEAD_KEY, value: encodeRevision(applied) },
        { key: memberKey(turn.node), changedAt: own.changedAt },
      ],
      puts: [
        { key: memberKey(turn.node), value: encodeMember(member) },
        sayingLeftOut(turn),
        { key: ackKey(turn.node), value: encodeRevision(applied) },
      ],
      reads: [],
      otherwise: rejoinReads(turn),
    },
  );
}

export function hearRejoin(turn: Turn, call: Call & { kind: 'rejoin' }, reply: TransactionReply): void {
  const { own, settings } = turn.state;
  if (!reply.succeeded) return hearOwn(turn, reply, rejoinReads(turn));
  const member: Member = { state: 'live', incarnation: settings.incarnation, version: settings.version };
  const before = memberOf(turn.state.view, turn.node).changedAt;
  noteOwn(turn, reply.at, { member, ack: call.revision, leftOut: call.leftOut });
  // Something newer may have been heard meanwhile.
  if (own === undefined || before > reply.at) return;
  const isLeaving = turn.state.isStopping || turn.state.blocked !== undefined;
  turn.set({ own: { ...own, mode: isLeaving ? 'leaving' : 'live', changedAt: reply.at, silentUntilMs: 0 } });
  // It compared the head: that is a read of it.
  const read = { sentAtMs: call.sentAtMs, head: call.revision, recordAt: reply.at };
  turn.set({ reads: [...turn.state.reads, read] });
}

/**
 * Confirms the last entry that is answered from: one at a time, so that many are confirmed at once. It compares what was
 * confirmed before too: a try that was lost on the way may arrive late, and would take back what came after it. Who puts
 * us out then could not tell that we confirmed more, and claim by it.
 */
export function confirm(turn: Turn): void {
  const { own, applied, view, isStopping, settings, leftOut } = turn.state;
  if (own === undefined || isStopping || isSilent(turn, own)) return;
  const isSaid = isSame(leftOutBy(view, turn.node) ?? leftOutOf(settings.incarnation, []), leftOut);
  const isConfirmed = ackOf(view, turn.node).value !== undefined && confirmedBy(view, turn.node) === applied;
  if ((isConfirmed && isSaid) || turn.isOnTheWay('ack', 'rejoin')) return;
  turn.send(
    { kind: 'ack', revision: applied, leftOut },
    {
      compares: [
        { key: memberKey(turn.node), changedAt: own.changedAt },
        { key: ackKey(turn.node), changedAt: placeOf(ackOf(view, turn.node)) },
      ],
      puts: [...(isSaid ? [] : [sayingLeftOut(turn)]), { key: ackKey(turn.node), value: encodeRevision(applied) }],
      reads: [],
      otherwise: ownReads(turn),
    },
  );
}

export function hearAck(turn: Turn, { revision, leftOut }: Call & { kind: 'ack' }, reply: TransactionReply): void {
  if (reply.succeeded) noteOwn(turn, reply.at, { ack: revision, leftOut });
  else hearOwn(turn, reply);
}

/**
 * Says where the node stands, when that has changed; and of one that is not live already why it cannot apply the log, when
 * that has become so, or is another reason than was told.
 */
export function tellStanding(turn: Turn): void {
  const { own, standing, blocked, isStopping } = turn.state;
  const now: Standing = own === undefined ? 'joining' : own.mode === 'live' ? 'live' : 'out';
  if (now === standing && !(now !== 'live' && hasNewReason(turn))) return;
  const toldReason = blocked && { words: blocked.words, atMs: turn.nowMs };
  turn.set({ standing: now, toldReason });
  turn.effect({ kind: 'standing', standing: now, words: standingWords(now, own, isStopping, blocked?.words) });
}

/** What is tried again each second is the same for a long time, and may fail in two ways by turns. */
function hasNewReason({ nowMs, state: { blocked, toldReason, isStopping } }: Turn): boolean {
  if (blocked === undefined || isStopping || blocked.words === toldReason?.words) return false;
  return toldReason === undefined || nowMs >= toldReason.atMs + REASONS_EVERY_MS;
}

function standingWords(now: Standing, own: Own | undefined, isStopping: boolean, blocked: string | undefined): string {
  if (now === 'live') return 'confirms each entry; shifts wait for it';
  if (isStopping) return 'is being stopped';
  if (blocked !== undefined) return `cannot apply the log: ${blocked}`;
  return own?.mode === 'out' ? 'catches up with the log; shifts do not wait for it' : 'joins the fleet';
}
