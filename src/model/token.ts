/** A token: what a client of the admin API shows to be let in, how far it goes, and until when. */
import { Problem } from './errors.ts';
import { parsePatterns } from './name-pattern.ts';

/**
 * Each may do what those before it may. `read` looks; `shift` changes weights and rolls back; `release` makes releases
 * and moves them on; `admin` does everything.
 */
export const TOKEN_SCOPES = ['read', 'shift', 'release', 'admin'] as const;

export type TokenScope = (typeof TOKEN_SCOPES)[number];

/** What a token is limited to, as canonical patterns. It reaches what either list matches. */
export interface TokenLimits {
  /** Names of services. */
  readonly services: readonly string[];
  /** Names of zones; with a zone come its RRsets and services. */
  readonly zones: readonly string[];
}

export interface Token {
  /** Named in the log of changes; never the secret. */
  readonly name: string;
  readonly scope: TokenScope;
  /** Absent: everything. */
  readonly limits?: TokenLimits;
  /** Unix time, milliseconds; from then on it is refused. Absent: never. */
  readonly expiresAtMs?: number;
}

/** What is kept of a token: its secret cannot be found from this. */
export interface StoredToken extends Token {
  /** SHA-256 of the secret. Secrets are 256 random bits, so no slow hash is needed. */
  readonly digest: Uint8Array;
  /** Unix time, milliseconds. */
  readonly createdAtMs: number;
  /** The revision that made it. */
  readonly revision: number;
}

/** What a user says of a token. */
export interface TokenBody {
  readonly name: string;
  readonly scope: TokenScope;
  readonly services?: readonly string[];
  readonly zones?: readonly string[];
  /** RFC 3339. */
  readonly expiresAt?: string;
}

/** Every request is held against all of them. */
export const TOKENS_MAX = 1000;

/** What stands for others in the log of changes: tokens of the settings, the seed, the server itself. */
const RESERVED = /^(?:settings-.*|bootstrap|teal)$/i;

/** RFC 3339 §5.6, to the second or finer. */
const TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;

export function makeToken(body: TokenBody, atMs: number): Token | Problem {
  const { name, scope, services, zones, expiresAt } = body;
  if (!/^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$/.test(name) || RESERVED.test(name)) {
    const detail = `A token's name is 1 to 63 letters, digits and ._@-, begins with a letter or digit, and is not one of Teal's own (settings-…, bootstrap, teal); not ${JSON.stringify(name)}.`;
    return new Problem('token_name_invalid', detail, { pointer: '/name' });
  }
  const limits = makeLimits(services, zones);
  if (limits instanceof Problem) return limits;
  const expiresAtMs = expiresAt === undefined ? undefined : parseExpiry(expiresAt, atMs);
  if (expiresAtMs instanceof Problem) return expiresAtMs;
  return { name, scope, ...(limits && { limits }), ...(expiresAtMs !== undefined && { expiresAtMs }) };
}

function makeLimits(services: TokenBody['services'], zones: TokenBody['zones']): TokenLimits | undefined | Problem {
  if (services === undefined && zones === undefined) return undefined;
  const ofServices = services === undefined ? [] : parsePatterns(services, '/services');
  if (ofServices instanceof Problem) return ofServices;
  const ofZones = zones === undefined ? [] : parsePatterns(zones, '/zones');
  if (ofZones instanceof Problem) return ofZones;
  return { services: ofServices, zones: ofZones };
}

function parseExpiry(text: string, atMs: number): number | Problem {
  const expiresAtMs = TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (expiresAtMs > atMs) return expiresAtMs;
  const detail = `expiresAt is a time to come in RFC 3339 such as 2030-01-31T12:00:00Z, not ${JSON.stringify(text)}.`;
  return new Problem('expiry_invalid', detail, { pointer: '/expiresAt' });
}

/** Whether a token of one scope may do what wants another. */
export function includesScope(has: TokenScope, wanted: TokenScope): boolean {
  return TOKEN_SCOPES.indexOf(has) >= TOKEN_SCOPES.indexOf(wanted);
}

export function isExpired({ expiresAtMs }: Token, atMs: number): boolean {
  return expiresAtMs !== undefined && atMs >= expiresAtMs;
}

/** One that can do everything, for ever: who has it can always make the others. */
export function isMaster({ scope, limits, expiresAtMs }: Token): boolean {
  return scope === 'admin' && limits === undefined && expiresAtMs === undefined;
}

/** The token without its digest, as the log and replies tell of it. */
export function tokenBody({ name, scope, limits, expiresAtMs }: Token): TokenBody {
  return {
    name,
    scope,
    ...(limits && limits.services.length > 0 && { services: limits.services }),
    ...(limits && limits.zones.length > 0 && { zones: limits.zones }),
    ...(expiresAtMs !== undefined && { expiresAt: new Date(expiresAtMs).toISOString() }),
  };
}
