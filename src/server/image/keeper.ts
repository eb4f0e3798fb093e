/** Keeps a copy of the table on the disk: now and then, by a thread and while nothing changes, and at the stop. */
import { Worker } from 'node:worker_threads';
import type { Engine } from '../../control/engine.ts';
import { everyMs, listen } from '../../guard.ts';
import type { Logger } from '../../log.ts';
import { LAYOUT_VERSION } from '../../table/shared-memory.ts';
import type { Table } from '../../table/table.ts';
import { type ImageTask, STIRRED, writeImage } from './write.ts';

/** How often it is looked whether the copy is older than the table; one that could not be made is tried again then. */
const LOOK_MS = 60_000;
/** A table that changes all the time is copied so often at the most: a copy is some hundred megabytes of writing. */
const EACH_MS = 15 * 60_000;
/** A first copy soon, for whoever does not live to its stop. */
const FIRST_MS = 20_000;
const WHAT = 'the copy of the table';

interface Kept {
  readonly table: Table;
  readonly engine: Pick<Engine, 'isHalted'>;
  /** The revision of the copy that the table came from. */
  readonly copied: number | undefined;
}

export class ImageKeeper {
  readonly #task: Omit<ImageTask, 'sync'>;
  readonly #table: Table;
  readonly #engine: Pick<Engine, 'isHalted'>;
  readonly #log: Logger;
  readonly #looking: NodeJS.Timeout;
  #thread: Worker | undefined;
  /** The revision that the copy holds; undefined: there is none of this memory. */
  #copied: number | undefined;
  #dueMs = performance.now() + FIRST_MS;
  #failure: string | undefined;

  constructor(task: Omit<ImageTask, 'sync'>, { table, engine, copied }: Kept, log: Logger) {
    this.#task = task;
    this.#table = table;
    this.#engine = engine;
    this.#copied = copied;
    this.#log = log;
    this.#looking = everyMs(WHAT, Math.min(LOOK_MS, FIRST_MS), () => this.#look());
    this.#looking.unref();
  }

  #look(): void {
    if (this.#thread !== undefined || performance.now() < this.#dueMs) return;
    const { revision } = this.#table.held ?? {};
    // What waits for readers would be given up while it is copied.
    if (this.#engine.isHalted || revision === undefined || revision === this.#copied || this.#table.memory.waiting > 0)
      return;
    if (this.#isPartial) return;
    const entry = new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js', import.meta.url);
    const task: ImageTask = { ...this.#task, sync: true };
    const workerData = { entry: entry.href, task, layout: LAYOUT_VERSION };
    const thread = new Worker(entry, { workerData, name: 'teal-image' });
    this.#thread = thread;
    listen(thread, 'message', WHAT, (failure: string | undefined) => {
      if (failure === STIRRED) return;
      this.#told(failure);
      this.#dueMs = performance.now() + EACH_MS;
      if (failure === undefined) this.#copied = revision;
    });
    listen(thread, 'error', WHAT, (error: Error) => this.#told(error.message));
    listen(thread, 'exit', WHAT, () => {
      this.#thread = undefined;
    });
    // After the listeners, which would keep the process for themselves.
    thread.unref();
  }

  /** A start is to look whether there is room for all by then. */
  get #isPartial(): boolean {
    return this.#table.content.leftOut().size > 0;
  }

  /** One line for each kind of failure, until one is made. */
  #told(failure: string | undefined): void {
    if (failure !== undefined && failure !== this.#failure)
      this.#log.warn(
        { file: this.#task.file, reason: failure },
        'the table is not copied to the disk: a restart will read all rows',
      );
    this.#failure = failure;
  }

  /** Writes the last one. Nothing changes the table any more. */
  async stop(): Promise<void> {
    clearInterval(this.#looking);
    await this.#thread?.terminate();
    // After a fault nobody knows what was left half done: the copy before is good, and the log has the rest.
    if (this.#engine.isHalted || this.#table.held === undefined || this.#isPartial) return;
    const startedAt = performance.now();
    try {
      writeImage({ ...this.#task, sync: false });
      this.#log.debug(
        { revision: this.#table.held.revision, ms: Math.round(performance.now() - startedAt) },
        'table copied to the disk',
      );
    } catch (error) {
      this.#told(error instanceof Error ? error.message : String(error));
    }
  }
}
