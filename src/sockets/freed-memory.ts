/**
 * What an import of a large zone, or a start, needed besides, V8 and the C library keep once it is free, for whoever asks for
 * memory next: a tenth of what a million names take, and a third of what a process takes that has just begun. This gives it
 * back.
 */
import v8 from 'node:v8';
import vm from 'node:vm';
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

/** Holds this thread up for some 40 ms, and takes some of another one. The C library's part only where it is glibc. */
export function giveBackFreed(): void {
  collectAll();
  loadLibc()?.trim?.(() => {});
}

let collect: ((options: object) => void) | undefined;

/** By itself V8 keeps the room of what is gone until it runs short: it knows no time at which nothing is to be done. */
function collectAll(): void {
  if (collect === undefined) {
    // Only contexts that are made after it have the function.
    v8.setFlagsFromString('--expose-gc');
    collect = vm.runInNewContext('gc') as (options: object) => void;
    v8.setFlagsFromString('--no-expose-gc');
  }
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
