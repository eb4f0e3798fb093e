/**
 * The table at a start: one that lives is gone on with, else one is brought back from its copy on the disk, else the rows
 * of the store are read. Whatever is in doubt is built anew, and one line says why.
 */
import { randomFillSync, randomInt } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../config.ts';
import { Engine } from '../control/engine.ts';
import { foreign } from '../control/log/catch-up.ts';
import { inForce, type SeenHealth } from '../control/observed/health.ts';
import type { Logger } from '../log.ts';
import { shown } from '../shown.ts';
import type { Store } from '../store/sqlite.ts';
import { CounterRegistry } from '../table/counters.ts';
import { KEY_WORDS } from '../table/layout.ts';
import type { ZoneSigners } from '../table/rrset-signer.ts';
import { clearTableMemory, type TableMemory } from '../table/shared-memory.ts';
import { Table } from '../table/table.ts';
import { TYPE } from '../wire/constants.ts';
import { openTokens } from './admin.ts';
import { mustSeed, seedCommands } from './bootstrap.ts';
import { logChanges } from './change-log.ts';
import { mustWork, StartError } from './errors.ts';
import { IMAGE_FILE } from './image/format.ts';
import { readImage } from './image/read.ts';
import { readVersion } from './version.ts';

/** Where the table lies, or is to lie. */
export interface CoreMemory extends TableMemory {
  /** Data processes that may count at once; their counters stand one after the other. */
  readonly places: number;
  /** Empty memory, in place of one that was found and is of no use; undefined: this one is empty itself. */
  readonly anew?: () => TableMemory;
}

export interface OpenedTable {
  readonly table: Table;
  readonly registry: CounterRegistry;
  readonly engine: Engine;
  readonly memory: TableMemory;
  /** The revision of the copy that it came from. */
  readonly copied: number | undefined;
}

/**
 * Is told of the memory as soon as that may be answered from; the writer may not be ready by then. `isFirst`: the data
 * directory is new, so that nobody counts on its answers yet.
 */
export type Answering = (memory: TableMemory, isFirst: boolean) => Promise<void> | void;

interface Ground {
  readonly settings: Settings;
  readonly store: Store;
  readonly seen: SeenHealth;
  readonly signers: ZoneSigners;
  readonly places: number;
  readonly log: Logger;
  readonly answering: Answering;
}

export async function openTable(ground: Ground, found: CoreMemory): Promise<OpenedTable> {
  const { log } = ground;
  // Threads are given the memory that is opened here, and no function can be given to one.
  const { anew, ...memory } = found;
  let empty: TableMemory = memory;
  if (anew !== undefined) {
    const startedAt = performance.now();
    const living = goOn(ground, memory);
    if (typeof living !== 'string') {
      tell(ground, living, 'table taken over', startedAt);
      await ground.answering(memory, false);
      return living;
    }
    log.warn({ reason: living }, 'the table in memory is of no use; it is built anew');
    empty = anew();
  }
  return (await restore(ground, empty)) ?? load(ground, empty);
}

/** From its copy on the disk; undefined: there is none that is of use. */
async function restore(ground: Ground, memory: TableMemory): Promise<OpenedTable | undefined> {
  const { log, store, settings } = ground;
  const startedAt = performance.now();
  const file = join(settings.dataDir, IMAGE_FILE);
  const refused = (reason: string): undefined => {
    log.warn({ file, reason }, 'the copy of the table is of no use; all rows are read');
    try {
      fs.rmSync(file);
    } catch {
      // It is refused again, until the next copy takes its place.
    }
  };
  const held = readImage(file, readVersion(), memory);
  if (held === undefined) return undefined;
  const why = typeof held === 'string' ? held : foreign(store, held);
  if (typeof held === 'string' || why !== undefined) {
    clearTableMemory(memory);
    return refused(String(why));
  }
  const isNow = held.revision === store.lastRevision;
  // What its writer knew takes a while to be found; nobody has to wait for that.
  if (isNow) await ground.answering(memory, false);
  const opened = goOn(ground, memory, Date.now());
  if (typeof opened !== 'string') {
    tell(ground, opened, 'table restored from its copy', startedAt);
    if (!isNow) await ground.answering(memory, false);
    return { ...opened, copied: held.revision };
  }
  refused(opened);
  // It is answered from: only the next start can do without it.
  if (isNow) throw new Error(`the copy of the table is in doubt: ${opened}`);
  clearTableMemory(memory);
  return undefined;
}

/** From the rows of the store. */
async function load(ground: Ground, memory: TableMemory): Promise<OpenedTable> {
  const { places, log, store, settings } = ground;
  // Of a fleet, the token comes from its log.
  const isFirst = store.isUnused && settings.fleet === undefined;
  const registry = registryOf(memory, places);
  const table = new Table(memory.shared, registry, randomFillSync(new Int32Array(KEY_WORDS)));
  const engine = engineOf(ground, table);
  const startedAt = performance.now();
  const problem = engine.load(Date.now(), (why) => tellLeftOut(ground, table, why.detail));
  // The refusal of the start says it, and nothing else does.
  mustWork(problem);
  seed(ground, engine);
  engine.tellLoaded();
  // Whoever has waited for the first answer ever goes on with the token at once.
  if (isFirst) await openTokens(engine, store, settings, log);
  const ms = Math.round(performance.now() - startedAt);
  log.info({ revision: store.lastRevision, ms, ...table.memory }, 'table loaded');
  await ground.answering(memory, isFirst);
  return { table, registry, engine, memory, copied: undefined };
}

/** With the table that lies there; or why not. `uncountedUntilMs`: see Engine.goOn. */
function goOn(ground: Ground, memory: TableMemory, uncountedUntilMs?: number): OpenedTable | string {
  const { places, store, seen } = ground;
  const registry = registryOf(memory, places);
  const table = Table.adopt(memory.shared, registry);
  if (typeof table === 'string') return table;
  mustNotBeLost(ground, table);
  for (const answered of table.content.services()) {
    if (answered.health === undefined) continue;
    const service = store.service(answered.name);
    if (service !== undefined) seen.seeAnswered(service, answered);
  }
  const engine = engineOf(ground, table);
  const leftOut = table.content.leftOut();
  if (leftOut.size > 0) tellLeftOut(ground, table, 'the table has no room for some zones');
  for (const signing of store.allSignings()) {
    if (leftOut.has(signing.zone)) continue;
    const has = (type: number): boolean => table.content.hasRRset(signing.zone, signing.zone, type);
    ground.signers.adopt(signing, has(TYPE.DNSKEY), has(TYPE.NSEC3PARAM));
  }
  const why = engine.goOn(uncountedUntilMs);
  if (why !== undefined) return why;
  seed(ground, engine);
  return { table, registry, engine, memory, copied: undefined };
}

/**
 * A table that is answered from, and a store in which nothing ever was: the data directory went away under a server that
 * runs, with its disk, say. What a new one would be answered with is an outage; as it is, only changes have to wait.
 */
function mustNotBeLost({ settings, store }: Ground, { held }: Table): void {
  if (held === undefined || held.revision === 0 || !store.isUnused || settings.startEmpty) return;
  throw new StartError(
    `${settings.dataDir} is empty, and what is answered from memory is of revision ${held.revision}: put the directory back, or restore a backup (teal restore); or stop the server, whose next start begins anew`,
  );
}

function registryOf({ counters, notes }: TableMemory, places: number): CounterRegistry {
  return new CounterRegistry(counters, randomInt(2 ** 32), places, notes);
}

function engineOf({ store, seen, signers, log }: Ground, table: Table): Engine {
  table.signWith(signers);
  const engine = new Engine(store, table, (service) => inForce(service, seen));
  logChanges(engine, log.child({ part: 'changes' }));
  return engine;
}

function seed({ settings }: Ground, engine: Engine): void {
  mustSeed(engine.seed(seedCommands(settings.bootstrap), { actor: 'bootstrap', atMs: Date.now() }));
}

/** Zones that a line of the log names; the rest is counted. */
const NAMED_MAX = 20;

function tellLeftOut({ log }: Ground, { content }: Table, why: string): void {
  const leftOut = content.leftOut();
  const zones = [...leftOut].slice(0, NAMED_MAX).map(shown);
  log.error(
    { code: 'table_full', zones, count: leftOut.size },
    `${why}. Until something is free, or a restart with more, queries for what is left out are answered with SERVFAIL`,
  );
}

function tell({ log }: Ground, { table }: OpenedTable, what: string, startedAt: number): void {
  const ms = Math.round(performance.now() - startedAt);
  log.info({ revision: table.held?.revision, ms, ...table.memory }, what);
}
