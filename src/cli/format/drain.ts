/** How far a pool is let go of, as lines. Pure: the time is passed in. */
import type { Drain, DrainPool } from '../api-types.ts';
import { poolLines } from './pools.ts';
import type { Style } from './style.ts';
import { columns, duration, printable } from './text.ts';

/** The pools of a service with what was really answered, and when each is drained. */
export function drainLines(name: string, drain: Drain, style: Style, nowMs: number): string[] {
  const pools = Object.entries(drain.pools).map(([pool, one]) => ({
    pool,
    weight: one.weight,
    share: one.share.configured,
    observed: one.share.answers ?? undefined,
    note: drainNote(one, nowMs),
  }));
  return [
    style.bold(name),
    ...poolLines(pools, style).map((line) => `  ${line}`),
    ...(drain.message === '' ? [] : [`  ${printable(drain.message)}`]),
    ...propagationLines(drain).map((line) => `  ${line}`),
  ];
}

function drainNote(pool: DrainPool, nowMs: number): string {
  if (pool.weight > 0) return '';
  if (pool.drained) return 'drained';
  if (pool.drainedAt === null) return 'not drained';
  return `drained in ${duration((Date.parse(pool.drainedAt) - nowMs) / 1000)}`;
}

function propagationLines({ propagation = [] }: Drain): string[] {
  const rows = propagation.map(({ resolver, pool, answers, ttlSeconds, error }) => [
    resolver,
    error === undefined ? (pool ?? 'another answer') : printable(error),
    printable(answers.join(' ')),
    ttlSeconds === null ? '' : `${ttlSeconds} s`,
  ]);
  return rows.length === 0 ? [] : columns([['RESOLVER', 'POOL', 'ANSWERS', 'TTL'], ...rows], [3]);
}

/** Pools without weight that resolvers may still hold. */
export function undrained({ pools }: Drain): string[] {
  return Object.keys(pools).filter((pool) => pools[pool]?.weight === 0 && !pools[pool].drained);
}
