/** Pins: networks of clients that always get one named pool, whatever the weights. */
import { Malformed } from '../wire/malformed.ts';
import { formatNetwork, parseNetwork } from '../wire/network.ts';
import { Problem } from './errors.ts';

export interface Pin {
  /** Canonical text (RFC 5952 for IPv6): `198.51.100.0/24`. */
  readonly network: string;
  readonly pool: string;
}

/** Enough for the offices and probes of testers; every pin is looked at for every query, so it bounds the work of one. */
export const PINS_MAX = 100;

/** The pins that a body describes, in the order given. */
export function makePins(pins: readonly Pin[], pools: readonly string[]): Pin[] | Problem {
  if (pins.length > PINS_MAX) {
    const detail = `A service has at most ${PINS_MAX} pins, not ${pins.length}.`;
    return new Problem('service_invalid', detail, { pointer: '/pins' });
  }
  const made = new Map<string, Pin>();
  for (const [i, { network: text, pool }] of pins.entries()) {
    const parsed = parseNetwork(text);
    if (parsed instanceof Malformed) {
      return new Problem('service_invalid', `Pin ${i}: ${parsed.reason}.`, { pointer: `/pins/${i}/network` });
    }
    const network = formatNetwork(parsed);
    if (made.has(network)) {
      const detail = `Pin ${i}: ${network} is pinned already; a network has one pin.`;
      return new Problem('service_invalid', detail, { pointer: `/pins/${i}/network` });
    }
    if (!pools.includes(pool)) {
      const detail = `Pin ${i}: there is no pool ${JSON.stringify(pool)}; the pools are ${pools.join(', ')}.`;
      return new Problem('pool_unknown', detail, { pointer: `/pins/${i}/pool` });
    }
    made.set(network, { network, pool });
  }
  return [...made.values()];
}
