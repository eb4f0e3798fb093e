/** How a request says who sends it: a token in a header, or the session of a person, whose cookie no script sees. */

/** In the place of a token: a person is signed in. No token has a blank. */
export const PERSON = 'a person';

/** Who has done nothing for so long is not there: a page that refreshes by itself keeps nobody signed in. */
const ACTIVE_MS = 60_000;

let actedAtMs = Number.NEGATIVE_INFINITY;

/** From now on it is known when a key or a pointer was used last. */
export function watchActs(): void {
  for (const kind of ['pointerdown', 'keydown', 'wheel'])
    addEventListener(kind, () => (actedAtMs = Date.now()), { capture: true, passive: true });
}

/** The header of a session cannot be set by a page of others, so that its cookie alone is worth nothing there. */
export function credentialsOf(token: string): {
  readonly headers: Record<string, string>;
  readonly credentials: RequestCredentials;
} {
  if (token !== PERSON) return { headers: { authorization: `Bearer ${token}` }, credentials: 'omit' };
  const isActive = Date.now() - actedAtMs < ACTIVE_MS;
  return { headers: { 'teal-console': isActive ? 'active' : 'idle' }, credentials: 'same-origin' };
}
