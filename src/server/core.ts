/** What keeps: the store, the table that is compiled of it, and the engine between them. */
import { randomInt } from 'node:crypto';
import type { Settings } from '../config.ts';
import { Engine } from '../control/engine.ts';
import { inForce, SeenHealth } from '../control/observed/health.ts';
import { afterMs, tellFault } from '../guard.ts';
import type { Logger } from '../log.ts';
import { openStore, type Store } from '../store/sqlite.ts';
import { CounterRegistry } from '../table/counters.ts';
import type { SharedTable } from '../table/memory.ts';
import { Table } from '../table/table.ts';
import { mustSeed, seedCommands } from './bootstrap.ts';
import { logChanges } from './change-log.ts';
import { mustLoad, mustWork, StartError } from './errors.ts';
import type { PlaneStops } from './stops.ts';
import { watchStore } from './store-watch.ts';
import { systemClock } from './system-clock.ts';

export interface Core {
  readonly store: Store;
  readonly table: Table;
  readonly registry: CounterRegistry;
  readonly seen: SeenHealth;
  readonly engine: Engine;
}

/** Where the table lies. */
export interface CoreMemory {
  readonly shared: SharedTable;
  /** Those of each data process that may count at once, one after the other. */
  readonly counters: readonly SharedArrayBuffer[];
  readonly places: number;
  /** What is noted of pools beside them; undefined: in a memory of this process. */
  readonly notes?: SharedArrayBuffer;
}

const WHAT_COLLECTS = 'the collection of free memory';
/** How often blocks that workers have left are looked for when no change does it. */
const COLLECT_MS = 1000;
/** And how often while a dropped zone is being given back: leaves most of the time to others. */
const COLLECT_SOON_MS = 10;

/** When it returns the table holds what the store holds. */
export function openCore(settings: Settings, makeMemory: () => CoreMemory, log: Logger, stops: PlaneStops): Core {
  const { contentRevisions: revisions, contentMaxBytes: maxBytes } = settings.history;
  const store = openStore(settings.dataDir, {
    startEmpty: settings.startEmpty,
    retention: { revisions, maxBytes },
  });
  stops.dataPlane.push(() => store.close());
  if (store.fleet !== undefined && settings.fleet === undefined) {
    throw new StartError(
      `${settings.dataDir} holds the log of the fleet ${store.fleet.name}, and the settings have no section fleet: changes made here alone would be lost. teal fleet leave makes it one node again`,
    );
  }
  const { shared, counters, places, notes } = makeMemory();
  const registry = new CounterRegistry(counters, randomInt(2 ** 32), places, notes);
  const table = new Table(shared, registry);
  const seen = new SeenHealth(systemClock);
  const engine = mustLoad(settings.dataDir, () => loadEngine(store, table, seen, settings, log));
  stops.controlPlane.push(collectInTurns(table));
  stops.controlPlane.push(watchStore(store, engine, log.child({ part: 'store' })));
  return { store, table, registry, seen, engine };
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
