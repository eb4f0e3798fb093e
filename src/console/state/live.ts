/** The stream of what happens on the server: kept open, opened again when it breaks, and its state told to the user. */
import { signal } from '@preact/signals';
import { addressOf } from '../api/client.ts';
import { credentialsOf } from '../api/credentials.ts';
import { EventParser, type ServerEvent } from '../api/sse.ts';
import { SILENCE_MAX_MS, SILENT_MS } from '../rules/silence.ts';
import { note } from './announce.ts';
import { endBecauseRefused, token } from './session.ts';

/**
 * `silent`: the stream stands, and nothing came for longer than the server ever says nothing. `absent`: the server is
 * there, and gives no stream; what is shown is read again now and then.
 */
export type LiveState = 'connecting' | 'live' | 'silent' | 'lost' | 'absent';

export const liveState = signal<LiveState>('connecting');
/** Since when the server has not answered; Unix time, milliseconds. */
export const lostSinceMs = signal<number | undefined>(undefined);
/** When the server said something last; Unix time, milliseconds. */
export const lastWordMs = signal(0);
/** When the next attempt is made; Unix time, milliseconds. */
export const nextAttemptMs = signal<number | undefined>(undefined);

/** The first attempt comes at once, then slower, so that a thousand open tabs do not hammer a server that starts. */
const RETRY_MS = [250, 1000, 2000, 4000, 8000];
type Listener = (event: LiveEvent) => void;

/** `refresh`: something may have been missed, so everything is read again. */
export type LiveEvent =
  | { readonly kind: 'refresh' }
  | { readonly kind: string; readonly data: Record<string, unknown> };

const listeners = new Set<Listener>();
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
  attempts = 0;
  liveState.value = 'connecting';
  while (token.value === secret) {
    const ended = await followOnce(secret);
    if (token.value !== secret) return;
    if (ended === 'refused') return endBecauseRefused();
    if (ended === 'absent') becomeAbsent();
    else becomeLost();
    await pause(RETRY_MS[Math.min(attempts, RETRY_MS.length - 1)]);
    attempts += 1;
  }
}

async function followOnce(secret: string): Promise<'broken' | 'refused' | 'absent'> {
  const abort = new AbortController();
  let watchdog: ReturnType<typeof setTimeout> | undefined;
  let warning: ReturnType<typeof setTimeout> | undefined;
  const awaken = (): void => {
    clearTimeout(watchdog);
    clearTimeout(warning);
    watchdog = setTimeout(() => abort.abort(), SILENCE_MAX_MS);
    warning = setTimeout(becomeSilent, SILENT_MS);
  };
  const unsubscribe = token.subscribe((current) => current !== secret && abort.abort());
  try {
    awaken();
    const reply = await fetch(addressOf('/v1/events'), {
      ...credentialsOf(secret),
      cache: 'no-store',
      signal: abort.signal,
    });
    if (reply.status === 401) return 'refused';
    // There are as many streams as the server allows already, or a proxy lets none through.
    if (!reply.ok || reply.body === null) return 'absent';
    becomeLive();
    const parser = new EventParser();
    const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return 'broken';
      awaken();
      hear();
      for (const event of parser.push(value)) receive(event);
    }
  } catch {
    return 'broken';
  } finally {
    clearTimeout(watchdog);
    clearTimeout(warning);
    unsubscribe();
    abort.abort();
  }
}

function receive({ event, data }: ServerEvent): void {
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
  lastWordMs.value = Date.now();
  liveState.value = 'live';
  // Everything is read once the stream stands, so that nothing is missed in between, and no event need be caught up on.
  tell({ kind: 'refresh' });
  if (wasLost) note('done', 'Connected again. What you see is up to date.');
}

/** The stream goes on where it was, so that nothing was missed. */
function hear(): void {
  lastWordMs.value = Date.now();
  if (liveState.value === 'silent') liveState.value = 'live';
}

function becomeSilent(): void {
  if (liveState.value === 'live') liveState.value = 'silent';
}

function becomeAbsent(): void {
  lostSinceMs.value = undefined;
  liveState.value = 'absent';
  // Each attempt to get a stream is then an occasion to look.
  tell({ kind: 'refresh' });
}

function becomeLost(): void {
  // A server that froze was lost when it said its last word, not when that was noticed.
  const isFrozen = liveState.value === 'silent';
  if (liveState.value !== 'lost') lostSinceMs.value = isFrozen ? lastWordMs.value : Date.now();
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
