/**
 * Zones that are left out of the table for want of room come back when there is some: each is built aside from the store, as
 * it is now, and answered from then on. Nothing of it is in the log, since nothing is changed by it.
 */
import { inBackground } from '../../guard.ts';
import type { ZoneSigning } from '../../model/dnssec/signing.ts';
import { Problem } from '../../model/errors.ts';
import { zoneOf } from '../../model/fleet/left-out.ts';
import type { ModelChange } from '../../model/revision.ts';
import type { Zone } from '../../model/zone.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import type { CaughtUp, StagedIndex } from '../../table/changes.ts';
import type { Table } from '../../table/table.ts';
import type { Clock } from '../clock.ts';
import type { Engine } from '../engine.ts';
import type { Lines } from '../lines.ts';

/** How often it is looked whether there is room. */
const LOOK_MS = 1000;
/** To build a million names takes a core some seconds: what had no room is tried again later and later. */
const AGAIN_MS = 2000;
const AGAIN_MAX_MS = 300_000;
/** So much has to have become free since, or a try would come to the same. */
const FREED_MIN_BYTES = 4096;
/** What was used at a try that nobody knows of, or of a zone that has changed since and may need less by now. */
const UNKNOWN = Number.POSITIVE_INFINITY;

interface ReturningParts {
  readonly store: Pick<Store, 'zone' | 'signing'>;
  readonly table: Pick<Table, 'content' | 'memory' | 'isAdopted'>;
  readonly engine: Pick<Engine, 'onChange' | 'resign'>;
  /** Builds zones in a thread. */
  readonly files: {
    rebuild(
      zone: string,
      signing: ZoneSigning | undefined,
    ): Promise<{ readonly zone: Zone; readonly index: CaughtUp['staged'] } | undefined | Problem>;
    discard(index: StagedIndex): void;
  };
  readonly clock: Pick<Clock, 'after' | 'steadyMs'>;
  readonly log: Pick<Lines, 'info' | 'warn' | 'error'>;
}

/** A zone that had no room when it was tried last, or was another one by the time it was built. */
interface Tried {
  /** Bytes of the table. */
  readonly usedBytes: number;
  readonly waitMs: number;
  readonly againAtMs: number;
}

export class Returning {
  readonly #parts: ReturningParts;
  readonly #tried = new Map<string, Tried>();
  /** The zone that is being built, and whether it has changed since that began. */
  #building: { readonly zone: string; isStale: boolean } | undefined;
  #isStopped = false;
  #cancel = (): void => {};

  constructor(parts: ReturningParts) {
    this.#parts = parts;
    parts.engine.onChange((changes) => {
      for (const change of changes) this.#note(change);
    });
  }

  /** What had no room when this process loaded the table has none now. What one before it left out may have been about to come back. */
  start(): void {
    const { table, clock } = this.#parts;
    const usedBytes = table.isAdopted ? UNKNOWN : table.memory.usedBytes;
    for (const zone of table.content.leftOut())
      this.#tried.set(zone, this.#failed(undefined, clock.steadyMs(), usedBytes));
    this.#again();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  #again(): void {
    if (this.#isStopped) return;
    this.#cancel = this.#parts.clock.after(LOOK_MS, () =>
      inBackground(
        'the return of zones that are left out',
        this.look().finally(() => this.#again()),
      ),
    );
  }

  /**
   * Tries those for which there may be room now, up to the first that has none: while it is built it takes what room there is
   * from all others, which are to have a turn before the next.
   */
  async look(): Promise<void> {
    const leftOut = this.#parts.table.content.leftOut();
    for (const zone of this.#tried.keys()) if (!leftOut.has(zone)) this.#tried.delete(zone);
    for (const zone of [...leftOut]) {
      if (this.#isStopped) return;
      const tried = this.#tried.get(zone);
      if (tried === undefined) this.#tell(zone);
      if (this.#isWorthATry(tried) && !(await this.#try(zone))) return;
    }
  }

  /** Of those that had no room at the start, that tells. */
  #tell(zone: string): void {
    this.#parts.log.error(
      { zone: shown(zone), code: 'table_full', ...this.#parts.table.memory },
      'the table has no room for what others brought into the zone: until there is, queries for it are answered with SERVFAIL; raise table.maxBytes, and restart',
    );
  }

  #isWorthATry(tried: Tried | undefined): boolean {
    if (tried === undefined) return true;
    const { table, clock } = this.#parts;
    const hasRoom = table.memory.usedBytes + FREED_MIN_BYTES <= tried.usedBytes;
    return hasRoom && clock.steadyMs() >= tried.againAtMs;
  }

  /** Whether it is left out no longer. */
  async #try(zone: string): Promise<boolean> {
    const { log, clock, files } = this.#parts;
    const usedBytes = this.#parts.table.memory.usedBytes;
    const building = { zone, isStale: false };
    this.#building = building;
    const built = await files.rebuild(zone, this.#parts.store.signing(zone));
    this.#building = undefined;
    if (built === undefined) return true;
    const problem = built instanceof Problem ? built : this.#bringIn(zone, built.index, building.isStale);
    if (problem === undefined) {
      this.#tried.delete(zone);
      log.info({ zone: shown(zone) }, 'the zone has room in the table again, and is answered');
      return true;
    }
    if (!(built instanceof Problem)) files.discard(built.index);
    const before = this.#tried.get(zone);
    this.#tried.set(zone, this.#failed(before, clock.steadyMs(), building.isStale ? UNKNOWN : usedBytes));
    if (problem !== 'stale' && problem.code !== 'table_full')
      log.warn({ zone: shown(zone), code: problem.code }, `the zone is left out still: ${problem.detail}`);
    return false;
  }

  /** In the turn in which it is known that the zone is what was built. */
  #bringIn(zone: string, staged: CaughtUp['staged'], isStale: boolean): Problem | 'stale' | undefined {
    const { store, engine, table } = this.#parts;
    const now = store.zone(zone);
    if (isStale || now === undefined || !table.content.leftOut().has(zone)) return 'stale';
    return engine.resign({ op: 'importZone', zone: now, staged });
  }

  #failed(before: Tried | undefined, nowMs: number, usedBytes: number): Tried {
    const waitMs = Math.min(before === undefined ? AGAIN_MS : 2 * before.waitMs, AGAIN_MAX_MS);
    return { usedBytes, waitMs, againAtMs: nowMs + waitMs };
  }

  /** What becomes of its services is followed by whoever builds it. */
  #note(change: ModelChange): void {
    if (change.op === 'putService' || change.op === 'deleteService') return;
    const zone = change.op === 'deleteZone' ? change.zone : zoneOf(change);
    if (zone === undefined) return;
    if (zone === this.#building?.zone) this.#building.isStale = true;
    const tried = this.#tried.get(zone);
    if (tried !== undefined) this.#tried.set(zone, { ...tried, usedBytes: UNKNOWN });
  }
}
