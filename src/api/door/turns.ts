/**
 * Whose request is worked on next. The main thread does one piece of work after the other, and all that one token has
 * asked for must not stand before the first request of another: tokens take turns, and between two pieces of work
 * whatever else the thread has to do gets its turn.
 */
import { soon } from '../../guard.ts';
import { Problem } from '../../model/errors.ts';
import { DOOR } from './connection.ts';

/** Requests of one token that wait for their turn; each is a body or a page of work. */
export const WAITING_MAX = 64;

export class Turns {
  /** What waits, by token, the token whose turn is next first. */
  readonly #waiting = new Map<string, (() => void)[]>();
  #isRunning = false;

  /** Resolves when it is the token's turn; to a refusal at once where too much of it waits. */
  take(token: string): Promise<Problem | undefined> {
    if ((this.#waiting.get(token)?.length ?? 0) >= WAITING_MAX) {
      const detail = `${WAITING_MAX} requests with this token wait for their turn already; try again soon.`;
      return Promise.resolve(new Problem('share_used_up', detail));
    }
    return new Promise((resolve) => this.#wait(token, () => resolve(undefined)));
  }

  /** Resolves when it is the token's turn again: for the next slice of what was begun, which is never refused. */
  again(token: string): Promise<void> {
    return new Promise((resolve) => this.#wait(token, resolve));
  }

  #wait(token: string, begin: () => void): void {
    const queue = this.#waiting.get(token) ?? [];
    queue.push(begin);
    this.#waiting.set(token, queue);
    if (this.#isRunning) return;
    this.#isRunning = true;
    soon(DOOR, () => this.#next());
  }

  #next(): void {
    const [entry] = this.#waiting;
    if (entry === undefined) {
      this.#isRunning = false;
      return;
    }
    const [token, queue] = entry;
    const begin = queue.shift();
    // To the end of the line, where it has more.
    this.#waiting.delete(token);
    if (queue.length > 0) this.#waiting.set(token, queue);
    begin?.();
    // Work that was begun runs as soon as this function is over; the next one only after the thread has looked around.
    soon(DOOR, () => this.#next());
  }
}
