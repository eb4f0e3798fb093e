/** Drain reports as they are shown. */
import type * as contract from '../../../contract/types.ts';
import type { DrainReport } from '../../../control/drain/report.ts';
import { shown } from '../../../shown.ts';
import { IPV4_BYTES, IPV6_BYTES } from '../../../wire/address.ts';
import { formatNetwork } from '../../../wire/network.ts';
import { holdingReply } from './fleet.ts';
import { timeOf } from './time.ts';

export function drainReply({
  service,
  atMs,
  sinceMs,
  pools,
  level,
  propagation,
  others,
  held,
  unknown,
  message,
}: DrainReport): contract.Drain {
  return {
    service: shown(service),
    at: timeOf(atMs),
    since: timeOf(sinceMs),
    pools: Object.fromEntries(pools.map((each) => [each.pool.name, poolReply(each, level)])),
    propagation,
    ...(others !== undefined && { fleet: fleetReply(others, held) }),
    ...(unknown && {
      unknownRecords: { zone: shown(unknown.zone), revision: unknown.revision, until: timeOf(unknown.untilMs) },
    }),
    message,
  };
}

function fleetReply(
  { told, missing }: NonNullable<DrainReport['others']>,
  held: DrainReport['held'],
): NonNullable<contract.Drain['fleet']> {
  const nodes = told.map(({ node, toldAtMs, counts }) => ({
    node,
    toldAt: timeOf(toldAtMs),
    answers: Object.fromEntries(Object.entries(counts.pools).map(([pool, { answers }]) => [pool, answers])),
  }));
  return { waitingFor: [...missing], holding: held.map(holdingReply), nodes };
}

function poolReply(
  { pool, count, drain, resolvers, share }: DrainReport['pools'][number],
  level: number,
): contract.DrainPool {
  const { answers, lastAtMs, lastTtlSeconds } = count;
  const { drainedAtMs, drained, assumed } = drain;
  const { distinct, notBack, late, errorPercent, networks } = resolvers;
  return {
    weight: pool.weight,
    answers,
    lastAnswerAt: lastAtMs === 0 ? null : timeOf(lastAtMs),
    lastTtlSeconds: lastAtMs === 0 ? null : lastTtlSeconds,
    drainedAt: drainedAtMs === null ? null : timeOf(drainedAtMs),
    drained,
    assumed,
    share,
    resolvers: { distinct, notBack, errorPercent, method: methodOf(level) },
    lateQueries: late ?? null,
    topNetworks: networks.map(({ network, answers }) => ({ network: networkText(network), answers })),
  };
}

function methodOf(level: number): string {
  if (level === 0) return 'every resolver is counted';
  return `one resolver in ${2 ** level} is counted, chosen by a keyed hash of its address; errorPercent is two standard errors`;
}

/** `192.0.2.0/24` or `2001:db8:0:100::/56`, from the bytes of the prefix. */
function networkText(prefix: Uint8Array): string {
  const bytes = new Uint8Array(prefix.length < IPV4_BYTES ? IPV4_BYTES : IPV6_BYTES);
  bytes.set(prefix);
  return formatNetwork({ bytes, prefixLength: prefix.length * 8 });
}
