/**
 * Who may say that it answers from the last entry. A node reads the log's head and its own record; once it has confirmed
 * that head, it may claim to be current for `staleAfterMs` from before it asked. A shift that is appended later is not
 * acknowledged before all of such claims are over, or their nodes have confirmed it.
 */
import { ACK_PREFIX, HEAD_KEY, logKey, MEMBER_PREFIX, memberKey } from './keys.ts';
import { notePlace, putBack } from './places.ts';
import { parseRevision, Unreadable } from './records.ts';
import { type Read, reading, type Stored, type TransactionReply } from './transaction.ts';
import { type Call, ownReads, type Turn } from './turn.ts';
import { confirmedBy, memberOf, withFound } from './view.ts';

/**
 * How often the others are looked at where no shift waits for them: who takes no changes hears of them by the watch alone,
 * which tells of nothing that was before it, and of some things not where it breaks. Drains and quorums are of all nodes.
 */
const OTHERS_EVERY_MS = 10_000;

/** Asks where the log is, if it is time. Where a shift waits, the others are looked at too: the watch may be broken. */
export function beat(turn: Turn): void {
  const { heartbeatAtMs, applied, seenAt, waits, blocked, othersReadAtMs, places, own } = turn.state;
  if (turn.nowMs < heartbeatAtMs || turn.isOnTheWay('heartbeat')) return;
  turn.set({ heartbeatAtMs: turn.nowMs + turn.timings.heartbeatMs });
  // There may be room now.
  if (blocked?.why === 'full' || blocked?.why === 'unstaged') turn.set({ blocked: undefined });
  const others: Read[] = [
    { key: MEMBER_PREFIX, isPrefix: true },
    { key: ACK_PREFIX, isPrefix: true },
  ];
  const looksAround = waits.length > 0 || turn.nowMs >= othersReadAtMs + OTHERS_EVERY_MS;
  const reads = [{ key: HEAD_KEY }, ...(looksAround ? others : ownReads(turn))];
  const place = places.get(applied);
  const call = {
    kind: 'heartbeat',
    sentAtMs: turn.nowMs,
    applied,
    place,
    recordAt: own?.changedAt ?? 0,
    seenAt,
    reads,
  } as const;
  // The entry itself is read where it does not stand where it did, and once where nobody has looked yet.
  const key = logKey(applied);
  if (place === undefined) turn.send(call, reading([...reads, { key }]));
  else turn.send(call, { compares: [{ key, changedAt: place }], puts: [], reads, otherwise: [...reads, { key }] });
}

/** Takes in what a heartbeat found. */
export function hearBeat(turn: Turn, call: Call & { kind: 'heartbeat' }, reply: TransactionReply): void {
  const { state } = turn;
  turn.set({ view: withFound(state.view, call.reads, reply), isRead: true });
  if (call.reads.some(({ key }) => key === MEMBER_PREFIX)) turn.set({ othersReadAtMs: call.sentAtMs });
  const head = headIn(reply.found);
  if (head === undefined) return;
  hearHead(turn, head);
  // What was applied before it was asked is in the log, or the log is not the one that this node has followed. An engine
  // that was put back may have gone on from there by now, with other entries of the same numbers.
  if (call.applied > head) turn.set({ blocked: { why: 'ahead', words: aheadWords(call.applied, head) } });
  else if (reply.at < call.seenAt)
    turn.set({ blocked: putBack(`the engine is at ${reply.at}, and was at ${call.seenAt}`) });
  else lookBack(turn, call, reply);
  const { lookSinceMs } = turn.state;
  if (lookSinceMs !== undefined && call.sentAtMs >= lookSinceMs) turn.set({ lookSinceMs: undefined });
  const recordAt = memberOf(turn.state.view, turn.node).changedAt;
  const read = { sentAtMs: call.sentAtMs, head, recordAt: reply.found.find(isOwn(turn))?.changedAt ?? 0 };
  if (read.recordAt === recordAt) turn.set({ reads: [...turn.state.reads, read] });
}

/** What stands in the engine never becomes an older one, nor does an entry become another. */
function lookBack(turn: Turn, { applied, recordAt }: Call & { kind: 'heartbeat' }, { found }: TransactionReply): void {
  const entry = found.find(({ key }) => key === logKey(applied));
  if (entry !== undefined) notePlace(turn, applied, entry.changedAt);
  const own = found.find(isOwn(turn));
  if (own !== undefined && own.changedAt < recordAt)
    turn.set({ blocked: putBack('the record of this node is an older one than it wrote') });
}

const isOwn =
  (turn: Turn) =>
  ({ key }: Stored): boolean =>
    key === memberKey(turn.node);

export function headIn(found: readonly Stored[]): number | undefined {
  const stored = found.find(({ key }) => key === HEAD_KEY);
  const head = stored === undefined ? undefined : parseRevision(stored.value);
  return head instanceof Unreadable ? undefined : head;
}

export function hearHead(turn: Turn, head: number): void {
  if (head > turn.state.heard) turn.set({ heard: head });
}

/**
 * The log has come so far, as something says that did not look whether it is the one that this node has followed: a heartbeat
 * does, at once, before anything of it is applied.
 */
export function lookFor(turn: Turn, head: number): void {
  if (head > turn.state.heard) turn.set({ heartbeatAtMs: Math.min(turn.state.heartbeatAtMs, turn.nowMs) });
}

export function aheadWords(applied: number, head: number): string {
  return `this node has applied entry ${applied}, and the log ends at ${head}: it was put back to an earlier state, or is another's`;
}

/** Claims what the reads allow: those of our record as it is, whose head is confirmed and answered from. */
export function claim(turn: Turn): void {
  const { own, reads, applied, view, claimUntilMs, blocked } = turn.state;
  if (reads.length === 0) return;
  const { staleAfterMs } = turn.timings;
  const isOurs = own?.mode === 'live' && blocked?.why !== 'ahead';
  const confirmed = Math.min(applied, confirmedBy(view, turn.node));
  const valid = reads.filter(
    ({ sentAtMs, recordAt }) => isOurs && recordAt === own.changedAt && sentAtMs + staleAfterMs > turn.nowMs,
  );
  const untilMs = valid
    .filter(({ head }) => head <= confirmed)
    .reduce((latest, { sentAtMs }) => Math.max(latest, sentAtMs + staleAfterMs), claimUntilMs);
  const open = valid.filter(({ head }) => head > confirmed);
  turn.set({ reads: open, claimUntilMs: untilMs });
  if (untilMs > claimUntilMs) turn.effect({ kind: 'claim', untilMs });
}

/** From now on nothing is claimed. It is to be carried out before anything that the engine is told after it. */
export function claimNothing(turn: Turn): void {
  turn.set({ reads: [], claimUntilMs: 0 });
  turn.effect({ kind: 'claim', untilMs: 0 });
}
