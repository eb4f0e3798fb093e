/** The data plane: the store, the table, the engine between them, the workers, and what is measured of them. */
import { randomInt } from 'node:crypto';
import type { Settings } from '../config.ts';
import { Engine } from '../control/engine.ts';
import { inForce, SeenHealth } from '../control/observed/health.ts';
import { afterMs, tellFault } from '../guard.ts';
import { standardSink } from '../log/sink.ts';
import type { Logger } from '../log.ts';
import { type MetricSources, Metrics } from '../metrics/metrics.ts';
import { Fleet, type FleetOptions, udpWorkersOf } from '../sockets/fleet.ts';
import { useHugePages } from '../sockets/huge-pages.ts';
import { withoutMissingLoopback } from '../sockets/loopback.ts';
import { startWatchdog } from '../sockets/watchdog.ts';
import { openStore, type Store } from '../store/sqlite.ts';
import { CounterRegistry, createCounterMemory } from '../table/counters.ts';
import { createSharedTable } from '../table/memory.ts';
import { Table } from '../table/table.ts';
import { mustSeed, seedCommands } from './bootstrap.ts';
import { logChanges } from './change-log.ts';
import { mustLoad, mustWork } from './errors.ts';
import { logFaults } from './faults.ts';
import { measuredHealth } from './measured-health.ts';
import type { PlaneStops } from './stops.ts';
import { watchStore } from './store-watch.ts';
import { systemClock } from './system-clock.ts';
import { readVersion } from './version.ts';
import { rateLimitOptions, responderOptions } from './worker-options.ts';

export interface DataPlane {
  readonly store: Store;
  readonly table: Table;
  readonly seen: SeenHealth;
  readonly engine: Engine;
  readonly fleet: Fleet;
  readonly metrics: Metrics;
}

const WHAT_COLLECTS = 'the collection of free memory';
/** How often blocks that workers have left are looked for when no change does it. */
const COLLECT_MS = 1000;
/** And how often while a dropped zone is being given back: leaves most of the time to others. */
const COLLECT_SOON_MS = 10;

/** Answers when it resolves. `inherited`: DNS sockets that a supervisor handed over. */
export async function startDataPlane(
  settings: Settings,
  inherited: NonNullable<FleetOptions['inherited']>,
  log: Logger,
  stops: PlaneStops,
): Promise<DataPlane> {
  const { contentRevisions: revisions, contentMaxBytes: maxBytes } = settings.history;
  const store = openStore(settings.dataDir, {
    startEmpty: settings.startEmpty,
    retention: { revisions, maxBytes },
  });
  stops.dataPlane.push(() => store.close());

  const workers = udpWorkersOf(settings.dns.workers);
  const counters = Array.from({ length: workers + 1 }, createCounterMemory);
  const shared = createSharedTable(settings.table.initialBytes, settings.table.maxBytes);
  useHugePages(shared.arena);
  const registry = new CounterRegistry(counters, randomInt(2 ** 32));
  const table = new Table(shared, registry);
  const seen = new SeenHealth(systemClock);
  const engine = mustLoad(settings.dataDir, () => loadEngine(store, table, seen, settings, log));
  stops.controlPlane.push(collectInTurns(table));
  stops.controlPlane.push(watchStore(store, engine, log.child({ part: 'store' })));

  // Answered as soon as may be: whoever waits, waits for this. Stopped after the API, for the same reason.
  const fleet = await startFleet(settings.dns, { workers, shared, counters, inherited }, log);
  stops.dataPlane.push(() => fleet.stop());
  stops.dataPlane.push(startWatchdog(fleet.own, counters.length, process.env));
  const sources = { counters: registry, table, store, fleet, health: measuredHealth(store, table.observed, seen) };
  const metrics = startMetrics(settings, sources, engine);
  logFaults(log, () => metrics.faulted());
  return { store, table, seen, engine, fleet, metrics };
}

/** The engine, with what the store holds in the table; an empty store is seeded. */
function loadEngine(store: Store, table: Table, seen: SeenHealth, { bootstrap }: Settings, log: Logger): Engine {
  const engine = new Engine(store, table, (service) => inForce(service, seen));
  logChanges(engine, log.child({ part: 'changes' }));
  const startedAt = performance.now();
  mustWork(engine.load(Date.now()));
  mustSeed(engine.seed(seedCommands(bootstrap), { actor: 'bootstrap', atMs: Date.now() }));
  const ms = Math.round(performance.now() - startedAt);
  log.info({ revision: store.lastRevision, ms, ...table.memory }, 'table loaded');
  return engine;
}

/** What is measured, told of what happens. */
function startMetrics(
  { metrics: { servicesMax } }: Settings,
  sources: Pick<MetricSources, 'counters' | 'table' | 'fleet' | 'health'> & { readonly store: Store },
  engine: Engine,
): Metrics {
  const steadyMs = (): number => performance.now();
  const metrics = new Metrics({ ...sources, log: standardSink(1), version: readVersion(), servicesMax, steadyMs });
  sources.store.measure(steadyMs, (ms) => metrics.written(ms / 1000));
  engine.onChange((changes) => metrics.changed(changes));
  return metrics;
}

/** Frees what workers have left, now and then; returns how to stop that. */
function collectInTurns(table: Table): () => void {
  let collecting: NodeJS.Timeout;
  const collect = (): void => {
    let more = false;
    try {
      more = table.collect();
    } catch (fault) {
      tellFault(fault, WHAT_COLLECTS);
    }
    collecting = afterMs(WHAT_COLLECTS, more ? COLLECT_SOON_MS : COLLECT_MS, collect);
  };
  collect();
  return () => clearTimeout(collecting);
}

function startFleet(
  dns: Settings['dns'],
  state: Pick<FleetOptions, 'workers' | 'shared' | 'counters' | 'inherited'>,
  log: Logger,
): Promise<Fleet> {
  const { transport, receiveBufferBytes } = dns;
  const listen = withoutMissingLoopback(dns.listen);
  if (listen !== dns.listen && state.inherited?.length === 0)
    log.warn('this machine has no ::1, so DNS does not listen there');
  const rateLimit = rateLimitOptions(dns);
  return Fleet.start({
    ...state,
    listen,
    transport,
    receiveBufferBytes,
    responder: responderOptions(dns, rateLimit),
    tcp: { ...rateLimit, ...dns.tcp },
    log: log.child({ part: 'dns' }),
  });
}
