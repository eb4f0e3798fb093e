/** `teal serve`: every part is made and wired to the others; in the order in which they start, and the reverse of their stop. */
import { APIS, createApp } from './api/app.ts';
import { openDoors } from './api/doors.ts';
import type { Settings } from './config.ts';
import type { Logger } from './log.ts';
import { StoreUnavailable } from './model/errors.ts';
import { apiOptions, closeDoor, listenAdmin, openTokens } from './server/admin.ts';
import { makeControlPlane } from './server/control-plane.ts';
import { startDataPlane } from './server/data-plane.ts';
import { StartError } from './server/errors.ts';
import { Reloader } from './server/reload.ts';
import { abandonAll, type PlaneStops, stopAll } from './server/stops.ts';
import { Supervisor, takeInherited } from './server/supervisor.ts';
import { systemClock } from './server/system-clock.ts';
import { type Endpoint, formatEndpoint } from './sockets/address.ts';
import { udpWorkersOf } from './sockets/fleet.ts';
import { ListenError } from './sockets/open.ts';
import { StoreError } from './store/error.ts';

export { SettingsError, StartError } from './server/errors.ts';

interface Server {
  /** Where DNS is answered, with the ports in use. */
  readonly dns: readonly Endpoint[];
  /** Base URL of the admin API. */
  readonly admin: string;
  /**
   * Puts into force what can be without a restart, and logs what cannot. Throws SettingsError, with nothing changed,
   * where a file that they name is wrong.
   */
  reload(settings: Settings): void;
  /**
   * Ends everything but the answers, at once and in whatever state it is: the API, releases, probes, webhooks. To be
   * called after a fault, when nobody knows what they would do. Workers answer on, unchanged, and are still replaced
   * where they die, until `stop`.
   */
  abandonControl(): void;
  /** Stops accepting, answers what was received, closes the store. */
  stop(): Promise<void>;
}

/** Starts everything; resolves when queries are answered and the API listens. Throws StartError, with nothing left open. */
export async function startServer(settings: Settings, log: Logger): Promise<Server> {
  const stops: PlaneStops = { dataPlane: [], controlPlane: [] };
  const supervisor = new Supervisor(log);
  const stop = async (): Promise<void> => {
    supervisor.stopping();
    await stopAll(stops.controlPlane);
    await stopAll(stops.dataPlane);
  };
  try {
    return { ...(await startParts(settings, log, stops, supervisor)), stop };
  } catch (error) {
    await stop();
    const isForOperators =
      error instanceof StoreError || error instanceof StoreUnavailable || error instanceof ListenError;
    if (isForOperators) throw new StartError(error.message, { cause: error });
    throw error;
  }
}

async function startParts(
  settings: Settings,
  log: Logger,
  stops: PlaneStops,
  supervisor: Supervisor,
): Promise<Omit<Server, 'stop'>> {
  // Take the sockets that a supervisor kept open, and look at what the settings name, before anything is made.
  const inherited = takeInherited();
  const options = apiOptions(settings);

  // Open the store, compile what it holds into the table, and answer.
  const dataPlane = await startDataPlane(settings, inherited.dns, log, stops);
  const { store, engine, fleet, metrics } = dataPlane;

  // Make what decides: health, releases, webhooks, and what tells of them.
  const { outbound, forApi, zoneFiles, runners } = makeControlPlane(dataPlane, settings, log);
  stops.controlPlane.push(() => zoneFiles.stop());

  // Make the API, and the first token.
  const tokens = await openTokens(engine, store, settings, log);
  const forAll = { engine, tokens, metrics, ...forApi, options };
  const doors = await openDoors(settings.doors);
  const app = createApp({ ...forAll, log: log.child({ part: 'api' }), now: systemClock.wallMs }, [...APIS, ...doors]);
  stops.controlPlane.push(() => app.close());

  // Begin to probe, to step releases and to send. A step may be due at once, so all that it asks is there by now.
  for (const runner of runners) {
    runner.start();
    stops.controlPlane.push(() => runner.stop());
  }

  // Let clients in, and say so.
  const admin = await listenAdmin(app, settings.admin, inherited.admin);
  const dns = fleet.endpoints.map(formatEndpoint);
  log.info({ admin, dns, transport: fleet.transport, workers: udpWorkersOf(settings.dns.workers) }, 'ready');
  supervisor.ready(`answering on ${dns.join(', ')}; admin API at ${admin}`);

  // Later: take new settings, or go on with the answers alone.
  const reloader = new Reloader(settings, { app, outbound, log });
  const reload = (wanted: Settings): void => supervisor.around(() => reloader.reload(wanted));
  const abandonControl = (): void => {
    engine.halt();
    closeDoor(app);
    abandonAll(stops.controlPlane);
    supervisor.failed(`answering on ${dns.join(', ')}; everything else has failed: see the log, and restart`);
  };
  return { dns: fleet.endpoints, admin, reload, abandonControl };
}
