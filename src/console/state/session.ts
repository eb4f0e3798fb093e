/**
 * Who is signed in: a token in this tab's session storage, gone when the tab is closed, never in an address; or a person,
 * by a cookie of the server's that no script sees.
 */
import { signal } from '@preact/signals';
import { addressOf, type Request, send } from '../api/client.ts';
import { credentialsOf, PERSON, speakFor } from '../api/credentials.ts';
import type { Reply } from '../api/reply.ts';

const KEY = 'teal.token';
/** Where in the console somebody was who left it to sign in. */
const PLACE = 'teal.place';

export const token = signal<string | undefined>(sessionStorage.getItem(KEY) ?? undefined);
/** Why the sign-in page is shown again; undefined: the user came by himself. */
export const signedOutBecause = signal<string | undefined>(undefined);
/** What people sign in with, by the name that the settings give it; undefined: with nothing but tokens. */
export const provider = signal<string | undefined>(undefined);

/** Tries the token with a request that any token may make, and keeps it if the server knows it. */
export async function signIn(secret: string): Promise<string | undefined> {
  const reply = await send(secret, '/v1/services?limit=1');
  // A token for some services only may not list them all, and is a good one all the same.
  if (!reply.ok && reply.failure.status !== 403) return reply.failure.detail;
  enter(secret);
  return undefined;
}

/** Whether people can sign in here, and whether somebody has: in another tab, or on the way back from the provider. */
export async function lookForPerson(): Promise<void> {
  const ways = await send<{ readonly oidc?: { readonly label: string } }>(PERSON, '/auth/ways');
  provider.value = ways.ok ? ways.body.oidc?.label : undefined;
  if (provider.value === undefined || token.value !== undefined) return;
  const self = await send(PERSON, '/v1/self');
  // Somebody may have typed a token meanwhile.
  if (!self.ok || token.value !== undefined) return;
  const place = sessionStorage.getItem(PLACE);
  sessionStorage.removeItem(PLACE);
  if (place !== null && location.hash === '') location.replace(place);
  enter(PERSON);
}

/** To be called before the page is left for the provider. */
export function rememberPlace(): void {
  sessionStorage.setItem(PLACE, location.hash || '#/services');
}

function enter(secret: string): void {
  sessionStorage.setItem(KEY, secret);
  signedOutBecause.value = undefined;
  token.value = secret;
}

function signOut(because?: string): void {
  sessionStorage.removeItem(KEY);
  speakFor(undefined);
  signedOutBecause.value = because;
  token.value = undefined;
}

/** Signs out by choice: a person on the server too, and where they signed in. */
export async function leave(): Promise<void> {
  const secret = token.value;
  signOut();
  if (secret !== PERSON) return;
  const { headers, credentials } = credentialsOf(secret);
  try {
    const reply = await fetch(addressOf('/auth/sign-out'), { method: 'POST', headers, credentials });
    const { goOnAt, detail } = (await reply.json()) as { readonly goOnAt?: string; readonly detail?: string };
    if (!reply.ok) return signOut(detail);
    if (goOnAt !== undefined) location.assign(goOnAt);
  } catch {
    signOut(
      'The server did not answer: this tab is signed out, and the session ends by itself. Close the browser to be sure.',
    );
  }
}

/** A request with the token of the session; a token that is no longer known ends it. */
export async function call<Body>(path: string, request?: Request): Promise<Reply<Body>> {
  const secret = token.value;
  if (secret === undefined) return { ok: false, failure: { status: 401, code: 'token_missing', detail: 'Sign in.' } };
  const reply = await send<Body>(secret, path, request);
  if (!reply.ok && reply.failure.status === 401 && token.value === secret) {
    endBecauseRefused(reply.failure.code === 'session_ended' ? reply.failure.detail : undefined);
  }
  return reply;
}

/** The server does not know who is signed in any more; `why`: in its words. */
export function endBecauseRefused(why = 'Your session has ended. Sign in again.'): void {
  signOut(
    token.value === PERSON
      ? why
      : 'The server does not know this token any more: it was revoked, has expired, or the data is another.',
  );
}
