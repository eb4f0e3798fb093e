/** What a client gets, and why, as it is shown. */
import type * as contract from '../../../contract/types.ts';
import type { Explanation } from '../../../control/explain.ts';
import { shown } from '../../../control/names.ts';
import { formatNetwork } from '../../../wire/network.ts';

export function explanationReply(explanation: Explanation): contract.Explanation {
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
    message,
  };
}
