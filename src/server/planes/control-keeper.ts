/** Keeps a control process running; says so when it does not show that it lives. */
import { afterMs, inBackground } from '../../guard.ts';
import type { Logger } from '../../log.ts';
import { type Ended, fdInChild, PlaneChild } from './child.ts';
import type { ControlStart, FromControl, Reread, SettingsSources, ToControl, Which } from './messages.ts';
import { Respawn } from './respawn.ts';
import { SignsOfLife } from './signs-of-life.ts';

interface ControlOptions {
  readonly entry: string;
  readonly log: Logger;
  readonly workers: number;
  readonly admin: ControlStart['admin'];
  sources(): SettingsSources;
  /** The memory that is answered from, and an empty one. */
  memories(): { readonly memory: number; readonly spare: number };
  /** The table of that memory holds what the store holds; resolves when all who answer do so from it. */
  loaded(which: Which): Promise<void>;
  /** It wants to know how it stands. */
  asked(): void;
  /** The first one ended before it was ready. */
  failed(how: Ended): void;
}

/** Settings that were read again, and that no control process has judged yet. */
interface Reload {
  readonly message: ToControl & { readonly kind: 'reload' };
  readonly isInForce: PromiseWithResolvers<boolean>;
}

interface Slot {
  readonly child: PlaneChild<FromControl, ToControl>;
  readyAtMs: number | undefined;
  isEnding: boolean;
  /** Base URL of the admin API, once it is ready; undefined: it ended before. */
  readonly ready: PromiseWithResolvers<string | undefined>;
}

/** Requests have a second and a half to be finished, see api/door; and a busy machine takes its time. */
const STOP_LIMIT_MS = 5500;

export class ControlKeeper {
  readonly respawn = new Respawn();
  readonly #options: ControlOptions;
  #slot: Slot | undefined;
  #hasBeenReady = false;
  #isStopping = false;
  #isUpgrading = false;
  #restart: NodeJS.Timeout | undefined;
  #reload: Reload | undefined;
  #reloads = 0;
  #kept: ControlStart['kept'];
  readonly #life: SignsOfLife;

  constructor(options: ControlOptions) {
    this.#options = options;
    const pid = (): number | undefined => this.#livingPid;
    this.#life = new SignsOfLife({ plane: 'control', meaning: 'answers go on', log: options.log, pid });
  }

  get pid(): number | undefined {
    return this.#slot?.child.pid;
  }

  /** Starts one; resolves to the base URL of the admin API once it is ready, to nothing where it ended before. */
  start(): Promise<string | undefined> {
    const { entry, workers, admin, sources, memories } = this.#options;
    const { memory, spare } = memories();
    const fds = [memory, spare, admin.fd];
    const slot: Slot = {
      child: new PlaneChild<FromControl, ToControl>(entry, 'control', fds, (message) => this.#hear(slot, message)),
      readyAtMs: undefined,
      isEnding: false,
      ready: Promise.withResolvers<string | undefined>(),
    };
    this.#slot = slot;
    this.#life.begin();
    const at = { memory: fdInChild(0), spare: fdInChild(1), admin: { ...admin, fd: fdInChild(2) } };
    slot.child.send({ kind: 'start', sources: sources(), workers, ...at, ...(this.#kept && { kept: this.#kept }) });
    // The one before did not come so far.
    if (this.#reload !== undefined) slot.child.send(this.#reload.message);
    inBackground(
      'the end of a control process',
      slot.child.ended.then((how) => this.#ended(slot, how)),
    );
    return slot.ready.promise;
  }

  /** Left unsaid where it does not listen. */
  send(message: ToControl): void {
    this.#slot?.child.send(message, true);
  }

  /**
   * Hands new settings on. Resolves once a control process has looked at them, be it one that is still to be started, to
   * whether they are in force there; to false where newer ones came before that.
   */
  reload(read: Reread): Promise<boolean> {
    this.#reload?.isInForce.resolve(false);
    const message = { kind: 'reload', nth: ++this.#reloads, ...read } as const;
    this.#reload = { message, isInForce: Promise.withResolvers<boolean>() };
    this.#slot?.child.send(message);
    return this.#reload.isInForce.promise;
  }

  /** Ends it, and starts another one with the code that is there now; see start. */
  async replace(): Promise<string | undefined> {
    this.#isUpgrading = true;
    clearTimeout(this.#restart);
    try {
      await this.#end();
      return this.#isStopping ? undefined : await this.start();
    } finally {
      this.#isUpgrading = false;
    }
  }

  /** False: it did not end in time, and was cut off. */
  async stop(): Promise<boolean> {
    this.#isStopping = true;
    this.#life.stop();
    clearTimeout(this.#restart);
    return this.#end();
  }

  kill(): void {
    this.#isStopping = true;
    this.#slot?.child.kill('SIGKILL');
  }

  #hear(slot: Slot, message: FromControl): void {
    this.#life.heard();
    if (message.kind === 'ask') return this.#options.asked();
    if (message.kind === 'kept') this.#kept = message.kept;
    if (message.kind === 'reloaded') this.#judged(message);
    if (message.kind === 'loaded') {
      const answering = this.#options.loaded(message.which);
      inBackground(
        'a table that was loaded',
        answering.then(() => slot.child.send({ kind: 'answering' })),
      );
    }
    if (message.kind !== 'ready') return;
    slot.readyAtMs = performance.now();
    slot.ready.resolve(message.admin);
    this.#options.asked();
    const { pid } = slot.child;
    if (this.#hasBeenReady) this.#options.log.info({ controlPid: pid }, 'the control process is back');
    this.#hasBeenReady = true;
  }

  #judged({ nth = this.#reloads, isInForce = true }: FromControl & { readonly kind: 'reloaded' }): void {
    if (nth !== this.#reload?.message.nth) return;
    this.#reload.isInForce.resolve(isInForce);
    this.#reload = undefined;
  }

  #ended(slot: Slot, how: Ended): void {
    slot.ready.resolve(undefined);
    if (slot !== this.#slot || slot.isEnding || this.#isStopping) return;
    if (!this.#hasBeenReady) return this.#options.failed(how);
    const readyMs = slot.readyAtMs === undefined ? undefined : performance.now() - slot.readyAtMs;
    const pauseMs = this.respawn.pauseMs(readyMs, how.signal);
    this.#options.log.error({ ...how, pauseMs }, 'the control process ended; answers go on, and it is started again');
    const start = (): void => inBackground('the start of a control process', this.start());
    this.#restart = afterMs('the start of a control process', pauseMs, start);
  }

  /** One that was not ready yet may be reading a store. */
  get #livingPid(): number | undefined {
    const isMeant = this.#slot?.readyAtMs !== undefined && !this.#slot.child.hasEnded && !this.#isUpgrading;
    return isMeant ? this.pid : undefined;
  }

  async #end(): Promise<boolean> {
    const slot = this.#slot;
    if (slot === undefined) return true;
    slot.isEnding = true;
    return slot.child.end({ kind: 'stop' }, STOP_LIMIT_MS);
  }
}
