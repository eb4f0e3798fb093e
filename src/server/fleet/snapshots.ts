/** The leader's snapshots: where a new node begins, and what lets the log in etcd be shortened. */
import { type Keeper, Lost } from '../../control/log/keeper.ts';
import { everyMs } from '../../guard.ts';
import type { Logger } from '../../log.ts';
import { logKey, SNAPSHOT_KEY, snapshotKey } from '../../model/fleet/keys.ts';
import { reading } from '../../model/fleet/transaction.ts';
import { encodePointer, parsePointer, type SnapshotPointer, uploadSnapshot } from './snapshot.ts';

/** Entries between two: some 10 MB of shifts, read in a minute by a node that joins. */
const ENTRIES_BETWEEN = 10_000;

/** How often the leader looks whether it is time for a snapshot. */
const LOOK_MS = 60_000;

interface SnapshotParts {
  readonly keeper: Keeper & { deleteRange(from: string, to: string): Promise<Lost | undefined> };
  readonly dataDir: string;
  readonly lastRevision: () => number;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly entriesBetween?: number;
}

/**
 * Makes a snapshot where it is time for one. Then the log loses what is in the snapshot before it, which some node may
 * still be beginning from; and the one before that goes.
 */
export async function refreshSnapshot(parts: SnapshotParts): Promise<void> {
  const { keeper, dataDir, lastRevision, log, entriesBetween = ENTRIES_BETWEEN } = parts;
  const reply = await keeper.transact(reading([{ key: SNAPSHOT_KEY }]));
  if (reply instanceof Lost) return;
  const stored = reply.found[0];
  const before = parsePointer(stored?.value);
  if (stored === undefined || typeof before === 'string') return log.warn(`no new snapshot: ${before}`);
  if (lastRevision() - before.revision < entriesBetween) return;
  const isBefore = { key: SNAPSHOT_KEY, changedAt: stored.changedAt };
  const uploaded = await uploadSnapshot(keeper, dataDir, [isBefore]);
  if (uploaded instanceof Lost) return log.warn(`no new snapshot: ${uploaded.words}`);
  // Another node leads, and makes it.
  if (uploaded === 'overtaken') return;
  const pointer: SnapshotPointer = { ...uploaded.pointer, previous: before.revision };
  const compares = [isBefore, uploaded.isOurs];
  const puts = [{ key: SNAPSHOT_KEY, value: encodePointer(pointer) }];
  const put = await keeper.transact({ compares, puts, reads: [], otherwise: [] });
  // Where it may stand all the same nothing is deleted: the next one does that.
  if (put instanceof Lost || !put.succeeded) return;
  await keeper.deleteRange(logKey(0), logKey(before.revision + 1));
  if (before.previous !== undefined) {
    await keeper.deleteRange(snapshotKey(before.previous, 0), snapshotKey(before.previous, CHUNKS_MAX));
  }
  log.info({ revision: pointer.revision, trimmedTo: before.revision }, 'the fleet has a new snapshot');
}

/** Each minute, while this node leads, one after the other; then `sweep`. The result ends that. */
export function keepSnapshots(parts: SnapshotParts, leads: () => boolean, sweep: () => Promise<void>): () => void {
  let isAtIt = false;
  const timer = everyMs('the snapshot of the fleet', LOOK_MS, async () => {
    if (isAtIt || !leads()) return;
    isAtIt = true;
    try {
      await refreshSnapshot(parts);
      await sweep();
    } finally {
      isAtIt = false;
    }
  });
  return () => clearInterval(timer);
}

/** Beyond the last chunk of any snapshot. */
const CHUNKS_MAX = 999_999;
