/** Watches services after a shift until nobody is left who would go by the old weights. */

import type { Drain, Service } from '../contract/types.ts';
import { path } from './api.ts';
import { drainLines, observedShares, undrained } from './format/drain.ts';
import { split } from './format/pools.ts';
import { duration } from './format/text.ts';
import type { Session } from './session.ts';
import { type Sight, watch } from './watch.ts';

/** Resolvers count in whole seconds, and differ in where they round. */
const ROUNDING_SECONDS = 1;

/** Ends when every pool without weight is drained, and the TTL has passed since now for the others. */
export async function watchDrain(session: Session, names: readonly string[]): Promise<void> {
  const services = await Promise.all(names.map((name) => session.api.get<Service>(path`/v1/services/${name}`)));
  const ttlSeconds = Math.max(...services.map((service) => service.loweredTtlSeconds ?? service.ttlSeconds));
  const settledAtMs = Date.now() + (ttlSeconds + ROUNDING_SECONDS) * 1000;
  const said = new Map<string, string>();
  const look = async (): Promise<Sight> => {
    const drains = await Promise.all(names.map((name) => session.api.get<Drain>(path`/v1/services/${name}/drain`)));
    const nowMs = Date.now();
    const all = names.map((name, at) => ({ name, drain: drains[at] }));
    const isLast = nowMs >= settledAtMs && drains.every((drain) => undrained(drain).length === 0);
    const events = all.flatMap(({ name, drain }) => {
      const left = undrained(drain);
      const text = left.length > 0 ? `${name}: ${left.join(' and ')} not drained yet` : `${name}: drained`;
      const isNew = said.get(name) !== text;
      said.set(name, text);
      return isNew ? [`${new Date(nowMs).toISOString()} ${text} (${observed(drain, session)})`] : [];
    });
    const waits =
      nowMs < settledAtMs
        ? [`Resolvers hold older answers for ${duration((settledAtMs - nowMs) / 1000)} at most.`]
        : [];
    return {
      screen: [
        ...all.flatMap(({ name, drain }) =>
          drainLines(name, drain, session.style, nowMs, session.shell.stdout.columns - 1),
        ),
        ...(isLast ? ['Settled.'] : waits),
      ],
      events: isLast ? [...events, `${new Date(nowMs).toISOString()} settled`] : events,
      ...((events.length > 0 || isLast) && {
        json: { settled: isLast, services: Object.fromEntries(all.map(({ name, drain }) => [name, drain])) },
      }),
      isLast,
    };
  };
  await watch(session, look, 'No longer watched; the weights stay as they are.');
}

function observed(drain: Drain, { style }: Session): string {
  const shares = observedShares(drain);
  return shares === undefined ? 'no answers yet' : `seen: ${split(shares, style)}`;
}
