/** What has been answered of a service since its weights are in force: by each node of a fleet, and by all. */
import type { ServiceCounts } from '../../model/fleet/counts.ts';
import type { OthersCounts } from '../nodes.ts';

/** Of one node. */
interface NodeAnswered {
  /** undefined: the one that is asked, where there is no fleet. */
  readonly node: string | undefined;
  /** Unix time, milliseconds, when it told; undefined: it is the one that is asked. */
  readonly toldAtMs: number | undefined;
  /** What it answered from when it told. */
  readonly revision: number;
  /** Each pool's share by weight, without pools that are down as the node sees it; undefined: an earlier version. */
  readonly shares: Readonly<Record<string, number>> | undefined;
  /** By pool, since the weights in force there. */
  readonly answers: Readonly<Record<string, number>>;
}

export interface Answered {
  /** Unix time, milliseconds, since when this node counts: the last change of the weights, or its start. */
  readonly sinceMs: number;
  /** Of all nodes together. */
  readonly answers: Readonly<Record<string, number>>;
  /** The one that is asked comes first. */
  readonly nodes: readonly NodeAnswered[];
  /** Nodes of which it is not known; undefined: there is no fleet. */
  readonly waitingFor: readonly string[] | undefined;
}

export function answeredBy(
  own: { readonly node: string | undefined; readonly revision: number; readonly counts: ServiceCounts },
  others: OthersCounts | undefined,
  sinceMs: number,
): Answered {
  const { order } = own.counts;
  const told = (others?.told ?? []).map(({ node, toldAtMs, revision, counts }): NodeAnswered => {
    return { node, toldAtMs, revision, shares: sharesOf(order, counts), answers: answersOf(order, counts) };
  });
  const { node, revision, counts } = own;
  const mine = { node, revision, toldAtMs: undefined, shares: sharesOf(order, counts) };
  const nodes = [{ ...mine, answers: answersOf(order, counts) }, ...told];
  const sum = (pool: string): number => nodes.reduce((all, { answers }) => all + (answers[pool] ?? 0), 0);
  const answers = Object.fromEntries(order.map((pool) => [pool, sum(pool)]));
  return { sinceMs, answers, nodes, waitingFor: others?.missing };
}

function answersOf(order: readonly string[], { pools }: ServiceCounts): Record<string, number> {
  return Object.fromEntries(
    order.map((pool) => [pool, Math.max(0, (pools[pool]?.answers ?? 0) - (pools[pool]?.answersBefore ?? 0))]),
  );
}

function sharesOf(order: readonly string[], { weights }: ServiceCounts): Record<string, number> | undefined {
  if (weights === undefined) return undefined;
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  return Object.fromEntries(order.map((pool) => [pool, total === 0 ? 0 : (weights[pool] ?? 0) / total]));
}
