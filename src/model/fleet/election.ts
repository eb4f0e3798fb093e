/**
 * Which node leads: it holds a key by a lease, and its epoch is the place at which the key was made. Leases of the engine
 * are no locks: two nodes may believe for a while that they lead. What they append compares the epoch, and whoever cannot
 * renew its lease stops by its own clock; the rest is only who does the work. Nor do leases end for sure: each election
 * among the members of the engine gives all of them their whole time again. So the leader writes its key anew each round,
 * and others take it away where it stays as it is.
 */
import { HOOK_PREFIX, hookKey, LEADER_KEY } from './keys.ts';
import { bytesOf, encodeRecord, isText, parseRecord, textOf, Unreadable } from './records.ts';
import type { Put, Stored, Transaction } from './transaction.ts';

/** The key is gone so long after its holder: together with a round, far below the ten seconds of a takeover. */
export const LEASE_SECONDS = 5;
/** By how much earlier than the lease a leader stops that cannot renew it: for clocks, and for what it has begun. */
const LEASE_MARGIN_MS = 1000;

/** A key that stays as it is for so long is a dead node's: longer than the lease, so that it is the lease that ends as a rule. */
const SILENT_MS = 7000;
/** And it is seen so often meanwhile: who was cut off itself has seen nothing. */
const SILENT_LOOKS = 5;

/** What stands under `leader`. */
export interface LeaderRecord {
  readonly node: string;
  readonly incarnation: string;
}

/** Kinds of revisions that the leader alone appends. */
const LEADERS_OWN: ReadonlySet<string> = new Set(['release.step', 'health.expire', 'dnssec.step', 'dnssec.vouch']);

/** Whether a revision is the leader's own work, whose append compares its epoch. */
export function isLeadersOwn(kind: string): boolean {
  return LEADERS_OWN.has(kind);
}

export interface Leadership {
  readonly epoch: number;
  /** Of the steady clock: until then it leads without another word from the engine. */
  readonly untilMs: number;
}

export function encodeLeader({ node, incarnation }: LeaderRecord): Uint8Array {
  return encodeRecord({ node, incarnation });
}

export function parseLeader(value: Uint8Array): LeaderRecord | Unreadable {
  const record = parseRecord(value);
  if (record instanceof Unreadable) return record;
  const { node, incarnation } = record;
  if (!isText(node)) return new Unreadable('names no node');
  if (!isText(incarnation)) return new Unreadable('has no incarnation');
  return { node, incarnation };
}

/** Stands for the leadership, and reads who leads and how far webhooks are, whatever comes of it. */
export function standing(leader: LeaderRecord, lease: string): Transaction {
  const reads = [{ key: LEADER_KEY }, { key: HOOK_PREFIX, isPrefix: true }];
  return {
    compares: [{ key: LEADER_KEY, changedAt: 0 }],
    puts: [{ key: LEADER_KEY, value: encodeLeader(leader), lease }],
    reads,
    otherwise: reads,
  };
}

/** Whether this process leads, by what was found. `sentAtMs`: the steady clock before the lease was renewed and it was asked. */
export function leadershipIn(
  found: readonly Stored[],
  { incarnation }: LeaderRecord,
  sentAtMs: number,
): Leadership | undefined {
  const stored = found.find(({ key }) => key === LEADER_KEY);
  const leader = stored === undefined ? undefined : parseLeader(stored.value);
  if (stored === undefined || leader === undefined || leader instanceof Unreadable) return undefined;
  if (leader.incarnation !== incarnation) return undefined;
  return { epoch: stored.createdAt, untilMs: sentAtMs + LEASE_SECONDS * 1000 - LEASE_MARGIN_MS };
}

/**
 * Says that it leads yet, and how far webhooks are, and reads who does; `progress`: event ids by webhook, those that
 * changed.
 */
export function reporting(
  { epoch }: Leadership,
  progress: ReadonlyMap<string, string>,
  { leader, lease }: { readonly leader: LeaderRecord; readonly lease: string },
): Transaction {
  const puts: Put[] = [...progress].map(([webhook, event]) => ({ key: hookKey(webhook), value: bytesOf(event) }));
  puts.push({ key: LEADER_KEY, value: encodeLeader(leader), lease });
  const reads = [{ key: LEADER_KEY }];
  return { compares: [{ key: LEADER_KEY, createdAt: epoch }], puts, reads, otherwise: reads };
}

/** The leader's key as it was seen, by one who does not lead. */
export interface LeaderSeen {
  readonly changedAt: number;
  /** Of the steady clock. */
  readonly sinceMs: number;
  readonly looks: number;
}

/** Takes note of the key; undefined: there is none. */
export function seeLeader(
  before: LeaderSeen | undefined,
  found: readonly Stored[],
  nowMs: number,
): LeaderSeen | undefined {
  const stored = found.find(({ key }) => key === LEADER_KEY);
  if (stored === undefined) return undefined;
  const { changedAt } = stored;
  if (before?.changedAt !== changedAt) return { changedAt, sinceMs: nowMs, looks: 1 };
  return { ...before, looks: before.looks + 1 };
}

/** Whether whoever leads gives no sign of it any more. */
export function isSilentLeader({ sinceMs, looks }: LeaderSeen, nowMs: number): boolean {
  return nowMs - sinceMs >= SILENT_MS && looks >= SILENT_LOOKS;
}

/** Takes the key of a silent leader away, if it is as it was seen; anybody may stand then. */
export function deposing({ changedAt }: LeaderSeen): Transaction {
  const puts: Put[] = [{ key: LEADER_KEY, isDeleted: true }];
  return { compares: [{ key: LEADER_KEY, changedAt }], puts, reads: [], otherwise: [] };
}

/** How far the webhooks are, by their names; whoever reads the ids judges them. */
export function progressIn(found: readonly Stored[]): Map<string, string> {
  const progress = new Map<string, string>();
  for (const { key, value } of found) {
    const event = key.startsWith(HOOK_PREFIX) ? textOf(value) : undefined;
    if (event !== undefined) progress.set(key.slice(HOOK_PREFIX.length), event);
  }
  return progress;
}
