/** Who signs: made of what the store has, with signatures that are kept in a file of their own. */
import type { Keyring } from '../control/dnssec/keyring.ts';
import { Signers } from '../control/dnssec/signers.ts';
import type { Engine } from '../control/engine.ts';
import { everyMs } from '../guard.ts';
import type { Logger } from '../log.ts';
import { KeptSignatures } from '../signing/kept.ts';
import { SignaturesFile } from '../store/signatures.ts';
import type { Store } from '../store/sqlite.ts';
import type { PlaneStops } from './stops.ts';
import { systemClock } from './system-clock.ts';

/** What a crash takes of the signatures is signed again: a second of them. */
const FLUSH_MS = 1000;
/** Some of those that have ended go each time. */
const FORGET_MS = 60_000;

/** Signatures that are due have a week left; a server that is restarted each day gets around to them too. */
const REFRESH_MS = 3_600_000;

/** Makes signatures anew that are due; returns how to stop that. */
export function refreshSignatures(engine: Engine, store: Store, signers: Signers): () => void {
  const refreshing = everyMs('signatures are made anew', REFRESH_MS, () => {
    signers.isRefreshing = true;
    try {
      for (const signing of store.allSignings()) engine.refreshSigning(signing);
    } finally {
      signers.isRefreshing = false;
    }
  });
  refreshing.unref();
  return () => clearInterval(refreshing);
}

/** Lenient until the table is whole; see SigningGround. */
export function openSigners(
  keyring: Keyring,
  dataDir: string,
  log: Logger,
  stops: Pick<PlaneStops, 'dataPlane'>,
): Signers {
  const file = new SignaturesFile(dataDir);
  if (file.isRenewed || file.failure !== undefined) {
    log.warn({ reason: file.failure }, 'the file of signatures was of no use: what is missing is signed again');
  }
  const kept = new KeptSignatures(file);
  const nowMs = () => systemClock.wallMs();
  const timers = [
    everyMs('signatures are written', FLUSH_MS, () => kept.flush()),
    everyMs('signatures are forgotten', FORGET_MS, () => void kept.forget(nowMs())),
  ];
  for (const timer of timers) timer.unref();
  stops.dataPlane.push(() => {
    for (const timer of timers) clearInterval(timer);
    kept.flush();
    file.close();
  });
  return new Signers(keyring, { kept, nowMs, isLenient: true });
}
