/** A fleet, as it is shown. */
import type * as contract from '../../../contract/types.ts';
import type { FleetView } from '../../../control/nodes.ts';
import type { Held } from '../../../model/fleet/holding.ts';
import { shown } from '../../../shown.ts';
import { timeOf } from './time.ts';

export function fleetReply({ nodes, leaderSinceMs, claimAgeMs, members, ...more }: FleetView): contract.Fleet {
  return {
    ...more,
    claimAgeSeconds: claimAgeMs === null ? null : Math.floor(claimAgeMs / 1000),
    leaderSince: leaderSinceMs === null ? null : timeOf(leaderSinceMs),
    nodes: nodes.map(({ heardAtMs, held, leftOut, clock, ...node }) => ({
      ...node,
      leftOut: leftOut.map(shown),
      clockOffsetMs: clock?.offsetMs ?? null,
      clockFar: clock?.isFar === true,
      heardAt: heardAtMs === null ? null : timeOf(heardAtMs),
      holding: held === null ? null : holdingReply(held),
    })),
    members: members.map((member) => ({ ...member, errors: [...member.errors] })),
  };
}

export function holdingReply({ node, why, sinceMs, message, command }: Held): contract.Holding {
  const since = sinceMs === undefined ? null : timeOf(sinceMs);
  return { node, why, since, message, command: command ?? null };
}
