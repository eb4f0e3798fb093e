/** Where a rollback leads, found from the history by the server's own rule, so that the button can say it beforehand. */
import type { Release, Revision, Weights } from '../../contract/types.ts';
import { isWeights } from './differences.ts';

/**
 * The weights before the last release or the last shift that was not itself a rollback; undefined where the history at
 * hand does not tell, `nothing` where there is nothing to go back to. `history` begins with the newest; `releases` are those at hand, by id.
 */
export function rollbackTarget(
  name: string,
  history: readonly Revision[],
  releases: ReadonlyMap<string, Release>,
): Weights | 'nothing' | undefined {
  for (const { kind, subjects } of history) {
    const own = subjects.find((subject) => subject.kind === 'service' && subject.name === name);
    if (kind === 'shift') return isWeights(own?.before) ? own.before : undefined;
    const written = kind === 'service.put' ? shiftedByWriting(own) : undefined;
    if (written !== undefined) return written;
    if (kind.startsWith('release.')) {
      const id = subjects.find((subject) => subject.kind === 'release')?.name ?? '';
      return releases.get(id)?.services[name]?.before;
    }
    // The service was made here, and its weights were never shifted since.
    if (own?.before === null && own.forgotten === undefined) return 'nothing';
  }
  return undefined;
}

/** The weights before a service was written with others; a pool that comes or goes without a weight moves nothing. */
function shiftedByWriting(own: Revision['subjects'][number] | undefined): Weights | undefined {
  const [from, to] = [weightsOfBody(own?.before), weightsOfBody(own?.after)];
  if (from === undefined || to === undefined) return undefined;
  const weightIn = (weights: Weights, pool: string) => (Object.hasOwn(weights, pool) ? weights[pool] : 0);
  const isShifted = Object.keys({ ...from, ...to }).some((pool) => weightIn(from, pool) !== weightIn(to, pool));
  return isShifted ? from : undefined;
}

/** True where the history at hand ends before the service's last change: what it says is old then. */
export function isBehind(history: readonly Revision[], service: { readonly revision: number }): boolean {
  return (history[0]?.revision ?? 0) < service.revision;
}

/** The id of the newest release that the history tells of. */
export function latestReleaseId(history: readonly Revision[]): string | undefined {
  for (const { kind, subjects } of history) {
    const release =
      kind.startsWith('release.') || kind === 'rollback' ? subjects.find((s) => s.kind === 'release') : undefined;
    if (release !== undefined) return release.name;
  }
  return undefined;
}

/** The weights that were in force after a revision, where it says them; undo goes back to them. */
export function weightsAfter(name: string, { subjects }: Revision): Weights | undefined {
  const after = subjects.find((subject) => subject.kind === 'service' && subject.name === name)?.after;
  return isWeights(after) ? after : weightsOfBody(after);
}

function weightsOfBody(body: unknown): Weights | undefined {
  const pools = (body as { pools?: Record<string, { weight?: number }> } | null | undefined)?.pools;
  if (pools === undefined) return undefined;
  return Object.fromEntries(Object.entries(pools).map(([pool, { weight = 0 }]) => [pool, weight]));
}
