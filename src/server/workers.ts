/** The workers of this process, by its settings: all that answering takes, and nothing that deciding does. */
import type { Settings } from '../config.ts';
import type { Logger } from '../log.ts';
import { Fleet, type FleetOptions } from '../sockets/fleet.ts';
import { withoutMissingLoopback } from '../sockets/loopback.ts';
import { rateLimitOptions, responderOptions } from './worker-options.ts';

/** Workers that answer from a table. */
export function startFleet(
  { dns, fleet }: Pick<Settings, 'dns' | 'fleet'>,
  state: Pick<FleetOptions, 'workers' | 'shared' | 'counters' | 'inherited' | 'place' | 'unlike'>,
  log: Logger,
): Promise<Fleet> {
  const { transport, receiveBufferBytes, gatherMicroseconds, xdpInterfaces = [] } = dns;
  const listen = withoutMissingLoopback(dns.listen);
  if (listen !== dns.listen && state.inherited?.length === 0)
    log.warn('this machine has no ::1, so DNS does not listen there');
  const rateLimit = rateLimitOptions(dns);
  return Fleet.start({
    ...state,
    listen,
    transport,
    receiveBufferBytes,
    gatherMicroseconds,
    xdpInterfaces,
    responder: { ...responderOptions(dns, rateLimit), withdrawsWhenStale: fleet?.whenStale === 'withdraw' },
    tcp: { ...rateLimit, ...dns.tcp },
    log: log.child({ part: 'dns' }),
  });
}
