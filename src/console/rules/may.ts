/** What whoever is signed in may not do, and why: said before it is tried. The server judges all the same. Pure. */
import type { Self } from '../../contract/types.ts';

type Role = NonNullable<Self['roles']>[0];

/** `server`: what concerns more than any pattern reaches; `zones`: a zone that is not there yet. */
export type Need = 'records' | 'shift' | 'release' | 'admin' | 'zones' | 'server';

/** Each may do what those before it may. */
const SCOPES: readonly string[] = ['read', 'shift', 'release', 'admin'];

/** In one sentence; undefined: nothing is against it, or it is not known yet. */
export function whyNot(self: Self | undefined, need: Need): string | undefined {
  if (self === undefined || rolesOf(self).some((role) => isAllowed(role, need))) return undefined;
  const { services = [], zones = [] } = self;
  if (!isEnough(self.scope, need)) return `${whose(self)} has the scope ${self.scope}; this needs ${scopeOf(need)}.`;
  return `${whose(self)} is limited to ${[...services, ...zones].join(', ')}; this is beyond that.`;
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

function isAllowed(role: Role, need: Need): boolean {
  if (!isEnough(role.scope, need)) return false;
  if (need === 'server') return !isNarrow(role);
  if (need === 'zones') return !isNarrow(role) || role.zones !== undefined;
  return true;
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
