/**
 * Connections that were left before they were of use. To make one takes three or four times as long as a request by it (TCP,
 * TLS, the settings of HTTP/2), so that over a far network none would ever come to be if each were given up with the first
 * request that waits for it: they are made to their end while other members are asked, for whoever comes back to that member.
 */
import type { Line } from './line.ts';

/** Four ways there and back, where a request takes as long as it may: a second and a half. */
const CONNECT_MAX_MS = 6000;

export class Connecting {
  /** By their endpoints. */
  readonly #left = new Map<string, Line>();

  /** The line is left for another one: it is closed, unless it may be of use yet. */
  leave(line: Line): void {
    if (mayCome(line)) this.#left.set(line.endpoint, line);
    else line.close();
  }

  /** One to this endpoint that was left, and may be of use by now. */
  take(endpoint: string): Line | undefined {
    const line = this.#left.get(endpoint);
    this.#left.delete(endpoint);
    // One that has come to be meanwhile was not asked yet, however long it took to ask all the others.
    if (line === undefined || line.isReady || mayCome(line)) return line;
    line.close();
    return undefined;
  }

  close(): void {
    for (const line of this.#left.values()) line.close();
    this.#left.clear();
  }
}

/** What has answered before and does so no more is of no use. */
const mayCome = (line: Line): boolean => line.isOpen && !line.hasAnswered && line.ageMs < CONNECT_MAX_MS;
