/** How a request says who sends it: a token in a header, or the session of a person, whose cookie no script sees. */

/** In the place of a token: a person is signed in. No token has a blank. */
export const PERSON = 'a person';

/** For whom this page speaks, as the server marks them; undefined: it is not known yet. */
let mark: string | undefined;

/**
 * The cookie is of the browser. Where somebody else signs in by another tab, the server refuses what is sent from this one,
 * which shows who it was, and nothing is done in a name that is not shown.
 */
export function speakFor(person: string | undefined): void {
  mark = person;
}

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
  const headers = { 'teal-console': isActive ? 'active' : 'idle', ...(mark !== undefined && { 'teal-person': mark }) };
  return { headers, credentials: 'same-origin' };
}
