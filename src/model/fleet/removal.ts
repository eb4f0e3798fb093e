/**
 * How a node is taken out of the fleet by others, for good. It may only be cut off, and claim to be current: so that its
 * record is first made another's, by which it can neither confirm nor claim anything new; when all that it may have
 * claimed is over, the record goes.
 */
import { ackKey, memberKey } from './keys.ts';
import { encodeMember, type Member, REMOVED } from './records.ts';
import type { Timings } from './timings.ts';
import { reading, type Transaction, type TransactionReply } from './transaction.ts';
import { emptyView, memberOf, withFound } from './view.ts';

/** What is to be done next; `done`: the fleet has no such node. */
type RemovalStep =
  | { readonly kind: 'done' }
  | { readonly kind: 'transact'; readonly transaction: Transaction }
  /** Of a steady clock; then it is to be looked at again. */
  | { readonly kind: 'wait'; readonly untilMs: number };

/** Reads what `nextRemoval` judges. */
export function readingOf(node: string): Transaction {
  return reading([{ key: memberKey(node) }]);
}

/**
 * `fencedAtMs`: when the reply came to the transaction that made the record another's, by this one's steady clock; it has
 * to be waited for anew where that was not seen.
 */
export function nextRemoval(
  node: string,
  found: TransactionReply,
  fencedAtMs: number | undefined,
  { staleAfterMs, marginMs }: Timings,
  nowMs: number,
): RemovalStep {
  const { value: member, changedAt } = memberOf(withFound(emptyView, [{ key: memberKey(node) }], found), node);
  if (member === undefined) return { kind: 'done' };
  const compares = [{ key: memberKey(node), changedAt }];
  const rest = { compares, reads: [], otherwise: [] };
  // Whoever is out claims nothing.
  const isOver = fencedAtMs !== undefined && nowMs >= fencedAtMs + staleAfterMs + marginMs;
  if (member.state === 'out' || (member.incarnation === REMOVED && isOver)) {
    const puts = [memberKey(node), ackKey(node)].map((key) => ({ key, isDeleted: true as const }));
    return { kind: 'transact', transaction: { ...rest, puts } };
  }
  if (member.incarnation === REMOVED && fencedAtMs !== undefined) {
    return { kind: 'wait', untilMs: fencedAtMs + staleAfterMs + marginMs };
  }
  const fence: Member = { ...member, incarnation: REMOVED };
  return { kind: 'transact', transaction: { ...rest, puts: [{ key: memberKey(node), value: encodeMember(fence) }] } };
}
