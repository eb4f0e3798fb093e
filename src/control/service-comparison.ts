/** What services would become if they were declared: the server's own word, of what their bodies mean. */
import type { WrittenServiceBody } from '../model/adoption.ts';
import { Problem } from '../model/errors.ts';
import { canonicalName } from '../model/name.ts';
import { shown } from '../shown.ts';
import type { CommandContext } from './commands/command.ts';
import { isDraft } from './drafts/draft.ts';
import type { Engine } from './engine.ts';
import type { Queries } from './queries.ts';
import { serviceReply } from './replies/services.ts';
import type { Sliced } from './slices.ts';

/** Each is compiled, in a slice of its own; together they are little more than what one body brings. */
const COMPARED_SERVICES_MAX = 100;

interface ComparedService {
  readonly name: string;
  readonly action: 'make' | 'change' | 'none';
  /** As replies show a service; null: it is not there. */
  readonly before: unknown;
  readonly after: unknown;
}

/**
 * What PUTs of these bodies, in their order, would do: each is refused where the PUT would be, and none is carried out.
 */
export function* compareServices(
  engine: Pick<Engine, 'rehearse'>,
  queries: Pick<Queries, 'service'>,
  services: Readonly<Record<string, WrittenServiceBody>>,
  { ifMatch: _, idempotency: __, ...context }: CommandContext,
): Sliced<readonly ComparedService[] | Problem> {
  const entries = Object.entries(services);
  const bad = checkNames(entries.map(([name]) => name));
  if (bad !== undefined) return bad;
  const compared: ComparedService[] = [];
  const commands = entries.map(([name, body]) => ({ kind: 'service.put', name, body }) as const);
  const refused = yield* engine.rehearse(commands, context, (drafted, index) => {
    const name = canonicalName(entries[index]?.[0]) as string;
    const before = queries.service(name);
    const action = !isDraft(drafted) ? 'none' : drafted.created ? 'make' : 'change';
    const shownBefore = before instanceof Problem ? null : serviceReply(before);
    // Once more, where it is rehearsed anew.
    compared[index] = { name: shown(name), action, before: shownBefore, after: drafted.body };
  });
  return refused === undefined ? compared : ofService(refused.problem, entries[refused.index]?.[0]);
}

function checkNames(names: readonly string[]): Problem | undefined {
  if (names.length === 0 || names.length > COMPARED_SERVICES_MAX) {
    const detail = `1 to ${COMPARED_SERVICES_MAX} services are compared at once, not ${names.length}.`;
    return new Problem('body_invalid', detail, { pointer: '/services' });
  }
  const seen = new Map<string, string>();
  for (const text of names) {
    const name = canonicalName(text);
    if (name instanceof Problem) return ofService(name, text);
    const twin = seen.get(name);
    if (twin !== undefined) {
      const detail = `${twin} and ${text} are one service: it is named once.`;
      return new Problem('service_invalid', detail, { pointer: pointerTo(text) });
    }
    seen.set(name, text);
  }
  return undefined;
}

/** The refusal of one service, as that of a list that holds it. */
function ofService({ code, detail, pointer = '', conflict }: Problem, name: string): Problem {
  const more = conflict === undefined ? {} : { conflict };
  return new Problem(code, `${name}: ${detail}`, { ...more, pointer: `${pointerTo(name)}${pointer}` });
}

function pointerTo(name: string): string {
  return `/services/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
