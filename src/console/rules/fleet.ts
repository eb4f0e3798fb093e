/** A fleet in words: how this node stands in it, and who does not keep up. */
import type { Fleet } from '../../contract/types.ts';
import { durationText } from './format.ts';

type FleetNode = Fleet['nodes'][number];

/** What any reply without a token, and any event, says of this node. */
export type Standing = Pick<Fleet, 'standing' | 'current'>;

type FleetTone = 'ok' | 'warn' | 'danger';

/** Why a node does not count among those that answer from the last revision; undefined: it does. */
export function troubleOf(node: FleetNode, head: number | null): string | undefined {
  const { state, present, late, revision, leftOut } = node;
  if (!present) return 'no sign of life';
  if (state === 'out') return 'out';
  if (late) return 'behind';
  if (leftOut.length > 0) return leftOut.length === 1 ? `no room for ${leftOut[0]}` : 'no room for some zones';
  // A change that is on its way is no trouble.
  return head !== null && revision === null ? 'nothing confirmed' : undefined;
}

/** The nodes with their troubles. */
function troubled({ nodes, head }: Fleet): { readonly node: string; readonly trouble: string }[] {
  return nodes.flatMap((each) => {
    const trouble = troubleOf(each, head);
    return trouble === undefined ? [] : [{ node: each.node, trouble }];
  });
}

/** `stale`, `ns3 no sign of life`, `2 of 5 in trouble`; undefined: all is well. */
export function fleetWords(fleet: Fleet): { readonly tone: FleetTone; readonly words: string } | undefined {
  if (fleet.standing === 'alone') return { tone: 'warn', words: 'alone' };
  if (fleet.standing === 'ended') return { tone: 'danger', words: 'ended' };
  if (!fleet.current) return { tone: 'danger', words: 'stale' };
  const found = troubled(fleet);
  const [first] = found;
  if (first === undefined) return undefined;
  const words =
    found.length === 1 ? `${first.node}: ${first.trouble}` : `${found.length} of ${fleet.nodes.length} behind`;
  return { tone: 'warn', words };
}

/** How far behind the log a node is; 0: it is not, or that is not known. */
export function lagOf({ revision }: FleetNode, head: number | null): number {
  return head === null || revision === null ? 0 : Math.max(0, head - revision);
}

/** `ns3 (12 s ahead)`, of those whose clock is far from the one of the node that is asked. */
export function farClocks({ nodes }: Fleet): string[] {
  return nodes.flatMap(({ node, clockFar, clockOffsetMs }) =>
    clockFar && clockOffsetMs !== null
      ? [
          `${node} (${durationText(Math.round(Math.abs(clockOffsetMs) / 1000))} ${clockOffsetMs < 0 ? 'behind' : 'ahead'})`,
        ]
      : [],
  );
}

/** `12.3 MB`, in powers of ten. */
export function bytesText(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const amount = bytes / 1000 ** power;
  return `${power === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${units[power]}`;
}
