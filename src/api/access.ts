/** What each route asks of a token: a scope, and how far it must reach. Every request with a token is judged here, and nowhere else. */
import assert from 'node:assert/strict';
import type { FastifyRequest, RouteOptions } from 'fastify';
import { CHANGES_MAX } from '../control/drafts/record-list.ts';
import type { Grant } from '../control/grant.ts';
import { Problem } from '../model/errors.ts';
import { actorInWords, candidatesFor } from '../model/person.ts';
import type { RecordChange } from '../model/record-change.ts';
import { includesScope, limitsInWords, type Token, type TokenScope } from '../model/token.ts';
import { challenge } from './auth.ts';
import type { Access, ApiInstance, ApiParts, Hook, Touches } from './parts.ts';
import { sendProblem } from './problems.ts';

/** For a route's `config`. A route that declares nothing is for tokens that may do everything. */
export function access(scope: TokenScope, touches: Touches, or?: 'records'): { access: Access } {
  return { access: { scope, touches, ...(or && { or }) } };
}

const UNDECLARED: Access = { scope: 'admin', touches: 'server' };

/** Hooks for onRequest, before a body is read that may not be sent, and for preHandler, when it has been checked. */
export function makeAuthorize({ queries }: ApiParts): { byPath: Hook; byBody: Hook } {
  /** Takes the first of those as which who asks may come that reaches all of it; else tells how the first falls short. */
  const take = (
    request: FastifyRequest,
    candidates: readonly Token[],
    outsideFor: (grant: Grant) => string | undefined,
  ): Problem | undefined => {
    let refused: Problem | undefined;
    for (const candidate of candidates) {
      const grant = queries.grant(candidate.limits);
      const outside = outsideFor(grant);
      refused ??= outside === undefined ? undefined : outOfReach(candidate, outside);
      if (outside !== undefined) continue;
      request.actor = candidate;
      request.grant = grant;
      return undefined;
    }
    return refused;
  };
  return {
    async byPath(request, reply) {
      const { actor } = request;
      if (actor === undefined || request.routeOptions.config.public === true) return;
      const { scope, or, touches } = request.routeOptions.config.access ?? UNDECLARED;
      const candidates = candidatesOf(request, actor, scope, or);
      if (candidates.length === 0) {
        const detail = `${scopeInWords(request, actor)}; this needs ${or === undefined ? scope : `${scope} or ${or}`}.`;
        challenge(reply, { error: 'insufficient_scope', scope });
        return sendProblem(reply, new Problem('token_forbidden', detail));
      }
      const isOfBody = typeof touches === 'function';
      const refused = take(request, candidates, (grant) =>
        grant.isUnlimited || isOfBody ? undefined : outsideOf(request, grant, touches, queries),
      );
      return refused && sendProblem(reply, refused);
    },
    async byBody(request, reply) {
      const { actor } = request;
      const { scope, or, touches } = request.routeOptions.config.access ?? UNDECLARED;
      if (actor === undefined || (touches !== 'records' && typeof touches !== 'function')) return;
      const candidates = request.signedIn === undefined ? [actor] : candidatesOf(request, actor, scope, or);
      const refused = take(request, candidates, (grant) => {
        if (touches === 'records') {
          const outside = grant.isUnlimited ? undefined : outsideOf(request, grant, touches, queries);
          return outside ?? outsideOfChanges(request, grant, queries);
        }
        const names = touches(request.body as never);
        const outside = names.find((name) => !queries.grants(grant, { service: name }));
        return outside === undefined ? undefined : `the service ${outside} is not`;
      });
      return refused && sendProblem(reply, refused);
    },
  };
}

/** As what who asks may come to a route that wants a scope: a token as itself, a person with what each of their roles gives. */
function candidatesOf(
  { signedIn }: FastifyRequest,
  actor: Token,
  scope: TokenScope,
  or: 'records' | undefined,
): readonly Token[] {
  if (signedIn !== undefined) return candidatesFor(actor.name, signedIn.roles, scope, or);
  return includesScope(actor.scope, scope) || actor.scope === or ? [actor] : [];
}

/**
 * Every route of the scope is for those without a token too. `isNamed`: if they come by a known name (door/hosts.ts);
 * where there is TLS no browser goes on under another one.
 */
export function openToAll(api: ApiInstance, { isNamed }: { isNamed: boolean }): void {
  api.addHook('onRoute', (route) => {
    route.config = { ...route.config, public: true, ...(isNamed && { named: true }) };
  });
}

/** What a handler may show of what it finds. */
export function grantOf(request: FastifyRequest): Grant {
  assert(request.grant !== undefined, 'the hook runs before every handler of a route with a token');
  return request.grant;
}

/** An onRoute hook: the OpenAPI document says which scope an operation needs. Tools take names in `security` for OAuth's. */
export function documentScope(route: RouteOptions): void {
  if (route.config?.public === true || route.schema === undefined) return;
  const { scope, or } = route.config?.access ?? UNDECLARED;
  const needed = or === undefined ? scope : `${scope} or ${or}`;
  const described = { ...route.schema, security: [{ token: [] }], 'x-scope': needed };
  route.schema = described;
}

/** What is out of reach of that which the path names. */
function outsideOf(
  { params }: FastifyRequest,
  grant: Grant,
  touches: Exclude<Touches, 'function'>,
  queries: ApiParts['queries'],
): string | undefined {
  const { name, zone, type, id } = params as { name?: string; zone?: string; type?: string; id?: string };
  switch (touches) {
    case 'filtered':
      return undefined;
    case 'service':
      return queries.grants(grant, { service: name as string }) ? undefined : `the service ${name} is not`;
    case 'zone':
      return queries.grants(grant, { zone: zone as string }) ? undefined : `the zone ${zone} is not`;
    case 'records':
      return queries.grants(grant, { recordsOf: zone as string }) ? undefined : `the zone ${zone} is not`;
    case 'rrset': {
      const rrset = { zone: zone as string, name: name as string, type: type as string };
      return queries.grants(grant, { rrset }) ? undefined : `the RRset ${name}/${type} of the zone ${zone} is not`;
    }
    case 'proposal':
      return queries.grants(grant, { proposal: id as string })
        ? undefined
        : `not every service of the proposal ${id} is`;
    case 'release':
      return queries.grants(grant, { release: id as string }) ? undefined : `not every service of the release ${id} is`;
    default:
      return 'the whole server is not';
  }
}

/** What such a list has that a token may not reach. */
interface ListBody {
  readonly changes?: readonly RecordChange[];
  readonly apex?: unknown;
}

/** What of a list of changes is out of reach; one that is longer than a list may be is refused for that. */
function outsideOfChanges(request: FastifyRequest, grant: Grant, queries: ApiParts['queries']): string | undefined {
  const { changes = [], apex } = (request.body ?? {}) as ListBody;
  if (!grant.isOfRecords) return undefined;
  const { zone } = request.params as { zone: string };
  if (apex !== undefined && !queries.grants(grant, { zone })) return `what the zone ${zone} itself says is not`;
  for (const { put, add, remove, delete: deleted } of changes.slice(0, CHANGES_MAX)) {
    for (const each of [put, add, remove, deleted]) {
      if (each === undefined || queries.grants(grant, { rrset: { zone, name: each.name, type: each.type } })) continue;
      return `the RRset ${each.name}/${each.type} of the zone ${zone} is not`;
    }
  }
  return undefined;
}

/** A refusal says what the scope of the token is, or of the person, whose limits are those of their roles. */
function scopeInWords({ signedIn }: FastifyRequest, actor: Token): string {
  const { name, scope } = actor;
  if (scope !== 'records') return `${actorInWords(name)} has the scope ${scope}`;
  const limits = (signedIn?.roles ?? [actor]).map((role) => limitsInWords(role));
  return `${actorInWords(name)} has the scope records, for changing and reading ${limits.join(' and ')}, and nothing else`;
}

function outOfReach(actor: Token, what: string): Problem {
  const detail = `${actorInWords(actor.name)} is limited to ${limitsInWords(actor)}: ${what} among them.`;
  return new Problem('token_forbidden', detail);
}
