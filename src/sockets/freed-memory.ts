/**
 * What an import of a large zone needed besides, the C library keeps once it is freed, for whoever asks for memory next: a
 * tenth of what a million names take. This gives it back.
 */
import { loadLibc } from './libc.ts';

/** Of the table, in which it shows that a large zone came or went. */
const LARGE_BYTES = 16 * 2 ** 20;

/** Looks at a table now and then, and gives memory back when it has changed by much and then stands still. */
export class FreedMemory {
  readonly #giveBack: () => void;
  #usedBytes: number;
  #isDue = false;

  /** `usedBytes`: of the table, now. */
  constructor(usedBytes: number, giveBack: () => void = giveBackFreed) {
    this.#usedBytes = usedBytes;
    this.#giveBack = giveBack;
  }

  /** To be called every few seconds. */
  look(usedBytes: number): void {
    const isStirred = Math.abs(usedBytes - this.#usedBytes) >= LARGE_BYTES;
    if (isStirred) this.#usedBytes = usedBytes;
    // Not in the middle of an import, which would only ask for it again.
    else if (this.#isDue) this.#giveBack();
    this.#isDue = isStirred;
  }
}

/** Takes some milliseconds of another thread. Nothing where the C library has no such call. */
function giveBackFreed(): void {
  loadLibc()?.trim?.(() => {});
}
