/** The rules between settings, which no schema of a single one can say. */
import { formatEndpoint, isLinkLocal } from '../sockets/address.ts';
import { isLoopback } from './endpoint.ts';
import { findOidcConflict } from './oidc.ts';
import { findOpenness } from './openness.ts';
import type { SettingsValues } from './schema.ts';
import { isStrongToken, TOKEN_EXPECTED } from './token-strength.ts';

/** A rule that is broken: the setting to look at, and what is wrong there. */
interface Conflict {
  readonly path: readonly string[];
  readonly reason: string;
}

/** The first broken rule. */
export function findConflict({
  dns,
  table,
  admin,
  doors,
  console: page,
  mail,
  fleet,
}: SettingsValues): Conflict | undefined {
  const taken = dns.listen
    .map(formatEndpoint)
    .find((text, at, all) => !text.endsWith(':0') && all.indexOf(text) !== at);
  if (taken !== undefined) {
    return { path: ['dns', 'listen'], reason: `expected different addresses, found ${taken} twice` };
  }
  const ofLink = dns.listen.find(({ address }) => isLinkLocal(address));
  if (ofLink !== undefined) {
    const reason = `expected addresses that need no interface beside them, found ${formatEndpoint(ofLink)}; [::]:${ofLink.port} listens on link-local ones, too`;
    return { path: ['dns', 'listen'], reason };
  }
  if (table.initialBytes > table.maxBytes) {
    const reason = `expected at least table.initialBytes, ${table.initialBytes}, found ${table.maxBytes}`;
    return { path: ['table', 'maxBytes'], reason };
  }
  for (const name of ['token', 'readToken'] as const) {
    const token = admin[name];
    if (token === undefined || isStrongToken(token)) continue;
    return { path: ['admin', name], reason: `expected ${TOKEN_EXPECTED}; found one that could be (not shown)` };
  }
  if (admin.readToken !== undefined && admin.readToken === admin.token) {
    return { path: ['admin', 'readToken'], reason: 'expected another token than admin.token, found the same' };
  }
  if (doors.acmeDns.enabled && doors.acmeDns.zone === undefined) {
    const reason =
      'expected the name of a zone, such as acme.example.com, since doors.acmeDns.enabled is true; found nothing';
    return { path: ['doors', 'acmeDns', 'zone'], reason };
  }
  const oidc = page?.oidc && findOidcConflict(page.oidc);
  if (oidc !== undefined) return { path: ['console', 'oidc', oidc.key], reason: oidc.reason };
  if (mail?.tls === 'none' && mail.user !== undefined && !isThisMachine(mail.host)) {
    const reason = `expected starttls or tls, since mail.user's password would cross the network in the clear, found none`;
    return { path: ['mail', 'tls'], reason };
  }
  const alone = fleet && findAlone(fleet);
  if (alone !== undefined) return alone;
  const reason = findOpenness(admin.listen, admin);
  return reason === undefined ? undefined : { path: ['admin', 'listen'], reason };
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || isLoopback(host);
}

/** Settings of a fleet that come in pairs, and one of a pair that is missing. */
function findAlone({ user, password, tls }: NonNullable<SettingsValues['fleet']>): Conflict | undefined {
  const pairs = [
    { path: ['fleet'], one: 'user', other: 'password', values: { user, password } },
    { path: ['fleet', 'tls'], one: 'certFile', other: 'keyFile', values: { ...tls } },
  ];
  for (const { path, one, other, values } of pairs) {
    const given = [one, other].filter((key) => (values as Record<string, unknown>)[key] !== undefined);
    if (given.length !== 1) continue;
    const missing = given[0] === one ? other : one;
    const where = [...path, missing];
    return { path: where, reason: `expected a value, since ${[...path, given[0]].join('.')} is there; found nothing` };
  }
  return undefined;
}
