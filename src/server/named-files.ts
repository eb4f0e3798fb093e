/**
 * Files that the settings name: certificates, keys, secrets. One that becomes unreadable or junk under a server that runs
 * keeps no control process from coming back: what was in force goes on, and it is said.
 */
import { isDeepStrictEqual } from 'node:util';
import { AT_START, SERVING, type Waits } from '../bounded-file.ts';
import { everyMs } from '../guard.ts';
import type { Logger } from '../log.ts';
import { SettingsError } from './errors.ts';

/** What was in them when they were last of use, by the setting that names them; JSON, for who starts the next process. In memory only. */
export type KeptFiles = Readonly<Record<string, unknown>>;

/** The certificates of etcd, which each new connection to it reads. */
export const FLEET_TLS = 'fleet.tls';

/** How often one that is of no use is looked at again. */
const LOOK_MS = 5000;

interface Unusable {
  /** What is wrong, for the log. */
  readonly reason: string;
  readonly again: Reading<unknown>;
}

/** Reads the files of a setting. `waits`: for one that is a pipe. */
type Reading<Content> = (waits: Waits) => Content;

export class NamedFiles {
  readonly #kept: Map<string, unknown>;
  readonly #changed: (kept: KeptFiles) => void;
  readonly #unusable = new Map<string, Unusable>();

  /** `kept`: what a process before this one has left. `changed`: is told what to leave to the next. */
  constructor(kept: KeptFiles = {}, changed: (kept: KeptFiles) => void = () => {}) {
    this.#kept = new Map(Object.entries(kept));
    this.#changed = changed;
  }

  /** Settings whose files are of no use; what they held before is in force. */
  get unusable(): readonly string[] {
    return [...this.#unusable.keys()];
  }

  /** What `read` gives, or gave when it last did, and `tell` why. Throws SettingsError where it never did. */
  use<Content>(setting: string, read: Reading<Content>, tell: (reason: string) => void = () => {}): Content {
    try {
      return this.renew(setting, read);
    } catch (error) {
      if (!(error instanceof SettingsError) || !this.#kept.has(setting)) throw error;
      this.#unusable.set(setting, { reason: error.message, again: read });
      tell(error.message);
      return this.#kept.get(setting) as Content;
    }
  }

  /** What `read` gives. Throws SettingsError, with nothing changed, where that is of no use. */
  renew<Content>(setting: string, read: Reading<Content>): Content {
    // Where something is in force, nobody is kept waiting.
    const content = read(this.#kept.has(setting) ? SERVING : AT_START);
    this.#unusable.delete(setting);
    if (!isDeepStrictEqual(content, this.#kept.get(setting))) {
      this.#kept.set(setting, content);
      this.#changed(Object.fromEntries(this.#kept));
    }
    return content;
  }

  /**
   * Says what is of no use, and looks at it again now and then. `takes`: puts what is new into force; false: it takes a
   * restart. Returns how to stop looking.
   */
  watch(log: Logger, takes: (setting: string, content: unknown) => boolean): () => void {
    for (const [setting, { reason }] of this.#unusable)
      log.error(
        { setting, reason },
        'a file of the settings is of no use any more; what was in it before stays in force',
      );
    const timer = everyMs('files that are of no use', LOOK_MS, () => {
      for (const [setting, { again }] of [...this.#unusable]) this.#lookAgain(setting, again, log, takes);
    });
    timer.unref();
    return () => clearInterval(timer);
  }

  #lookAgain(
    setting: string,
    again: Reading<unknown>,
    log: Logger,
    takes: (setting: string, content: unknown) => boolean,
  ) {
    const before = this.#kept.get(setting);
    try {
      const content = this.renew(setting, again);
      const isInForce = isDeepStrictEqual(content, before) || takes(setting, content);
      const words = 'a file of the settings is of use again';
      if (isInForce) log.info({ setting }, words);
      else log.warn({ setting }, `${words}; what is new in it comes into force with a restart`);
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
    }
  }
}
