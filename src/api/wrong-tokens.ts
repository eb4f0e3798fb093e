/**
 * What guessing costs. A wrong token beyond the limit is answered late, so that each connection has one guess in that
 * time; whoever sends more on one, or holds more than its share, is hung up on. A right token is never held up: behind a
 * proxy, or on this machine, the owner comes from where the guesses come from. So who hangs up early pays a connection
 * for a guess and no more, and it is the length of tokens that keeps him out (config/token-strength.ts).
 */
import type { Lines } from '../control/lines.ts';
import { ClientLimiter, networkOf } from './client-limiter.ts';

/** A person who mistyped waits gladly; a guesser with fifty connections gets 25 guesses a second, not thousands. */
const DELAY_MS = 2000;
/** Answers that one network may wait for, and all together: as many as there are connections (admin.maxConnections). */
const HELD_PER_CLIENT_MAX = 200;
const HELD_MAX = 1000;

/** How often it is told in the log what was not told line by line. */
const TOLD_EVERY_MS = 60_000;
/** Lines for single wrong tokens in that time, from wherever. */
const LINES_MAX = 60;
/** Networks that a line of the log names. */
const NAMED_MAX = 5;

interface WrongTokensParts {
  readonly perMinute: number;
  /** Unix time, milliseconds. */
  readonly now: () => number;
  readonly after: (ms: number, act: () => void) => unknown;
  /** The same for what no process is kept from its end by. */
  readonly later: (ms: number, act: () => void) => unknown;
  readonly log: Pick<Lines, 'warn'>;
  /** Told of each; `isLimited`: beyond the limit. */
  readonly count: (isLimited: boolean) => void;
}

/** What a wrong token gets: an answer at once, one after a while, or none. */
type Answer =
  | { readonly kind: 'now' }
  | { readonly kind: 'late'; readonly waitSeconds: number; readonly due: Promise<void> }
  | { readonly kind: 'none' };

export class WrongTokens {
  readonly #parts: WrongTokensParts;
  readonly #limiter: ClientLimiter;
  /** Answers that are held, by network. */
  readonly #held = new Map<string, number>();
  #heldInAll = 0;
  /** Connections that an answer is held for. */
  readonly #waiting = new WeakSet<object>();
  #lines = 0;
  /** Since the last line that told of them, by network; `#untold` counts those of networks beyond the named ones too. */
  readonly #byClient = new Map<string, number>();
  #untold = 0;
  #isTimed = false;

  constructor(parts: WrongTokensParts) {
    this.#parts = parts;
    this.#limiter = new ClientLimiter(parts.perMinute);
  }

  /** To be told of every wrong token; `address`: empty where the client has hung up already. */
  add(address: string, connection: object): Answer {
    const waitSeconds = this.#limiter.count(address, this.#parts.now());
    this.#parts.count(waitSeconds > 0);
    this.#tell(address, waitSeconds > 0);
    return waitSeconds === 0 ? { kind: 'now' } : this.#hold(networkOf(address), connection, waitSeconds);
  }

  /** To be told of every good token that came from where it may not be used. It is told like a wrong one, and answered at once. */
  addElsewhere(address: string, token: string): void {
    this.#parts.count(false);
    this.#tell(address, false, token);
  }

  #hold(client: string, connection: object, waitSeconds: number): Answer {
    const held = this.#held.get(client) ?? 0;
    const isFull = held >= HELD_PER_CLIENT_MAX || this.#heldInAll >= HELD_MAX;
    if (isFull || this.#waiting.has(connection)) return { kind: 'none' };
    this.#waiting.add(connection);
    this.#held.set(client, held + 1);
    this.#heldInAll++;
    const { promise: due, resolve } = Promise.withResolvers<void>();
    this.#parts.after(DELAY_MS, () => {
      const left = (this.#held.get(client) as number) - 1;
      if (left === 0) this.#held.delete(client);
      else this.#held.set(client, left);
      this.#heldInAll--;
      this.#waiting.delete(connection);
      resolve();
    });
    return { kind: 'late', waitSeconds, due };
  }

  /** One line for each within the limit, and one in a while for all others. */
  #tell(address: string, isLimited: boolean, token?: string): void {
    this.#startTelling();
    if (!isLimited && this.#lines < LINES_MAX) {
      this.#lines++;
      if (token === undefined) this.#parts.log.warn({ client: address }, 'a wrong token was refused');
      else
        this.#parts.log.warn({ client: address, token }, 'a token was refused: it may not be used from this address');
      return;
    }
    this.#untold++;
    const client = networkOf(address);
    if (this.#byClient.has(client) || this.#byClient.size < NAMED_MAX) {
      this.#byClient.set(client, (this.#byClient.get(client) ?? 0) + 1);
    }
  }

  #startTelling(): void {
    if (this.#isTimed) return;
    this.#isTimed = true;
    this.#parts.later(TOLD_EVERY_MS, () => {
      this.#isTimed = false;
      this.#lines = 0;
      if (this.#untold === 0) return;
      const line = { refused: this.#untold, clients: Object.fromEntries(this.#byClient) };
      this.#untold = 0;
      this.#byClient.clear();
      this.#parts.log.warn(
        line,
        'wrong tokens beyond the limit were refused: somebody is guessing, or a script is broken',
      );
    });
  }
}
