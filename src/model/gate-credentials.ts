/** What a gate is asked with: headers, a bearer token, or a name and a password. */
import { Problem } from './errors.ts';
import { type HeadersBody, isHeaderValue, makeHeaders, notSet, type Refuse, shownHeaders } from './http-headers.ts';
import { type SecretBody, settleSecret, shownSecret } from './secret.ts';

/** All but the user's name are secrets. */
export interface Credentials {
  readonly headers?: HeadersBody;
  /** RFC 6750 §2.1. */
  readonly bearer?: SecretBody;
  /** RFC 7617. */
  readonly basic?: { readonly username: string; readonly password: SecretBody };
}

/** The credentials with every secret in place; what is only marked as set comes from `stored`. */
export function makeCredentials(
  given: Credentials,
  stored: Credentials | undefined,
  refuse: Refuse,
): Credentials | Problem {
  const { bearer, basic } = given;
  const headers = given.headers && makeHeaders(given.headers, stored?.headers, refuse);
  if (headers instanceof Problem) return headers;
  const ways = [
    ...(bearer ? ['bearer'] : []),
    ...(basic ? ['basic'] : []),
    ...(headers?.authorization ? ['authorization'] : []),
  ];
  if (ways.length > 1) {
    return refuse(`One request has one way to say who asks, not ${ways.join(' and ')}.`, `/${ways[0]}`);
  }
  const token = bearer === undefined ? undefined : makeBearer(bearer, stored?.bearer, refuse);
  if (token instanceof Problem) return token;
  const login = basic && makeBasic(basic, stored?.basic, refuse);
  if (login instanceof Problem) return login;
  return {
    ...(headers !== undefined && { headers }),
    ...(token !== undefined && { bearer: token }),
    ...(login !== undefined && { basic: login }),
  };
}

function makeBearer(given: SecretBody, stored: SecretBody | undefined, refuse: Refuse): string | Problem {
  const token = settleSecret(given, stored);
  if (token === undefined) return refuse(notSet('bearer'), '/bearer');
  if (/^[A-Za-z0-9._~+/-]+=*$/.test(token) && isHeaderValue(token)) return token;
  return refuse('A bearer token is letters, digits and -._~+/ (RFC 6750 §2.1), without the word Bearer.', '/bearer');
}

function makeBasic(
  { username, password }: NonNullable<Credentials['basic']>,
  stored: Credentials['basic'],
  refuse: Refuse,
): NonNullable<Credentials['basic']> | Problem {
  // RFC 7617 §2: the first colon ends the name, and neither has control characters.
  const isText = (text: string): boolean => !/\p{Cc}/u.test(text) && Buffer.byteLength(text) <= PART_MAX_BYTES;
  if (username.includes(':') || !isText(username)) {
    return refuse('A user name has no colon and no control characters (RFC 7617 §2).', '/basic/username');
  }
  // A password belongs to who it was given for.
  const secret = settleSecret(password, stored?.username === username ? stored.password : undefined);
  if (secret === undefined) return refuse(notSet(`the password of ${username}`), '/basic/password');
  if (isText(secret)) return { username, password: secret };
  return refuse(`A password is at most ${PART_MAX_BYTES} bytes without control characters.`, '/basic/password');
}

/** Both together, in base64, fit a header's value. */
const PART_MAX_BYTES = 256;

/** The credentials without their secrets. */
export function shownCredentials({ headers, bearer, basic }: Credentials): Credentials {
  return {
    ...(headers !== undefined && { headers: shownHeaders(headers) }),
    ...(bearer !== undefined && { bearer: shownSecret(bearer) }),
    ...(basic !== undefined && { basic: { username: basic.username, password: shownSecret(basic.password) } }),
  };
}

/** The headers that a request with these credentials has. */
export function credentialHeaders({ headers = {}, bearer, basic }: Credentials): Record<string, string> {
  const said = Object.entries(headers).filter((pair): pair is [string, string] => typeof pair[1] === 'string');
  const login = basic && Buffer.from(`${basic.username}:${basic.password}`, 'utf8').toString('base64');
  return {
    ...Object.fromEntries(said),
    ...(typeof bearer === 'string' && { authorization: `Bearer ${bearer}` }),
    ...(login !== undefined && { authorization: `Basic ${login}` }),
  };
}
