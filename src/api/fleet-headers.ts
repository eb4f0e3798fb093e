/**
 * In a fleet: what is read is as of what was acknowledged anywhere before, or says that it may not be; and the reply to a
 * change names the nodes that do not answer from it yet, also where it has no body, or one of another's API.
 */
import type { Answering, CommandResult } from '../control/commands/command.ts';
import type { FleetControl } from '../control/nodes.ts';
import { Problem } from '../model/errors.ts';
import type { ApiInstance, Hook } from './parts.ts';

/** A read waits for the log's last entry; where that cannot be had, and with any reply of a stale node, a header says so. */
export function makeFreshHook(fleet: Pick<FleetControl, 'isCurrent' | 'catchUp'>): Hook {
  return async ({ method, routeOptions }, reply) => {
    const isRead = method === 'GET' || method === 'HEAD';
    // What shows the fleet itself is there to be looked at when it is in a bad way.
    const isFresh = isRead && routeOptions.url?.startsWith('/v1/fleet') !== true ? await fleet.catchUp() : true;
    if (!isFresh || !fleet.isCurrent) reply.header('teal-stale', 'true');
  };
}

/** Takes note of who is behind after a change of a request; of several the last one counts, since it has all before it. */
export function noteBehind(request: { behind: Answering['behind'] | undefined }, result: CommandResult): void {
  if (!(result instanceof Problem)) request.behind = result.fleet?.behind;
}

/**
 * Says it in a header, a list of structured fields (RFC 9651 §3.1): `Teal-Behind: "ns3";revision=16`, and with `;left-out`
 * of a node that leaves the zone out.
 */
export function tellBehind(app: ApiInstance): void {
  app.addHook('onSend', async ({ behind }, reply) => {
    if (behind === undefined || behind.length === 0) return;
    reply.header('teal-behind', behind.map(itemOf).join(', '));
  });
}

function itemOf({ node, revision, leftOut }: Answering['behind'][number]): string {
  return `"${node}";revision=${revision}${leftOut === undefined ? '' : ';left-out'}`;
}
