/** The stream of what happens on the server: kept open, opened again when it breaks, and its state told to the user. */
import { signal } from '@preact/signals';
import { addressOf } from '../api/client.ts';
import { EventParser, type ServerEvent } from '../api/sse.ts';
import { note } from './announce.ts';
import { signOut, token } from './session.ts';

/** `absent`: this server has no stream; what is shown is as of when it was loaded. */
export type LiveState = 'connecting' | 'live' | 'lost' | 'absent';

export const liveState = signal<LiveState>('connecting');
/** Since when the server has not answered; Unix time, milliseconds. */
export const lostSinceMs = signal<number | undefined>(undefined);
/** When the next attempt is made; Unix time, milliseconds. */
export const nextAttemptMs = signal<number | undefined>(undefined);

/** The first attempt comes at once, then slower, so that a thousand open tabs do not hammer a server that starts. */
const RETRY_MS = [250, 1000, 2000, 4000, 8000];
/** The server says something at least so often; a stream that is silent for longer is dead, whatever TCP thinks. */
const SILENCE_MAX_MS = 45_000;

type Listener = (event: LiveEvent) => void;

/** `refresh`: something may have been missed, so everything is read again. */
export type LiveEvent =
  | { readonly kind: 'refresh' }
  | { readonly kind: string; readonly data: Record<string, unknown> };

const listeners = new Set<Listener>();
let lastEventId = '';
let attempts = 0;
let wake = (): void => {};

export function onLive(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(event: LiveEvent): void {
  for (const listener of [...listeners]) listener(event);
}

/** Tries now instead of later. */
export function tryNow(): void {
  wake();
}

/** Runs while the token is the one it was started with. */
export async function follow(secret: string): Promise<void> {
  lastEventId = '';
  attempts = 0;
  liveState.value = 'connecting';
  while (token.value === secret) {
    const ended = await followOnce(secret);
    if (token.value !== secret) return;
    if (ended === 'refused') return signOut('The server does not know this token any more.');
    if (ended === 'absent') {
      liveState.value = 'absent';
      return;
    }
    becomeLost();
    await pause(RETRY_MS[Math.min(attempts, RETRY_MS.length - 1)] as number);
    attempts += 1;
  }
}

async function followOnce(secret: string): Promise<'broken' | 'refused' | 'absent'> {
  const abort = new AbortController();
  let watchdog: ReturnType<typeof setTimeout> | undefined;
  const awaken = (): void => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => abort.abort(), SILENCE_MAX_MS);
  };
  const unsubscribe = token.subscribe((current) => current !== secret && abort.abort());
  try {
    awaken();
    const reply = await fetch(addressOf('/v1/events'), {
      headers: { authorization: `Bearer ${secret}`, ...(lastEventId !== '' && { 'last-event-id': lastEventId }) },
      cache: 'no-store',
      credentials: 'omit',
      signal: abort.signal,
    });
    if (reply.status === 401) return 'refused';
    if (reply.status === 404) return 'absent';
    if (!reply.ok || reply.body === null) return 'broken';
    becomeLive();
    const parser = new EventParser();
    const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return 'broken';
      awaken();
      for (const event of parser.push(value)) receive(event);
    }
  } catch {
    return 'broken';
  } finally {
    clearTimeout(watchdog);
    unsubscribe();
    abort.abort();
  }
}

function receive({ event, data, id }: ServerEvent): void {
  lastEventId = id;
  if (event === 'reset') return tell({ kind: 'refresh' });
  try {
    tell({ kind: event, data: JSON.parse(data) });
  } catch {
    tell({ kind: 'refresh' });
  }
}

function becomeLive(): void {
  const wasLost = liveState.value === 'lost';
  attempts = 0;
  lostSinceMs.value = undefined;
  nextAttemptMs.value = undefined;
  liveState.value = 'live';
  // Also at the first time: what was loaded before the stream stood may have changed meanwhile.
  tell({ kind: 'refresh' });
  if (wasLost) note('done', 'Connected again. What you see is up to date.');
}

function becomeLost(): void {
  if (liveState.value !== 'lost') lostSinceMs.value = Date.now();
  liveState.value = 'lost';
}

function pause(ms: number): Promise<void> {
  nextAttemptMs.value = Date.now() + ms;
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}
