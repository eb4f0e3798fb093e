/** Watching: looks again whenever something may have changed, and shows it as one screen, or as lines where there is none. */
import { Changes } from './changes.ts';
import { EXIT, EXIT_BY_SIGNAL, EXIT_UNREAD } from './exit.ts';
import { Failure } from './failure.ts';
import { Screen } from './screen.ts';
import type { Session } from './session.ts';

export interface Sight {
  /** The screen as it is now. */
  readonly screen: readonly string[];
  /** What has happened since the sight before, a line each. */
  readonly events: readonly string[];
  /** The same as JSON, where something has changed. */
  readonly json?: unknown;
  readonly isLast: boolean;
}

/**
 * Shows sights until the last. Ctrl-C ends it with `goodbye` and the exit code of a process that it ended; so does a
 * reader that went away: the end was not seen, which must not look like a good one.
 */
export async function watch(session: Session, look: () => Promise<Sight>, goodbye: string): Promise<void> {
  const { stdout } = session.shell;
  const screen = stdout.isTerminal && !session.json ? new Screen(stdout) : undefined;
  const changes = new Changes(session);
  const outage = new Outage(session, screen);
  try {
    do {
      const sight = await outage.bridge(look);
      if (sight === undefined) continue;
      if (session.json) {
        if (sight.json !== undefined) stdout.write(`${JSON.stringify(sight.json)}\n`);
      } else if (screen) screen.draw(sight.screen);
      else session.lines(sight.events);
      if (sight.isLast) return;
    } while (await changes.next());
  } finally {
    screen?.end();
    changes.stop();
  }
  const { aborted: isLost, reason } = stdout.lost;
  // The shell has told it.
  if (isLost && reason.code !== 'EPIPE') throw new Failure(EXIT.CANNOT_WRITE, '');
  session.note(goodbye);
  throw new Failure(isLost ? EXIT_UNREAD : EXIT_BY_SIGNAL.SIGINT, '');
}

/** A server that cannot be reached for a while, perhaps since it starts again, is no reason to stop watching. */
class Outage {
  readonly #session: Session;
  readonly #screen: Screen | undefined;
  #isTold = false;
  #hasSeen = false;

  constructor(session: Session, screen: Screen | undefined) {
    this.#session = session;
    this.#screen = screen;
  }

  async bridge(look: () => Promise<Sight>): Promise<Sight | undefined> {
    try {
      const sight = await look();
      if (this.#isTold && !this.#screen) this.#session.note('the server answers again');
      this.#isTold = false;
      this.#hasSeen = true;
      return sight;
    } catch (error) {
      const isPassing =
        error instanceof Failure && (error.exitCode === EXIT.UNAVAILABLE || error.exitCode === EXIT.TRY_LATER);
      if (!isPassing || !this.#hasSeen) throw error;
      if (this.#screen) this.#screen.draw([`${error.message}`, 'Trying again; Ctrl-C ends.']);
      else if (!this.#isTold) this.#session.note(`${error.message} Trying again.`);
      this.#isTold = true;
      return undefined;
    }
  }
}
