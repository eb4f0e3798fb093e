/** A token: what a client of the admin API shows to be let in, how far it goes, and until when. */
import { shown } from '../shown.ts';
import { formatType } from '../wire/rdata.ts';
import { Problem } from './errors.ts';
import { readInstant } from './instant.ts';
import { PATTERNS_MAX, parsePatterns } from './name-pattern.ts';
import { parseOwnerPatterns } from './owner-pattern.ts';
import { parseStoredType } from './rrset.ts';
import { makeTokenNetworks } from './token-networks.ts';

/**
 * Each of the first four may do what those before it may. `read` looks; `shift` changes weights and rolls back; `release`
 * makes releases and moves them on; `admin` does everything. `records` stands aside: it changes records and reads those
 * that it may change, and nothing else.
 */
export const TOKEN_SCOPES = ['read', 'shift', 'release', 'admin', 'records'] as const;

export type TokenScope = (typeof TOKEN_SCOPES)[number];

/** What a token is limited to, as canonical patterns. It reaches what either list matches. */
export interface TokenLimits {
  /** Names of services. */
  readonly services: readonly string[];
  /** Names of zones; with a zone come its RRsets and services. */
  readonly zones: readonly string[];
  /** Of the scope `records`, which is never without: no more than RRsets, of `zones`, or of any zone where there are none. */
  readonly records?: RecordLimits;
}

/** Which RRsets a token is limited to. */
interface RecordLimits {
  /** Canonical patterns of owner names, see owner-pattern.ts; none: any name. */
  readonly names: readonly string[];
  /** Types by their names; none: any type. */
  readonly types: readonly string[];
}

export interface Token {
  /** Named in the log of changes; never the secret. */
  readonly name: string;
  readonly scope: TokenScope;
  /** Absent: everything. */
  readonly limits?: TokenLimits;
  /** Canonical networks, see token-networks.ts: in one of them is whoever uses it. Absent: anywhere. */
  readonly networks?: readonly string[];
  /** Unix time, milliseconds; from then on it is refused. Absent: never. */
  readonly expiresAtMs?: number;
  /** Whose it is, by what names them with a provider of identities; who has it is that person where two have to agree. */
  readonly owner?: string;
  /** Of an owner who made it: what their provider never changes, whatever they are called. Told to nobody. */
  readonly subject?: string;
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
export interface TokenBody extends RoleBody {
  readonly name: string;
  /** RFC 3339. */
  readonly expiresAt?: string;
  readonly owner?: string;
}

/** What a user says of what a token, or a group of people, may. */
export interface RoleBody {
  readonly scope: TokenScope;
  readonly services?: readonly string[];
  readonly zones?: readonly string[];
  readonly names?: readonly string[];
  readonly types?: readonly string[];
  readonly networks?: readonly string[];
}

/** What one group of people may: as a token does. */
export type Role = Omit<Token, 'name' | 'expiresAtMs' | 'owner' | 'subject'>;

/** Every request is held against all of them. */
export const TOKENS_MAX = 1000;

/** What stands for others in the log of changes: tokens of the settings, the seed, the server itself. */
const RESERVED = /^(?:settings-.*|bootstrap|teal)$/i;

/** To the second or finer (RFC 3339 §5.6). */
const TO_THE_SECOND = /[Tt]\d\d:\d\d:\d\d/;

export function makeToken(body: TokenBody, atMs: number): Token | Problem {
  const { name, expiresAt } = body;
  if (!/^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$/.test(name) || RESERVED.test(name)) {
    const detail = `A token's name is 1 to 63 letters, digits and ._@-, begins with a letter or digit, and is not one of Teal's own (settings-…, bootstrap, teal); not ${JSON.stringify(name)}.`;
    return new Problem('token_name_invalid', detail, { pointer: '/name' });
  }
  const role = makeRole(body);
  if (role instanceof Problem) return role;
  const expiresAtMs = expiresAt === undefined ? undefined : parseExpiry(expiresAt, atMs);
  if (expiresAtMs instanceof Problem) return expiresAtMs;
  const owner = body.owner?.trim();
  if (owner !== undefined && !isPersonName(owner)) {
    const detail = `owner is what names a person, such as ann@example.com: one line of 1 to ${OWNER_MAX_CHARS} characters, not ${JSON.stringify(body.owner)}.`;
    return new Problem('token_owner_invalid', detail, { pointer: '/owner' });
  }
  return { name, ...role, ...(expiresAtMs !== undefined && { expiresAtMs }), ...(owner !== undefined && { owner }) };
}

/** As long as an address of e-mail may be (RFC 5321 §4.5.3.1.3). */
const OWNER_MAX_CHARS = 254;

/** As a provider may name a person: a line, and nothing in it that turns the line around or hides. */
function isPersonName(text: string): boolean {
  return text !== '' && text.length <= OWNER_MAX_CHARS && !/[\p{C}\p{Zl}\p{Zp}]/u.test(text);
}

export function makeRole(body: RoleBody): Role | Problem {
  const limits = makeLimits(body);
  if (limits instanceof Problem) return limits;
  const networks = body.networks === undefined ? undefined : makeTokenNetworks(body.networks);
  if (networks instanceof Problem) return networks;
  return { scope: body.scope, ...(limits && { limits }), ...(networks && { networks }) };
}

function makeLimits({ scope, services, zones, names, types }: RoleBody): TokenLimits | undefined | Problem {
  if (scope === 'records')
    return services === undefined ? makeRecordLimits(zones, names, types) : notWith('services', scope);
  if (names !== undefined) return notWith('names', scope);
  if (types !== undefined) return notWith('types', scope);
  if (services === undefined && zones === undefined) return undefined;
  const ofServices = services === undefined ? [] : parsePatterns(services, '/services');
  if (ofServices instanceof Problem) return ofServices;
  const ofZones = zones === undefined ? [] : parsePatterns(zones, '/zones');
  if (ofZones instanceof Problem) return ofZones;
  return { services: ofServices, zones: ofZones };
}

function makeRecordLimits(
  zones: RoleBody['zones'],
  names: RoleBody['names'],
  types: RoleBody['types'],
): TokenLimits | Problem {
  const ofZones = zones === undefined ? [] : parsePatterns(zones, '/zones');
  if (ofZones instanceof Problem) return ofZones;
  const ofNames = names === undefined ? [] : parseOwnerPatterns(names, '/names');
  if (ofNames instanceof Problem) return ofNames;
  const ofTypes = types === undefined ? [] : parseTypes(types);
  if (ofTypes instanceof Problem) return ofTypes;
  return { services: [], zones: ofZones, records: { names: ofNames, types: ofTypes } };
}

function parseTypes(texts: readonly string[]): string[] | Problem {
  if (texts.length === 0 || texts.length > PATTERNS_MAX) {
    const detail = `types has 1 to ${PATTERNS_MAX} record types such as "TXT", not ${texts.length}; leave it out for all.`;
    return new Problem('limits_invalid', detail, { pointer: '/types' });
  }
  const types: string[] = [];
  for (const [i, text] of texts.entries()) {
    const type = parseStoredType(text);
    if (type instanceof Problem) return new Problem(type.code, type.detail, { pointer: `/types/${i}` });
    types.push(formatType(type));
  }
  return types;
}

/** A limit that would not limit what the scope may do. */
function notWith(member: 'services' | 'names' | 'types', scope: TokenScope): Problem {
  const detail =
    member === 'services'
      ? 'A token of the scope records reaches no services: it is limited by zones, names and types.'
      : `${member} limits a token of the scope records, and this one has the scope ${scope}: leave it out, or choose the scope records.`;
  return new Problem('limits_invalid', detail, { pointer: `/${member}` });
}

function parseExpiry(text: string, atMs: number): number | Problem {
  const expiresAtMs = TO_THE_SECOND.test(text) ? readInstant(text) : undefined;
  if (expiresAtMs !== undefined && expiresAtMs > atMs) return expiresAtMs;
  const detail = `expiresAt is a time to come in RFC 3339 such as 2030-01-31T12:00:00Z, not ${JSON.stringify(text)}.`;
  return new Problem('expiry_invalid', detail, { pointer: '/expiresAt' });
}

/** Whether a token of one scope may do what wants another. */
export function includesScope(has: TokenScope, wanted: TokenScope): boolean {
  if (has === 'records' || wanted === 'records') return has === wanted || has === 'admin';
  return TOKEN_SCOPES.indexOf(has) >= TOKEN_SCOPES.indexOf(wanted);
}

/** What a token is limited to, in words for a refusal; undefined: nothing. */
export function limitsInWords({ limits }: Pick<Token, 'limits'>): string | undefined {
  if (limits === undefined) return undefined;
  const { services, zones, records } = limits;
  const ofZones = zones.length > 0 ? [`the zones ${zones.map(shown).join(', ')}`] : [];
  if (records === undefined) {
    return [...(services.length > 0 ? [`the services ${services.map(shown).join(', ')}`] : []), ...ofZones].join(
      ' and ',
    );
  }
  const types = records.types.length > 0 ? `${records.types.join(', ')} records` : 'records of any type';
  const names = records.names.length > 0 ? `at ${records.names.map(shown).join(', ')}` : 'at any name';
  return `${types} ${names} in ${ofZones[0] ?? 'any zone'}`;
}

export function isExpired({ expiresAtMs }: Token, atMs: number): boolean {
  return expiresAtMs !== undefined && atMs >= expiresAtMs;
}

/** One that can do everything, from anywhere, for ever: who has it can always make the others. */
export function isMaster({ scope, limits, networks, expiresAtMs }: Token): boolean {
  return scope === 'admin' && limits === undefined && networks === undefined && expiresAtMs === undefined;
}

/** The token without its digest, as the log and replies tell of it. */
export function tokenBody({ name, expiresAtMs, owner, ...role }: Token): TokenBody {
  return {
    name,
    ...roleBody(role),
    ...(expiresAtMs !== undefined && { expiresAt: new Date(expiresAtMs).toISOString() }),
    ...(owner !== undefined && { owner }),
  };
}

/** What it may, as it was said. */
export function roleBody({ scope, limits, networks }: Role): RoleBody {
  return {
    scope,
    ...(limits && limits.services.length > 0 && { services: limits.services }),
    ...(limits && limits.zones.length > 0 && { zones: limits.zones }),
    ...(limits?.records && limits.records.names.length > 0 && { names: limits.records.names }),
    ...(limits?.records && limits.records.types.length > 0 && { types: limits.records.types }),
    ...(networks && { networks }),
  };
}
