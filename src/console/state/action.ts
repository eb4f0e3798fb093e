/** One change at a time from a form or dialog: whether it is under way, and why it was refused. */
import { useRef, useState } from 'preact/hooks';
import type { Reply, Request } from '../api/client.ts';
import type { Failure } from '../api/types.ts';
import { call } from './session.ts';

export interface Action {
  readonly isBusy: boolean;
  readonly failure: Failure | undefined;
  /** Sends it; true once it is done. A POST that is tried again after no reply has the same Idempotency-Key. */
  run<Body>(path: string, request: Request, done?: (body: Body) => void): Promise<boolean>;
  clear(): void;
}

export function useAction(): Action {
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const last = useRef<{ what: string; key: string }>(null);
  const run = async <Body>(path: string, request: Request, done?: (body: Body) => void): Promise<boolean> => {
    if (isBusy) return false;
    setBusy(true);
    setFailure(undefined);
    const what = JSON.stringify([path, request.body]);
    if (last.current?.what !== what) last.current = { what, key: freshKey() };
    const reply: Reply<Body> = await call(path, {
      ...request,
      ...(request.method === 'POST' && { idempotencyKey: last.current.key }),
    });
    setBusy(false);
    // A refusal is an outcome too: the next attempt is another one.
    if (reply.ok || reply.failure.status !== 0) last.current = null;
    if (reply.ok) done?.(reply.body);
    else setFailure(reply.failure);
    return reply.ok;
  };
  return { isBusy, failure, run, clear: () => setFailure(undefined) };
}

/** randomUUID is only there over TLS and on loopback; a proxy may speak plain HTTP inside. */
function freshKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
