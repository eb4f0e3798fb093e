/** What whoever is signed in may not do, and why: said before it is tried. The server judges all the same. Pure. */
import type { Self } from '../../contract/types.ts';

type Role = NonNullable<Self['roles']>[0];

/** `server`: what concerns more than any pattern reaches; `zones`: a zone that is not there yet. */
export type Need = 'records' | 'shift' | 'release' | 'admin' | 'zones' | 'server';

/** What something is done to; what is left out is not known, or is not there yet. */
export interface Aim {
  /** Names, with their zones where those are known. */
  readonly services?: readonly { readonly name: string; readonly zone?: string }[];
  readonly zone?: string;
}

/** Each may do what those before it may. */
const SCOPES: readonly string[] = ['read', 'shift', 'release', 'admin'];

/** In one sentence; undefined: nothing is against it, or it is not known yet. */
export function whyNot(self: Self | undefined, need: Need, { services = [], zone }: Aim = {}): string | undefined {
  if (self === undefined) return undefined;
  const able = rolesOf(self).filter((role) => isEnough(role.scope, need));
  if (able.length === 0) return `${whose(self)} has the scope ${self.scope}; this needs ${scopeOf(need)}.`;
  const isIn = (reaches: (role: Role) => boolean): boolean => able.some((role) => isWide(role, need) && reaches(role));
  const outside = services.find((service) => !isIn((role) => reachesService(role, service)))?.name;
  const beyond = outside ?? (zone !== undefined && !isIn((role) => reachesZone(role, zone)) ? zone : undefined);
  if (beyond === undefined && isIn(() => true)) return undefined;
  const limits = able.flatMap((role) => [...(role.services ?? []), ...(role.zones ?? [])]);
  return `${whose(self)} is limited to ${[...new Set(limits)].join(', ')}; ${beyond ?? 'this'} is beyond that.`;
}

/** Whether it sees only what it reaches. */
export function isLimited(self: Self): boolean {
  return rolesOf(self).every(isNarrow);
}

function rolesOf(self: Self): readonly Role[] {
  return self.roles ?? [self];
}

function isNarrow({ services, zones, names, types, scope }: Role): boolean {
  return scope === 'records' || [services, zones, names, types].some((each) => each !== undefined);
}

/** What it reaches, in a few words. */
export function reachText(self: Self): string {
  const reaches = rolesOf(self).map((role) => {
    if (!isNarrow(role)) return `what the scope ${role.scope} may, to everything`;
    const parts = (['services', 'zones', 'names', 'types'] as const).flatMap((kind) => {
      const only = role[kind];
      return only === undefined ? [] : [`${kind} ${only.join(', ')}`];
    });
    return `what the scope ${role.scope} may${parts.length === 0 ? '' : `, to ${parts.join('; ')}`}`;
  });
  return `May do ${reaches.join('; and ')}.`;
}

/** Where a thing is needed that no list of names gives. */
function isWide(role: Role, need: Need): boolean {
  if (need === 'server') return !isNarrow(role);
  return need !== 'zones' || !isNarrow(role) || role.zones !== undefined;
}

/** A zone that is not known may be one of the role's. */
function reachesService({ services, zones }: Role, { name, zone }: { name: string; zone?: string }): boolean {
  if (services === undefined && zones === undefined) return true;
  if (services !== undefined && matchesAny(services, name)) return true;
  return zones !== undefined && (zone === undefined || matchesAny(zones, zone));
}

/** Which of its records a role for records reaches the server says. */
function reachesZone({ services, zones }: Role, zone: string): boolean {
  return zones === undefined ? services === undefined : matchesAny(zones, zone);
}

/** As the server has it: a name, `*.` and a name for all below it, or `*`. */
function matchesAny(patterns: readonly string[], name: string): boolean {
  return patterns.some(
    (pattern) => pattern === '*' || pattern === name || (pattern.startsWith('*.') && name.endsWith(pattern.slice(1))),
  );
}

function isEnough(scope: string, need: Need): boolean {
  if (scope === 'records') return need === 'records';
  const rank = SCOPES.indexOf(scope);
  // A scope that came after this page was written is left to the server.
  return rank === -1 || rank >= SCOPES.indexOf(lowest(need));
}

function lowest(need: Need): string {
  return need === 'shift' || need === 'release' ? need : 'admin';
}

function scopeOf(need: Need): string {
  return need === 'records' ? 'admin or records' : lowest(need);
}

function whose({ kind, name }: Self): string {
  return kind === 'token' ? `Your token ${name}` : name;
}
