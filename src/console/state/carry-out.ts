/**
 * Sends a change and finds out what became of it. No reply is no answer: the server is asked, again and again, until it
 * has said whether the change is in force; nobody is left before a button that might do it twice.
 */
import type { Failure, Reply } from '../api/reply.ts';

/** A reply that takes longer than this is not waited for alone. */
export const SLOW_MS = 6000;
/** How long between two questions. */
const ASK_MS = 2000;
/** So often the server may say that nothing has changed while the request may still be on its way to it. */
const UNCHANGED_MAX = 10;

/** What the server says when it is asked: an outcome, that nothing has changed so far, or nothing. */
export type Word<Body> = Reply<Body> | 'unchanged' | 'silent';

interface Work<Body> {
  readonly send: (signal: AbortSignal) => Promise<Reply<Body>>;
  readonly ask: () => Promise<Word<Body>>;
  /** Resolves after so many milliseconds. */
  readonly after: (ms: number) => Promise<unknown>;
  /** Called once, when the reply is late or was lost. */
  readonly onLate: () => void;
  /** False: nobody wants to know any more. */
  readonly isWanted: () => boolean;
}

/** The change was not made, as far as the server knows, and will not be: the request was given up. */
const NOT_DONE: Failure = {
  status: 0,
  code: 'not_done',
  detail: 'No reply came, and the server has what it had before.',
};

/** True where a reply, or the lack of one, leaves open whether the change was made. */
export function isUncertain<Body>(reply: Reply<Body>): boolean {
  if (reply.ok) return false;
  const { status, code } = reply.failure;
  // It was on its way to the fleet's log, and may stand there.
  if (code === 'fleet_unconfirmed') return true;
  // In words that are not those of the API: a proxy's, which may have passed the request on.
  return status === 0 || (code === 'unexpected' && status >= 500);
}

/** The outcome; undefined where nobody wants it any more. */
export async function carryOut<Body>(work: Work<Body>): Promise<Reply<Body> | undefined> {
  const abort = new AbortController();
  let first: Reply<Body> | undefined;
  const sent = work.send(abort.signal).then((reply) => {
    first = reply;
  });
  const outcome = (): Reply<Body> | undefined => (first !== undefined && !isUncertain(first) ? first : undefined);
  await Promise.race([sent, work.after(SLOW_MS)]);
  if (outcome() !== undefined) return outcome();
  work.onLate();
  let unchanged = 0;
  while (work.isWanted()) {
    const word = await work.ask();
    const late = outcome() ?? (typeof word === 'string' ? undefined : word);
    if (late !== undefined) {
      abort.abort();
      return late;
    }
    if (word === 'unchanged') unchanged += 1;
    if (word === 'unchanged' && (first !== undefined || unchanged > UNCHANGED_MAX)) {
      abort.abort();
      return { ok: false, failure: NOT_DONE };
    }
    await Promise.race([work.after(ASK_MS), ...(first === undefined ? [sent] : [])]);
  }
  return outcome();
}
