/** What a client gets, and why, as it is shown. */
import type * as contract from '../../../contract/types.ts';
import type { Answered } from '../../../control/drain/answered.ts';
import type { Explanation } from '../../../control/explain.ts';
import { shown } from '../../../shown.ts';
import { formatNetwork } from '../../../wire/network.ts';
import { timeOf } from './time.ts';

export function explanationReply(explanation: Explanation, answered: Answered): contract.Explanation {
  const { service, client, network, type, pool, reason, records, ttlSeconds, scopeBits } = explanation;
  const { split, draws, message } = explanation;
  return {
    service: shown(service),
    client,
    network: formatNetwork(network),
    type,
    pool,
    reason,
    answer: records,
    ttlSeconds,
    scope: scopeBits,
    split,
    draws,
    observed: observedReply(answered),
    message,
  };
}

function observedReply({ sinceMs, answers, nodes, waitingFor }: Answered): contract.Explanation['observed'] {
  const total = Object.values(answers).reduce((sum, count) => sum + count, 0);
  const shares = total === 0 ? [] : Object.entries(answers).map(([pool, count]) => [pool, count / total] as const);
  return {
    since: timeOf(sinceMs),
    answers,
    split: Object.fromEntries(shares),
    ...(waitingFor !== undefined && { nodes: nodes.map(nodeReply), waitingFor: [...waitingFor] }),
  };
}

function nodeReply({ node = '', toldAtMs, revision, shares, answers }: Answered['nodes'][number]) {
  const toldAt = toldAtMs === undefined ? null : timeOf(toldAtMs);
  return { node, toldAt, revision, ...(shares !== undefined && { shares }), answers };
}
