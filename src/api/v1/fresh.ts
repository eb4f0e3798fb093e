/** In a fleet: what is read is as of what was acknowledged anywhere before, or says that it may not be. */
import type { FleetControl } from '../../control/nodes.ts';
import type { Hook } from '../parts.ts';

/** A read waits for the log's last entry; where that cannot be had, and with any reply of a stale node, a header says so. */
export function makeFreshHook(fleet: Pick<FleetControl, 'isCurrent' | 'catchUp'>): Hook {
  return async ({ method, routeOptions }, reply) => {
    const isRead = method === 'GET' || method === 'HEAD';
    // What shows the fleet itself is there to be looked at when it is in a bad way.
    const isFresh = isRead && routeOptions.url?.startsWith('/v1/fleet') !== true ? await fleet.catchUp() : true;
    if (!isFresh || !fleet.isCurrent) reply.header('teal-stale', 'true');
  };
}
