/** What systemd, or whoever speaks its protocols, hands over at the start and is told of later. */
import type { Logger } from '../log.ts';
import { type Inherited, InheritedError, inheritedSockets } from '../sockets/inherited.ts';
import { loadLibc } from '../sockets/libc.ts';
import { notifySupervisor } from '../sockets/notify.ts';
import { SettingsError } from './errors.ts';

/** Variables of sd_listen_fds(3), taken away once they are read: they are for this process and no child of it. */
const LISTEN_VARIABLES = ['LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES'];

/** The sockets that were handed over. Throws SettingsError: what is wrong is the unit. */
export function takeInherited(): Inherited {
  try {
    return inheritedSockets(loadLibc(), process.env, process.pid);
  } catch (error) {
    if (error instanceof InheritedError) throw new SettingsError(error.message);
    throw error;
  } finally {
    for (const name of LISTEN_VARIABLES) delete process.env[name];
  }
}

/** Tells how it stands, where somebody wants to know. */
export class Supervisor {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Queries are answered, and the API listens. `status`: a line for people. */
  ready(status: string): void {
    this.#tell(`READY=1\nSTATUS=${status}`);
  }

  /** Does what takes new settings in. */
  around(reload: () => void): void {
    // The time lets the supervisor tell this reload from the one before: CLOCK_MONOTONIC, microseconds.
    this.#tell(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
    try {
      reload();
    } finally {
      this.#tell('READY=1');
    }
  }

  /** The same, for settings that others take in. */
  async aroundLater(reload: () => Promise<void>): Promise<void> {
    this.#tell(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
    await reload().finally(() => this.#tell('READY=1'));
  }

  stopping(): void {
    this.#tell('STOPPING=1');
  }

  /** `status`: a line for people. What to do about it is for the supervisor, and those who look at it, to decide. */
  failed(status: string): void {
    this.#tell(`STATUS=${status}`);
  }

  #tell(state: string): void {
    const socket = process.env.NOTIFY_SOCKET;
    if (!socket) return;
    const libc = loadLibc();
    const failed = libc === undefined ? 'it takes Linux and the koffi package' : notifySupervisor(libc, socket, state);
    if (failed !== undefined) this.#log.warn({ state, reason: failed }, 'the supervisor was not told');
  }
}
