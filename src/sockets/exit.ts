/** Ending in time, whatever threads do. */
import { loadLibc } from './libc.ts';

/** Waits for the work, but no longer; whether it was done. */
export async function within(work: Promise<unknown>, limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  const isDone = await Promise.race([work.then(() => true), limit]);
  clearTimeout(timer);
  return isDone;
}

/** Node waits for every thread before it ends the process: for one that is stopped, for ever. */
export function leaveWithoutThreads(): void {
  process.once('exit', endNow);
}

/** Ends the process. */
export function endNow(code: number): void {
  loadLibc()?._exit(code);
}

/** Whether an option of Node's was given. */
export function isStartedWith(option: RegExp): boolean {
  const words = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)];
  return words.some((word) => option.test(word));
}
