/** One change at a time from a form or dialog: whether it is under way, what became of it, and why it was refused. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Request } from '../api/client.ts';
import type { Failure, Reply } from '../api/reply.ts';
import type { Typed } from '../rules/why.ts';
import { note } from './announce.ts';
import { carryOut, isUncertain, type Word } from './carry-out.ts';
import { call } from './session.ts';

/** `late`: it was sent, no reply came, and the server is asked what is in force. */
type Phase = 'idle' | 'sending' | 'late';

export interface Action {
  readonly phase: Phase;
  readonly isBusy: boolean;
  readonly failure: Failure | undefined;
  /** Why, as typed so far; it goes with what is sent next. */
  readonly why: Typed;
  say(why: Typed): void;
  /** What the emergency is, as typed so far; empty: there is none. */
  readonly override: string;
  sayOverride(reason: string): void;
  /** Sends it; true once it is in force. A second call while one is under way does nothing. */
  run<Body>(path: string, change: Change<Body>, done?: (body: Body) => void): Promise<boolean>;
  clear(): void;
}

interface Change<Body> extends Request {
  /** Of a PUT: where to look for what is in force, if not at the path itself. */
  readonly look?: string;
  /** Of a PUT: the ETag that it names, in what is looked at, where that has another of its own. */
  readonly etagIn?: (body: Body) => string | undefined;
  /** Of a PUT: whether what is there is what it wants. Without it, what is there instead counts as another's. */
  readonly isMine?: (body: Body) => boolean;
  /** Called where it was only proposed: a dialog closes, and nothing has moved. */
  readonly proposed?: () => void;
  /** Asked where it is refused as stale: the ETag to send it with once more; undefined: its person is to decide. */
  readonly again?: () => Promise<string | undefined>;
  /** Called where it is refused. */
  readonly refused?: (failure: Failure) => void;
}

/** A question that gets no answer for so long is asked again. */
const ASK_MAX_MS = 8000;

const UNSAID: Typed = { reason: '', links: '' };

const STALE: Failure = { status: 412, code: 'revision_stale', detail: 'It was changed meanwhile.' };

export function useAction(): Action {
  const [phase, setPhase] = useState<Phase>('idle');
  const [failure, setFailure] = useState<Failure>();
  const [why, say] = useState(UNSAID);
  const [override, sayOverride] = useState('');
  // Two clicks come before the page is drawn again: what is under way is known at once.
  const isUnderWay = useRef(false);
  const isThere = useRef(true);
  useEffect(() => {
    isThere.current = true;
    return () => {
      isThere.current = false;
    };
  }, []);
  const run = async <Body>(path: string, change: Change<Body>, done?: (body: Body) => void): Promise<boolean> => {
    if (isUnderWay.current) return false;
    isUnderWay.current = true;
    setPhase('sending');
    setFailure(undefined);
    const { look = path, etagIn, isMine = () => false, again, refused, proposed, ...rest } = change;
    const emergency = override.trim() === '' ? {} : { override };
    const sendOn = (ifMatch: string | undefined): Promise<Reply<Body> | undefined> => {
      const request: Request = {
        ...rest,
        ifMatch,
        why,
        ...emergency,
        ...(rest.method === 'POST' && { idempotencyKey: freshKey() }),
      };
      return carryOut<Body>({
        send: (signal) => call<Body>(path, { ...request, signal }),
        ask: () => (rest.method === 'PUT' ? lookAt(look, { ifMatch, etagIn, isMine }) : sendAgain(path, request)),
        after: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
        onLate: () => setPhase('late'),
        isWanted: () => isThere.current,
      });
    };
    let reply = await sendOn(rest.ifMatch);
    const isStale = reply?.ok === false && reply.failure.code === STALE.code;
    const etag = isStale ? await again?.() : undefined;
    if (etag !== undefined) reply = await sendOn(etag);
    isUnderWay.current = false;
    if (reply === undefined) return false;
    setPhase('idle');
    if (reply.ok && reply.status === 202) {
      say(UNSAID);
      sayOverride('');
      note('told', `Proposed, and not done yet. ${(reply.body as { message?: string }).message ?? ''}`);
      proposed?.();
      return false;
    }
    if (reply.ok) {
      say(UNSAID);
      sayOverride('');
      done?.(reply.body);
    } else {
      setFailure(reply.failure);
      refused?.(reply.failure);
    }
    return reply.ok;
  };
  const clear = (): void => setFailure(undefined);
  return { phase, isBusy: phase !== 'idle', failure, why, say, override, sayOverride, run, clear };
}

/** Refusals that say nothing of the change itself: it may have been made by the request before. */
const PASSING = new Set([408, 429, 503]);

/**
 * The same request again: a POST with its Idempotency-Key is done once and has its outcome told again, and what is
 * deleted is not there.
 */
async function sendAgain<Body>(path: string, request: Request): Promise<Word<Body>> {
  const reply = await call<Body>(path, { ...request, signal: AbortSignal.timeout(ASK_MAX_MS) });
  if (reply.ok || isUncertain(reply) || PASSING.has(reply.failure.status)) return reply.ok ? reply : 'silent';
  const isGone = request.method === 'DELETE' && reply.failure.status === 404;
  return isGone ? { ok: true, status: 204, body: undefined as Body, etag: undefined } : reply;
}

/** What a PUT that got no reply is looked for by, see Change. */
interface Sought<Body> {
  readonly ifMatch: string | undefined;
  readonly etagIn: ((body: Body) => string | undefined) | undefined;
  readonly isMine: (body: Body) => boolean;
}

/** What is in force tells whether a PUT was done: its revision is the one that the PUT was made to, or another. */
async function lookAt<Body>(path: string, { ifMatch, etagIn, isMine }: Sought<Body>): Promise<Word<Body>> {
  const reply = await call<Body>(path, { signal: AbortSignal.timeout(ASK_MAX_MS) });
  if (reply.ok) {
    // A node that does not know whether it is current cannot say that a change was not made.
    const etag = etagIn === undefined ? reply.etag : etagIn(reply.body);
    if (etag === ifMatch) return reply.isStale ? 'silent' : 'unchanged';
    return isMine(reply.body) ? reply : { ok: false, failure: STALE };
  }
  const { status, isStale } = reply.failure;
  if (isStale) return 'silent';
  if (status === 404) return ifMatch === undefined ? 'unchanged' : { ok: false, failure: STALE };
  return status === 401 ? reply : 'silent';
}

/** randomUUID is only there over TLS and on loopback; a proxy may speak plain HTTP inside. */
function freshKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
