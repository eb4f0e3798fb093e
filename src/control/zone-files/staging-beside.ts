/**
 * A large file's way into the store beside its way into the table, by a thread of its own, where there is a core for it.
 * Whatever fails in it, the thread that builds is not kept waiting, and nothing stays half staged.
 */
import { Problem } from '../../model/errors.ts';
import type { Store } from '../../store/sqlite.ts';
import type { Timers } from '../clock.ts';
import { Handover } from './handover.ts';
import { failureOf, type TakeReply, type TakeRequest } from './messages.ts';
import { ended, OwnThread, STAGING } from './own-thread.ts';

/** Imports that follow each other have one thread; what its heap grew to comes back soon after the last. */
const IDLE_MS = 2000;
/** It makes little but garbage: with a small young generation it is collected before it grows the heap. */
const YOUNG_MB = 6;

/** An import that is under way. */
export interface Beside {
  /** For the thread that builds. */
  readonly memory: SharedArrayBuffer;
  /** What has become of it; it is the caller's then, to be taken over or dropped. Where nothing was handed over it is to be given up before. */
  readonly reply: Promise<TakeReply>;
  giveUp(): void;
}

export class StagingBeside {
  readonly #store: Store;
  readonly #thread: OwnThread;
  readonly #isParallel: boolean;

  /** `entry`: the module of the thread. `cores`: how many this process may use. */
  constructor(store: Store, timers: Timers, { entry, cores }: { readonly entry: URL; readonly cores: number }) {
    this.#store = store;
    this.#isParallel = cores > 1;
    const options = {
      workerData: store.shared,
      name: 'teal-staging',
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    };
    this.#thread = new OwnThread({ what: STAGING, entry, options, idleMs: IDLE_MS }, timers);
  }

  /** Begins with a zone's records; undefined: on one core a second thread would only cost. */
  begin(zone: string): Beside | undefined {
    if (!this.#isParallel) return undefined;
    const handover = new Handover();
    return { memory: handover.memory, reply: this.#take(zone, handover), giveUp: () => handover.giveUp() };
  }

  /** Gives up what was staged, and is not taken over. */
  drop(staged: TakeReply['staged']): void {
    // Where the store cannot be written, the next start drops it.
    if (staged !== undefined) this.#store.dropStaged(staged);
  }

  stop(): Promise<void> {
    return this.#thread.stop();
  }

  /** Never rejects. */
  async #take(zone: string, handover: Handover): Promise<TakeReply> {
    const request: TakeRequest = { kind: 'take', zone, memory: handover.memory };
    let reply: TakeReply | undefined;
    let failure = ended(STAGING);
    try {
      const said = await this.#thread.inTurn(() => this.#thread.ask<TakeReply | undefined>(request, [], undefined));
      if (!(said instanceof Problem)) reply = said;
    } catch (error) {
      failure = failureOf(error);
    }
    if (reply !== undefined) return reply;
    handover.giveUp();
    // What the thread had begun when it ended.
    if (handover.content !== 0) this.drop({ content: '', records: handover.content });
    return { failure };
  }
}
