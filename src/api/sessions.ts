/**
 * Sessions of people: the cookie that a browser shows, and how it is told from one that another page has it send. A token
 * in a header is a credential by itself; a cookie is one only beside a header that no page of others can set.
 */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Session } from '../control/people/sessions.ts';
import { Problem } from '../model/errors.ts';
import { isInNetworks } from '../model/token-networks.ts';
import type { ApiPeople, Places, SignedIn } from './parts.ts';

/**
 * Says `active` where the person has done something of late, else `idle`. A page of another origin cannot send it
 * without being let by CORS, and this API lets nobody.
 */
const HEADER = 'teal-console';

/**
 * For whom a page speaks, as `GET /v1/self` told it by the same header. A cookie is of the browser: where somebody else
 * signs in by another tab, what a page does that still shows the first would be done in the name of the second.
 */
export const PERSON_HEADER = 'teal-person';

/** Tells people apart, and says of nobody who it is. */
export function markOf({ person }: Session): string {
  return createHash('sha256').update(person.subject).digest('base64url').slice(0, MARK_CHARS);
}

const MARK_CHARS = 22;

/** `redirectUrl`: it is the console's base, and `auth/callback`. */
export function placesOf(redirectUrl: string): Places {
  const url = new URL(redirectUrl);
  const base = new URL('..', url).pathname;
  const isSecure = url.protocol === 'https:';
  // Cookies know no ports: two servers on one host would take each other's away.
  const name = `teal-session${url.port === '' ? '' : `-${url.port}`}`;
  return { origin: url.origin, base, isSecure, sessionCookie: prefixed(name, base, isSecure) };
}

/** RFC 6265bis §4.1.3: browsers take such a name over TLS only, and `__Host-` from this very host. */
export function prefixed(name: string, path: string, isSecure: boolean): string {
  if (!isSecure) return name;
  return path === '/' ? `__Host-${name}` : `__Secure-${name}`;
}

/** The value of a cookie; of several with one name the first, which has the longest path (RFC 6265 §5.4). */
export function cookieOf({ cookie }: Pick<IncomingHttpHeaders, 'cookie'>, name: string): string | undefined {
  const pairs = cookie?.split(';').map((pair) => pair.trim()) ?? [];
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

interface CookieOptions extends Pick<Places, 'isSecure'> {
  readonly path: string;
  readonly sameSite: 'Strict' | 'Lax';
  /** 0: it is to be forgotten. Undefined: it goes when the browser is closed. */
  readonly maxAgeSeconds?: number;
}

/** Adds a cookie that no script can read. */
export function setCookie(reply: FastifyReply, name: string, value: string, options: CookieOptions): void {
  const { path, sameSite, isSecure, maxAgeSeconds } = options;
  const age = maxAgeSeconds === undefined ? '' : `; Max-Age=${maxAgeSeconds}`;
  const cookie = `${name}=${value}; Path=${path}; HttpOnly; SameSite=${sameSite}${isSecure ? '; Secure' : ''}${age}`;
  const before = reply.getHeader('set-cookie');
  const others = before === undefined ? [] : [before].flat().map(String);
  reply.header('set-cookie', [...others, cookie]);
}

/**
 * Who is signed in, by the cookie of a request that our own page sent. Undefined: nobody, or it is not plain that our page
 * sent it, so that the cookie counts for nothing.
 */
export function signedIn(request: FastifyRequest, { people, places }: ApiPeople): SignedIn | undefined | Problem {
  const { headers, ip } = request;
  const secret = cookieOf(headers, places.sessionCookie);
  const word = headers[HEADER];
  if (secret === undefined || word === undefined) return undefined;
  const foreign = foreignOf(headers, places);
  if (foreign !== undefined) return foreign;
  const session = people.find(secret, word === 'active');
  if (session === undefined) {
    const detail =
      'Your session has ended: it was idle for too long, was as long as one may be, or is not vouched for any more. Sign in again.';
    return new Problem('session_ended', detail);
  }
  const meant = headers[PERSON_HEADER];
  if (meant !== undefined && meant !== markOf(session)) {
    const detail = `Your session has ended: ${session.person.title} has signed in with this browser since. Sign in again.`;
    return new Problem('session_ended', detail);
  }
  const roles = session.roles.filter(({ networks }) => networks === undefined || isInNetworks(networks, ip));
  if (roles.length > 0) return { session, version: session.version, roles };
  const detail = `What the groups of ${session.person.title} give may not be used from ${ip}: it is limited to other networks.`;
  return new Problem('address_forbidden', detail);
}

/** Why a request of another page is refused; undefined: it may be of our own. */
export function foreignOf(headers: IncomingHttpHeaders, { origin, base }: Places): Problem | undefined {
  if (!isForeign(headers, origin)) return undefined;
  const detail = `A session is for the console at ${origin}${base} alone, and this came from another page.`;
  return new Problem('origin_foreign', detail);
}

/** Browsers say from where a request comes (Fetch §3.2, Fetch Metadata); one that says nothing of it has our header. */
function isForeign({ origin, 'sec-fetch-site': site }: IncomingHttpHeaders, own: string): boolean {
  return (origin !== undefined && origin !== own) || (site !== undefined && site !== 'same-origin');
}
