/** The drain report of a service: from the workers' counters and what its rows say of answers before the start. */
import { drainMessage, drainOf, type PoolDrain } from '../../model/drain.ts';
import { Problem } from '../../model/errors.ts';
import { type Pool, type Service, sharesOf, ttlInForce } from '../../model/service.ts';
import type { Store } from '../../store/sqlite.ts';
import type { PoolCount } from '../../table/counters.ts';
import type { Table } from '../../table/table.ts';
import { shown } from '../draft.ts';
import { findService } from '../services.ts';

export interface DrainParts {
  readonly store: Pick<Store, 'service'>;
  readonly table: Pick<Table, 'poolCounts' | 'isSettled'>;
  /** Unix time, milliseconds, since when this process counts. */
  readonly startedAtMs: number;
}

interface Counted {
  readonly pool: Pool;
  readonly count: PoolCount;
  readonly drain: PoolDrain;
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

  /** The report at a moment, as the API shows it; `text`: the service's name as typed by a user. */
  report(text: string, nowMs: number): object | Problem {
    const service = findService(this.#parts.store, text);
    if (service instanceof Problem) return service;
    const counted = this.#count(service, nowMs);
    const sinceMs = Math.max(this.#parts.startedAtMs, service.weightsSinceMs ?? 0);
    const shares = { configured: sharesOf(service), answers: answerShares(counted) };
    const drains = counted.map(({ pool, drain }) => [pool.name, { ...drain, weight: pool.weight }] as const);
    return {
      service: shown(service.name),
      at: timeOf(nowMs),
      since: timeOf(sinceMs),
      pools: Object.fromEntries(counted.map((each) => [each.pool.name, poolReply(each, shares)])),
      message: drainMessage(Object.fromEntries(drains), nowMs),
    };
  }

  #count(service: Service, nowMs: number): Counted[] {
    const { table } = this.#parts;
    // Asked first: what an old answer left in the counters is in them once this is true.
    const settled = table.isSettled(service.name);
    const counts = table.poolCounts(service.name);
    return service.pools.map((pool) => {
      const count = counts[pool.name] ?? never;
      const drain = drainOf({ ...count, weight: pool.weight }, nowMs, settled, ttlInForce(service));
      return { pool, count, drain };
    });
  }
}

/** Each pool's share of the answers since the weights are what they are. */
function answerShares(counted: readonly Counted[]): Record<string, number> {
  const since = counted.map(({ count }) => count.answers - count.answersBefore);
  const all = since.reduce((sum, answers) => sum + answers, 0);
  return Object.fromEntries(
    counted.map(({ pool }, i) => [pool.name, all === 0 ? 0 : (since[i] as number) / all] as const),
  );
}

function poolReply(
  { pool, count, drain }: Counted,
  shares: { configured: Readonly<Record<string, number>>; answers: Readonly<Record<string, number>> },
): object {
  const { answers, lastAtMs, lastTtlSeconds } = count;
  const { drainedAtMs, drained, assumed } = drain;
  return {
    weight: pool.weight,
    answers,
    lastAnswerAt: lastAtMs === 0 ? null : timeOf(lastAtMs),
    lastTtlSeconds: lastAtMs === 0 ? null : lastTtlSeconds,
    drainedAt: drainedAtMs === null ? null : timeOf(drainedAtMs),
    drained,
    assumed,
    share: { configured: shares.configured[pool.name], answers: shares.answers[pool.name] },
  };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
