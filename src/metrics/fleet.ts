/** What a node of a fleet measures of itself and of the others, for the alerts and the dashboard of a fleet. */
import { Histogram, type Registry } from 'prom-client';
import { CHANGE_STEPS } from '../model/fleet/timings.ts';
import { collectGauge } from './collected.ts';

/** A node of a fleet, as far as it is measured here. */
export interface MeasuredOutlook {
  /** Since the read that proved last that it is current, milliseconds; undefined: none has, or it is alone. */
  readonly claimAgeMs: number | undefined;
  /** undefined: it cannot be read now. */
  readonly present: ReadonlyMap<string, boolean> | undefined;
  /** The listener hears how long the steps of each change took. */
  onTimed(listener: (step: string, seconds: number) => void): void;
}

/** Of a fleet on quiet disks 5 to 50 ms; whoever waits for a node that died waits for `staleAfterSeconds`, a minute at most. */
const STEP_BUCKETS_SECONDS = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export function outlookMetrics(
  registry: Registry,
  fleet: { readonly leads: boolean; readonly outlook: MeasuredOutlook },
): void {
  const node = fleet.outlook;
  collectGauge(
    registry,
    {
      name: 'teal_fleet_claim_age_seconds',
      help: 'Since the read of etcd that proved last that this node is current; absent until there was one. Only in a fleet.',
    },
    (set) => {
      if (node.claimAgeMs !== undefined) set(node.claimAgeMs / 1000);
    },
  );
  collectGauge(
    registry,
    {
      name: 'teal_fleet_leads',
      help: '1: this node steps releases and sends webhooks, for all; 0: another does, or none. Only in a fleet.',
    },
    (set) => set(fleet.leads ? 1 : 0),
  );
  collectGauge(
    registry,
    {
      name: 'teal_fleet_node_present',
      help: '1: the node shows signs of life; 0: it does not; absent where that cannot be read. As this node has heard. Only in a fleet.',
      labels: ['node'],
    },
    (set) => {
      for (const [name, isPresent] of node.present ?? []) set(isPresent ? 1 : 0, { node: name });
    },
  );
  const changes = new Histogram({
    name: 'teal_fleet_change_duration_seconds',
    help: "Of a change made at this node: append, until etcd's quorum has it; answer, from then until every node that claims to be current answers from it. Only in a fleet.",
    labelNames: ['step'],
    buckets: STEP_BUCKETS_SECONDS,
    registers: [registry],
  });
  for (const step of CHANGE_STEPS) changes.zero({ step });
  node.onTimed((step, seconds) => changes.observe({ step }, seconds));
}
