/**
 * A body that was read can be written back: what a reply says besides is taken where it is what is there, so that whoever
 * reads, changes a member and writes need not know which members are read-only. One that differs is refused: it would
 * not be done.
 */
import { isDeepStrictEqual } from 'node:util';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../../model/errors.ts';
import { sendProblem } from '../problems.ts';

type Params = Readonly<Record<string, string>>;

/** What a GET at a PUT's own path shows, or why it shows nothing. For a route's `config`. */
interface WrittenBack {
  shown(params: Params): object | Problem;
  /** The member of the reply that is the whole body of the PUT, where one is. */
  readonly within?: string;
  /** Members that move without the noun's own revision: a body that was read before the last move may have them as they were. */
  readonly moving?: Moving;
}

interface Moving {
  /** The one that tells of a move: a number that grows. Absent: they may move at any time. */
  readonly by?: string;
  readonly members: readonly string[];
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Of a PUT at whose path there is a GET. */
    writtenBack?: WrittenBack;
  }
}

/** Of replies to writes only: what there was to say then is nothing to write. */
const saidOnce: readonly string[] = ['warnings', 'replaced'];

/** For a route's `config`. `find`: the noun at the path; `bodyOf`: as a GET shows it. */
export function writtenBack<Noun>(
  find: (params: never) => Noun | Problem,
  bodyOf: (noun: Noun) => unknown,
  { within, moving }: Pick<WrittenBack, 'within' | 'moving'> = {},
): { writtenBack: WrittenBack } {
  const shown = (params: Params): object | Problem => {
    const found = find(params as never);
    return found instanceof Problem ? found : (bodyOf(found) as object);
  };
  return { writtenBack: { shown, ...(moving && { moving }), ...(within !== undefined && { within }) } };
}

/** A preValidation hook: leaves of the body what the route's schema knows, once the rest is seen to be as it is. */
export async function takeWrittenBack(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
  const { writtenBack: route } = request.routeOptions.config;
  const { body } = request;
  if (route === undefined || typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  const { within, moving } = route;
  const members = body as Record<string, unknown>;
  const inner = within === undefined ? undefined : members[within];
  // By its own names the body of such a route is a map of numbers.
  const isWhole = typeof inner === 'object' && inner !== null;
  const known = within === undefined ? knownMembers(request) : isWhole ? [within] : undefined;
  if (known === undefined) return undefined;
  const more = Object.keys(members).filter((key) => !known.includes(key));
  if (more.length > 0) {
    const refused = refuseOther(route.shown(request.params as Params), members, more, moving);
    if (refused instanceof Problem) return sendProblem(reply, refused);
    const [stranger] = refused;
    if (isWhole && stranger !== undefined) return sendProblem(reply, unknownMember(stranger, within));
    // A member that no reply has is refused as unknown, with all that is known.
    const kept = Object.entries(members).filter(([key]) => known.includes(key) || refused.has(key));
    request.body = Object.fromEntries(kept);
  }
  if (isWhole) request.body = inner;
  return undefined;
}

/** The members of no reply; or a refusal of one that differs from what is there. */
function refuseOther(
  shown: object | Problem,
  members: Readonly<Record<string, unknown>>,
  more: readonly string[],
  moving: Moving | undefined,
): Set<string> | Problem {
  const unknown = new Set<string>();
  const moved = moving !== undefined && isFromBefore(shown, members, moving.by) ? moving.members : [];
  for (const key of more) {
    if (saidOnce.includes(key)) continue;
    if (shown instanceof Problem || !Object.hasOwn(shown, key)) {
      unknown.add(key);
      continue;
    }
    const is = (shown as Record<string, unknown>)[key];
    if (moved.includes(key)) continue;
    // As it would be sent: a member that is undefined is none.
    if (isDeepStrictEqual(JSON.parse(JSON.stringify(is)), members[key])) continue;
    const detail = `"${key}" is read-only: it is ${JSON.stringify(is)} here, and the body has ${short(members[key])}. Read it again, or leave it out.`;
    return new Problem('member_read_only', detail, { pointer: `/${key}` });
  }
  return unknown;
}

/** Whether a body may be what was there, of the same revision, before the last move. */
function isFromBefore(
  shown: object | Problem,
  members: Readonly<Record<string, unknown>>,
  by: string | undefined,
): boolean {
  if (by === undefined) return true;
  const now = shown as Readonly<Record<string, unknown>>;
  const [was, is] = [members[by], now[by]];
  return now.revision === members.revision && typeof was === 'number' && typeof is === 'number' && was < is;
}

function unknownMember(key: string, within: string | undefined): Problem {
  const detail = `Unknown property ${JSON.stringify(key)} beside "${within}".`;
  return new Problem('body_invalid', detail, { pointer: `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}` });
}

/** Of a value that a message repeats. */
const VALUE_MAX_CHARS = 80;

function short(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > VALUE_MAX_CHARS ? `${text.slice(0, VALUE_MAX_CHARS)}…` : text;
}

function knownMembers(request: FastifyRequest): readonly string[] | undefined {
  const { properties } = (request.routeOptions.schema?.body ?? {}) as { properties?: object };
  return properties && Object.keys(properties);
}
