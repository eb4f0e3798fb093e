/** Host headers: each request has one (RFC 9112 §3.2), and what is told without a token is told under known names only. */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { Problem } from '../../model/errors.ts';

/** RFC 9110 §7.2: a host as in RFC 3986 §3.2.2, and a port. */
const HOST = /^(?<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]+)(?::[0-9]*)?$/;

/** Fields that hold one value; Node would take the first of several, or join them, and another server the last. */
const SINGLE_FIELDS = ['host', 'authorization', 'content-length', 'content-type', 'idempotency-key', 'last-event-id'];

/** What is wrong with the header lines of a request, whoever sends it. */
export function faultOfHeaders(
  request: Pick<IncomingMessage, 'rawHeaders' | 'headers' | 'httpVersion'>,
): Problem | undefined {
  const names = request.rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
  const twice = SINGLE_FIELDS.find((field) => names.indexOf(field) !== names.lastIndexOf(field));
  if (twice !== undefined) return new Problem('request_invalid', `The header ${twice} may be there only once.`);
  const { host } = request.headers;
  // HTTP/1.0 did not have it.
  if (host === undefined && request.httpVersion !== '1.0') {
    return new Problem('request_invalid', 'A request of HTTP/1.1 has a Host header (RFC 9112 §3.2).');
  }
  if (host !== undefined && !HOST.test(host)) {
    const detail = `Host is a name or an address, perhaps with a port, not ${JSON.stringify(host)}.`;
    return new Problem('request_invalid', detail);
  }
  return undefined;
}

/** The host that a request means: where its target has one, that counts (RFC 9112 §3.2.2). */
export function hostOf({ url = '', headers }: Pick<IncomingMessage, 'url' | 'headers'>): string | undefined {
  return url.startsWith('/') ? headers.host : (URL.parse(url)?.host ?? headers.host);
}

/**
 * Whether what anybody may read is told under this name. A web page that lets its own name lead to this server (DNS
 * rebinding) reaches it through its visitor's browser, which sends that name; it cannot send an address or a name
 * without a dot, since it does not own them. No Host: no browser.
 */
export function isKnownHost(header: string | undefined, hosts: readonly string[]): boolean {
  if (header === undefined || hosts.includes('*')) return true;
  const name = HOST.exec(header)?.groups?.host?.toLowerCase().replace(/\.$/, '');
  if (name === undefined) return false;
  if (name.startsWith('[')) return isIP(name.slice(1, -1)) === 6;
  if (isIP(name) === 4 || !name.includes('.') || name.endsWith('.localhost')) return true;
  return hosts.some((host) => host.toLowerCase().replace(/\.$/, '') === name);
}

/** Without the name itself: nothing in any reply is made from this header. */
export const unknownHost = new Problem(
  'host_unknown',
  'This server does not go by the name in the Host header for those without a token: ask by its address, or put that name into the setting admin.hosts (TEAL_ADMIN_HOSTS).',
);
