/** Headers that users have requests sent with. Any of them can be a key, so that all their values are secrets. */
import type { Problem } from './errors.ts';
import { type SecretBody, type SetMarker, settleSecret, shownSecret } from './secret.ts';

export type HeadersBody = Readonly<Record<string, SecretBody>>;

const HEADERS_MAX = 20;
const HEADER_VALUE_MAX = 1024;

/** These say how the message travels (RFC 9110 §7.6.1, RFC 9112), which is not for a user to say, or have a key. */
const RESERVED = new Set([
  ...['host', 'connection', 'content-length', 'transfer-encoding', 'te', 'trailer', 'upgrade', 'expect'],
  ...['keep-alive', 'proxy-connection'],
]);

/** What a refusal says, and where in the body: a JSON pointer that begins at what has the headers. */
export type Refuse = (detail: string, pointer: string) => Problem;

/** Headers with names in lower case; a value that says no more than that it is set is taken from `stored`. */
export function makeHeaders(
  headers: HeadersBody,
  stored: HeadersBody | undefined,
  refuse: Refuse,
): Record<string, string> | Problem {
  const made: Record<string, string> = {};
  const count = Object.keys(headers).length;
  if (count > HEADERS_MAX) return refuse(`There are at most ${HEADERS_MAX} headers, not ${count}.`, '/headers');
  for (const [name, given] of Object.entries(headers)) {
    const pointer = `/headers/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const key = name.toLowerCase();
    // RFC 9110 §5.1, §5.5.
    if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name))
      return refuse(`${JSON.stringify(name)} is no name of a header.`, pointer);
    if (RESERVED.has(key)) return refuse(`${name} cannot be set here${key === 'host' ? ': use host' : ''}.`, pointer);
    if (Object.hasOwn(made, key)) return refuse(`The header ${name} is named twice.`, pointer);
    const value = settleSecret(given, stored && Object.hasOwn(stored, key) ? stored[key] : undefined);
    if (value === undefined) return refuse(notSet(`the header ${name}`), pointer);
    if (!isHeaderValue(value)) {
      return refuse(`A header's value is at most ${HEADER_VALUE_MAX} printable ASCII characters.`, pointer);
    }
    made[key] = value;
  }
  return made;
}

export function isHeaderValue(value: string): boolean {
  return /^[\x20-\x7e\t]*$/.test(value) && value.length <= HEADER_VALUE_MAX;
}

/** For a marker where nothing is kept. */
export function notSet(what: string): string {
  return `{"set":true} keeps a secret that is there, and ${what} has none here yet: send its value.`;
}

export function shownHeaders(headers: HeadersBody): Record<string, SetMarker> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, shownSecret(value)]));
}
