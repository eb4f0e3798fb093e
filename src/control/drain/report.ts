/** The drain report of a service: from the workers' counters and what its rows say of answers before the start. */
import { drainMessage, drainOf, givenUpUntil, isPinned, type PoolAnswers, type PoolDrain } from '../../model/drain.ts';
import { Problem } from '../../model/errors.ts';
import { mergeCounts, type ServiceCounts } from '../../model/fleet/counts.ts';
import { type Held, heldBy, type NodeSign } from '../../model/fleet/holding.ts';
import { estimateResolvers, type ResolverEstimate } from '../../model/resolver-estimates.ts';
import { type Pool, type Service, sharesOf, ttlInForce } from '../../model/service.ts';
import type { Store } from '../../store/sqlite.ts';
import type { PoolCount } from '../../table/counters.ts';
import type { Table } from '../../table/table.ts';
import { findService } from '../drafts/services.ts';
import type { FleetCounts, Lateness, OthersCounts } from '../nodes.ts';
import { type Answered, answeredBy } from './answered.ts';
import type { Propagation } from './propagation.ts';
import { ownCounts } from './shared-counts.ts';
import { type UnknownRecords, unknownRecordsOf, unknownWords } from './unknown-records.ts';

interface DrainParts {
  readonly store: Pick<Store, 'service' | 'lastRevision' | 'revisionBefore' | 'madeAfter' | 'recordsTaken'>;
  readonly table: Pick<Table, 'observed'>;
  /** Unix time, milliseconds, since when this process counts. */
  readonly startedAtMs: number;
  readonly propagation: Pick<Propagation, 'known' | 'check'>;
  /** Looks whether the wall clock was set, before it is gone by. */
  readonly lookAtClock?: () => void;
  /** Of the other nodes of a fleet, which answer too; undefined: there are none. */
  readonly lateness?: () => Lateness | undefined;
  /** By how much the clock here is ahead of most of the fleet's, milliseconds. */
  readonly aheadMs?: () => number;
  /** What those have counted; undefined: there are none. */
  readonly others?: () => FleetCounts | undefined;
  /** This node's name in its fleet; undefined: the settings have none. */
  readonly node?: string | undefined;
  /** What is known of one of those. */
  readonly sign?: (node: string) => NodeSign | undefined;
}

/** What all nodes counted of a service. */
interface All {
  readonly counts: ServiceCounts;
  /** No node can still answer by earlier weights, and each has told what it answered. */
  readonly isSettled: boolean;
  readonly lateness: Lateness | undefined;
  readonly aheadMs: number;
  readonly others: OthersCounts | undefined;
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
  /** What the other nodes of a fleet said; undefined: there are none. */
  readonly others: OthersCounts | undefined;
  /** Nodes because of which nothing is drained. */
  readonly held: readonly Held[];
  /** Records that led to targets perhaps, and are not counted in; undefined: there are none, or no pool drains. */
  readonly unknown: UnknownRecords | undefined;
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

  /** By how much what a service's row says is to be read later than it says, milliseconds. */
  get aheadMs(): number {
    return this.#parts.aheadMs?.() ?? 0;
  }

  /** The report at a moment; `text`: the service's name as typed by a user. */
  report(text: string, nowMs: number): DrainReport | Problem {
    const service = findService(this.#parts.store, text);
    if (service instanceof Problem) return service;
    const sinceMs = Math.max(this.#parts.startedAtMs, service.weightsSinceMs ?? 0);
    const all = this.#all(service);
    const { counted, level } = this.#count(service, all, nowMs, sinceMs);
    const shares = sharesNow(service, counted);
    const held = this.#held(all, nowMs);
    const isDraining = service.pools.some(({ weight }) => weight === 0);
    const unknown = isDraining ? unknownRecordsOf(this.#parts.store, service.name, nowMs) : undefined;
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
      others: all.others,
      held,
      unknown,
      message:
        drainMessage(Object.fromEntries(drains), nowMs) + whyNot(all) + endsOf(held) + unknownWords(unknown, nowMs),
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
    const found = services.flatMap((name) => this.#parts.store.service(name) ?? []);
    const all = found.map((service) => ({ service, all: this.#all(service) }));
    if (!all.every(({ all }) => all.isSettled)) return undefined;
    const times = all.flatMap(({ service, all }) =>
      service.pools.map((pool) => drainOf(answersOf(service, pool, all), nowMs, true, 0).drainedAtMs ?? 0),
    );
    return Math.max(0, ...times);
  }

  /** In a fleet, asks the other nodes, so that the next report tells what they counted; never rejects. */
  async gather(text: string): Promise<void> {
    const service = findService(this.#parts.store, text);
    if (!(service instanceof Problem)) await this.#parts.others?.()?.gather(service.name, service.revision);
  }

  /** What was answered since the weights are in force; `text`: the service's name as typed by a user. */
  answered(text: string): Answered | Problem {
    const service = findService(this.#parts.store, text);
    if (service instanceof Problem) return service;
    const { node, store, table, others, startedAtMs } = this.#parts;
    const own = { node, revision: store.lastRevision, counts: ownCounts(service, table.observed) };
    const sinceMs = Math.max(startedAtMs, service.weightsSinceMs ?? 0);
    return answeredBy(own, others?.()?.about(service.name, service.revision), sinceMs);
  }

  #all(service: Service): All {
    this.#parts.lookAtClock?.();
    const lateness = this.#parts.lateness?.();
    const others = this.#parts.others?.()?.about(service.name, service.revision);
    const own = ownCounts(service, this.#parts.table.observed);
    const told = others?.told.map(({ counts }) => counts) ?? [];
    const counts = told.length === 0 ? own : mergeCounts(own.order, [own, ...told]);
    const isSettled = own.isSettled && !isAnyLate(lateness) && (others?.missing.length ?? 0) === 0;
    return { counts, isSettled, lateness, aheadMs: this.aheadMs, others };
  }

  #held({ lateness, others }: All, nowMs: number): Held[] {
    const nodes = new Set([...(lateness?.late ?? []), ...(others?.missing ?? [])]);
    const held = [...nodes].sort().flatMap((node) => {
      const sign = this.#parts.sign?.(node);
      return sign === undefined ? [] : [heldBy(node, sign, others?.missingSince?.get(node), nowMs)];
    });
    // Who is stale itself does not know how the others stand.
    const own = held.find(({ why }) => why === 'stale');
    return own === undefined ? held : [own];
  }

  #count(service: Service, all: All, nowMs: number, sinceMs: number): { counted: Counted[]; level: number } {
    const { counts, isSettled } = all;
    const estimates = estimateResolvers(counts.sightings, {
      drainingSince: service.pools.map(({ drainingSinceMs }) => drainingSinceMs && Math.floor(drainingSinceMs / 1000)),
      sinceSeconds: Math.ceil(sinceMs / 1000),
    });
    const counted = service.pools.map((pool, i): Counted => {
      const count = counts.pools[pool.name] ?? never;
      const drain = drainOf(answersOf(service, pool, all), nowMs, isSettled, ttlInForce(service));
      return { pool, count, drain, resolvers: estimates[i] };
    });
    return { counted, level: counts.sightings.level };
  }
}

/** Why nothing is drained in a fleet, where that is so. */
function whyNot({ lateness, others }: All): string {
  const late = lateness?.late ?? [];
  const missing = (others?.missing ?? []).filter((node) => !late.includes(node));
  const words = [
    ...(late.length === 0 ? [] : [`while ${late.join(' and ')} may answer by what was before`]),
    ...(missing.length === 0 ? [] : [`until ${missing.join(' and ')} told what was answered there`]),
  ];
  return words.length === 0 ? '' : `; nothing is drained ${words.join(', and ')}`;
}

/** What ends it for nodes that may never come back. */
function endsOf(held: readonly Held[]): string {
  const silent = held.filter(({ why }) => why === 'silent').map(({ command }) => command);
  return silent.length === 0 ? '' : ` (if it does not come back: ${silent.join('; ')})`;
}

const isAnyLate = (lateness: Lateness | undefined): boolean => (lateness?.late.length ?? 0) > 0;

function answersOf(service: Service, pool: Pool, { counts, lateness, aheadMs, others }: All): PoolAnswers {
  const count = counts.pools[pool.name] ?? never;
  const isAssumed = lateness !== undefined && !isAllCounted(pool, lateness, others);
  const uncountedMs = isAssumed ? heldByOthers(pool, lateness) : 0;
  // By the clock of the node that wrote it, and most are behind the one here.
  const writtenMs = Math.max(uncountedMs, givenUpUntil(service, pool));
  const heldUntilMs = Math.max(count.heldUntilMs, writtenMs === 0 ? 0 : writtenMs + aheadMs);
  return { ...count, heldUntilMs, weight: pool.weight, pinned: isPinned(service, pool.name) };
}

/**
 * Whether what others answered since the pool began to drain is counted: all have told, none has left meanwhile, and none
 * was so late that a restart may have lost what it answered.
 */
function isAllCounted(
  { drainingSinceMs = 0 }: Pool,
  { lateUntilMs }: Lateness,
  others: OthersCounts | undefined,
): boolean {
  if (others === undefined || others.missing.length > 0) return false;
  return Math.max(lateUntilMs, others.leftAtMs) <= drainingSinceMs;
}

/**
 * Until when the answers of other nodes are held, which are not counted: for as long after the change as its row
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
