/** How far a pool is let go of, as lines. Pure: the time is passed in. */
import type { Drain, DrainPool } from '../../contract/types.ts';
import { holdingLines } from './holding.ts';
import { type PoolLine, poolLines } from './pools.ts';
import type { Style } from './style.ts';
import { columns, duration, printable, wrap } from './text.ts';

/** More would not fit beside the rest. */
const NETWORKS_SHOWN = 2;

/** The pools of a service with what was really answered, and when each is drained. */
export function drainLines(name: string, drain: Drain, style: Style, nowMs: number, width: number): string[] {
  const observed = observedShares(drain);
  const pools = Object.entries(drain.pools).map(
    ([pool, one]): PoolLine => ({
      pool,
      weight: one.weight,
      share: one.share.configured,
      observed: observed?.[pool] ?? 'none',
      note: drainNote(one, nowMs),
    }),
  );
  return [
    style.bold(name),
    ...poolLines(pools, style).map((line) => `  ${line}`),
    ...resolverLines(drain).map((line) => `  ${line}`),
    ...(drain.message === '' ? [] : wrap(printable(drain.message), width, '  ')),
    ...fleetLines(drain, nowMs, width - 2).map((line) => `  ${line}`),
    ...propagationLines(drain).map((line) => `  ${line}`),
  ];
}

function drainNote(pool: DrainPool, nowMs: number): string {
  if (pool.weight > 0) return '';
  if (pool.drained) return 'drained';
  if (pool.drainedAt === null) return 'not drained';
  return `drained in ${duration((Date.parse(pool.drainedAt) - nowMs) / 1000)}`;
}

/** Who was sent to the pools, where anybody was. */
function resolverLines({ pools }: Drain): string[] {
  const rows = Object.entries(pools).flatMap(([pool, { resolvers, lateQueries, topNetworks }]) => {
    if (resolvers.distinct === 0) return [];
    const about =
      resolvers.errorPercent > 0 ? `some ${resolvers.distinct.toLocaleString('en')}` : String(resolvers.distinct);
    const networks = topNetworks.slice(0, NETWORKS_SHOWN).map(({ network, answers }) => `${network} (${answers})`);
    return [
      [pool, about, String(resolvers.notBack), lateQueries === null ? '-' : String(lateQueries), networks.join(' ')],
    ];
  });
  return rows.length === 0
    ? []
    : columns([['POOL', 'RESOLVERS', 'NOT BACK', 'LATE', 'MOST ANSWERS TO'], ...rows], [1, 2, 3]);
}

/** What the other nodes of a fleet said, and who has not. */
function fleetLines({ fleet }: Drain, nowMs: number, width: number): string[] {
  if (fleet === undefined || fleet.nodes.length + fleet.waitingFor.length === 0) return [];
  const silent = fleet.waitingFor.filter((name) => !fleet.nodes.some(({ node }) => node === name));
  const rows = fleet.nodes.map(({ node, toldAt, answers }) => [
    node,
    `${duration(Math.max(0, (nowMs - Date.parse(toldAt)) / 1000))} ago`,
    Object.entries(answers)
      .map(([pool, count]) => `${printable(pool)} ${count.toLocaleString('en')}`)
      .join(', '),
    fleet.waitingFor.includes(node) ? 'waited for' : '',
  ]);
  return columns([
    ['NODE', 'TOLD', 'ANSWERED', ''],
    ...rows,
    ...silent.map((node) => [node, 'not yet', '', 'waited for']),
  ]).concat(fleet.holding.flatMap((holding) => holdingLines(holding, nowMs, width)));
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

/** Each pool's share of the answers since its weights are in force; undefined where there were none. */
export function observedShares({ pools }: Drain): Record<string, number> | undefined {
  const shares = Object.entries(pools).map(([pool, { share }]) => [pool, share.answers] as const);
  return shares.every(([, share]) => share === 0) ? undefined : Object.fromEntries(shares);
}

/** Pools without weight that resolvers may still hold. */
export function undrained({ pools }: Drain): string[] {
  return Object.keys(pools).filter((pool) => pools[pool]?.weight === 0 && !pools[pool].drained);
}
