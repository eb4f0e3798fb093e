/** The data plane: the workers beside what keeps, and what is measured of them. */
import type { Settings } from '../config.ts';
import { standardSink } from '../log/sink.ts';
import type { Logger } from '../log.ts';
import { type MetricSources, Metrics } from '../metrics/metrics.ts';
import { type Fleet, type FleetOptions, udpWorkersOf } from '../sockets/fleet.ts';
import { useHugePages } from '../sockets/huge-pages.ts';
import { startWatchdog, watchdogTask } from '../sockets/watchdog.ts';
import { createTableMemory } from '../table/shared-memory.ts';
import { type Core, openCore } from './core.ts';
import { logFaults } from './faults.ts';
import { measuredHealth } from './measured-health.ts';
import type { PlaneStops } from './stops.ts';
import { readVersion } from './version.ts';
import { startFleet } from './workers.ts';

/** The workers, as far as the control plane looks at them; they may be another process's. */
export type FleetView = MetricSources['fleet'] & Pick<Fleet, 'missing'>;

export interface DataPlane extends Omit<Core, 'registry'> {
  readonly fleet: FleetView;
  readonly metrics: Metrics;
}

/** All of it in this process; it answers when it resolves. `inherited`: DNS sockets that a supervisor handed over. */
export async function startDataPlane(
  settings: Settings,
  inherited: NonNullable<FleetOptions['inherited']>,
  log: Logger,
  stops: PlaneStops,
): Promise<DataPlane & { readonly fleet: Fleet }> {
  const workers = udpWorkersOf(settings.dns.workers);
  const memory = createTableMemory({ readers: workers + 1, ...settings.table });
  const { shared, counters } = memory;
  useHugePages(shared.arena);
  // Answered as soon as may be: whoever waits, waits for this. Stopped after the API, for the same reason.
  const answering = Promise.withResolvers<Fleet>();
  const answer = async (): Promise<void> => {
    const fleet = await startFleet(settings, { workers, shared, counters, inherited }, log);
    stops.dataPlane.push(() => fleet.stop());
    stops.dataPlane.push(startWatchdog(fleet.own, counters.length, watchdogTask(process.env)));
    answering.resolve(fleet);
  };
  const core = await openCore(settings, () => ({ ...memory, places: 1 }), log, stops, answer);
  const fleet = await answering.promise;
  return { ...core, fleet, metrics: startMetrics(settings, core, fleet, log) };
}

/** What is measured, told of what happens. */
export function startMetrics(
  { metrics: { servicesMax } }: Settings,
  { registry: counters, table, store, engine, seen }: Core,
  fleet: FleetView,
  log: Logger,
  outside: Pick<MetricSources, 'log' | 'refresh' | 'planes'> = { log: standardSink(1) },
): Metrics {
  const steadyMs = (): number => performance.now();
  const health = measuredHealth(store, table.observed, seen);
  const sources = { counters, table, store, fleet, health, ...outside, servicesMax, steadyMs };
  const metrics = new Metrics({ ...sources, version: readVersion() });
  store.measure(steadyMs, (ms) => metrics.written(ms / 1000));
  engine.onChange((changes) => metrics.changed(changes));
  logFaults(log, () => metrics.faulted());
  return metrics;
}
