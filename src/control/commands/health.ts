/** The commands that force the health of pools and targets, and let it go. */
import type { ForcedBody } from '../../model/health-forced.ts';

export type HealthCommand =
  | { readonly kind: 'health.force'; readonly name: string; readonly pool: string; readonly body: ForcedBody }
  /** Without `target`: the state of the whole pool. */
  | { readonly kind: 'health.unforce'; readonly name: string; readonly pool: string; readonly target?: string }
  /** The time of forced states is over; the monitor's command, which names them by the revisions that made them. */
  | { readonly kind: 'health.expire'; readonly name: string; readonly revisions: readonly number[] };
