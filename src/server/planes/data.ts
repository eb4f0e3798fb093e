/** The data process: sockets, workers, their replacement; nothing else, so that nothing else can end it. */
import type { Settings } from '../../config.ts';
import { everyMs } from '../../guard.ts';
import { standardSink } from '../../log/sink.ts';
import { type Logger, setLevel } from '../../log.ts';
import type { Fleet } from '../../sockets/fleet.ts';
import { clearMarks } from '../../sockets/marks.ts';
import { sharedPages } from '../../sockets/shared-pages.ts';
import { startWatchdog } from '../../sockets/watchdog.ts';
import { mapTableMemory, type TableMemory, UNLIKE } from '../../table/shared-memory.ts';
import { SettingsError, StartError } from '../errors.ts';
import { giveBackAfterStart } from '../start-memory.ts';
import { startFleet } from '../workers.ts';
import type { DataStart, DataState, FromData, Reread, ToData } from './messages.ts';
import { privateBytes } from './private-memory.ts';

/** How often it tells how it stands; at once, nearly, where workers are missing or back. */
const TELL_MS = 1000;
const LOOK_MS = 100;

export interface PlaneParts {
  readonly settings: Settings;
  readonly log: Logger;
  /** The settings as they are once the file is read again. */
  reread(read: Reread): Promise<Settings>;
}

/** A process of a plane, as the module that it begins with knows it. */
export interface Plane<To> {
  /** Rejects with what its start fails with. */
  hear(message: To): Promise<void>;
  /** Answers, or finishes, what it received. */
  stop(): Promise<void>;
}

export function startData(
  start: DataStart,
  { settings, log, reread }: PlaneParts,
  say: (message: FromData) => void,
): Plane<ToData> {
  let isAsked = false;
  let fleet: Fleet | undefined;
  let memory: TableMemory | undefined;
  const stops: (() => Promise<void>)[] = [];

  const serve = async (): Promise<void> => {
    const unlike = (): void => say({ kind: 'unlike' });
    memory = mapMemory(start.memory, unlike);
    const { place, workers, dns: inherited, cookieSecret } = start;
    const counters = memory.counters.slice(place * (workers + 1), (place + 1) * (workers + 1));
    const state = { workers, shared: memory.shared, counters, inherited, place, unlike };
    const dns = { ...settings.dns, cookies: withSecret(settings, cookieSecret) };
    fleet = await startFleet({ ...settings, dns }, state, log);
    const running = fleet;
    stops.push(() => running.stop());
    if (start.watchdog !== undefined) stops.push(startWatchdog(running.own, counters.length, start.watchdog));
    const stopGiving = giveBackAfterStart();
    stops.push(async () => stopGiving());
    say({ kind: 'ready', state: stateOf(running) });
    tellOf(running, say);
  };

  const takeLevel = async (read: Reread): Promise<void> => {
    try {
      setLevel(log, (await reread(read)).log.level);
    } catch (error) {
      // This version may know less of them than the one that read them. Nothing that is answered hangs on it.
      if (!(error instanceof SettingsError)) throw error;
      log.error(`settings not reloaded: ${error.message}`);
    }
  };

  return {
    async hear(message) {
      if (message.kind === 'serve' && !isAsked) {
        isAsked = true;
        await serve();
      }
      if (message.kind === 'tell' && fleet !== undefined) say({ kind: 'state', state: stateOf(fleet) });
      if (message.kind === 'alone' && memory !== undefined) {
        clearMarks(memory.shared.control, message.place);
        say({ kind: 'cleared' });
      }
      if (message.kind === 'reload') await takeLevel(message);
    },
    async stop() {
      for (const stop of stops.splice(0).reverse()) await stop();
    },
  };
}

function mapMemory(fd: number, unlike: () => void): TableMemory {
  const pages = sharedPages();
  const memory = pages === undefined ? 'it takes Linux and the koffi package' : mapTableMemory(fd, pages);
  if (memory === UNLIKE) unlike();
  if (typeof memory === 'string') throw new StartError(`the memory of the table cannot be used: ${memory}`);
  return memory;
}

/** Clients keep their cookies when another process takes over. */
function withSecret({ dns: { cookies } }: Settings, secret: string): Settings['dns']['cookies'] {
  return cookies.secrets.length > 0 ? cookies : { ...cookies, secrets: [secret] };
}

function stateOf(fleet: Fleet): DataState {
  const { endpoints, transport, missing, alive, replacements } = fleet;
  const { dropped, failure } = standardSink(1);
  const sockets = fleet.socketStates();
  const told = { endpoints, transport, missing, alive, replacements, sockets, privateBytes: privateBytes() };
  return { ...told, log: { dropped, failure } };
}

function tellOf(fleet: Fleet, say: (message: FromData) => void): void {
  const urgent = (): string => JSON.stringify([fleet.missing, fleet.replacements]);
  let told = urgent();
  let looks = 0;
  everyMs('what a data process tells', LOOK_MS, () => {
    const now = urgent();
    if (now === told && ++looks < TELL_MS / LOOK_MS) return;
    looks = 0;
    told = now;
    say({ kind: 'state', state: stateOf(fleet) });
  });
}
