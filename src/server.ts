/** `teal serve`: every part is made and wired to the others; in the order in which they start, and the reverse of their stop. */
import type { Settings } from './config.ts';
import type { Logger } from './log.ts';
import { apiOptions } from './server/admin.ts';
import { startDataPlane } from './server/data-plane.ts';
import { startDeciding } from './server/deciding.ts';
import { asStartError } from './server/errors.ts';
import { NamedFiles } from './server/named-files.ts';
import { prepareNode } from './server/node.ts';
import { type PlaneStops, stopAll } from './server/stops.ts';
import { Supervisor, takeInherited } from './server/supervisor.ts';
import { type Endpoint, formatEndpoint } from './sockets/address.ts';
import { udpWorkersOf } from './sockets/fleet.ts';

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
    throw asStartError(error);
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
  const files = new NamedFiles();
  const options = apiOptions(settings, files);

  // Of a fleet: find its log, and fill an empty data directory from it.
  const makeNode = await prepareNode(settings, log, files);

  // Open the store, compile what it holds into the table, and answer.
  const dataPlane = await startDataPlane(settings, inherited.dns, log, stops);
  const { fleet } = dataPlane;

  // Begin to decide, let clients in, and say so.
  const door = { options, files, socket: inherited.admin, makeNode };
  const deciding = await startDeciding(settings, dataPlane, door, log, stops);
  const { admin } = deciding;
  const dns = fleet.endpoints.map(formatEndpoint);
  log.info({ admin, dns, transport: fleet.transport, workers: udpWorkersOf(settings.dns.workers) }, 'ready');
  supervisor.ready(`answering on ${dns.join(', ')}; admin API at ${admin}`);

  // Later: take new settings, or go on with the answers alone.
  const reload = (wanted: Settings): void => supervisor.around(() => deciding.reload(wanted));
  const abandonControl = (): void => {
    deciding.abandon();
    supervisor.failed(`answering on ${dns.join(', ')}; everything else has failed: see the log, and restart`);
  };
  return { dns: fleet.endpoints, admin, reload, abandonControl };
}
