/** Settings that are read again while the server runs: what can change at once does, the rest is named. */
import type https from 'node:https';
import type { createApp } from '../api/app.ts';
import { changedKeys } from '../config/changes.ts';
import type { Settings } from '../config.ts';
import type { Outbound } from '../control/outbound/outbound.ts';
import { type Logger, setLevel } from '../log.ts';
import { readTls, TLS } from './admin.ts';
import { FLEET_TLS, type NamedFiles } from './named-files.ts';
import { withReloaded } from './reloaded-settings.ts';
import { networksOf } from './worker-options.ts';

/** The parts that take new settings while they run. */
interface ReloadedParts {
  readonly app: ReturnType<typeof createApp>;
  readonly outbound: Outbound;
  readonly files: NamedFiles;
  readonly log: Logger;
}

type Certificate = ReturnType<typeof readTls>;

export class Reloader {
  readonly #parts: ReloadedParts;
  /** What is in force. */
  #settings: Settings;

  constructor(settings: Settings, parts: ReloadedParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  /**
   * Puts into force what can be. The certificate's files are read again even where their names are the same. Throws
   * SettingsError, with nothing changed, where they are wrong.
   */
  reload(wanted: Settings): void {
    const { outbound, files, log } = this.#parts;
    const before = this.#settings;
    // With a certificate the API is another server than without.
    const tls = before.admin.tls && wanted.admin.tls;
    const certificate = tls && files.renew(TLS, (waits) => readTls(tls, waits));
    const { probes } = wanted;
    this.#settings = withReloaded(before, wanted);
    if (certificate !== undefined) this.#serveBy(certificate);
    outbound.permit({ allow: networksOf(probes.allow), deny: networksOf(probes.deny) });
    setLevel(log, wanted.log.level);
    const changed = changedKeys(before, this.#settings);
    const needRestart = changedKeys(this.#settings, wanted);
    log.info({ changed, certificate: certificate === undefined ? 'none' : 'read again' }, 'settings reloaded');
    if (needRestart.length > 0) log.warn({ needRestart }, 'settings that a restart puts into force');
  }

  /** Says which files are of no use, and takes the certificate once it is right; returns how to stop looking. */
  watchFiles(): () => void {
    const { files, log } = this.#parts;
    return files.watch(log, (setting, content) => {
      if (setting === TLS) this.#serveBy(content as Certificate);
      return setting === TLS || setting === FLEET_TLS;
    });
  }

  #serveBy(certificate: Certificate): void {
    (this.#parts.app.server as unknown as https.Server).setSecureContext(certificate);
  }
}
