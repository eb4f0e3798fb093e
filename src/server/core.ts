/** What keeps: the store, the table that is compiled of it, and the engine between them. */
import { join } from 'node:path';
import type { Settings } from '../config.ts';
import type { Keyring } from '../control/dnssec/keyring.ts';
import type { Signers } from '../control/dnssec/signers.ts';
import { SeenHealth } from '../control/observed/health.ts';
import { afterMs, everyMs, tellFault } from '../guard.ts';
import type { Logger } from '../log.ts';
import type { ZoneSigning } from '../model/dnssec/signing.ts';
import { FreedMemory } from '../sockets/freed-memory.ts';
import { hugePagesOf } from '../sockets/huge-pages.ts';
import { openStore, type Store } from '../store/sqlite.ts';
import type { TableMemory } from '../table/shared-memory.ts';
import type { Table } from '../table/table.ts';
import { mustLoad, SettingsError } from './errors.ts';
import { IMAGE_FILE } from './image/format.ts';
import { ImageKeeper } from './image/keeper.ts';
import { type Answering, type CoreMemory, type OpenedTable, openTable } from './open-table.ts';
import { openSigners } from './signing.ts';
import { giveBackAfterStart } from './start-memory.ts';
import type { PlaneStops } from './stops.ts';
import { watchStore } from './store-watch.ts';
import { systemClock } from './system-clock.ts';
import { readVersion } from './version.ts';
import { openKeyring } from './wrapping-key.ts';

export interface Core extends OpenedTable {
  readonly store: Store;
  readonly seen: SeenHealth;
  /** Keys of signed zones. */
  readonly keyring: Keyring;
  /** Whether every record of a zone is answered as its signing says. */
  readonly isSigned: (signing: ZoneSigning) => boolean;
  readonly signers: Signers;
}

/** Some milliseconds of each second, until all is done: a million names take 8 s. */
const HUGE_PAGES_MS = 200;
const HUGE_PAGES_AT_ONCE = 2;
/** An import grows the table in each of these. */
const FREED_MEMORY_MS = 5000;
const WHAT_COLLECTS = 'the collection of free memory';
/** How often blocks that workers have left are looked for when no change does it. */
const COLLECT_MS = 1000;
/** And how often while a dropped zone is being given back: leaves most of the time to others. */
const COLLECT_SOON_MS = 10;

/** When it resolves the table holds what the store holds. `answering`: called once; its failure is that of the start. */
export async function openCore(
  settings: Settings,
  makeMemory: () => CoreMemory,
  log: Logger,
  stops: PlaneStops,
  answering: Answering,
): Promise<Core> {
  const { contentRevisions: revisions, contentMaxBytes: maxBytes } = settings.history;
  const store = openStore(settings.dataDir, {
    startEmpty: settings.startEmpty,
    retention: { revisions, maxBytes },
  });
  stops.dataPlane.push(() => store.close());
  if (store.fleet !== undefined && settings.fleet === undefined) {
    throw new SettingsError(
      `${settings.dataDir} holds the log of the fleet ${store.fleet.name}, and the settings have no section fleet: changes made here alone would be lost. teal fleet leave makes it one node again`,
    );
  }
  let image: ImageKeeper | undefined;
  // After those who answer, and count.
  stops.dataPlane.push(() => image?.stop());
  const memory = makeMemory();
  const seen = new SeenHealth(systemClock);
  const keyring = openKeyring(settings, process.env, log);
  let failed: { readonly error: unknown } | undefined;
  const told: Answering = async (where, isFirst) => {
    try {
      await answering(where, isFirst);
    } catch (error) {
      failed = { error };
    }
  };
  const signers = openSigners(keyring, settings.dataDir, log.child({ part: 'signing' }), stops, store);
  const ground = { settings, store, seen, signers, places: memory.places, log, answering: told };
  const opened = await mustLoad(settings.dataDir, () => openTable(ground, memory));
  if (failed !== undefined) throw (failed as { error: unknown }).error;
  signers.ground.isLenient = false;
  const { table, engine } = opened;
  const task = { memory: opened.memory, file: join(settings.dataDir, IMAGE_FILE), build: readVersion() };
  image = new ImageKeeper(task, opened, log.child({ part: 'table' }));
  stops.controlPlane.push(collectInTurns(table));
  stops.controlPlane.push(giveBackMemory(table), giveBackAfterStart());
  if (opened.memory.shared.isMapped) stops.controlPlane.push(makeHugePages(table, opened.memory.shared));
  stops.controlPlane.push(watchStore(store, engine, log.child({ part: 'store' })));
  return { store, seen, keyring, signers, isSigned: (signing) => signers.isInForce(signing), ...opened };
}

/** Memory that is shared has small pages when it is filled; returns how to stop making them large. */
function makeHugePages(table: Table, shared: TableMemory['shared']): () => void {
  const pages = hugePagesOf(shared);
  const making = everyMs('large pages for the table', HUGE_PAGES_MS, () => {
    pages?.make(table.memory.sizeBytes, HUGE_PAGES_AT_ONCE);
  });
  making.unref();
  return () => clearInterval(making);
}

/** Gives back what a large import needed besides; returns how to stop looking for it. */
function giveBackMemory(table: Table): () => void {
  const freed = new FreedMemory(table.memory.usedBytes);
  const looking = everyMs('memory to give back', FREED_MEMORY_MS, () => freed.look(table.memory.usedBytes));
  looking.unref();
  return () => clearInterval(looking);
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
