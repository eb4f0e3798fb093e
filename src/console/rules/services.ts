/** What of a service a person decides by. */
import type { Service, Weights } from '../../contract/types.ts';

export function weightsOf({ pools }: Pick<Service, 'pools'>): Weights {
  return Object.fromEntries(Object.entries(pools).map(([pool, { weight }]) => [pool, weight]));
}

/** What a shift, a rollback or a release is judged by; undefined: there is no such service. */
export function shownOf(service: Service | undefined): object | undefined {
  if (service === undefined) return undefined;
  const { ttlSeconds, loweredTtlSeconds, pick, pools } = service;
  const targets = Object.fromEntries(Object.entries(pools).map(([pool, { targets }]) => [pool, targets]));
  return { weights: weightsOf(service), targets, ttlSeconds, loweredTtlSeconds, pick };
}

/** Of a reply, what a PUT takes besides TTL and pools: what is left out would get its default. */
export const SETTABLE = ['pick', 'pins', 'health', 'release', 'salt', 'previewNames', 'approval', 'labels'] as const;

/** What else a service has (pins, health checks): sent back as it was. */
export function settingsOf(service: Service): object {
  return Object.fromEntries(SETTABLE.flatMap((key) => (service[key] === undefined ? [] : [[key, service[key]]])));
}
