/** Waits for the server to change something: told by its events where it has them, else looked for each second. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from './session.ts';

/** A countdown moves each second. */
const LOOK_MS = 1000;
/** With events there is nothing to look for; this is for what they may have missed, and for countdowns in lines. */
const LOOK_WITH_EVENTS_MS = 5000;
const RECONNECT_MS = 2000;
/**
 * The server says something every 5 s (src/api/v1/event-streams.ts). A stream that is silent for longer is dead, whatever TCP
 * thinks: the network was cut, or the server froze. Until another one stands it is looked each second.
 */
const SILENCE_MAX_MS = 13_000;

export class Changes {
  readonly #session: Session;
  readonly #end = new AbortController();
  /** Ctrl-C, or an output that nobody reads any more. */
  readonly #enough: AbortSignal;
  #hasEvents = false;
  #wake: () => void = () => {};
  #woken = false;

  constructor(session: Session) {
    this.#session = session;
    this.#enough = AbortSignal.any([session.shell.interrupted(), session.shell.stdout.lost]);
    this.#enough.addEventListener('abort', () => this.#wake());
    void this.#listen();
  }

  /** Resolves when it is time to look again; false where nobody wants to see more. */
  async next(): Promise<boolean> {
    if (this.#enough.aborted) return false;
    const redraws = this.#session.shell.stdout.isTerminal && !this.#session.json;
    const ms = this.#hasEvents && !redraws ? LOOK_WITH_EVENTS_MS : LOOK_MS;
    if (!this.#woken) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#woken = false;
    return !this.#enough.aborted;
  }

  stop(): void {
    this.#end.abort();
  }

  async #listen(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      const silence = new Silence();
      try {
        const events = await this.#session.api.events(AbortSignal.any([signal, silence.signal]));
        // A server without events, or a token that may not read them: looking is enough.
        if (events === undefined) return;
        this.#hasEvents = true;
        for await (const bytes of events) {
          silence.heard();
          if (bytes.length > 0) this.#changed();
        }
      } catch {
        // The server may be restarting; the next look tells the user.
      } finally {
        silence.end();
      }
      this.#hasEvents = false;
      await sleep(RECONNECT_MS, undefined, { signal }).catch(() => {});
    }
  }

  #changed(): void {
    this.#woken = true;
    this.#wake();
  }
}

/** Ends what has said nothing for longer than a server that lives is silent. */
class Silence {
  readonly #over = new AbortController();
  #timer = this.#wait();

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  heard(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#wait();
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #wait(): NodeJS.Timeout {
    return setTimeout(() => this.#over.abort(), SILENCE_MAX_MS);
  }
}
