/** Who changes what is answered by itself: health and releases; and who tells of it: reports, explanations, events, webhooks. */
import { randomBytes, randomFillSync } from 'node:crypto';
import type { ApiParts } from '../api/parts.ts';
import type { Settings } from '../config.ts';
import { Propagation } from '../control/drain/propagation.ts';
import { DrainReports } from '../control/drain/report.ts';
import { EventLog } from '../control/events/log.ts';
import { Explain } from '../control/explain.ts';
import { makeGate } from '../control/gates/gates.ts';
import { SampleGate } from '../control/gates/samples.ts';
import { HealthMonitor } from '../control/health/monitor.ts';
import { makeProbe } from '../control/health/probe.ts';
import { Outbound } from '../control/outbound/outbound.ts';
import { Queries } from '../control/queries.ts';
import { ReleaseRunner } from '../control/releases/runner.ts';
import { WebhookDispatcher } from '../control/webhooks/dispatcher.ts';
import type { Logger } from '../log.ts';
import { Explainer } from '../responder/explainer.ts';
import { Xoshiro128 } from '../table/picking/pick.ts';
import type { Answering } from './answering.ts';
import { networksOf } from './options.ts';
import { systemClock } from './system-clock.ts';

interface Changing {
  /** Every request that goes out, but those to resolvers. */
  readonly outbound: Outbound;
  /** What the API asks. */
  readonly told: Pick<ApiParts, 'queries' | 'drain' | 'explain' | 'events' | 'webhooks'>;
  /** To be started in this order, once everybody who answers is there. */
  readonly running: readonly { start(): void; stop(): void | Promise<void> }[];
}

/** Makes them; nothing runs yet. */
export function makeChanging(answering: Answering, settings: Settings, log: Logger): Changing {
  const { store, table, engine, seen } = answering;
  const { allow, deny } = settings.probes;
  const outbound = new Outbound({ allow: networksOf(allow), deny: networksOf(deny) }, systemClock);
  const chance = { clock: systemClock, random: Math.random };

  const watched = { engine, store, seen, probe: makeProbe(outbound), ...chance };
  const health = new HealthMonitor({ ...watched, log: log.child({ part: 'health' }) });
  const propagation = new Propagation(settings.propagation.resolvers);
  const drain = new DrainReports({ store, table, propagation, startedAtMs: Date.now() });
  const samples = new SampleGate({ store, table, clock: systemClock });
  const gate = makeGate({ outbound, health: { store, view: seen, clock: systemClock, monitor: health }, samples });
  const moved = { engine, store, gate, drain, clock: systemClock };
  const releases = new ReleaseRunner({ ...moved, log: log.child({ part: 'releases' }) });

  // A name for this process that no earlier one had.
  const events = new EventLog(store, engine, Date.now().toString(36));
  health.onHealth((event) => events.addHealth(event, Date.now()));
  const webhooks = new WebhookDispatcher({
    store,
    events,
    outbound,
    ...chance,
    randomBytes,
    log: log.child({ part: 'webhooks' }),
  });

  const queries = new Queries(store, {
    analysisOf: (id) => releases.progressOf(id),
    health: seen,
    missingWorkers: () => answering.fleet.missing,
  });
  const answerer = new Explainer(table.shared, new Xoshiro128(randomFillSync(new Uint32Array(4))));
  const explain = new Explain({ store, table, health: seen, answerer });
  return { outbound, told: { queries, drain, explain, events, webhooks }, running: [health, releases, webhooks] };
}
