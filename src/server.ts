/** `teal serve`: every part is made here and wired to the others, in the order in which a change travels. */
import { randomFillSync, randomInt } from 'node:crypto';
import { createApp } from './api/app.ts';
import type { Settings } from './config.ts';
import { Propagation } from './control/drain/propagation.ts';
import { DrainReports } from './control/drain/report.ts';
import { SampleGate } from './control/drain/samples.ts';
import { Engine } from './control/engine.ts';
import { EventLog } from './control/events/log.ts';
import { Explain } from './control/explain.ts';
import { HealthMonitor } from './control/health/monitor.ts';
import { makeProbe } from './control/health/probe.ts';
import { inForce, SeenHealth } from './control/health/seen.ts';
import { Outbound } from './control/outbound/outbound.ts';
import { Queries } from './control/queries.ts';
import { makeGate } from './control/releases/gates.ts';
import { ReleaseRunner } from './control/releases/runner.ts';
import { WebhookDispatcher } from './control/webhooks/dispatcher.ts';
import { ZoneFiles } from './control/zone-files/zone-files.ts';
import type { Logger } from './log.ts';
import { type MetricSources, Metrics } from './metrics/metrics.ts';
import { Explainer } from './responder/explainer.ts';
import { apiOptions, listenAdmin, openTokens } from './server/admin.ts';
import { mustSeed, seedCommands } from './server/bootstrap.ts';
import { systemClock } from './server/clock.ts';
import { mustWork, StartError } from './server/errors.ts';
import { networksOf, rateLimitOptions, responderOptions } from './server/options.ts';
import { Reloader } from './server/reload.ts';
import { Supervisor, takeInherited } from './server/supervisor.ts';
import { targetsOf } from './server/targets.ts';
import { readVersion } from './server/version.ts';
import { type Endpoint, formatEndpoint } from './sockets/address.ts';
import { Fleet, type FleetOptions, udpWorkersOf } from './sockets/fleet.ts';
import { useHugePages } from './sockets/huge-pages.ts';
import { withoutMissingLoopback } from './sockets/loopback.ts';
import { ListenError } from './sockets/open.ts';
import { openStore, type Store, StoreError } from './store/sqlite.ts';
import { CounterRegistry, createCounterMemory } from './table/counters.ts';
import { createSharedTable } from './table/memory.ts';
import { Xoshiro128 } from './table/pick.ts';
import { Table } from './table/table.ts';

export { SettingsError, StartError } from './server/errors.ts';

export interface Server {
  /** Where DNS is answered, with the ports in use. */
  readonly dns: readonly Endpoint[];
  /** Base URL of the admin API. */
  readonly admin: string;
  /**
   * Puts into force what can be without a restart, and logs what cannot. Throws SettingsError, with nothing changed,
   * where a file that they name is wrong.
   */
  reload(settings: Settings): void;
  /** Stops accepting, answers what was received, closes the store. */
  stop(): Promise<void>;
}

/** How often blocks that workers have left are looked for when no change does it. */
const COLLECT_MS = 1000;
/** And how often while a dropped zone is being given back: leaves most of the time to others. */
const COLLECT_SOON_MS = 10;

/** Starts everything; resolves when queries are answered and the API listens. Throws StartError, with nothing left open. */
export async function startServer(settings: Settings, log: Logger): Promise<Server> {
  const stops: (() => void | Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    // The last that was started stops first.
    for (let last = stops.pop(); last !== undefined; last = stops.pop()) await last();
  };
  try {
    return { ...(await startParts(settings, log, stops)), stop };
  } catch (error) {
    await stop();
    if (error instanceof StoreError || error instanceof ListenError) throw new StartError(error.message);
    throw error;
  }
}

/** First who keeps and answers, then who changes: the store, the table, the workers, the API, and what changes by itself. */
async function startParts(
  settings: Settings,
  log: Logger,
  stops: (() => void | Promise<void>)[],
): Promise<Omit<Server, 'stop'>> {
  const inherited = takeInherited();
  const options = apiOptions(settings);
  const store = openStore(settings.dataDir);
  stops.push(() => store.close());

  const workers = udpWorkersOf(settings.dns.workers);
  const counters = Array.from({ length: workers + 1 }, createCounterMemory);
  const shared = createSharedTable(settings.table.initialBytes, settings.table.maxBytes);
  useHugePages(shared.arena);
  const registry = new CounterRegistry(counters, randomInt(2 ** 32));
  const table = new Table(shared, registry);
  const seen = new SeenHealth(systemClock);
  const engine = loadEngine(store, table, seen, settings, log);
  stops.push(collectInTurns(table));

  // Answered as soon as may be: whoever waits, waits for this. Stopped after the API, for the same reason.
  const fleet = await startFleet(settings.dns, { workers, shared, counters, inherited: inherited.dns }, log);
  stops.push(() => fleet.stop());
  const metrics = startMetrics(
    settings,
    { counters: registry, table, store, fleet, healthOf: targetsOf(store, seen) },
    engine,
  );

  const zoneFiles = new ZoneFiles(store, table, engine);
  stops.push(() => zoneFiles.stop());
  const tokens = openTokens(engine, store, settings, log);
  const { allow, deny } = settings.probes;
  const outbound = new Outbound({ allow: networksOf(allow), deny: networksOf(deny) });
  const watched = { engine, store, seen, probe: makeProbe(outbound), clock: systemClock, random: Math.random };
  const health = new HealthMonitor({ ...watched, log: log.child({ part: 'health' }) });
  const samples = new SampleGate({ store, table, clock: systemClock });
  const gate = makeGate({ outbound, health: { store, view: seen, monitor: health }, samples });
  const propagation = new Propagation(settings.propagation.resolvers);
  const drain = new DrainReports({ store, table, propagation, startedAtMs: Date.now() });
  const moved = { engine, store, gate, drain, clock: systemClock };
  const releases = new ReleaseRunner({ ...moved, log: log.child({ part: 'releases' }) });
  const queries = new Queries(store, { analysisOf: (id) => releases.progressOf(id), health: seen });
  const answerer = new Explainer(shared, new Xoshiro128(randomFillSync(new Uint32Array(4))));
  const explain = new Explain({ store, table, health: seen, answerer });
  // A name for this process that no earlier one had.
  const events = new EventLog(store, engine, Date.now().toString(36));
  health.onHealth((event) => events.addHealth(event, Date.now()));
  const sending = { store, events, outbound, clock: systemClock, random: Math.random };
  const webhooks = new WebhookDispatcher({ ...sending, log: log.child({ part: 'webhooks' }) });
  const app = createApp({
    engine,
    queries,
    zoneFiles,
    drain,
    explain,
    tokens,
    events,
    webhooks,
    metrics,
    log: log.child({ part: 'api' }),
    now: Date.now,
    options,
  });
  stops.push(() => app.close());

  health.start();
  stops.push(() => health.stop());
  // The first step that is due may come at once, so everybody who answers is there by now.
  releases.start();
  stops.push(() => releases.stop());

  webhooks.start();
  stops.push(() => webhooks.stop());

  const admin = await listenAdmin(app, settings.admin, inherited.admin);
  const dns = fleet.endpoints.map(formatEndpoint);
  log.info({ admin, dns, transport: fleet.transport, workers }, 'ready');
  const supervisor = new Supervisor(log);
  supervisor.ready(`answering on ${dns.join(', ')}; admin API at ${admin}`);
  stops.push(() => supervisor.stopping());
  const reloader = new Reloader(settings, { app, outbound, log });
  const reload = (wanted: Settings): void => supervisor.around(() => reloader.reload(wanted));
  return { dns: fleet.endpoints, admin, reload };
}

/** The engine, with what the store holds in the table; an empty store is seeded. */
function loadEngine(store: Store, table: Table, seen: SeenHealth, { bootstrap }: Settings, log: Logger): Engine {
  const engine = new Engine(store, table, (service) => inForce(service, seen));
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
  sources: Pick<MetricSources, 'counters' | 'table' | 'fleet' | 'healthOf'> & { readonly store: Store },
  engine: Engine,
): Metrics {
  const steadyMs = (): number => performance.now();
  const metrics = new Metrics({ ...sources, version: readVersion(), servicesMax, steadyMs });
  sources.store.measure(steadyMs, (ms) => metrics.written(ms / 1000));
  engine.onChange((changes) => metrics.changed(changes));
  return metrics;
}

/** Frees what workers have left, now and then; returns how to stop that. */
function collectInTurns(table: Table): () => void {
  let collecting: NodeJS.Timeout;
  const collect = (): void => {
    const more = table.collect();
    collecting = setTimeout(collect, more ? COLLECT_SOON_MS : COLLECT_MS);
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
