/** What would have to be done so that all is as declared: worked out here, and refused where a step would be. Nothing is done. */
import { Problem } from '../../model/errors.ts';
import type { CommandContext } from '../commands/command.ts';
import type { Engine } from '../engine.ts';
import type { Grant } from '../grant.ts';
import type { Sliced } from '../slices.ts';
import { type Declared, readNames } from './declared.ts';
import { findPruned, type Pruned } from './pruned.ts';
import type { Planned, PlanStore, Step } from './step.ts';
import { stepsTo } from './steps.ts';

export type { Declared };

/** Who says what commands would come to. */
export type Rehearsing = Pick<Engine, 'rehearse'>;

export interface Plan {
  readonly revision: number;
  readonly steps: readonly Step[];
}

/** What was looked for in slices may have changed meanwhile. So often it is begun anew. */
const BEGINNINGS_MAX = 5;

const NOTHING: Pruned = { zones: [], rrsets: [], services: [], freezes: [] };

export function* planApply(
  store: PlanStore,
  engine: Rehearsing,
  declared: Declared,
  { ifMatch: _, idempotency: __, ...context }: CommandContext,
  grant: Grant,
): Sliced<Plan | Problem> {
  for (let beginning = 0; beginning < BEGINNINGS_MAX; beginning++) {
    const revision = store.lastRevision;
    const names = readNames(store, declared, grant);
    if (names instanceof Problem) return names;
    const { prune } = declared;
    const pruned = prune === undefined ? NOTHING : yield* findPruned(store, { ...declared, prune }, names, grant);
    if (store.lastRevision !== revision) continue;
    if (pruned instanceof Problem) return pruned;
    const planned = stepsTo(store, declared, names, pruned, context.atMs);
    if (planned instanceof Problem) return planned;
    const steps = yield* rehearsed(engine, planned, context);
    if (store.lastRevision !== revision) continue;
    return steps instanceof Problem ? steps : { revision, steps };
  }
  return new Problem('busy', 'The server is changed all the time, so that nothing can be compared: try again later.');
}

function* rehearsed(
  engine: Rehearsing,
  planned: readonly (Planned | Step)[],
  context: CommandContext,
): Sliced<readonly Step[] | Problem> {
  const steps: Step[] = [];
  const asked: { readonly step: Planned; readonly at: number }[] = [];
  for (const [at, step] of planned.entries()) {
    if ('command' in step) asked.push({ step, at });
    else steps[at] = step;
  }
  const commands = asked.map(({ step }) => step.command);
  const refused = yield* engine.rehearse(commands, context, (drafted, index) => {
    const one = asked[index];
    if (one !== undefined) steps[one.at] = one.step.tell(drafted);
  });
  const step = refused && asked[refused.index]?.step;
  if (refused === undefined || step === undefined) return refused?.problem ?? steps;
  const { code, detail, pointer = '', conflict } = refused.problem;
  const more = conflict === undefined ? {} : { conflict };
  return new Problem(code, `${step.what(pointer)}: ${detail}`, { ...more, pointer: step.place(pointer) });
}
