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

/** Of a thread's time: where it has more to do, somebody would wait for a collection. */
const QUIET_SHARE = 0.1;

/** Looks at a table now and then, and gives memory back when it has changed by much and then stands still, and nobody waits. */
export class FreedMemory {
  readonly #giveBack: () => void;
  readonly #isQuiet: () => boolean;
  #usedBytes: number;
  #isDue = false;

  /** `usedBytes`: of the table, now. */
  constructor(usedBytes: number, giveBack: () => void = giveBackFreed, isQuiet: () => boolean = quietness()) {
    this.#usedBytes = usedBytes;
    this.#giveBack = giveBack;
    this.#isQuiet = isQuiet;
  }

  /** To be called every few seconds. */
  look(usedBytes: number): void {
    const isQuiet = this.#isQuiet();
    const isStirred = Math.abs(usedBytes - this.#usedBytes) >= LARGE_BYTES;
    if (isStirred) {
      this.#usedBytes = usedBytes;
      this.#isDue = true;
    } else if (this.#isDue && isQuiet) {
      // Not in the middle of an import, which would only ask for it again.
      this.#giveBack();
      this.#isDue = false;
    }
  }
}

/** Tells at each call whether this thread has had little to do since the call before. */
export function quietness(): () => boolean {
  let before = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization < QUIET_SHARE;
  };
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
