/** A person who signed in with a provider of identities: how the log names them, and what their groups let them do. */
import { includesScope, type Role, TOKEN_SCOPES, type Token, type TokenLimits, type TokenScope } from './token.ts';

/** What a provider said of somebody, checked. */
export type Claims = Readonly<Record<string, unknown>> & { readonly sub: string };

export interface Person {
  /** As the log of changes names them: no token has a colon in its name. */
  readonly name: string;
  /** Of the provider; the one claim that never changes (OpenID Connect Core 1.0 §5.7). */
  readonly subject: string;
  /** For people to read; not what anything is judged by. */
  readonly title: string;
  readonly groups: readonly string[];
}

/** Whoever asks for something, or agrees with it, where two have to. */
export interface Party {
  readonly name: string;
  /** Of one who signed in: what the provider never changes, whatever they are called. */
  readonly subject?: string;
}

/**
 * Whether somebody is one of those who asked. Names of people are told by the provider, where they may change their own,
 * and are written by hand as the owners of tokens: so the subject counts too, and capitals do not.
 */
export function isAmong({ name, subject }: Party, names: readonly string[], subjects: readonly string[] = []): boolean {
  const own = folded(name);
  return names.some((each) => folded(each) === own) || (subject !== undefined && subjects.includes(subject));
}

/** Tokens go by their names letter by letter. */
function folded(name: string): string {
  return name.startsWith(PERSON) ? name.normalize('NFKC').toLowerCase() : name;
}

/** Before the name of a person, where a token or a person may stand. */
export const PERSON = 'person:';

/** Who does something, in a sentence. */
export function actorInWords(name: string): string {
  return name.startsWith(PERSON) ? `\`${name}\`` : `The token \`${name}\``;
}

/** A name is one line of the log; an address of e-mail has at most 254 (RFC 5321 §4.5.3.1.3). */
const NAME_MAX_CHARS = 254;

/** Beyond so many no provider's token would fit a header; each is looked up once. */
const GROUPS_MAX = 2000;

/** A person of claims: `nameClaim` names them in the log where it says something fit, else the subject does. */
export function personOf(claims: Claims, settings: { nameClaim: string; groupsClaim: string }): Person {
  const { nameClaim, groupsClaim } = settings;
  // Who may choose an address without showing that it is theirs could choose a colleague's.
  const isTheirs = nameClaim !== 'email' || claims.email_verified !== false;
  const named = isTheirs ? fitName(claims[nameClaim]) : undefined;
  return {
    name: `${PERSON}${named ?? fitName(claims.sub) ?? 'unnamed'}`,
    subject: claims.sub,
    title: fitName(claims.name) ?? named ?? claims.sub,
    groups: groupsOf(claims, groupsClaim),
  };
}

/** The roles of the groups that the settings name, in their order there. */
export function rolesOf(groups: readonly string[], byGroup: ReadonlyMap<string, Role>): Role[] {
  const has = new Set(groups);
  return [...byGroup].flatMap(([group, role]) => (has.has(group) ? [role] : []));
}

/**
 * With what a person may come to a route that wants a scope, and no more than that scope: what all their roles that hold
 * it give together, and each role for records by itself, since names and types of two do not add up. Empty: no role
 * holds the scope.
 */
export function candidatesFor(name: string, roles: readonly Role[], wanted: TokenScope, or?: TokenScope): Token[] {
  const good = roles.filter(({ scope }) => includesScope(scope, wanted) || scope === or);
  const others = good.filter(({ scope }) => scope !== 'records');
  const limits = joined(others.map((role) => role.limits));
  const scope = wanted === 'records' ? 'admin' : wanted;
  const all = others.length === 0 ? [] : [{ name, scope, ...(limits && { limits }) }];
  const ofRecords = good.filter(({ scope }) => scope === 'records');
  return [...all, ...ofRecords.map(({ scope, limits }) => ({ name, scope, ...(limits && { limits }) }))];
}

/** The scope that reaches furthest, for a word on who somebody is. */
export function highestScope(roles: readonly Role[]): TokenScope {
  const byHeight: readonly TokenScope[] = ['records', ...TOKEN_SCOPES.filter((scope) => scope !== 'records')];
  const heights = roles.map(({ scope }) => byHeight.indexOf(scope));
  return byHeight[Math.max(0, ...heights)] as TokenScope;
}

/** What reaches as far as all of them; undefined: one has no limits. */
function joined(all: readonly (TokenLimits | undefined)[]): TokenLimits | undefined {
  const limits = all.filter((each) => each !== undefined);
  if (limits.length < all.length) return undefined;
  const each = (key: 'services' | 'zones'): string[] => [...new Set(limits.flatMap((one) => one[key]))];
  return { services: each('services'), zones: each('zones') };
}

/** Text of one line, without what would turn the rest of the line around or hide in it. */
function fitName(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.trim() === '' || value.length > NAME_MAX_CHARS) return undefined;
  return /[\p{C}\p{Zl}\p{Zp}]/u.test(value) ? undefined : value.trim();
}

/** A claim by its name or, where there is none of it, by a path with dots: `realm_access.roles`. One text is one group. */
function groupsOf(claims: Claims, claim: string): string[] {
  const found = Object.hasOwn(claims, claim) ? claims[claim] : claim.split('.').reduce<unknown>(memberOf, claims);
  const list = typeof found === 'string' ? [found] : Array.isArray(found) ? found : [];
  return list.filter((group) => typeof group === 'string').slice(0, GROUPS_MAX);
}

function memberOf(value: unknown, key: string): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

/** Whether claims say anything of groups at all: a provider may tell of them elsewhere. */
export function saysGroups(claims: Readonly<Record<string, unknown>>, claim: string): boolean {
  if (Object.hasOwn(claims, claim)) return true;
  return claim.split('.').reduce<unknown>(memberOf, claims) !== undefined;
}
