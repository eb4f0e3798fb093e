/** The drain report of a service: from the workers' counters and what its rows say of answers before the start. */
import { drainMessage, drainOf, isPinned, type PoolAnswers, type PoolDrain } from '../../model/drain.ts';
import { Problem } from '../../model/errors.ts';
import { estimateResolvers, type ResolverEstimate } from '../../model/resolver-estimates.ts';
import { type Pool, type Service, sharesOf, ttlInForce } from '../../model/service.ts';
import type { Store } from '../../store/sqlite.ts';
import type { PoolCount } from '../../table/counters.ts';
import type { Table } from '../../table/table.ts';
import { findService } from '../drafts/services.ts';
import type { Propagation } from './propagation.ts';

interface DrainParts {
  readonly store: Pick<Store, 'service'>;
  readonly table: Pick<Table, 'observed'>;
  /** Unix time, milliseconds, since when this process counts. */
  readonly startedAtMs: number;
  readonly propagation: Pick<Propagation, 'known' | 'check'>;
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
      message: drainMessage(Object.fromEntries(drains), nowMs),
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
    if (!services.every((name) => table.observed.isSettled(name))) return undefined;
    const found = services.flatMap((name) => store.service(name) ?? []);
    const times = found.flatMap((service) => {
      const counts = table.observed.poolCounts(service.name);
      return service.pools.map((pool) => drainOf(answersOf(service, pool, counts), nowMs, true, 0).drainedAtMs ?? 0);
    });
    return Math.max(0, ...times);
  }

  #count(service: Service, nowMs: number, sinceMs: number): { counted: Counted[]; level: number } {
    const { table } = this.#parts;
    // Asked first: what an old answer left in the counters is in them once this is true.
    const settled = table.observed.isSettled(service.name);
    const counts = table.observed.poolCounts(service.name);
    const sightings = table.observed.sightings(service.name);
    const estimates = estimateResolvers(sightings, {
      drainingSince: service.pools.map(({ drainingSinceMs }) => drainingSinceMs && Math.floor(drainingSinceMs / 1000)),
      sinceSeconds: Math.ceil(sinceMs / 1000),
    });
    const counted = service.pools.map((pool, i): Counted => {
      const count = counts[pool.name] ?? never;
      const drain = drainOf(answersOf(service, pool, counts), nowMs, settled, ttlInForce(service));
      return { pool, count, drain, resolvers: estimates[i] };
    });
    return { counted, level: sightings.level };
  }
}

function answersOf(service: Service, pool: Pool, counts: Readonly<Record<string, PoolCount>>): PoolAnswers {
  return { ...(counts[pool.name] ?? never), weight: pool.weight, pinned: isPinned(service, pool.name) };
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
