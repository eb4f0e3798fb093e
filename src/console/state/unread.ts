/**
 * What could not be read again though something happened to it: the server is there, its events may come, and what is
 * shown of it may be old all the same. Whoever looks is told, and it is tried until it is read.
 */
import { signal } from '@preact/signals';
import { liveState } from './live.ts';

/** The first attempt comes soon, then slower: whatever keeps one reply back may keep all back. */
const RETRY_MS = [1000, 2000, 4000, 8000];

/** Since when something on the page may be old; Unix time, milliseconds. undefined: all of it was read. */
export const unreadSinceMs = signal<number | undefined>(undefined);

/** By what reads them: since when they may be old. */
const unread = new Map<() => unknown, number>();

function show(): void {
  unreadSinceMs.value = unread.size === 0 ? undefined : Math.min(...unread.values());
}

/** Tries all of it now instead of later. */
export function readAll(): void {
  for (const read of [...unread.keys()]) read();
}

/** The attempts of one who reads. */
export class Attempts {
  /** In a row. */
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Another one is begun. */
  begin(): void {
    clearTimeout(this.#timer);
  }

  /** Told, and tried again. `sinceMs`: when the one that failed was begun; the first of those that fail in a row counts. */
  fail(read: () => unknown, sinceMs: number): void {
    if (!unread.has(read)) unread.set(read, sinceMs);
    show();
    const waitMs = RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)];
    this.#failures += 1;
    // A server that is lost is read anew once its stream stands again.
    this.#timer = setTimeout(() => liveState.value !== 'lost' && read(), waitMs);
  }

  /** It was read, or is not shown any more. */
  end(read: () => unknown): void {
    clearTimeout(this.#timer);
    this.#failures = 0;
    if (unread.delete(read)) show();
  }
}
