/** Keeps a data process running on the sockets; replaces it by another one without a gap. */
import { afterMs, inBackground } from '../../guard.ts';
import type { Logger } from '../../log.ts';
import { within } from '../../sockets/exit.ts';
import type { InheritedEndpoint } from '../../sockets/inherited.ts';
import { type Ended, fdInChild, PlaneChild } from './child.ts';
import type { DataStart, DataState, FromData, SettingsSources, ToData } from './messages.ts';
import { Respawn } from './respawn.ts';
import { SignsOfLife } from './signs-of-life.ts';

interface DataOptions {
  readonly entry: string;
  readonly log: Logger;
  readonly workers: number;
  readonly dns: readonly InheritedEndpoint[];
  readonly cookieSecret: string;
  readonly watchdog: DataStart['watchdog'];
  sources(): SettingsSources;
  /** A data process told how it stands. */
  told(): void;
  /** The code that is there now cannot answer from the memory: another version made it. */
  unlike(): void;
  /** Whether another upgrade was asked for, and follows the one that is under way. */
  isFollowed(): boolean;
  /** The first one ended before it answered. */
  failed(how: Ended): void;
}

/** One process, from its start to its end. */
interface Slot {
  readonly child: PlaneChild<FromData, ToData>;
  readonly place: number;
  readonly memory: number;
  /** By the steady clock; undefined: it does not answer yet. */
  readyAtMs: number | undefined;
  /** It was told to end. */
  isEnding: boolean;
  state: DataState | undefined;
  readonly ready: PromiseWithResolvers<boolean>;
  readonly cleared: PromiseWithResolvers<void>;
}

/** A process that is to take over may take so long to answer: a busy machine, many workers. */
const START_LIMIT_MS = 60_000;
/** By this `teal upgrade` sees that the one which it asked for is still to come, though all that it found has been replaced. */
const FOLLOWED = { TEAL_UPGRADE_FOLLOWS: '1' };
/** TCP clients have two seconds to read their last replies; see Fleet.stop. */
const STOP_LIMIT_MS = 3000;
const CLEAR_LIMIT_MS = 5000;

export class DataKeeper {
  readonly respawn = new Respawn();
  readonly #options: DataOptions;
  #slot: Slot | undefined;
  /** One that is to take over. */
  #next: Slot | undefined;
  /** Ends with the last replacement that was asked for. */
  #replacing: Promise<unknown> = Promise.resolve();
  #isServing = false;
  #hasAnswered = false;
  #isStopping = false;
  #restart: NodeJS.Timeout | undefined;
  readonly #life: SignsOfLife;
  #heard = 0;

  constructor(options: DataOptions) {
    this.#options = options;
    const pid = (): number | undefined => (this.state === undefined ? undefined : this.pid);
    this.#life = new SignsOfLife({ plane: 'data', meaning: 'queries may go unanswered', log: options.log, pid });
  }

  get pid(): number | undefined {
    return this.#slot?.child.pid;
  }

  /** What the process that answers told last; undefined while none does. */
  get state(): DataState | undefined {
    return this.#slot?.readyAtMs === undefined ? undefined : this.#slot.state;
  }

  /** How often one told how it stands: what it told last may be long ago. */
  get heard(): number {
    return this.#heard;
  }

  /** Starts the first one; it answers once `serve` was called. */
  start(memory: number): void {
    this.#slot = this.#spawn(memory, 0);
  }

  /** The memory holds what is to be answered; resolves when the process answers. */
  async serve(): Promise<void> {
    this.#isServing = true;
    this.#slot?.child.send({ kind: 'serve' });
    await this.#slot?.ready.promise;
  }

  send(message: ToData): void {
    this.#slot?.child.send(message, true);
  }

  /** To one that is to take over, too: it was started with what was known before. */
  sendToAll(message: ToData): void {
    for (const slot of [this.#slot, this.#next]) slot?.child.send(message);
  }

  /**
   * Starts another one beside the one that answers, on the same sockets, and ends that once both do. False: it did not
   * come so far, and the old one answers on.
   *
   * An interface serves one AF_XDP program only: of two processes the second finds it taken. So one that has no part in
   * it answers in between, by the sockets, where all queries go once the old one has let go of the interface.
   *
   * One replacement waits for another: two processes that take over at once would stand at the same place in the memory,
   * and count there together and clear each other's marks.
   */
  replace(memory: number): Promise<boolean> {
    const done = this.#replacing.then(() => this.#replace(memory));
    this.#replacing = done.catch(() => {});
    return done;
  }

  async #replace(memory: number): Promise<boolean> {
    if (this.#isStopping) return false;
    const before = this.#slot;
    if (before?.state?.transport !== 'xdp') {
      this.#next = this.#spawn(memory, before === undefined ? 0 : 1 - before.place);
      return this.#takeOver(this.#next);
    }
    const between = this.#spawn(memory, 1 - before.place, 'sockets alone');
    this.#next = between;
    if (!(await this.#answers(between))) return false;
    // Before the old one ends, so that whoever looks never finds one process only, and takes this for the end of it.
    this.#next = this.#spawn(memory, before.place);
    const last = this.#next;
    await this.#handTo(between);
    if (await this.#takeOver(last)) return true;
    if (!this.#isStopping)
      this.#options.log.warn('sockets serve in place of AF_XDP, until the next upgrade or a restart');
    return false;
  }

  /** The one that was started to take over does so, once it answers. */
  async #takeOver(next: Slot): Promise<boolean> {
    if (!(await this.#answers(next))) return false;
    this.#next = undefined;
    await this.#handTo(next);
    return true;
  }

  /** Whether it comes to answer, beside the one that does; else it is ended. */
  async #answers(next: Slot): Promise<boolean> {
    if (this.#isStopping) return false;
    next.child.send({ kind: 'serve' });
    if (!(await within(next.ready.promise, START_LIMIT_MS)) || next.readyAtMs === undefined) {
      await this.#end(next);
      this.#next = undefined;
      return false;
    }
    return !this.#isStopping;
  }

  /** It is the one that answers from now on; the old one ends. */
  async #handTo(next: Slot): Promise<void> {
    // The one before may have died meanwhile, and have been started again.
    clearTimeout(this.#restart);
    const old = this.#slot;
    this.#slot = next;
    this.#life.begin();
    this.#options.told();
    if (old === undefined) return;
    await this.#end(old);
    next.child.send({ kind: 'alone', place: old.place });
    await within(Promise.race([next.cleared.promise, next.child.ended]), CLEAR_LIMIT_MS);
  }

  /** False: one did not end in time, and was cut off. */
  async stop(): Promise<boolean> {
    this.#isStopping = true;
    this.#life.stop();
    clearTimeout(this.#restart);
    const ended = await Promise.all([this.#slot, this.#next].map((slot) => slot === undefined || this.#end(slot)));
    return ended.every((isByItself) => isByItself);
  }

  kill(): void {
    this.#isStopping = true;
    this.#slot?.child.kill('SIGKILL');
    this.#next?.child.kill('SIGKILL');
  }

  #spawn(memory: number, place: number, transports: 'all' | 'sockets alone' = 'all'): Slot {
    const { entry, dns, workers, cookieSecret, watchdog, sources, isFollowed } = this.#options;
    const fds = [memory, ...dns.flatMap(({ udp, tcp }) => [...udp, ...tcp])];
    if (watchdog !== undefined) fds.push(watchdog.fd);
    const inChild = (own: readonly number[]): number[] => own.map((fd) => fdInChild(fds.indexOf(fd)));
    const more = isFollowed() ? FOLLOWED : {};
    const slot: Slot = {
      child: new PlaneChild<FromData, ToData>(entry, 'data', fds, (message) => this.#hear(slot, message), more),
      place,
      memory,
      readyAtMs: undefined,
      isEnding: false,
      state: undefined,
      ready: Promise.withResolvers<boolean>(),
      cleared: Promise.withResolvers<void>(),
    };
    slot.child.send({
      kind: 'start',
      sources: transports === 'all' ? sources() : withoutXdp(sources()),
      workers,
      place,
      cookieSecret,
      memory: fdInChild(0),
      dns: dns.map(({ endpoint, udp, tcp }) => ({ endpoint, udp: inChild(udp), tcp: inChild(tcp) })),
      watchdog: watchdog && { ...watchdog, fd: fdInChild(fds.length - 1) },
    });
    inBackground(
      'the end of a data process',
      slot.child.ended.then((how) => this.#ended(slot, how)),
    );
    return slot;
  }

  #hear(slot: Slot, message: FromData): void {
    if (message.kind === 'cleared') return slot.cleared.resolve();
    if (message.kind === 'unlike') return this.#options.unlike();
    slot.state = message.state;
    if (slot === this.#slot) {
      this.#heard++;
      this.#life.heard();
    }
    if (message.kind === 'ready') {
      slot.readyAtMs = performance.now();
      this.#hasAnswered = true;
      slot.ready.resolve(true);
    }
    if (slot === this.#slot) this.#options.told();
  }

  #ended(slot: Slot, how: Ended): void {
    const { readyAtMs } = slot;
    slot.readyAtMs = undefined;
    slot.ready.resolve(false);
    if (slot !== this.#slot || slot.isEnding || this.#isStopping) return;
    if (!this.#hasAnswered) return this.#options.failed(how);
    const readyMs = readyAtMs === undefined ? undefined : performance.now() - readyAtMs;
    const pauseMs = this.respawn.pauseMs(readyMs, how.signal);
    this.#options.log.error({ ...how, pauseMs }, 'the data process ended; another one answers on the same sockets');
    this.#options.told();
    const start = (): void => {
      this.#slot = this.#spawn(slot.memory, slot.place);
      if (this.#isServing) this.#slot.child.send({ kind: 'serve' });
    };
    if (pauseMs === 0) start();
    else this.#restart = afterMs('the start of a data process', pauseMs, start);
  }

  /** Lets it answer what it received. */
  async #end(slot: Slot): Promise<boolean> {
    slot.isEnding = true;
    return slot.child.end({ kind: 'stop' }, STOP_LIMIT_MS);
  }
}

/** One of another version reads the settings itself, asks for AF_XDP, is told that the interface is taken, and serves by sockets, too. */
function withoutXdp(sources: SettingsSources): SettingsSources {
  const { settings } = sources;
  return { ...sources, settings: { ...settings, dns: { ...settings.dns, transport: 'auto' } } };
}
