/** How a fleet begins: a node's store becomes the first snapshot of the log, and its last revision the log's head. */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Engine } from '../../control/engine.ts';
import { envelopeTools } from '../../control/log/chunks.ts';
import { type Keeper, Lost } from '../../control/log/keeper.ts';
import { encodeEntry } from '../../model/entry.ts';
import { Problem } from '../../model/errors.ts';
import { sealEntry } from '../../model/fleet/envelope.ts';
import { HEAD_KEY, IDENTITY_KEY, logKey, SNAPSHOT_KEY } from '../../model/fleet/keys.ts';
import { encodeRevision } from '../../model/fleet/records.ts';
import type { Compare, Put, Transaction } from '../../model/fleet/transaction.ts';
import type { Store } from '../../store/sqlite.ts';
import type { FleetSettings } from './connect.ts';
import { encodeIdentity, isFounded, readFounded } from './identity.ts';
import { encodePointer, type SnapshotPointer, uploadSnapshot } from './snapshot.ts';

interface FoundingParts {
  readonly keeper: Keeper;
  readonly engine: Engine;
  readonly store: Store;
  readonly dataDir: string;
  readonly settings: Pick<FleetSettings, 'name' | 'staleAfterSeconds'>;
  /** This process has been a live node of the fleet: it goes by what it saw of it in etcd. */
  readonly hasTakenPart: boolean;
}

/** Nothing of this fleet is in etcd. */
const NOT_FOUNDED: readonly Compare[] = [HEAD_KEY, IDENTITY_KEY].map((key) => ({ key, changedAt: 0 }));

/** Until it is known what became of the one transaction that founds. */
const FIND_OUT_MS = 10_000;
const FIND_OUT_AGAIN_MS = 250;

/**
 * `takePart` is called once the log stands, before any command comes after it. Where it gives a Problem nothing was
 * founded, or it says what is not known.
 */
export async function foundLog(
  parts: FoundingParts,
  takePart: () => void,
): Promise<{ readonly revision: number } | Problem> {
  const { keeper, engine, dataDir } = parts;
  if (parts.store.isUnused) {
    return new Problem(
      'request_invalid',
      'There is nothing here yet that a fleet could begin with: make a zone first.',
    );
  }
  const before = await readFounded(keeper);
  if (before instanceof Lost) return unavailable(before.words);
  if (before !== 'none') return taken(parts.settings.name, isFounded(before) && parts.store.fleet?.log === before.log);
  if (parts.hasTakenPart) return lostMeanwhile(parts.settings.name);
  const uploaded = await uploadSnapshot(keeper, dataDir, NOT_FOUNDED);
  if (uploaded instanceof Lost) return unavailable(uploaded.words);
  if (uploaded === 'overtaken') return overtaken(parts);
  return engine.during(() => foundNow(parts, uploaded, takePart));
}

/** Another node has founded it, or is about to. */
async function overtaken({ keeper, settings: { name } }: FoundingParts): Promise<Problem> {
  const founded = await readFounded(keeper);
  if (founded instanceof Lost) return unavailable(founded.words);
  if (founded !== 'none') return taken(name, false);
  return new Problem('busy', `Another node founds the fleet ${name} at this moment; wait for the outcome.`);
}

/** No command is executed meanwhile. */
async function foundNow(
  parts: FoundingParts,
  { pointer, isOurs }: { readonly pointer: SnapshotPointer; readonly isOurs: Compare },
  takePart: () => void,
): Promise<{ readonly revision: number } | Problem> {
  const { keeper, store, settings } = parts;
  const { name, staleAfterSeconds } = settings;
  const revision = store.lastRevision;
  const since = sealedSince(store, pointer.revision);
  if (since instanceof Problem) return since;
  for (const put of since) {
    const reply = await keeper.transact({ compares: NOT_FOUNDED, puts: [put], reads: [], otherwise: [] });
    if (reply instanceof Lost) return unavailable(reply.words);
    if (!reply.succeeded) return overtaken(parts);
  }
  // Kept first: a process that dies in between finds a log that is its own, or none.
  const earlier = store.fleet;
  const log = earlier?.log ?? randomUUID();
  const failed = store.keepFleet({ log, name, node: null, incarnation: null });
  if (failed !== undefined) return failed;
  const founded = await foundOnce(
    keeper,
    {
      compares: [...NOT_FOUNDED, isOurs],
      puts: [
        { key: IDENTITY_KEY, value: encodeIdentity({ log, staleAfterMs: staleAfterSeconds * 1000 }) },
        { key: HEAD_KEY, value: encodeRevision(revision) },
        { key: SNAPSHOT_KEY, value: encodePointer(pointer) },
      ],
      reads: [],
      otherwise: [],
    },
    log,
  );
  if (founded === 'ours') {
    takePart();
    return { revision };
  }
  if (founded === 'unknown') {
    // The store says that it is of the fleet, which the next look at etcd confirms or not.
    takePart();
    return unavailable(
      'etcd did not say whether the fleet is founded; teal fleet status tells, once it can be reached',
    );
  }
  store.keepFleet(earlier);
  return overtaken(parts);
}

async function foundOnce(
  keeper: Keeper,
  transaction: Transaction,
  log: string,
): Promise<'ours' | 'theirs' | 'unknown'> {
  const reply = await keeper.transact(transaction);
  if (!(reply instanceof Lost)) return reply.succeeded ? 'ours' : 'theirs';
  for (let waitedMs = 0; waitedMs < FIND_OUT_MS; waitedMs += FIND_OUT_AGAIN_MS) {
    const founded = await readFounded(keeper);
    if (!(founded instanceof Lost) && typeof founded !== 'string') return founded.log === log ? 'ours' : 'theirs';
    if (founded === 'none') {
      const again = await keeper.transact(transaction);
      if (!(again instanceof Lost) && again.succeeded) return 'ours';
    }
    await wait(FIND_OUT_AGAIN_MS);
  }
  return 'unknown';
}

/** What came after the snapshot, as the log has it. */
function sealedSince(store: Store, revision: number): Put[] | Problem {
  const puts: Put[] = [];
  for (let next = revision + 1; next <= store.lastRevision; next++) {
    const entry = store.entry(next);
    if (entry === undefined) return new Problem('busy', 'Too much changed while the snapshot was taken; try again.');
    if (entry.changes.some(({ op }) => op === 'importZone'))
      return new Problem('busy', 'A zone was imported while the snapshot was taken; try again.');
    const name = { id: randomUUID(), revision: next, epoch: 0 };
    const { value, chunks } = sealEntry(name, encodeEntry(entry), envelopeTools);
    puts.push(...chunks, { key: logKey(next), value });
  }
  return puts;
}

/** Places in etcd are numbers that grow: those of another etcd are all older than what this process has seen. */
function lostMeanwhile(name: string): Problem {
  const detail = `etcd has lost the fleet ${name}, and this process still goes by what it saw there: restart this node, then teal fleet init makes the fleet again of it.`;
  return new Problem('fleet_unavailable', detail);
}

function taken(name: string, isMember: boolean): Problem {
  const advice = isMember
    ? 'and this node is of it: other nodes join by starting with an empty data directory'
    : 'with another log: start this node with an empty data directory, which is filled from it';
  return new Problem('fleet_exists', `The fleet ${name} is founded already, ${advice}.`);
}

function unavailable(words: string): Problem {
  return new Problem('fleet_unavailable', `The fleet cannot be founded now: ${words}.`);
}
