/**
 * How a change that stands is confirmed: it is waited for until everybody who may claim to be current answers from it. Who
 * does not, when all that it may have claimed is over, is put out, so that the next change does not wait for it.
 */
import { ACK_PREFIX, ackKey, MEMBER_PREFIX, memberKey } from './keys.ts';
import { amongLeftOut } from './left-out.ts';
import { placeOf } from './membership.ts';
import { encodeMember } from './records.ts';
import { type Read, reading, type TransactionReply } from './transaction.ts';
import type { Behind, Call, Turn, Wait } from './turn.ts';
import { ackOf, confirmedBy, isLive, leftOutBy, memberOf, withFound } from './view.ts';

/** Who is in the fleet, and what each has confirmed. */
export const EVERYBODY: readonly Read[] = [
  { key: MEMBER_PREFIX, isPrefix: true },
  { key: ACK_PREFIX, isPrefix: true },
];

/** Zones that a reply names of a node that leaves them out. */
const NAMED_MAX = 20;

/** Takes on a revision that stands already. */
export function wantConfirmed(turn: Turn, { shift, revision }: { shift: string; revision: number }): void {
  const { asks, isStopping, own } = turn.state;
  if (isStopping || own === undefined) return turn.effect({ kind: 'unconfirmed', shift, revision });
  turn.set({ asks: [...asks, { shift, revision, startedMs: turn.nowMs }] });
}

/** Finds out whom those revisions wait for that were not appended here. */
export function ask(turn: Turn): void {
  const { timings, nowMs } = turn;
  const isLate = ({ startedMs }: { startedMs: number }): boolean => nowMs >= startedMs + timings.giveUpMs;
  for (const { shift, revision } of turn.state.asks.filter(isLate)) {
    turn.effect({ kind: 'unconfirmed', shift, revision });
  }
  const asks = turn.state.asks.filter((each) => !isLate(each));
  if (asks.length < turn.state.asks.length) turn.set({ asks });
  if (asks.length === 0 || !turn.mayRetry || turn.isOnTheWay('ask')) return;
  turn.send({ kind: 'ask', shifts: asks.map(({ shift }) => shift), sentAtMs: nowMs }, reading(EVERYBODY));
}

export function hearAsk(turn: Turn, { shifts }: Call & { kind: 'ask' }, reply: TransactionReply): void {
  const { asks, view } = turn.state;
  turn.set({ view: withFound(view, EVERYBODY, reply), asks: asks.filter(({ shift }) => !shifts.includes(shift)) });
  for (const { shift, revision } of asks) {
    if (shifts.includes(shift)) startWaiting(turn, { shift, revision, zones: undefined });
  }
}

/**
 * Waits for all who are live in what was just read, after the revision stood. Who was out when it was appended claims
 * nothing, and who was put out since claims nothing either.
 */
export function startWaiting(turn: Turn, stands: Pick<Wait, 'shift' | 'revision' | 'zones'>): void {
  const { view, waits } = turn.state;
  const { staleAfterMs, marginMs } = turn.timings;
  const waitingFor = new Set([...view.members.keys()].filter((node) => isLive(view, node)));
  const wait: Wait = { ...stands, waitingFor, deadlineMs: turn.nowMs + staleAfterMs + marginMs };
  turn.set({ waits: [...waits, wait] });
}

/** Goes on with the changes that wait to be confirmed. */
export function confirmShifts(turn: Turn): void {
  const { waits } = turn.state;
  if (waits.length > 0) turn.set({ waits: waits.flatMap((wait) => stillWaiting(turn, wait)) });
}

function stillWaiting(turn: Turn, wait: Wait): Wait[] {
  const { view } = turn.state;
  const { shift, revision, deadlineMs } = wait;
  const late = [...wait.waitingFor].filter((node) => isLive(view, node) && confirmedBy(view, node) < revision);
  if (late.length === 0) {
    turn.effect({ kind: 'confirmed', shift, revision, ...whoAnswers(turn, wait) });
    return [];
  }
  if (turn.nowMs >= deadlineMs + turn.timings.giveUpMs) {
    turn.effect({ kind: 'unconfirmed', shift, revision });
    return [];
  }
  if (turn.nowMs >= deadlineMs) for (const node of late) putOut(turn, node);
  return late.length === wait.waitingFor.size ? [wait] : [{ ...wait, waitingFor: new Set(late) }];
}

/** Who leaves a zone of the change out answers nobody there by it, though it has the entry. */
function whoAnswers({ state: { view } }: Turn, { revision, zones }: Wait): { answering: string[]; behind: Behind[] } {
  const answering: string[] = [];
  const behind: Behind[] = [];
  for (const [node, { value }] of view.members) {
    if (value === undefined) continue;
    const confirmed = confirmedBy(view, node);
    const said = leftOutBy(view, node);
    const leftOut = said && amongLeftOut(said, zones);
    if (confirmed < revision) behind.push({ node, revision: confirmed });
    else if (leftOut?.isAny) behind.push({ node, revision: confirmed, leftOut: leftOut.named.slice(0, NAMED_MAX) });
    else answering.push(node);
  }
  behind.sort((one, other) => (one.node < other.node ? -1 : 1));
  return { answering: answering.sort(), behind };
}

const recordsOf = (node: string): Read[] => [{ key: memberKey(node) }, { key: ackKey(node) }];

/** Puts a node out, if it has neither confirmed anything nor come back since we looked. */
function putOut(turn: Turn, node: string): void {
  const { view, calls } = turn.state;
  const member = memberOf(view, node);
  if (member.value === undefined || !turn.mayRetry) return;
  for (const call of calls.values()) if (call.kind === 'out' && call.member === node) return;
  turn.send(
    { kind: 'out', member: node, reads: recordsOf(node) },
    {
      compares: [
        { key: memberKey(node), changedAt: member.changedAt },
        { key: ackKey(node), changedAt: placeOf(ackOf(view, node)) },
      ],
      puts: [{ key: memberKey(node), value: encodeMember({ ...member.value, state: 'out' }) }],
      reads: recordsOf(node),
      otherwise: recordsOf(node),
    },
  );
}

export function hearOut(turn: Turn, { reads }: Call & { kind: 'out' }, reply: TransactionReply): void {
  turn.set({ view: withFound(turn.state.view, reads, reply) });
}
