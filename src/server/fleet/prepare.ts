/** Before a node of a fleet starts: whether its data directory and the log in etcd belong together, and a first copy for one that joins. */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Settings } from '../../config.ts';
import { Lost } from '../../control/log/keeper.ts';
import type { Etcd } from '../../etcd/client.ts';
import type { Logger } from '../../log.ts';
import { fleetPrefix, logKey, memberKey, presenceKey } from '../../model/fleet/keys.ts';
import { reading } from '../../model/fleet/transaction.ts';
import { loadLibc } from '../../sockets/libc.ts';
import { restoreStore } from '../../store/backup.ts';
import { StoreError } from '../../store/error.ts';
import { openStore, type StoredFleet } from '../../store/sqlite.ts';
import { SettingsError, StartError } from '../errors.ts';
import type { NamedFiles } from '../named-files.ts';
import { connectEtcd, type FleetSettings } from './connect.ts';
import { type Founded, otherStaleAfter, readFounded } from './identity.ts';
import { EtcdKeeper } from './keeper.ts';
import { PRESENCE_SECONDS } from './presence.ts';
import { downloadSnapshot } from './snapshot.ts';
import { unlikeWords } from './unlike.ts';

/** What is told of the start. */
type Lines = Pick<Logger, 'info' | 'warn'>;

/** The way to the log, and what this node is to it. */
export interface Prepared {
  readonly settings: FleetSettings;
  readonly etcd: Etcd;
  readonly keeper: EtcdKeeper;
  /** `alone`: it is not part of the fleet, which may not be founded yet. */
  readonly standing: 'alone' | 'member';
}

/** How long a first start looks for etcd, which may be starting too. */
const LOOK_MS = 10_000;
const LOOK_AGAIN_MS = 250;

/**
 * Throws StartError where this data directory cannot be of the fleet. `replace`: what it holds may be put aside, for what
 * the fleet has.
 */
export async function prepareFleet(
  settings: Settings,
  log: Lines,
  { files, replace = false }: { readonly files: NamedFiles; readonly replace?: boolean },
): Promise<Prepared> {
  const fleet = settings.fleet as FleetSettings;
  if (fleet.whenStale === 'withdraw' && loadLibc() === undefined) {
    throw new SettingsError(
      'fleet.whenStale: withdraw takes Linux and the koffi package, for a clock that goes on while the machine sleeps',
    );
  }
  const etcd = connectEtcd(fleet, files, log);
  try {
    const keeper = new EtcdKeeper(etcd, fleetPrefix(fleet.name));
    const standing = await judge(settings, { etcd, keeper, log, replace });
    return { settings: fleet, etcd, keeper, standing };
  } catch (error) {
    etcd.close();
    throw error;
  }
}

async function judge(
  settings: Settings,
  {
    etcd,
    keeper,
    log,
    replace,
  }: { readonly etcd: Etcd; readonly keeper: EtcdKeeper; readonly log: Lines; readonly replace: boolean },
): Promise<Prepared['standing']> {
  const { dataDir } = settings;
  const fleet = settings.fleet as FleetSettings;
  const { isUnused, stored, lastRevision } = lookInto(settings);
  if (stored !== undefined && stored.name !== fleet.name && !replace) {
    throw new SettingsError(
      `${dataDir} holds the log of the fleet ${stored.name}, and fleet.name is ${fleet.name}: give it its own directory, or leave the other fleet (teal fleet leave)`,
    );
  }
  const founded = await lookAround(etcd, fleet.endpoints, () => look(keeper, isUnused), log);
  if (founded instanceof Lost) {
    const why = `etcd cannot be reached: ${founded.words}`;
    if (isUnused) throw new StartError(`${dataDir} is empty, and whether to join the fleet is not known: ${why}`);
    log.warn(
      { fleet: fleet.name },
      `${why}; ${stored ? 'answering from the local copy, stale' : 'serving as one node'}`,
    );
    return stored === undefined ? 'alone' : 'member';
  }
  if (founded === 'none') {
    const advice = `the fleet ${fleet.name} is not founded yet: teal fleet init makes it of this node`;
    log.warn({ fleet: fleet.name }, `serving as one node; ${advice}`);
    return stored === undefined ? 'alone' : 'member';
  }
  const isOurs = stored?.log === founded.log && stored.name === fleet.name;
  if (stored === undefined && !isUnused && !replace) {
    throw new SettingsError(
      `${dataDir} holds a log of its own, and the fleet ${fleet.name} has another: start with an empty directory, which is filled from the fleet, or without the section fleet`,
    );
  }
  if (stored !== undefined && !isOurs && !replace) {
    throw new SettingsError(
      `${dataDir} holds another log than the fleet ${fleet.name} in etcd: start with an empty directory`,
    );
  }
  if (founded.staleAfterMs !== fleet.staleAfterSeconds * 1000) throw new SettingsError(otherStaleAfter(founded));
  await mustBeFree(fleet, keeper, stored);
  const isTooOld = isOurs && (await isTrimmed(keeper, lastRevision, founded.head));
  const isOfNoUse = isOurs && replace && (await mustBeginAnew(settings, keeper, founded.head));
  if (isTooOld && !replace) await fillAnew(settings, keeper, founded, log);
  else if (!isOurs || isTooOld || isOfNoUse) await joinFleet(settings, keeper, founded, log);
  return 'member';
}

/** For a node that was away for too long. Where the snapshot cannot be had, or is of a newer Teal, it has a copy to answer from. */
async function fillAnew(settings: Settings, keeper: EtcdKeeper, founded: Founded, log: Lines): Promise<void> {
  try {
    await joinFleet(settings, keeper, founded, log);
    log.warn({}, 'the log did not have what comes next here: filled anew from the snapshot');
  } catch (error) {
    if (!(error instanceof StartError || error instanceof StoreError)) throw error;
    const reason = error.message;
    log.warn(
      { reason },
      'the log does not have what comes next here, and the snapshot is of no use: answering from the local copy, stale',
    );
  }
}

/** What the data directory holds, without a change to it but what opening makes. */
function lookInto({ dataDir, startEmpty }: Settings): {
  isUnused: boolean;
  stored: StoredFleet | undefined;
  lastRevision: number;
} {
  const store = openStore(dataDir, { startEmpty });
  try {
    return { isUnused: store.isUnused, stored: store.fleet, lastRevision: store.lastRevision };
  } finally {
    store.close();
  }
}

/** Where one endpoint has no fleet the others are asked too: it may lead to a member of another cluster. */
async function lookAround(
  etcd: Etcd,
  endpoints: readonly string[],
  ask: () => Promise<Founded | 'none' | Lost>,
  log: Lines,
): Promise<Founded | 'none' | Lost> {
  const empty: string[] = [];
  let found = await ask();
  for (let n = 1; found === 'none' && n < endpoints.length; n++) {
    empty.push(etcd.endpoint);
    etcd.tryNext();
    const next = await ask();
    // Who cannot be asked says nothing of what there is.
    if (next instanceof Lost) break;
    found = next;
  }
  if (found !== 'none' && empty.length > 0)
    log.warn(
      { empty, endpoint: etcd.endpoint },
      'some of fleet.endpoints are members of another cluster of etcd, which has no such fleet: take them out',
    );
  return found;
}

/** One look is enough where the node can serve without. */
async function look(keeper: EtcdKeeper, isNeeded: boolean): Promise<Founded | 'none' | Lost> {
  for (const startedAt = performance.now(); ; await wait(LOOK_AGAIN_MS)) {
    const founded = await readFounded(keeper);
    if (typeof founded === 'string' && founded !== 'none') throw new StartError(founded);
    const isOver = !isNeeded || performance.now() - startedAt > LOOK_MS;
    if (!(founded instanceof Lost) || isOver) return founded as Founded | 'none' | Lost;
  }
}

/** The log has lost the entry that comes next: it is in the snapshot. */
async function isTrimmed(keeper: EtcdKeeper, lastRevision: number, head: number): Promise<boolean> {
  if (lastRevision >= head) return false;
  const reply = await keeper.transact(reading([{ key: logKey(lastRevision + 1) }]));
  return !(reply instanceof Lost) && reply.found.length === 0;
}

/** Somebody took the node out; or it has what the fleet has not, since etcd was put back to an earlier state. */
async function mustBeginAnew({ dataDir, fleet }: Settings, keeper: EtcdKeeper, head: number): Promise<boolean> {
  const reply = await keeper.transact(reading([{ key: memberKey((fleet as FleetSettings).node) }]));
  if (!(reply instanceof Lost) && reply.found.length === 0) return true;
  const store = openStore(dataDir);
  try {
    return typeof (await unlikeWords(keeper, store, head)) === 'string';
  } finally {
    store.close();
  }
}

/** Another process that is this node, and lives. One that ended without a word is gone within moments. */
async function mustBeFree({ node }: FleetSettings, keeper: EtcdKeeper, stored: StoredFleet | undefined): Promise<void> {
  const ours = stored?.node === node ? stored.incarnation : null;
  for (const startedAt = performance.now(); ; await wait(LOOK_AGAIN_MS)) {
    const reply = await keeper.transact(reading([{ key: presenceKey(node) }]));
    // The protocol finds out later, and is safe until then.
    if (reply instanceof Lost || reply.found.length === 0) return;
    if (Buffer.from(reply.found[0].value).toString() === ours) return;
    if (performance.now() - startedAt > 2 * PRESENCE_SECONDS * 1000) {
      throw new SettingsError(
        `a node named ${node} runs in this fleet already: stop that one, or give this one another name (fleet.node)`,
      );
    }
  }
}

/** Fills the empty directory with the fleet's last snapshot. */
async function joinFleet(
  { dataDir, fleet }: Settings,
  keeper: EtcdKeeper,
  { log: name }: Founded,
  log: Lines,
): Promise<void> {
  const file = join(dataDir, `joining-${randomUUID()}.db`);
  try {
    const pointer = await downloadSnapshot(keeper, file);
    if (typeof pointer === 'string') throw new StartError(`this node cannot join the fleet: ${pointer}`);
    const { kept } = restoreStore(file, dataDir, { replace: true });
    const store = openStore(dataDir);
    try {
      const { name: fleetName } = fleet as FleetSettings;
      const problem = store.keepFleet({ log: name, name: fleetName, node: null, incarnation: null });
      if (problem !== undefined) throw new StartError(problem.detail);
    } finally {
      store.close();
    }
    log.info(
      { revision: pointer.revision, kept },
      'joined the fleet by its snapshot; what came since is read from its log',
    );
  } finally {
    rmSync(file, { force: true });
  }
}
