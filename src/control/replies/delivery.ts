/** A delivery as the API shows it. */
import type { Delivery } from '../../store/deliveries.ts';

export function deliveryReply({ id, trigger, event, state, attempts, createdAtMs, dueAtMs, error }: Delivery): object {
  return {
    id,
    trigger,
    event,
    state,
    attempts,
    createdAt: new Date(createdAtMs).toISOString(),
    nextAttemptAt: state === 'pending' ? new Date(dueAtMs).toISOString() : null,
    lastError: error,
  };
}
