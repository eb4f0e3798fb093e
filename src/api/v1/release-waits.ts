/** Requests that wait for what comes next of a release, so that a pipeline need not ask again and again. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { EventLog } from '../../control/events/log.ts';
import { afterMs, listenOnce } from '../../guard.ts';
import type { Problem } from '../../model/errors.ts';
import { Shares } from '../door/shares.ts';

/** Each holds a connection and a request; a token's scripts have most of its requests for the rest of their work. */
const LIMITS = { what: 'requests that wait for a release', perToken: 20, inAll: 200 };

/** For the log. */
const WAITS = 'requests that wait for a release';

export class ReleaseWaits {
  readonly #events: Pick<EventLog, 'listen'>;
  readonly #shares = new Shares(LIMITS);
  /** Ends each that waits. */
  readonly #waiting = new Set<() => void>();
  #isStopping = false;

  constructor(events: Pick<EventLog, 'listen'>) {
    this.#events = events;
  }

  /**
   * Resolves when `isOver` says so, looked at after whatever happens on the server, each time in a turn of the token's;
   * when the time has passed, the client has gone, or the server is about to stop. A Problem: too many wait already.
   */
  async wait(
    request: FastifyRequest,
    reply: FastifyReply,
    seconds: number,
    isOver: () => boolean,
  ): Promise<Problem | undefined> {
    if (this.#isStopping) return undefined;
    const { holder } = request;
    const refused = this.#shares.take(holder, 1);
    if (refused !== undefined) return refused;
    let isDone = false;
    let wake = (): void => {};
    const done = (): void => {
      isDone = true;
      wake();
    };
    const timer = afterMs(WAITS, seconds * 1000, done);
    const unlisten = this.#events.listen(() => wake());
    listenOnce(reply.raw, 'close', WAITS, done);
    this.#waiting.add(done);
    try {
      // Between a look and the sleep after it nothing can happen: both are in one turn of the thread.
      while (!isDone && !isOver()) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        await request.turns.again(holder);
      }
    } finally {
      clearTimeout(timer);
      unlisten();
      this.#waiting.delete(done);
      this.#shares.give(holder, 1);
    }
    return undefined;
  }

  /** A server that stops tells each where its release stands. */
  stop(): void {
    this.#isStopping = true;
    for (const done of this.#waiting) done();
  }
}
