/** Drafts of shifts: changes of weights, and nothing else. */
import { isDeepStrictEqual } from 'node:util';
import { Problem } from '../../model/errors.ts';
import type { ModelChange, Subject } from '../../model/revision.ts';
import { checkWeights, type Service, type Weights, weightsOf, withWeights } from '../../model/service.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import type { Command, CommandContext } from '../commands/command.ts';
import { weightsReply } from '../replies/services.ts';
import { checkPrecondition, type Drafted } from './draft.ts';
import { passFreeze } from './freeze-guard.ts';
import { refuseWhileReleasing } from './release-guard.ts';
import { findService } from './services.ts';

/** A service before and after its weights change; the same object twice where they do not. */
interface Shifted {
  readonly before: Service;
  readonly after: Service;
}

/** Several services, one revision, one instant. */
export function draftShift(
  store: Store,
  command: Extract<Command, { kind: 'shift' }>,
  context: CommandContext,
  revision: number,
): Drafted {
  const shifted = new Map<string, Shifted>();
  for (const [text, weights] of Object.entries(command.services)) {
    const pointer = `/services/${text.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const one = shiftOne(store, { name: text, weights, pointer }, context, revision);
    if (one instanceof Problem) return one;
    if (shifted.has(one.before.name)) {
      return new Problem('body_invalid', `The service ${one.before.name} is named twice.`, { pointer });
    }
    shifted.set(one.before.name, one);
  }
  if (shifted.size === 0)
    return new Problem('body_invalid', 'A shift names at least one service.', { pointer: '/services' });
  const all = [...shifted.values()];
  const services = Object.fromEntries(all.map(({ after }) => [shown(after.name), weightsReply(after)]));
  return draftOf(store, context, all, (inForce) => ({ revision: inForce, services }));
}

/** A shift of one service, as `PUT …/weights` asks for it. */
export function draftWeights(
  store: Store,
  command: Extract<Command, { kind: 'weights.put' }>,
  context: CommandContext,
  revision: number,
): Drafted {
  const one = shiftOne(store, { ...command, pointer: '' }, context, revision);
  if (one instanceof Problem) return one;
  return draftOf(store, context, [one], (inForce) => ({ revision: inForce, ...weightsReply(one.after) }));
}

/** `pointer`: where the weights stand in the request's body. */
function shiftOne(
  store: Store,
  { name, weights, pointer }: { readonly name: string; readonly weights: Weights; readonly pointer: string },
  context: CommandContext,
  revision: number,
): Shifted | Problem {
  const before = findService(store, name);
  if (before instanceof Problem) return before;
  const stale = checkPrecondition(context, before.revision, `the service ${shown(before.name)}`);
  if (stale !== undefined) return stale;
  const bad = checkWeights(before, weights, pointer);
  if (bad !== undefined) return bad;
  const after = withWeights(before, weights, revision);
  if (isDeepStrictEqual(weightsOf(before), weightsOf(after))) return { before, after: before };
  return refuseWhileReleasing(store, [before.name], 'shift by hand') ?? { before, after };
}

function draftOf(
  store: Store,
  context: CommandContext,
  all: readonly Shifted[],
  body: (revision: number) => unknown,
): Drafted {
  const changed = all.filter(({ before, after }) => before !== after);
  if (changed.length === 0) {
    const inForce = Math.max(...all.map(({ before }) => before.revision));
    return { revision: inForce, body: body(inForce) };
  }
  const override = passFreeze(
    store,
    changed.map(({ before }) => before),
    context,
  );
  if (override instanceof Problem) return override;
  const { revision } = (changed[0] as Shifted).after;
  return {
    kind: 'shift',
    summary: changed.map(({ before, after }) => describeShift(before, after)).join('; '),
    ...weightChanges(changed),
    ...(override && { override }),
    created: false,
    body: body(revision),
  };
}

/** What a revision says of changed weights, and does. */
export function weightChanges(changed: readonly Shifted[]): {
  subjects: Subject[];
  changes: ModelChange[];
} {
  return {
    subjects: changed.map(({ before, after }) => ({
      kind: 'service',
      name: before.name,
      before: weightsOf(before),
      after: weightsOf(after),
    })),
    changes: changed.map(({ before, after }) => ({ op: 'putService', service: after, before })),
  };
}

/** `app.example.com blue 90→0 green 10→100`. */
export function describeShift(before: Service, after: Service): string {
  const moves = before.pools.map((pool, i) => `${pool.name} ${pool.weight}→${after.pools[i]?.weight}`);
  return `${shown(before.name)} ${moves.join(' ')}`;
}
