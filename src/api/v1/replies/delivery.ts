/** A delivery as the API shows it. */
import type * as contract from '../../../contract/types.ts';
import type { Delivery } from '../../../control/queries.ts';
import { timeOf } from './time.ts';

export function deliveryReply({
  id,
  trigger,
  event,
  state,
  attempts,
  createdAtMs,
  dueAtMs,
  error,
}: Delivery): contract.Delivery {
  return {
    id,
    trigger,
    event,
    state,
    attempts,
    createdAt: timeOf(createdAtMs),
    nextAttemptAt: state === 'pending' ? timeOf(dueAtMs) : null,
    lastError: error,
  };
}
