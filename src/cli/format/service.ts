/** A service as a terminal shows it. */
import type { Service } from '../../contract/types.ts';
import { isGroup } from '../input-file.ts';
import { poolLines } from './pools.ts';
import type { Style } from './style.ts';
import { printable } from './text.ts';

export function serviceLines(service: Service, style: Style): string[] {
  const pools = Object.entries(service.pools).map(([pool, { weight, targets }]) => ({
    pool,
    weight,
    share: service.shares[pool] ?? 0,
    note: printable(targets.join(' ')),
  }));
  const ttl =
    service.loweredTtlSeconds === undefined
      ? `${service.ttlSeconds} s`
      : `${service.loweredTtlSeconds} s, lowered by a release from ${service.ttlSeconds} s`;
  const more = Object.entries(service)
    .filter(([key, value]) => ['health', 'labels', 'pins', 'release'].includes(key) && isShown(value))
    .map(([key, value]) => `  ${key} ${printable(JSON.stringify(value))}`);
  return [
    `${style.bold(service.name)}  in ${service.zone}, TTL ${ttl}, pick ${service.pick}, revision ${service.revision}`,
    ...(service.approval === 'required' ? ['  shifts and releases want the approval of somebody else'] : []),
    ...poolLines(pools, style).map((line) => `  ${line}`),
    ...more,
  ];
}

function isShown(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : isGroup(value);
}
