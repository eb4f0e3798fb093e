/** A step of a plan: a command to rehearse, and what is told of it. */
import type { Problem } from '../../model/errors.ts';
import type { Store } from '../../store/sqlite.ts';
import type { Command } from '../commands/command.ts';
import { type Drafted, isDraft } from '../drafts/draft.ts';

type Action = 'make' | 'change' | 'delete' | 'none';
type Made = Exclude<Drafted, Problem>;

/** As replies show a noun. */
interface Difference {
  readonly key?: string;
  readonly name: string;
  readonly action: Action;
  readonly before: unknown;
  readonly after: unknown;
}

export interface Step {
  readonly zone?: Difference;
  readonly records?: { readonly zone: string; readonly revision: number; readonly rrsets: readonly object[] };
  readonly service?: Difference & { readonly keptWeights?: object };
  readonly token?: Difference;
  readonly webhook?: Difference;
  readonly freeze?: Difference;
}

/** A step, with what is needed to know what it comes to. */
export interface Planned {
  readonly command: Command;
  /** Where in the body it stands, of the part that a refusal's own pointer leads to. */
  readonly place: (pointer: string) => string;
  /** What is refused, as it was declared, of what that pointer leads to. */
  readonly what: (pointer: string) => string;
  /** Asked while the command is rehearsed: the store has what those before it came to. */
  readonly tell: (drafted: Made) => Step;
}

export type PlanStore = Pick<
  Store,
  | ('zone' | 'zoneOf' | 'zones' | 'rrset' | 'rrsets' | 'service' | 'services' | 'servicesIn')
  | ('tokens' | 'webhook' | 'freeze' | 'freezes' | 'lastRevision')
>;

export function asPut(name: string, made: Made, before: object | undefined): Difference {
  const action = !isDraft(made) ? 'none' : made.created ? 'make' : 'change';
  return { name, action, before: before ?? null, after: made.body };
}
