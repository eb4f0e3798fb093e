/** One process of a plane: how it is started, spoken to, and ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { listen } from '../../guard.ts';
import { relayLines } from '../../log/relay.ts';
import { standardSink } from '../../log/sink.ts';
import { within } from '../../sockets/exit.ts';

type Plane = 'control' | 'data';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** In the child the standard streams come first, then Node's channel; then what it is handed. */
const FIRST_FD = 4;
/** Variables that are meant for the process that a supervisor started, and for no child of it. */
const OURS_ALONE = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID', 'LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES'];
/** So many words may wait for a process that does not read them: it is stopped, or hangs, and the newest say all. */
const UNREAD_MAX = 64;

/** The number that a descriptor gets in the child: `at` is its place among those that are handed over. */
export function fdInChild(at: number): number {
  return FIRST_FD + at;
}

export class PlaneChild<From extends object, To extends object> {
  readonly ended: Promise<Ended>;
  /** By the steady clock. */
  readonly startedAtMs = performance.now();
  #hasEnded = false;
  #unread = 0;
  readonly #child: ChildProcess;

  /** `entry`: the module that it runs. `fds` are its from the start, in this order: see fdInChild. `more`: of its environment. */
  constructor(
    entry: string,
    plane: Plane,
    fds: readonly number[],
    hear: (message: From) => void,
    more: NodeJS.ProcessEnv = {},
  ) {
    const env = { ...process.env, ...more };
    for (const name of OURS_ALONE) delete env[name];
    // A debugger has one port, which is this process's.
    const options = process.execArgv.filter((word) => !word.startsWith('--inspect'));
    const child = spawn(process.execPath, [...options, entry, plane], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', ...fds],
      env,
    });
    this.#child = child;
    // Whoever reads ours may be slow, or stopped: this process waits for nobody, and the others for this one only.
    // There are no such streams, whatever the types say, where no descriptor was left to start it.
    if (child.stdout) relayLines(child.stdout, standardSink(1));
    if (child.stderr) relayLines(child.stderr, standardSink(2));
    const { promise, resolve } = Promise.withResolvers<Ended>();
    this.ended = promise;
    const end = (code: number | null, signal: NodeJS.Signals | null): void => {
      this.#hasEnded = true;
      resolve({ code, signal });
    };
    // After the last of its lines.
    listen(child, 'close', `the end of the ${plane} process`, end);
    // It could not be started: there may be too many processes, no memory, or no descriptors.
    listen(child, 'error', `the ${plane} process`, () => child.pid === undefined && end(null, null));
    listen(child, 'message', `a word of the ${plane} process`, hear);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Never throws, and never waits. `unlessBusy`: leave it, where the child has not read what was said before. */
  send(message: To, unlessBusy = false): void {
    if (!this.#child.connected || (unlessBusy && this.#unread >= UNREAD_MAX)) return;
    this.#unread++;
    this.#child.send(message, () => this.#unread--);
  }

  /** Tells it to `stop`, and ends it where it has not ended by then: false. */
  async end(stop: To, limitMs: number): Promise<boolean> {
    this.send(stop);
    if (await within(this.ended, limitMs)) return true;
    this.kill('SIGKILL');
    await this.ended;
    return false;
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.#hasEnded) this.#child.kill(signal);
  }
}
