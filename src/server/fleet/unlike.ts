/**
 * Whether the log in etcd is the one that a node has followed. It has the same name also where etcd was put back to an
 * earlier state and the fleet went on from there: then entries of the same numbers are others, and a node that has those
 * from before would answer from what nobody else has.
 */
import { heldAt } from '../../control/log/history.ts';
import { Incoming } from '../../control/log/incoming.ts';
import { type Keeper, Lost } from '../../control/log/keeper.ts';
import { StoreUnavailable } from '../../model/errors.ts';
import { aheadWords } from '../../model/fleet/claims.ts';
import type { Store } from '../../store/sqlite.ts';

/** Why the log, which ends at `head`, is not the one that led this node to where it is; undefined: nothing says so. */
export async function unlikeWords(
  keeper: Keeper,
  store: Pick<Store, 'lastRevision' | 'revision'>,
  head: number,
): Promise<string | Lost | undefined> {
  const last = store.lastRevision;
  if (last > head) return aheadWords(last, head);
  const found = await new Incoming(keeper).take(last);
  if (found instanceof Lost) return found;
  // What the snapshots have is in the log no longer; and what cannot be read is told of where it is to be applied.
  if (found === 'missing' || 'unreadable' in found) return undefined;
  try {
    const own = store.revision(last);
    if (own === undefined || heldAt(own).history === heldAt(found.revision).history) return undefined;
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    return error.problem.detail;
  }
  return `its entry ${last} is another than that of the fleet: etcd was put back to an earlier state, and the fleet went on from there; stop this node, and teal fleet join --force fills it from the fleet`;
}
