/** Looks after the signs of life of a process, which it shows once a second: one that stands still is told of, once. */
import { everyMs } from '../../guard.ts';
import type { Logger } from '../../log.ts';

/** How often is looked; a long turn of an event loop takes less than so many looks. */
const LOOK_MS = 1000;
const SILENT_LOOKS = 15;

interface Watched {
  readonly plane: 'control' | 'data';
  /** What its silence means, in words. */
  readonly meaning: string;
  readonly log: Logger;
  /** Of the process that is to show that it lives; undefined: none is. */
  pid(): number | undefined;
}

export class SignsOfLife {
  readonly #watched: Watched;
  readonly #looking: NodeJS.Timeout;
  #silentLooks = 0;

  constructor(watched: Watched) {
    this.#watched = watched;
    this.#looking = everyMs(`the look after the ${watched.plane} process`, LOOK_MS, () => this.#look());
  }

  /** Another process is the one to show it. */
  begin(): void {
    this.#silentLooks = 0;
  }

  heard(): void {
    const { plane, log } = this.#watched;
    if (this.#silentLooks >= SILENT_LOOKS) log.info(`the ${plane} process shows life again`);
    this.#silentLooks = 0;
  }

  stop(): void {
    clearInterval(this.#looking);
  }

  #look(): void {
    const { plane, meaning, log } = this.#watched;
    const pid = this.#watched.pid();
    if (pid === undefined || ++this.#silentLooks !== SILENT_LOOKS) return;
    const seconds = (SILENT_LOOKS * LOOK_MS) / 1000;
    log.error({ [`${plane}Pid`]: pid, seconds }, `the ${plane} process shows no life; ${meaning}`);
  }
}
