/** The drain report of a service: from the workers' counters and what its rows say of answers before the start. */
import { drainMessage, drainOf, isPinned, type PoolAnswers, type PoolDrain } from '../../model/drain.ts';
import { Problem } from '../../model/errors.ts';
import { estimateResolvers, type ResolverEstimate } from '../../model/resolver-estimates.ts';
import { type Pool, type Service, sharesOf, ttlInForce } from '../../model/service.ts';
import type { Store } from '../../store/sqlite.ts';
import type { PoolCount } from '../../table/counters.ts';
import type { Table } from '../../table/table.ts';
import { findService } from '../drafts/services.ts';
import type { Lateness } from '../nodes.ts';
import type { Propagation } from './propagation.ts';

interface DrainParts {
  readonly store: Pick<Store, 'service'>;
  readonly table: Pick<Table, 'observed'>;
  /** Unix time, milliseconds, since when this process counts. */
  readonly startedAtMs: number;
  readonly propagation: Pick<Propagation, 'known' | 'check'>;
  /** Of the other nodes of a fleet, which answer too; undefined: there are none. */
  readonly lateness?: () => Lateness | undefined;
}

interface Counted {
  readonly pool: Pool;
  readonly count: PoolCount;
  readonly drain: PoolDrain;
  readonly resolvers: ResolverEstimate;
}

/** What share a pool is to have, and what it has had since: of the answers, and of the resolvers. */
interface PoolShare {
  readonly configured: number;
  readonly answers: number;
  readonly resolvers: number;
}

export interface DrainReport {
  /** Canonical name. */
  readonly service: string;
  /** Unix time, milliseconds: of the report, and since when shares are counted. */
  readonly atMs: number;
  readonly sinceMs: number;
  readonly pools: readonly (Counted & { readonly share: PoolShare })[];
  /** One resolver in 2 to the power of this is counted. */
  readonly level: number;
  readonly propagation: ReturnType<Propagation['known']>;
  /** A sentence for people. */
  readonly message: string;
}

const never: PoolCount = {
  answers: 0,
  lastAtMs: 0,
  lastTtlSeconds: 0,
  expiresAtMs: 0,
  heldUntilMs: 0,
  answersBefore: 0,
};

export class DrainReports {
  readonly #parts: DrainParts;

  constructor(parts: DrainParts) {
    this.#parts = parts;
  }

  /** The report at a moment; `text`: the service's name as typed by a user. */
  report(text: string, nowMs: number): DrainReport | Problem {
    const service = findService(this.#parts.store, text);
    if (service instanceof Problem) return service;
    const sinceMs = Math.max(this.#parts.startedAtMs, service.weightsSinceMs ?? 0);
    const { counted, level } = this.#count(service, nowMs, sinceMs);
    const shares = sharesNow(service, counted);
    const drains = counted.map(
      ({ pool, drain }) =>
        [pool.name, { ...drain, weight: pool.weight, pinned: isPinned(service, pool.name) }] as const,
    );
    return {
      service: service.name,
      atMs: nowMs,
      sinceMs,
      pools: counted.map((each) => ({ ...each, share: shares[each.pool.name] })),
      level,
      propagation: this.#parts.propagation.known(service, nowMs),
      message: drainMessage(Object.fromEntries(drains), nowMs) + this.#lateWords(),
    };
  }

  /** Asks the resolvers now, so that the next report tells what they hold; never rejects. */
  async check(text: string, nowMs: number): Promise<void> {
    const service = findService(this.#parts.store, text);
    if (!(service instanceof Problem)) await this.#parts.propagation.check(service, nowMs);
  }

  /**
   * When every pool without weight of the services is drained; Unix time, milliseconds. 0: there is nothing to wait for;
   * undefined: not known yet, since a worker may still answer by earlier weights.
   */
  drainedAtMs(services: readonly string[], nowMs: number): number | undefined {
    const { store, table } = this.#parts;
    const lateness = this.#parts.lateness?.();
    if (!services.every((name) => table.observed.isSettled(name)) || isAnyLate(lateness)) return undefined;
    const found = services.flatMap((name) => store.service(name) ?? []);
    const times = found.flatMap((service) => {
      const counts = table.observed.poolCounts(service.name);
      return service.pools.map(
        (pool) => drainOf(answersOf(service, pool, counts, lateness), nowMs, true, 0).drainedAtMs ?? 0,
      );
    });
    return Math.max(0, ...times);
  }

  #lateWords(): string {
    const late = this.#parts.lateness?.()?.late ?? [];
    return late.length === 0 ? '' : `; nothing is drained while ${late.join(' and ')} may answer by what was before`;
  }

  #count(service: Service, nowMs: number, sinceMs: number): { counted: Counted[]; level: number } {
    const { table } = this.#parts;
    // Asked first: what an old answer left in the counters is in them once this is true.
    const lateness = this.#parts.lateness?.();
    const settled = table.observed.isSettled(service.name) && !isAnyLate(lateness);
    const counts = table.observed.poolCounts(service.name);
    const sightings = table.observed.sightings(service.name);
    const estimates = estimateResolvers(sightings, {
      drainingSince: service.pools.map(({ drainingSinceMs }) => drainingSinceMs && Math.floor(drainingSinceMs / 1000)),
      sinceSeconds: Math.ceil(sinceMs / 1000),
    });
    const counted = service.pools.map((pool, i): Counted => {
      const count = counts[pool.name] ?? never;
      const drain = drainOf(answersOf(service, pool, counts, lateness), nowMs, settled, ttlInForce(service));
      return { pool, count, drain, resolvers: estimates[i] };
    });
    return { counted, level: sightings.level };
  }
}

const isAnyLate = (lateness: Lateness | undefined): boolean => (lateness?.late.length ?? 0) > 0;

function answersOf(
  service: Service,
  pool: Pool,
  counts: Readonly<Record<string, PoolCount>>,
  lateness: Lateness | undefined,
): PoolAnswers {
  const count = counts[pool.name] ?? never;
  const heldUntilMs =
    lateness === undefined ? count.heldUntilMs : Math.max(count.heldUntilMs, heldByOthers(pool, lateness));
  return { ...count, heldUntilMs, weight: pool.weight, pinned: isPinned(service, pool.name) };
}

/**
 * Until when the answers of other nodes are held, which are not counted here: for as long after the change as its row
 * says, and as long after the last of them took it.
 */
function heldByOthers({ heldUntilMs = 0, drainingSinceMs }: Pool, { lateUntilMs }: Lateness): number {
  if (drainingSinceMs === undefined || lateUntilMs <= drainingSinceMs || heldUntilMs === 0) return heldUntilMs;
  return Math.max(heldUntilMs, lateUntilMs + (heldUntilMs - drainingSinceMs));
}

function sharesNow(service: Service, counted: readonly Counted[]): Record<string, PoolShare> {
  const configured = sharesOf(service);
  const answers = counted.map(({ count }) => count.answers - count.answersBefore);
  const resolvers = counted.map(({ resolvers }) => resolvers.recent);
  const share = (of: readonly number[], i: number): number => {
    const all = of.reduce((sum, each) => sum + each, 0);
    return all === 0 ? 0 : of[i] / all;
  };
  return Object.fromEntries(
    counted.map(({ pool: { name } }, i) => [
      name,
      { configured: configured[name], answers: share(answers, i), resolvers: share(resolvers, i) },
    ]),
  );
}
