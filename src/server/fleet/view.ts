/** How the fleet stands, read from etcd. */
import { Lost } from '../../control/log/keeper.ts';
import type { FleetView } from '../../control/nodes.ts';
import type { Etcd } from '../../etcd/client.ts';
import { EtcdFailure } from '../../etcd/failure.ts';
import { parseLeader } from '../../model/fleet/election.ts';
import { ACK_PREFIX, HEAD_KEY, LEADER_KEY, MEMBER_PREFIX, PRESENCE_PREFIX, parseKey } from '../../model/fleet/keys.ts';
import { type LeftOut, parseLeftOut } from '../../model/fleet/left-out.ts';
import { type Member, parseMember, parseRevision, Unreadable } from '../../model/fleet/records.ts';
import { reading } from '../../model/fleet/transaction.ts';
import { confirmedBy, isLive, type View } from '../../model/fleet/view.ts';
import type { EtcdKeeper } from './keeper.ts';
import type { Prepared } from './prepare.ts';

/** What etcd says of a node. */
type StoredNode = Omit<FleetView['nodes'][number], 'late' | 'countsAgeSeconds' | 'clock' | 'heardAtMs' | 'held'>;

/** What etcd says of the nodes; null: it cannot be asked. */
export interface StoredNodes {
  readonly head: number | null;
  readonly nodes: readonly StoredNode[];
  /** Why it cannot be asked; undefined: it was. */
  readonly lost?: Lost;
}

/** Zones that are shown of a node that leaves them out. */
const LEFT_OUT_MAX = 20;

/** What etcd says of the nodes, and of its members. */
export async function readFleet({
  keeper,
  etcd,
  settings,
}: Prepared): Promise<{ found: StoredNodes; members: FleetView['members'] }> {
  const [found, members] = await Promise.all([readNodes(keeper), readMembers(etcd, settings.endpoints)]);
  return { found, members };
}

export async function readNodes(keeper: EtcdKeeper): Promise<StoredNodes> {
  const prefixes = [MEMBER_PREFIX, ACK_PREFIX, PRESENCE_PREFIX];
  const reads = [{ key: HEAD_KEY }, { key: LEADER_KEY }, ...prefixes.map((key) => ({ key, isPrefix: true }))];
  const reply = await keeper.transact(reading(reads));
  if (reply instanceof Lost) return { head: null, nodes: [], lost: reply };
  let head: number | null = null;
  const members = new Map<string, Member>();
  const acks = new Map<string, number>();
  const leftOut = new Map<string, LeftOut>();
  const present = new Set<string>();
  let leader: string | undefined;
  for (const { key, value } of reply.found) {
    const parsed = parseKey(key);
    if (parsed?.kind === 'head') head = numberOf(value);
    if (parsed?.kind === 'presence') present.add(parsed.node);
    if (parsed?.kind === 'leader') leader = leaderOf(value);
    if (parsed?.kind === 'ack') {
      const revision = numberOf(value);
      if (revision !== null) acks.set(parsed.node, revision);
    }
    if (parsed?.kind === 'leftOut') {
      const said = parseLeftOut(value);
      if (!(said instanceof Unreadable)) leftOut.set(parsed.node, said);
    }
    if (parsed?.kind === 'member') {
      const member = parseMember(value);
      if (!(member instanceof Unreadable)) members.set(parsed.node, member);
    }
  }
  const nodes = [...members]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([node, { state, version, incarnation }]) => {
      const revision = acks.get(node) ?? null;
      const said = leftOut.get(node);
      const zones = said?.incarnation === incarnation ? said.zones.slice(0, LEFT_OUT_MAX) : [];
      return { node, state, version, revision, leftOut: zones, present: present.has(node), leads: node === leader };
    });
  return { head, nodes };
}

/** A node as another has heard of it, without a look into etcd. */
export interface SeenNode {
  readonly node: string;
  readonly isLive: boolean;
  /** The last that it confirmed; 0: none. */
  readonly revision: number;
  /** It may answer by what was before. */
  readonly isLate: boolean;
}

export function seenNodes(view: View, late: readonly string[]): SeenNode[] {
  return [...view.members]
    .filter(([, { value }]) => value !== undefined)
    .map(([node]) => ({
      node,
      isLive: isLive(view, node),
      revision: confirmedBy(view, node),
      isLate: late.includes(node),
    }));
}

function leaderOf(value: Uint8Array): string | undefined {
  const leader = parseLeader(value);
  return leader instanceof Unreadable ? undefined : leader.node;
}

function numberOf(value: Uint8Array): number | null {
  const revision = parseRevision(value);
  return revision instanceof Unreadable ? null : revision;
}

async function readMembers(etcd: Etcd, endpoints: readonly string[]): Promise<FleetView['members']> {
  const found = await etcd.members();
  return found.map((member, n) => {
    if (!(member instanceof EtcdFailure)) {
      const { endpoint, isLeader: leader, version, databaseBytes, quotaBytes = null, errors } = member;
      return { endpoint, reachable: true, leader, version, databaseBytes, quotaBytes, errors };
    }
    const none = { version: null, databaseBytes: null, quotaBytes: null };
    return { endpoint: endpoints[n], reachable: false, leader: false, ...none, errors: [member.detail] };
  });
}
