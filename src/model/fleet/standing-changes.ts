/** What has changed in how a node stands and in what it knows of the others: words that scripts may look for. */

/** How a node stands, and what it knows of the others. */
export interface StandingState {
  readonly standing: string;
  readonly current: boolean;
  /** Nodes that answer by what was in force before, or may. */
  readonly behind: readonly string[];
  /** Nodes that show no sign of life; undefined: that cannot be read now. */
  readonly silent: readonly string[] | undefined;
  /** null: none does, or that cannot be read now. */
  readonly leader: string | null;
}

/** Stable: scripts may rely on them. */
export type StandingChange =
  | 'node_stale'
  | 'node_current'
  | `node_${'alone' | 'joining' | 'live' | 'out' | 'ended'}`
  | 'nodes_behind'
  | 'nodes_silent'
  | 'leader_changed';

/** `before`: undefined at the start, when all is told. */
export function standingChanges(before: StandingState | undefined, now: StandingState): StandingChange[] {
  const changes: StandingChange[] = [];
  if (before?.standing !== now.standing) changes.push(`node_${now.standing}` as StandingChange);
  if (before?.current !== now.current) changes.push(now.current ? 'node_current' : 'node_stale');
  if (isOther(before?.behind ?? [], now.behind)) changes.push('nodes_behind');
  if (now.silent !== undefined && isOther(before?.silent ?? [], now.silent)) changes.push('nodes_silent');
  // One that nobody hears of may go on leading.
  if (now.leader !== null && before?.leader !== now.leader) changes.push('leader_changed');
  return changes;
}

/** Whom an event is about besides: nodes that fell behind or silent, and nodes that are neither any more. */
export function troubleOf(
  before: Pick<StandingState, 'behind' | 'silent'> | undefined,
  now: Pick<StandingState, 'behind' | 'silent'>,
): { readonly lost: readonly string[]; readonly back: readonly string[] } {
  const were = new Set([...(before?.behind ?? []), ...(before?.silent ?? [])]);
  const are = new Set([...now.behind, ...(now.silent ?? [])]);
  return { lost: [...are].filter((node) => !were.has(node)), back: [...were].filter((node) => !are.has(node)) };
}

const isOther = (one: readonly string[], other: readonly string[]): boolean => one.join() !== other.join();
