/** Who is signed in: a token in this tab's session storage, gone when the tab is closed, never in an address. */
import { signal } from '@preact/signals';
import { type Request, send } from '../api/client.ts';
import type { Reply } from '../api/reply.ts';

const KEY = 'teal.token';

export const token = signal<string | undefined>(sessionStorage.getItem(KEY) ?? undefined);
/** Why the sign-in page is shown again; undefined: the user came by himself. */
export const signedOutBecause = signal<string | undefined>(undefined);

/** Tries the token with a request that any token may make, and keeps it if the server knows it. */
export async function signIn(secret: string): Promise<string | undefined> {
  const reply = await send(secret, '/v1/services?limit=1');
  // A token for some services only may not list them all, and is a good one all the same.
  if (!reply.ok && reply.failure.status !== 403) return reply.failure.detail;
  sessionStorage.setItem(KEY, secret);
  signedOutBecause.value = undefined;
  token.value = secret;
  return undefined;
}

export function signOut(because?: string): void {
  sessionStorage.removeItem(KEY);
  signedOutBecause.value = because;
  token.value = undefined;
}

/** A request with the token of the session; a token that is no longer known ends it. */
export async function call<Body>(path: string, request?: Request): Promise<Reply<Body>> {
  const secret = token.value;
  if (secret === undefined) return { ok: false, failure: { status: 401, code: 'token_missing', detail: 'Sign in.' } };
  const reply = await send<Body>(secret, path, request);
  if (!reply.ok && reply.failure.status === 401 && token.value === secret) {
    signOut('The server does not know this token any more: it was revoked, has expired, or the data is another.');
  }
  return reply;
}
