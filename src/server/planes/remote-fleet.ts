/** The workers as the control process knows them: by what the data process tells of them. */
import { afterMs, everyMs } from '../../guard.ts';
import { type LogSink, standardSink } from '../../log/sink.ts';
import type { MeasuredPlane } from '../../metrics/planes.ts';
import type { FleetView } from '../data-plane.ts';
import type { FromControl, LogState, OutsideState } from './messages.ts';
import { privateBytes } from './private-memory.ts';

/** How often it is looked whether the data process tells. */
const LOOK_MS = 1000;
/** It tells once a second: so many looks without a word are no accident. */
const SILENT_LOOKS = 5;
/** Who wants to know exactly waits so long, and then takes what is known. */
const ASK_LIMIT_MS = 250;

type SocketStates = ReturnType<FleetView['socketStates']>;

export class RemoteFleet implements FleetView {
  #state: OutsideState | undefined;
  #silentLooks = 0;
  #waiting: (() => void)[] = [];
  readonly #all: readonly number[];
  readonly #looking: NodeJS.Timeout;
  readonly #say: (message: FromControl) => void;

  /** `workers`: all that there should be, TCP included. */
  constructor(workers: number, say: (message: FromControl) => void) {
    this.#all = Array.from({ length: workers }, (_, worker) => worker);
    this.#say = say;
    // Looks are counted and no time: a process that was stopped as a whole has missed nothing.
    this.#looking = everyMs('the look after the data process', LOOK_MS, () => this.#silentLooks++).unref();
  }

  /** To be told of what the data process, and who watches it, tell. */
  hear(state: OutsideState): void {
    // Who asks is told at once, also where the data process has said nothing since.
    const isNew = state.heard === undefined || state.heard !== this.#state?.heard;
    this.#state = state;
    if (state.data !== undefined && isNew) this.#silentLooks = 0;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  stop(): void {
    clearInterval(this.#looking);
  }

  get isUp(): boolean {
    return this.#state?.data !== undefined && this.#silentLooks < SILENT_LOOKS;
  }

  /** The processes, for the metrics. */
  get planes(): readonly MeasuredPlane[] {
    const { restarts = { control: 0, data: 0 }, privateBytes: watching, data } = this.#state ?? {};
    return [
      { plane: 'control', isUp: true, restarts: restarts.control, privateBytes: privateBytes() },
      { plane: 'data', isUp: this.isUp, restarts: restarts.data, privateBytes: data?.privateBytes },
      { plane: 'watcher', isUp: true, restarts: 0, privateBytes: watching },
    ];
  }

  get missing(): readonly number[] {
    return this.isUp ? (this.#state?.data?.missing ?? this.#all) : this.#all;
  }

  get alive(): number {
    return this.#all.length - this.missing.length;
  }

  get replacements(): FleetView['replacements'] {
    return this.#state?.data?.replacements ?? { died: 0, stuck: 0 };
  }

  socketStates(): SocketStates {
    return this.#state?.data?.sockets ?? [];
  }

  /** Resolves when it is known how it stands now, or when nobody says so in time. */
  async refresh(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    this.#say({ kind: 'ask' });
    const limit = afterMs('the wait for the data process', ASK_LIMIT_MS, resolve);
    await promise;
    clearTimeout(limit);
  }

  /** The log of all processes together. */
  get log(): LogState {
    const state = (): LogState => sumOf(standardSink(1), this.#state?.log);
    return {
      get dropped() {
        return state().dropped;
      },
      get failure() {
        return state().failure;
      },
    };
  }
}

/** What was dropped by both, and what either fails with. */
export function sumOf(one: Pick<LogSink, 'dropped' | 'failure'>, other: LogState | undefined): LogState {
  return { dropped: one.dropped + (other?.dropped ?? 0), failure: one.failure ?? other?.failure };
}
