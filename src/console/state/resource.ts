/** A resource of the API on the screen: loaded, read again when something that concerns it happens, and kept meanwhile. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Failure } from '../api/reply.ts';
import { type Seen, seenIn } from '../rules/ground.ts';
import { Replies } from '../rules/replies.ts';
import { type LiveEvent, onLive } from './live.ts';
import { call, token } from './session.ts';
import { Attempts } from './unread.ts';

export interface Resource<Body> {
  /** What the server said last; kept while it is asked again, and while it cannot be reached. */
  readonly body: Body | undefined;
  readonly etag: string | undefined;
  /** Why the last attempt failed; undefined: it did not. */
  readonly failure: Failure | undefined;
  readonly isLoading: boolean;
  /** What was read; undefined: nothing. */
  readonly reload: () => Promise<Seen<Body> | undefined>;
}

interface State<Body> {
  readonly path: string | undefined;
  readonly body?: Body;
  readonly etag?: string | undefined;
  readonly failure?: Failure | undefined;
}

interface Watch {
  /** Which events make it be read again; `refresh` always does. */
  readonly on?: (event: LiveEvent) => boolean;
  /** Read again so often while the page is visible, for what no event tells. */
  readonly everyMs?: number;
  readonly accept?: 'json' | 'text';
  /** Events are many: it is read again once in so long, however many come. */
  readonly settleMs?: number;
  /** Shown at once, as it was seen last, to who comes back to it; and then read again. */
  readonly isKept?: boolean;
}

/** Lists that one may come back to. */
const KEPT_MAX = 10;
const kept = new Map<string, State<unknown>>();
// Of another token it would be what that one may not see.
token.subscribe(() => kept.clear());

function keep(path: string, state: State<unknown>): void {
  kept.delete(path);
  kept.set(path, state);
  for (const oldest of kept.keys()) {
    if (kept.size <= KEPT_MAX) return;
    kept.delete(oldest);
  }
}

/** `path` undefined: nothing to load yet. */
export function useResource<Body>(path: string | undefined, watch: Watch = {}): Resource<Body> {
  const [state, setState] = useState<State<Body>>({ path });
  const current = useRef(path);
  current.current = path;
  const watched = useRef(watch);
  watched.current = watch;
  const replies = useRef(new Replies());
  const attempts = useRef(new Attempts());

  const reload = useCallback(async () => {
    if (path === undefined) return undefined;
    attempts.current.begin();
    const mine = replies.current.send();
    const sinceMs = Date.now();
    const reply = await call<Body>(path, { accept: watched.current.accept ?? 'json' });
    // It is of a page that was left.
    if (current.current !== path) return undefined;
    const read = reply.ok ? { ...reply, failure: undefined } : { ...reply, body: undefined, etag: undefined };
    const isUnread = !reply.ok && isPassing(reply.failure.status);
    const worth = replies.current.take(mine, reply.ok ? 'body' : isUnread ? 'none' : 'refusal');
    if (worth === 'dropped') return seenIn(read);
    if (isUnread) attempts.current.fail(reload, sinceMs);
    else if (worth === 'newest') attempts.current.end(reload);
    setState((before) => {
      if (reply.ok) {
        const next = { path, body: reply.body, etag: reply.etag };
        if (watched.current.isKept) keep(path, next);
        return next;
      }
      const kept = before.path === path && isUnread ? before : { path };
      return { ...kept, failure: reply.failure };
    });
    return seenIn(read);
  }, [path]);

  useEffect(() => {
    current.current = path;
    void reload();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const unlisten = onLive((event) => {
      if (event.kind !== 'refresh' && !watched.current.on?.(event)) return;
      const { settleMs } = watched.current;
      if (settleMs === undefined) return void reload();
      timer ??= setTimeout(() => {
        timer = undefined;
        void reload();
      }, settleMs);
    });
    return () => {
      clearTimeout(timer);
      unlisten();
      // What still comes is of a page that was left.
      current.current = undefined;
      attempts.current.end(reload);
    };
  }, [reload]);

  const { everyMs } = watch;
  useEffect(() => {
    if (everyMs === undefined) return;
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') void reload();
    }, everyMs);
    return () => clearInterval(timer);
  }, [reload, everyMs]);

  const before = watch.isKept && path !== undefined ? (kept.get(path) as State<Body> | undefined) : undefined;
  const own: State<Body> =
    state.path === path && state.body !== undefined
      ? state
      : (before ?? { path, failure: state.path === path ? state.failure : undefined });
  return {
    body: own.body,
    etag: own.etag,
    failure: own.failure,
    isLoading: path !== undefined && own.body === undefined && own.failure === undefined,
    reload,
  };
}

/** No reply, or one that says nothing of the resource: what was seen last stays in sight, and drafts with it. */
function isPassing(status: number): boolean {
  return status === 0 || status === 408 || status === 429 || status >= 500;
}

/** True for an event that names the service. */
export function concerns(name: string): (event: LiveEvent) => boolean {
  return (event) => {
    if (!('data' in event)) return true;
    const { services, service, subjects } = event.data as {
      services?: readonly string[];
      service?: string;
      subjects?: readonly { kind: string; name: string }[];
    };
    return (
      service === name ||
      services?.includes(name) === true ||
      subjects?.some((subject) => subject.name === name) === true
    );
  };
}
