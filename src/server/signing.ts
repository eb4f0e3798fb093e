/** Who signs: made of what the store has, with signatures that are kept in a file of their own. */
import { ZoneDigests } from '../control/dnssec/digests.ts';
import { SignatureKeeper } from '../control/dnssec/keeper.ts';
import type { Keyring } from '../control/dnssec/keyring.ts';
import { ZoneResigner } from '../control/dnssec/resigner.ts';
import { Signers } from '../control/dnssec/signers.ts';
import type { Engine } from '../control/engine.ts';
import type { ZoneFiles } from '../control/zone-files/zone-files.ts';
import { everyMs, inBackground } from '../guard.ts';
import type { Logger } from '../log.ts';
import type { Zone } from '../model/zone.ts';
import { shown } from '../shown.ts';
import { ClockWitness } from '../signing/clock-witness.ts';
import { KeptSignatures } from '../signing/kept.ts';
import { SignaturesFile } from '../store/signatures.ts';
import type { Store } from '../store/sqlite.ts';
import type { TableContent } from '../table/changes.ts';
import type { Table } from '../table/table.ts';
import { TYPE } from '../wire/constants.ts';
import { steadyClock } from './steady-clock.ts';
import type { PlaneStops } from './stops.ts';
import { systemClock } from './system-clock.ts';

/** What a crash takes of the signatures is signed again: a second of them. */
const FLUSH_MS = 1000;
/** Some of those that have ended go each time. */
const FORGET_MS = 60_000;

/** Signatures that are due have a week left; a server that is restarted each day gets around to them too. */
const REFRESH_MS = 3_600_000;

/** A zone of so many names is built aside to be signed in another way: fewer take some 32 signatures, a millisecond or two. */
const NAMES_AT_ONCE = 17;

interface KeepingParts {
  readonly engine: Engine;
  readonly store: Store;
  readonly table: Table;
  readonly signers: Signers;
  readonly files: ZoneFiles;
  readonly log: Logger;
}

/**
 * From now on zones are signed aside where that takes long, and looked through for signatures that are due; returns how to
 * stop that. To be called when the table is whole.
 */
export function keepSigned({ engine, store, table, signers, files, log }: KeepingParts): () => void {
  files.signing = signers;
  const { content } = table;
  const keeper = new SignatureKeeper({ store, engine, looks: table.signatures, signers });
  const resigner = new ZoneResigner({ store, engine, files, signers, keeper, timers: systemClock, log });
  const digests = new ZoneDigests({ store, engine, signers, files: files.looks, clock: systemClock, log });
  for (const zone of leftSigned(store, content)) signers.want(zone, undefined);
  let isLooking = false;
  const lookThroughAll = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    try {
      for (const { zone } of store.allSignings()) {
        const problem = await keeper.look(zone);
        if (problem === undefined) continue;
        log.warn({ zone: shown(zone), code: problem.code }, `signatures are not made anew: ${problem.detail}`);
      }
    } finally {
      isLooking = false;
      resigner.look();
    }
  };
  const refreshing = everyMs('signatures are made anew', REFRESH_MS, lookThroughAll);
  refreshing.unref();
  inBackground('a look through all signed zones', lookThroughAll());
  return () => {
    clearInterval(refreshing);
    resigner.stop();
    digests.stop();
    keeper.stop();
  };
}

/** Zones that nobody signs any more, by a process that ended before the table said so: their keys are no records of theirs. */
function leftSigned(store: Store, content: TableContent): string[] {
  const isLeft = ({ name }: Zone): boolean =>
    content.hasRRset(name, name, TYPE.DNSKEY) &&
    store.signing(name) === undefined &&
    store.rrset(name, name, TYPE.DNSKEY) === undefined;
  return store
    .allZones()
    .filter(isLeft)
    .map(({ name }) => name);
}

/** Lenient until the table is whole; see SigningGround. */
export function openSigners(
  keyring: Keyring,
  dataDir: string,
  log: Logger,
  stops: Pick<PlaneStops, 'dataPlane'>,
  store: Pick<Store, 'lastRevision' | 'revision'>,
): Signers {
  const file = new SignaturesFile(dataDir);
  if (file.isRenewed || file.failure !== undefined) {
    log.warn({ reason: file.failure }, 'the file of signatures was of no use: what is missing is signed again');
  }
  const kept = new KeptSignatures(file);
  const nowMs = () => systemClock.wallMs();
  const lastChangeMs = (): number => store.revision(store.lastRevision)?.atMs ?? 0;
  // Asked for with each signature, which is too often for the store.
  let pastMs = lastChangeMs();
  const witness = new ClockWitness(steadyClock, () => pastMs);
  const timers = [
    everyMs('signatures are written', FLUSH_MS, () => {
      kept.flush();
      pastMs = lastChangeMs();
    }),
    everyMs('signatures are forgotten', FORGET_MS, () => void kept.forget(nowMs())),
  ];
  for (const timer of timers) timer.unref();
  stops.dataPlane.push(() => {
    for (const timer of timers) clearInterval(timer);
    kept.flush();
    file.close();
  });
  const signers = new Signers(keyring, { kept, nowMs, clockFault: () => witness.fault, isLenient: true });
  signers.namesAtOnce = NAMES_AT_ONCE;
  return signers;
}
