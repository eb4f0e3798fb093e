/** What a person says of the health of a pool or target, whatever probes see, and for how long. */
import { Problem } from './errors.ts';
import { canonicalAddress, canonicalHost } from './target.ts';

/** What a person decided of a pool, or of one of its targets, until the time is over. */
export interface ForcedHealth {
  readonly pool: string;
  /** Without it: the whole pool. */
  readonly target?: string;
  readonly state: 'up' | 'down';
  /** Unix time, milliseconds. */
  readonly startedAtMs: number;
  readonly seconds: number;
  /** Who decided it. */
  readonly actor: string;
  /** That decided it. */
  readonly revision: number;
}

/** What a user says of it. */
export interface ForcedBody {
  readonly state: 'up' | 'down';
  readonly durationSeconds?: number;
  readonly target?: string;
}

/** Long enough for most repairs; whoever forgets it does not leave a pool out for good. */
export const FORCED_DEFAULT_SECONDS = 3600;
/** 30 days: who wants it longer wants other targets. */
export const FORCED_MAX_SECONDS = 30 * 24 * 3600;

/** The parts of a service that can be forced. */
interface Forceable {
  readonly name: string;
  readonly pools: readonly { readonly name: string; readonly targets: readonly string[] }[];
  readonly forced?: readonly ForcedHealth[];
}

/** The pool, and the target in canonical text, that a user means. */
export function findForced(
  service: Forceable,
  poolName: string,
  text: string | undefined,
): { pool: string; target?: string } | Problem {
  const pool = service.pools.find(({ name }) => name === poolName);
  if (pool === undefined) {
    const names = service.pools.map(({ name }) => name).join(', ');
    const detail = `The service ${service.name} has no pool ${JSON.stringify(poolName)}; its pools are ${names}.`;
    return new Problem('pool_unknown', detail);
  }
  if (text === undefined) return { pool: poolName };
  const target = canonicalAddress(text) ?? canonicalHost(text);
  if (target !== undefined && pool.targets.includes(target)) return { pool: poolName, target };
  const detail = `${JSON.stringify(text)} is no target of the pool ${poolName}: these are ${pool.targets.join(', ')}.`;
  return new Problem('health_invalid', detail, { pointer: '/target' });
}

/** Seconds for which a state is forced. */
export function forcedSeconds({ durationSeconds = FORCED_DEFAULT_SECONDS }: ForcedBody): number | Problem {
  const isFit = Number.isInteger(durationSeconds) && durationSeconds >= 1 && durationSeconds <= FORCED_MAX_SECONDS;
  if (isFit) return durationSeconds;
  const detail = `durationSeconds is a whole number from 1 to ${FORCED_MAX_SECONDS}, not ${durationSeconds}.`;
  return new Problem('health_invalid', detail, { pointer: '/durationSeconds' });
}

/** True where both are of the same pool or target. */
export function isSamePart(
  a: Pick<ForcedHealth, 'pool' | 'target'>,
  b: Pick<ForcedHealth, 'pool' | 'target'>,
): boolean {
  return a.pool === b.pool && a.target === b.target;
}

/** What stays forced where a service gets other pools or targets: what is still there. */
export function keptForced({ forced = [], pools }: Forceable): ForcedHealth[] {
  return forced.filter(({ pool, target }) => {
    const of = pools.find(({ name }) => name === pool);
    return of !== undefined && (target === undefined || of.targets.includes(target));
  });
}
