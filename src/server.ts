/** `teal serve`: every part is made and wired to the others; in the order in which they start, and the reverse of their stop. */
import { createApp } from './api/app.ts';
import type { Settings } from './config.ts';
import { ZoneFiles } from './control/zone-files/zone-files.ts';
import type { Logger } from './log.ts';
import { StoreUnavailable } from './model/errors.ts';
import { apiOptions, closeDoor, listenAdmin, openTokens } from './server/admin.ts';
import { startAnswering } from './server/answering.ts';
import { makeChanging } from './server/changing.ts';
import { StartError } from './server/errors.ts';
import { Reloader } from './server/reload.ts';
import { abandonAll, type Stops, stopAll } from './server/stops.ts';
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
  const stops = { answering: [], control: [] };
  const supervisor = new Supervisor(log);
  const stop = async (): Promise<void> => {
    supervisor.stopping();
    await stopAll(stops.control);
    await stopAll(stops.answering);
  };
  try {
    return { ...(await startParts(settings, log, stops, supervisor)), stop };
  } catch (error) {
    await stop();
    const isTold = error instanceof StoreError || error instanceof StoreUnavailable || error instanceof ListenError;
    if (isTold) throw new StartError(error.message, { cause: error });
    throw error;
  }
}

/** First who keeps and answers, then who changes, then who lets people in. */
async function startParts(
  settings: Settings,
  log: Logger,
  stops: { readonly answering: Stops; readonly control: Stops },
  supervisor: Supervisor,
): Promise<Omit<Server, 'stop'>> {
  const inherited = takeInherited();
  const options = apiOptions(settings);
  const answering = await startAnswering(settings, inherited.dns, log, stops);
  const { store, table, engine, fleet, metrics } = answering;

  const zoneFiles = new ZoneFiles(store, table, engine, systemClock);
  stops.control.push(() => zoneFiles.stop());
  const tokens = openTokens(engine, store, settings, log);
  const { outbound, told, running } = makeChanging(answering, settings, log);
  const parts = { engine, zoneFiles, tokens, metrics, ...told };
  const app = createApp({ ...parts, log: log.child({ part: 'api' }), now: Date.now, options });
  stops.control.push(() => app.close());
  // The first step that is due may come at once, so everybody who answers is there by now.
  for (const part of running) {
    part.start();
    stops.control.push(() => part.stop());
  }

  const admin = await listenAdmin(app, settings.admin, inherited.admin);
  const dns = fleet.endpoints.map(formatEndpoint);
  log.info({ admin, dns, transport: fleet.transport, workers: udpWorkersOf(settings.dns.workers) }, 'ready');
  supervisor.ready(`answering on ${dns.join(', ')}; admin API at ${admin}`);
  const reloader = new Reloader(settings, { app, outbound, log });
  const reload = (wanted: Settings): void => supervisor.around(() => reloader.reload(wanted));
  const abandonControl = (): void => {
    engine.halt();
    closeDoor(app);
    abandonAll(stops.control);
    supervisor.failed(`answering on ${dns.join(', ')}; everything else has failed: see the log, and restart`);
  };
  return { dns: fleet.endpoints, admin, reload, abandonControl };
}
