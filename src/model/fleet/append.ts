/**
 * A change of one node on its way into the log, behind the entry that it was drafted on: tried again under the same id
 * where the reply was lost, judged again where another came first.
 */
import { headIn, hearHead } from './claims.ts';
import { EVERYBODY, startWaiting } from './confirmation.ts';
import { entryId } from './envelope.ts';
import { HEAD_KEY, LEADER_KEY, logKey } from './keys.ts';
import { notePlace } from './places.ts';
import { encodeRevision } from './records.ts';
import type { Compare, TransactionReply } from './transaction.ts';
import type { Append, Call, LostCall, ShiftWanted, Turn } from './turn.ts';
import { withFound } from './view.ts';

/** How many heartbeats an answer of the engine may be old before a change asks it anew: an append is not tried in vain. */
const CONTACT_BEATS = 1.5;

/** Takes a change on. */
export function wantShift(turn: Turn, wanted: ShiftWanted): void {
  const { shift, id, expected, value, epoch, zones } = wanted;
  const { state, nowMs } = turn;
  if (state.append !== undefined) throw new Error('one change is appended at a time');
  const refusal = whyNot(turn);
  if (refusal !== undefined) return turn.effect({ kind: 'unavailable', shift, words: refusal });
  const isLate = state.heard > expected;
  const isInTouch = nowMs - state.contactAtMs <= turn.timings.heartbeatMs * CONTACT_BEATS;
  const phase = isLate ? 'catching' : isInTouch ? 'appending' : 'probing';
  if (phase === 'probing') turn.set({ heartbeatAtMs: nowMs });
  const begun = { startedMs: nowMs, isDoubtful: false, retryAtMs: nowMs, target: state.heard };
  turn.set({ append: { shift, id, expected, value, epoch, zones, phase, ...begun } });
}

function whyNot({ state }: Turn): string | undefined {
  if (state.isEnded || state.isStopping) return 'this node is leaving the fleet';
  if (state.own === undefined) return 'this node has not joined the fleet yet';
  if (state.blocked !== undefined) return `this node cannot apply the log: ${state.blocked.words}`;
  return undefined;
}

/** Goes on with the change that is being appended. */
export function append(turn: Turn): void {
  const { append, contactAtMs, heard } = turn.state;
  if (append === undefined) return;
  const isOpen = append.isDoubtful || isTrying(turn, append);
  if (append.phase === 'catching' || (heard > append.expected && !isOpen)) return catchUp(turn, append);
  const isLate = turn.nowMs >= append.startedMs + turn.timings.giveUpMs;
  if (append.phase === 'probing') {
    if (contactAtMs >= append.startedMs) turn.set({ append: { ...append, phase: 'appending' } });
    else if (isLate || isHopeless(turn)) return giveUp(turn, append);
    else return;
  }
  if (isTrying(turn, append)) return;
  if (isLate) return giveUp(turn, append);
  if (turn.nowMs >= append.retryAtMs) tryAppend(turn, append);
}

function isTrying({ state }: Turn, { id }: Append): boolean {
  for (const call of state.calls.values()) if (call.kind === 'append' && call.id === id) return true;
  return false;
}

/** Takes note of an entry of the log. Where it stands in the place of ours and is another's, ours never will. */
export function hearEntry(turn: Turn, revision: number, id: string | undefined): void {
  hearHead(turn, revision);
  const { append } = turn.state;
  if (append?.phase !== 'appending' || id === undefined || id === append.id) return;
  if (revision === append.expected + 1) turn.set({ append: { ...append, phase: 'catching', target: revision } });
}

/** The engine has not answered for so long that a change need not wait for it. */
function isHopeless({ state, nowMs, timings }: Turn): boolean {
  return nowMs >= state.contactAtMs + timings.giveUpMs && state.heartbeatAtMs > nowMs && !heartbeatIsOut(state.calls);
}

function heartbeatIsOut(calls: ReadonlyMap<number, Call>): boolean {
  for (const { kind } of calls.values()) if (kind === 'heartbeat') return true;
  return false;
}

function tryAppend(turn: Turn, { id, expected, value, epoch }: Append): void {
  const compares: Compare[] = [{ key: HEAD_KEY, value: encodeRevision(expected) }];
  // A log of as many entries may be another one (places.ts). The last entry is never trimmed; a fleet is founded without any.
  const place = turn.state.places.get(expected);
  if (place !== undefined) compares.push({ key: logKey(expected), changedAt: place });
  // Whoever no longer leads must not act as if: who leads now knows more.
  if (epoch !== undefined) compares.push({ key: LEADER_KEY, createdAt: epoch });
  const entry = logKey(expected + 1);
  turn.send(
    { kind: 'append', id, sentAtMs: turn.nowMs },
    {
      compares,
      puts: [
        { key: entry, value },
        { key: HEAD_KEY, value: encodeRevision(expected + 1) },
      ],
      reads: EVERYBODY,
      // It may be our own that came first: an earlier try whose reply was lost. And the entry that this was drafted on may be another.
      otherwise: [{ key: HEAD_KEY }, { key: LEADER_KEY }, { key: entry }, { key: logKey(expected) }, ...EVERYBODY],
    },
  );
}

export function hearAppend(turn: Turn, { id }: Call & { kind: 'append' }, reply: TransactionReply): void {
  const { append, view } = turn.state;
  turn.set({ view: withFound(view, EVERYBODY, reply) });
  // It was known meanwhile that another came first.
  if (append?.id !== id || append.phase !== 'appending') return;
  const next = append.expected + 1;
  if (reply.succeeded) return commit(turn, append, reply.at);
  const head = headIn(reply.found);
  if (head === undefined) {
    turn.set({ append: undefined });
    return turn.effect({
      kind: 'unavailable',
      shift: append.shift,
      words: 'etcd has no head of the log: was it wiped?',
    });
  }
  const entry = reply.found.find(({ key }) => key === logKey(next));
  if (entry !== undefined && entryId(entry.value) === append.id) return commit(turn, append, entry.changedAt);
  const drafted = reply.found.find(({ key }) => key === logKey(append.expected));
  if (drafted !== undefined) notePlace(turn, append.expected, drafted.changedAt);
  hearHead(turn, head);
  const { epoch, shift } = append;
  const isDeposed = epoch !== undefined && reply.found.find(({ key }) => key === LEADER_KEY)?.createdAt !== epoch;
  // Entries that were trimmed meanwhile cannot say whose they were.
  if (head >= next && entry === undefined && append.isDoubtful) {
    turn.set({ append: undefined });
    turn.effect({ kind: 'unconfirmed', shift, revision: next });
  } else if (isDeposed) {
    turn.set({ append: undefined });
    turn.effect({ kind: 'deposed', shift });
  } else {
    turn.set({ append: { ...append, phase: 'catching', target: Math.max(head, next) } });
  }
}

/** A try without a reply may have landed. What the engine refuses for a reason that stays is not tried again. */
export function loseAppend(turn: Turn, { id }: Call & { kind: 'append' }, { isSent, refusal }: LostCall): void {
  const { append } = turn.state;
  if (append?.id !== id) return;
  if (refusal !== undefined && !isSent && !append.isDoubtful && append.phase === 'appending') {
    turn.set({ append: undefined });
    return turn.effect({ kind: 'unavailable', shift: append.shift, words: `its log refuses it: ${refusal}` });
  }
  const retryAtMs = isSent ? turn.nowMs : turn.nowMs + turn.timings.retryMs;
  turn.set({ append: { ...append, isDoubtful: append.isDoubtful || isSent, retryAtMs } });
}

/**
 * Where the engine refuses even to be read, a change that was not tried yet is not tried; nor where it has been silent for
 * long, and was so again since the change began. The next heartbeat is on its way at once where each takes as long as it may.
 */
export function loseProbe(turn: Turn, { sentAtMs }: Call & { kind: 'heartbeat' }, { refusal }: LostCall): void {
  const { append, contactAtMs } = turn.state;
  if (append?.phase !== 'probing') return;
  if (refusal !== undefined) {
    turn.set({ append: undefined });
    turn.effect({ kind: 'unavailable', shift: append.shift, words: `its log refuses it: ${refusal}` });
  } else if (sentAtMs >= append.startedMs && turn.nowMs >= contactAtMs + turn.timings.giveUpMs) giveUp(turn, append);
}

function catchUp(turn: Turn, append: Append): void {
  const { applied, blocked } = turn.state;
  const { shift, startedMs } = append;
  const target = Math.max(append.target, append.expected + 1);
  if (append.phase !== 'catching') turn.set({ append: { ...append, phase: 'catching', target } });
  if (applied >= target) {
    turn.set({ append: undefined });
    return turn.effect({ kind: 'behind', shift });
  }
  if (blocked === undefined && turn.nowMs < startedMs + turn.timings.giveUpMs) return;
  turn.set({ append: undefined });
  const why = blocked?.words ?? 'it is still catching up';
  turn.effect({ kind: 'unavailable', shift, words: `this node is behind the log, at ${applied} of ${target}: ${why}` });
}

function giveUp(turn: Turn, { shift, expected, isDoubtful }: Append): void {
  turn.set({ append: undefined });
  if (isDoubtful) turn.effect({ kind: 'unconfirmed', shift, revision: expected + 1 });
  else turn.effect({ kind: 'unavailable', shift, words: 'the fleet has no quorum that this node can reach' });
}

function commit(turn: Turn, { shift, expected, zones }: Append, place: number): void {
  notePlace(turn, expected + 1, place);
  hearHead(turn, expected + 1);
  turn.set({ append: undefined });
  turn.effect({ kind: 'committed', shift, revision: expected + 1 });
  startWaiting(turn, { shift, revision: expected + 1, zones });
}
