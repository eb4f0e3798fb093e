/** The control process: the store, the engine, the API, all that decides; it may end at any moment, and comes back. */
import type { Settings } from '../../config.ts';
import { everyMs } from '../../guard.ts';
import type { Logger } from '../../log.ts';
import { sharedPages } from '../../sockets/shared-pages.ts';
import { DirectoryInUse } from '../../store/error.ts';
import { PLACES } from '../../table/layout.ts';
import { formatTableMemory, mapTableMemory, type SharedPages, type TableMemory } from '../../table/shared-memory.ts';
import { apiOptions } from '../admin.ts';
import { openCore } from '../core.ts';
import { SettingsError, StartError } from '../errors.ts';
import { NamedFiles } from '../named-files.ts';
import { prepareNode } from '../node.ts';
import type { Answering, CoreMemory } from '../open-table.ts';
import { type PlaneStops, stopAll } from '../stops.ts';
import type { Plane, PlaneParts } from './data.ts';
import type { ControlStart, FromControl, ToControl, Which } from './messages.ts';
import { patiently } from './patiently.ts';
import { RemoteFleet } from './remote-fleet.ts';

/** It shows that it lives so often. */
const BEAT_MS = 1000;

export function startControl(
  start: ControlStart,
  { settings, log, reread }: PlaneParts,
  say: (message: FromControl) => void,
): Plane<ToControl> & { readonly started: Promise<void> } {
  const stops: PlaneStops = { dataPlane: [], controlPlane: [] };
  const fleet = new RemoteFleet(start.workers + 1, say);
  const answering = Promise.withResolvers<void>();
  const reloading = Promise.withResolvers<(settings: Settings) => void>();

  const run = async (): Promise<void> => {
    // Whoever comes back does so by what was in force, whatever has become of files meanwhile.
    const files = new NamedFiles(start.kept, (kept) => say({ kind: 'kept', kept }));
    const options = apiOptions(settings, files);
    const beating = everyMs('the sign of life', BEAT_MS, () => say({ kind: 'beat' }));
    stops.dataPlane.push(() => clearInterval(beating));
    const memory = new ChosenMemory(start, settings, log);
    const makeNode = await patiently(() => prepareNode(settings, log, files), DirectoryInUse);
    let tellFirst: (() => void) | undefined;
    const loaded: Answering = ({ fd }, isFirst) => {
      const tell = (): void => say({ kind: 'loaded', which: memory.which(fd) });
      // In the other memory it is no first start for those who answer: they may still have what was here before.
      if (isFirst && memory.which(fd) === 'memory') tellFirst = tell;
      else tell();
    };
    const open = () => openCore(settings, () => memory.choose(), log, stops, loaded);
    const core = await patiently(open, DirectoryInUse);
    // Else a change could be acknowledged while some are answered from another memory. There is no other at a first
    // start: nobody counts on its answers, and a script that waits for one wants to change something next.
    if (tellFirst === undefined) await answering.promise;
    // Loaded only now: what decides is two thirds of the code, and those who answer need the processor before.
    const { startMetrics } = await import('../data-plane.ts');
    const { startDeciding } = await import('../deciding.ts');
    const outside = { log: fleet.log, refresh: () => fleet.refresh(), planes: () => fleet.planes };
    const metrics = startMetrics(settings, core, fleet, log, outside);
    const door = { options, files, socket: start.admin, makeNode };
    const deciding = await startDeciding(settings, { ...core, fleet, metrics }, door, log, stops);
    reloading.resolve((wanted) => deciding.reload(wanted));
    tellFirst?.();
    say({ kind: 'ready', admin: deciding.admin });
  };

  return {
    started: run(),
    async hear(message) {
      if (message.kind === 'answering') answering.resolve();
      if (message.kind === 'state') fleet.hear(message.state);
      if (message.kind !== 'reload') return;
      // It may come in the middle of the start, which goes by the settings before.
      const reload = await reloading.promise;
      const isInForce = await taken(async () => reload(await reread(message)), log);
      say({ kind: 'reloaded', nth: message.nth, isInForce });
    },
    async stop() {
      fleet.stop();
      await stopAll(stops.controlPlane);
      await stopAll(stops.dataPlane);
    },
  };
}

/** Whether settings could be put into force; the log says why not. */
async function taken(reload: () => Promise<void>, log: Logger): Promise<boolean> {
  try {
    await reload();
    return true;
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    log.error(`settings not reloaded: ${error.message}`);
    return false;
  }
}

/** Where the table is to be: in the memory that is answered from, or in an empty one. */
class ChosenMemory {
  readonly #start: ControlStart;
  readonly #settings: Settings;
  readonly #log: Logger;

  constructor(start: ControlStart, settings: Settings, log: Logger) {
    this.#start = start;
    this.#settings = settings;
    this.#log = log;
  }

  which(fd: number | undefined): Which {
    return fd === this.#start.spare ? 'spare' : 'memory';
  }

  choose(): CoreMemory {
    const pages = sharedPages();
    if (pages === undefined) throw new StartError('memory cannot be shared here; say dns.planes: one');
    const { memory, spare } = this.#start;
    const found = mapTableMemory(memory, pages);
    if (typeof found !== 'string') return { ...found, places: PLACES, anew: () => this.#format(spare, pages) };
    if (found === 'empty') return { ...this.#format(memory, pages), places: PLACES };
    this.#log.warn({ reason: found }, 'the table in memory is of no use; it is built anew');
    return { ...this.#format(spare, pages), places: PLACES };
  }

  #format(fd: number, pages: SharedPages): TableMemory {
    const readers = PLACES * (this.#start.workers + 1);
    const made = formatTableMemory(fd, { readers, maxBytes: this.#settings.table.maxBytes }, pages);
    if (typeof made === 'string') throw new StartError(`memory for the table cannot be had: ${made}`);
    return made;
  }
}
