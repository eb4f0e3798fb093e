/**
 * What `teal serve` is in two planes: it opens the sockets and the memory, starts a data and a control process with them,
 * and starts each again that dies. It does nothing else, so that nothing in it can fail; its own end ends both.
 */
import { randomBytes } from 'node:crypto';
import tty from 'node:tty';
import type { Settings } from '../../config.ts';
import { inBackground } from '../../guard.ts';
import { standardSink } from '../../log/sink.ts';
import { type Logger, setLevel } from '../../log.ts';
import { formatEndpoint } from '../../sockets/address.ts';
import { within } from '../../sockets/exit.ts';
import { udpWorkersOf } from '../../sockets/fleet.ts';
import { errorName, LINUX, type Libc, loadLibc } from '../../sockets/libc.ts';
import { openPages } from '../../sockets/shared-pages.ts';
import { relayWatchdog, watchdogTask } from '../../sockets/watchdog.ts';
import { COOKIE_SECRET_BYTES } from '../../wire/edns.ts';
import { asStartError, PlaneEnded, StartError } from '../errors.ts';
import { withReloaded } from '../reloaded-settings.ts';
import { giveBackAfterStart } from '../start-memory.ts';
import { Supervisor, takeInherited } from '../supervisor.ts';
import { readVersion } from '../version.ts';
import type { Ended } from './child.ts';
import { ControlKeeper } from './control-keeper.ts';
import { DataKeeper } from './data-keeper.ts';
import type { DataStart, Reread, SettingsSources, Which } from './messages.ts';
import { privateBytes } from './private-memory.ts';
import { sumOf } from './remote-fleet.ts';
import { type KeptSockets, openSockets } from './sockets.ts';

interface WatcherOptions {
  readonly settings: Settings;
  readonly sources: Pick<SettingsSources, 'file' | 'flags'>;
  readonly log: Logger;
  /** The module that the processes run: a path. */
  readonly entry: string;
}

/** New settings are in force by then, or their turn comes later. */
const RELOAD_LIMIT_MS = 5000;

/** A control process that comes back waits so long for a data process that does not answer. */
const DATA_LIMIT_MS = 30_000;

/** Why there can be no two processes here; undefined: there can. */
export function whyOnePlane(): string | undefined {
  const libc = loadLibc();
  if (libc === undefined) return 'it takes Linux and the koffi package';
  const pages = openPages(libc);
  if (typeof pages === 'string') return pages;
  libc.close(pages);
  return undefined;
}

export class Watcher {
  readonly #log: Logger;
  readonly #libc: Libc;
  readonly #supervisor: Supervisor;
  readonly #sources: Pick<SettingsSources, 'file' | 'flags'>;
  readonly #control: ControlKeeper;
  readonly #data: DataKeeper;
  /** The memory that is answered from, and an empty one for a table that is built anew. */
  #memory: number;
  #spare: number;
  #reloaded: Reread | undefined;
  #settings: Settings;
  /** Read once: what is installed may be another one by now. */
  readonly #version = readVersion();
  #isUpgrading = false;
  /** Asked for while one was under way: what is installed may have become another since that began. */
  #isAskedAgain = false;
  #isStopping = false;
  readonly #failed = Promise.withResolvers<never>();

  private constructor({ settings, sources, log, entry }: WatcherOptions, libc: Libc, sockets: KeptSockets) {
    this.#log = log;
    this.#libc = libc;
    this.#supervisor = new Supervisor(log);
    this.#sources = sources;
    this.#settings = settings;
    this.#memory = this.#emptyMemory();
    this.#spare = this.#emptyMemory();
    const workers = udpWorkersOf(settings.dns.workers);
    const cookieSecret = randomBytes(COOKIE_SECRET_BYTES).toString('hex');
    const same = { entry, log, workers, sources: () => this.#sourcesNow() };
    const fail = (plane: string) => (how: Ended) => this.#failed.reject(new PlaneEnded(plane, how));
    this.#data = new DataKeeper({
      ...same,
      dns: sockets.dns,
      cookieSecret,
      watchdog: openWatchdog(libc),
      told: () => this.#tellControl(),
      unlike: () => this.#catchUp(),
      isFollowed: () => this.#isAskedAgain,
      failed: fail('data'),
    });
    this.#control = new ControlKeeper({
      ...same,
      admin: sockets.admin,
      memories: () => this.#memories(),
      loaded: (which) => this.#loaded(which),
      asked: () => {
        this.#tellControl();
        this.#data.send({ kind: 'tell' });
      },
      failed: fail('control'),
    });
    this.#failed.promise.catch(() => {});
  }

  /** Resolves when queries are answered and the API listens. Throws StartError, with nothing left open. */
  static async start(options: WatcherOptions): Promise<Watcher> {
    const { settings, log } = options;
    const libc = loadLibc();
    if (libc === undefined) throw new StartError('two processes take Linux and the koffi package');
    const inherited = takeInherited();
    const workers = udpWorkersOf(settings.dns.workers);
    const sockets = await openSockets(settings, inherited, workers, libc, log).catch((error: unknown) => {
      throw asStartError(error);
    });
    const watcher = new Watcher(options, libc, sockets);
    try {
      await watcher.#begin(workers);
      return watcher;
    } catch (error) {
      await watcher.stop();
      throw error;
    }
  }

  async #begin(workers: number): Promise<void> {
    this.#data.start(this.#memory);
    // Where one of them ends before it is ready, the reason is on its way.
    const admin = await Promise.race([this.#control.start(), this.#failed.promise]);
    if (admin === undefined) await this.#failed.promise;
    await Promise.race([this.#data.serve(), this.#failed.promise]);
    if (this.#data.state === undefined) await this.#failed.promise;
    const { endpoints = [], transport } = this.#data.state ?? {};
    const dns = endpoints.map(formatEndpoint);
    const processes = { controlPid: this.#control.pid, dataPid: this.#data.pid };
    this.#log.info({ admin, dns, transport, workers, ...processes }, 'ready');
    giveBackAfterStart();
    this.#supervisor.ready(`answering on ${dns.join(', ')}; admin API at ${admin}`);
  }

  /**
   * Hands new settings on: each process takes what it can without a restart. Not before the one that decides has taken
   * them, since one that is started later goes by what is known here, and would not start with what was refused.
   */
  reload(settings: Settings, read: Reread): void {
    const done = this.#control.reload(read).then((isInForce) => {
      if (isInForce) this.#take(settings, read);
    });
    const reload = async (): Promise<void> => {
      if (await within(done, RELOAD_LIMIT_MS)) return;
      this.#log.warn('settings are not reloaded yet: they come into force once the control process takes them');
    };
    inBackground('a reload of settings', this.#supervisor.aroundLater(reload));
  }

  #take(settings: Settings, read: Reread): void {
    this.#reloaded = read;
    this.#settings = withReloaded(this.#settings, settings);
    setLevel(this.#log, settings.log.level);
    this.#data.sendToAll({ kind: 'reload', ...read });
  }

  /** Replaces the control process, then the data process, by the code that is there now; answers go on. */
  upgrade(): true {
    if (this.#isUpgrading) {
      this.#log.info('an upgrade is under way; another one follows it');
      this.#isAskedAgain = true;
      return true;
    }
    this.#isUpgrading = true;
    const done = this.#upgradeAll().finally(() => {
      this.#isUpgrading = false;
    });
    inBackground('an upgrade', done);
    return true;
  }

  async #upgradeAll(): Promise<void> {
    do {
      this.#isAskedAgain = false;
      await this.#upgrade();
    } while (this.#isAskedAgain && !this.#isStopping);
  }

  /**
   * Another version was installed while this one runs, and one of its processes or threads was to take the place of one
   * that died: it cannot read this memory. Only a control process of that version makes it one that it can.
   */
  #catchUp(): void {
    if (this.#isUpgrading || this.#isStopping) return;
    this.#log.warn('what is installed now lays the table out differently, and something of it is needed: upgrading');
    this.upgrade();
  }

  async #upgrade(): Promise<void> {
    this.#log.info({ controlPid: this.#control.pid, dataPid: this.#data.pid }, 'upgrading');
    const memory = this.#memory;
    const admin = await this.#control.replace();
    if (this.#isStopping) return;
    if (admin === undefined) {
      return this.#log.error('not upgraded: the new control process does not start; who answers goes on');
    }
    // With another memory there is another data process already.
    const isReplaced = memory !== this.#memory || (await this.#data.replace(memory));
    if (this.#isStopping) return;
    if (!isReplaced) {
      return this.#log.error('half upgraded: a new data process does not start; who answers goes on');
    }
    this.#log.info({ controlPid: this.#control.pid, dataPid: this.#data.pid }, 'upgraded');
  }

  /**
   * Control first, which finishes its requests, then data, which answers what it received. False: one of them did not end in
   * time, and was cut off.
   */
  async stop(): Promise<boolean> {
    this.#isStopping = true;
    this.#supervisor.stopping();
    const control = await this.#control.stop();
    if (!control) this.#log.error('the control process did not stop in time, cut off');
    const data = await this.#data.stop();
    if (!data) this.#log.error('the data process did not stop in time, cut off');
    return control && data;
  }

  /** Ends both at once. */
  kill(): void {
    this.#control.kill();
    this.#data.kill();
  }

  #memories(): { memory: number; spare: number } {
    // A control process that died may have begun to fill it.
    this.#libc.close(this.#spare);
    this.#spare = this.#emptyMemory();
    return { memory: this.#memory, spare: this.#spare };
  }

  async #loaded(which: Which): Promise<void> {
    if (which === 'memory') {
      // Once it answers, if it does: else the API says that it does not.
      await within(this.#data.serve(), DATA_LIMIT_MS);
      return this.#tellControl();
    }
    const old = this.#memory;
    this.#memory = this.#spare;
    this.#spare = this.#emptyMemory();
    while (!(await this.#data.replace(this.#memory))) {
      if (this.#isStopping) return;
      this.#log.error('the data process for the table that was built anew does not start; it is tried again');
    }
    this.#libc.close(old);
  }

  #sourcesNow(): SettingsSources {
    const { settings, version } = { settings: this.#settings, version: this.#version };
    return { ...this.#sources, settings, version, reloaded: this.#reloaded, isTerminal: tty.isatty(1) };
  }

  #tellControl(): void {
    const data = this.#data.state;
    const restarts = { control: this.#control.respawn.count, data: this.#data.respawn.count };
    const log = sumOf(standardSink(1), data?.log);
    this.#control.send({
      kind: 'state',
      state: { data, heard: this.#data.heard, restarts, privateBytes: privateBytes(), log },
    });
  }

  #emptyMemory(): number {
    const fd = openPages(this.#libc);
    if (typeof fd === 'string') throw new StartError(`memory for the table cannot be had: ${fd}`);
    return fd;
  }
}

/** Where a supervisor wants to know: a pipe by which the data process says so, and a thread that passes it on. */
function openWatchdog(libc: Libc): DataStart['watchdog'] {
  const task = watchdogTask(process.env);
  if (task === undefined) return undefined;
  const ends = new Int32Array(2);
  if (libc.pipe2(ends, LINUX.O_CLOEXEC) !== 0) throw new StartError(`pipe2 failed: ${errorName(libc.errno())}`);
  relayWatchdog(ends[0], task.socket);
  return { fd: ends[1], periodMs: task.periodMs };
}
