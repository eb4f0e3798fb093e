/** Drafts of shifts and rollbacks: changes of weights, and nothing else. */
import { isDeepStrictEqual } from 'node:util';
import { Problem } from '../model/errors.ts';
import type { ModelChange, Revision, Subject } from '../model/revision.ts';
import {
  checkWeights,
  type Service,
  type ServiceBody,
  type Weights,
  weightsOf,
  withWeights,
} from '../model/service.ts';
import type { Store } from '../store/sqlite.ts';
import type { Command, CommandContext } from './command.ts';
import { checkPrecondition, type Drafted, shown } from './draft.ts';
import { findService, weightsReply } from './services.ts';

/** Revisions of a service's history that one step back reads. */
const HISTORY_PAGE = 100;

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
    const one = shiftOne(store, text, weights, context, revision, pointer);
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
  return draftOf(all, revision, (inForce) => ({ revision: inForce, services }));
}

/** A shift of one service, as `PUT …/weights` asks for it. */
export function draftWeights(
  store: Store,
  command: Extract<Command, { kind: 'weights.put' }>,
  context: CommandContext,
  revision: number,
): Drafted {
  const one = shiftOne(store, command.name, command.weights, context, revision, '');
  if (one instanceof Problem) return one;
  return draftOf([one], revision, (inForce) => ({ revision: inForce, ...weightsReply(one.after) }));
}

function shiftOne(
  store: Store,
  name: string,
  weights: Weights,
  context: CommandContext,
  revision: number,
  pointer: string,
): Shifted | Problem {
  const before = findService(store, name);
  if (before instanceof Problem) return before;
  const stale = checkPrecondition(context, before.revision, `the service ${shown(before.name)}`);
  if (stale !== undefined) return stale;
  const bad = checkWeights(before, weights, pointer);
  if (bad !== undefined) return bad;
  const after = withWeights(before, weights, revision);
  return { before, after: isDeepStrictEqual(weightsOf(before), weightsOf(after)) ? before : after };
}

function draftOf(all: readonly Shifted[], revision: number, body: (revision: number) => unknown): Drafted {
  const changed = all.filter(({ before, after }) => before !== after);
  if (changed.length === 0) {
    const inForce = Math.max(...all.map(({ before }) => before.revision));
    return { revision: inForce, body: body(inForce) };
  }
  return {
    kind: 'shift',
    summary: changed.map(({ before, after }) => describe(before, after)).join('; '),
    ...weightChanges(changed),
    created: false,
    body: body(revision),
  };
}

export function draftRollback(
  store: Store,
  command: Extract<Command, { kind: 'rollback' }>,
  context: CommandContext,
  revision: number,
): Drafted {
  const before = findService(store, command.name);
  if (before instanceof Problem) return before;
  const stale = checkPrecondition(context, before.revision, `the service ${shown(before.name)}`);
  if (stale !== undefined) return stale;
  const found =
    command.revision === undefined ? beforeLastShift(store, before) : weightsAt(store, before, command.revision);
  if (found instanceof Problem) return found;
  const pools = before.pools.map((pool) => pool.name);
  if (!isDeepStrictEqual(new Set(pools), new Set(Object.keys(found.weights)))) {
    const then = Object.keys(found.weights).join(', ');
    const detail = `At revision ${found.revision} the pools of ${before.name} were ${then}; now they are ${pools.join(', ')}. Set the weights by hand.`;
    return new Problem('pools_changed', detail);
  }
  const after = withWeights(before, found.weights, revision);
  if (isDeepStrictEqual(weightsOf(before), weightsOf(after))) {
    return { revision: before.revision, body: { revision: before.revision, ...weightsReply(before) } };
  }
  return {
    kind: 'rollback',
    summary: `rolled back to revision ${found.revision}: ${describe(before, after)}`,
    ...weightChanges([{ before, after }]),
    created: false,
    body: { revision, ...weightsReply(after) },
  };
}

function weightChanges(changed: readonly Shifted[]): {
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
    changes: changed.map(({ after }) => ({ op: 'putService', service: after })),
  };
}

/** `app.example.com blue 90→0 green 10→100`. */
function describe(before: Service, after: Service): string {
  const moves = before.pools.map((pool, i) => `${pool.name} ${pool.weight}→${after.pools[i]?.weight}`);
  return `${shown(before.name)} ${moves.join(' ')}`;
}

interface WeightsAt {
  /** The revision that set them. */
  readonly revision: number;
  readonly weights: Weights;
}

/** The weights before the last shift that was not itself a rollback, as far back as the service was made. */
function beforeLastShift(store: Store, service: Service): WeightsAt | Problem {
  for (const revision of historyOf(store, service.name)) {
    const subject = subjectOf(revision, service.name);
    if (revision.kind === 'shift') {
      return { revision: lastBefore(store, service, revision.revision), weights: subject.before as Weights };
    }
    if (subject.before === null) break;
  }
  const detail = `The weights of ${service.name} have not been shifted since it was made: there is nothing to go back to.`;
  return new Problem('nothing_to_roll_back', detail);
}

function lastBefore(store: Store, service: Service, revision: number): number {
  return store.history('service', service.name, revision, 1)[0]?.revision ?? 0;
}

/** The weights that were in force at a revision. */
function weightsAt(store: Store, service: Service, wanted: number): WeightsAt | Problem {
  const [found] = wanted > store.lastRevision ? [] : store.history('service', service.name, wanted + 1, 1);
  const after = found === undefined ? null : subjectOf(found, service.name).after;
  if (found === undefined || after === null) {
    const detail = `The service ${service.name} was not there at revision ${wanted}.`;
    return new Problem('revision_unknown', detail);
  }
  const isWeights = found.kind === 'shift' || found.kind === 'rollback';
  return { revision: found.revision, weights: isWeights ? (after as Weights) : weightsOfBody(after as ServiceBody) };
}

function weightsOfBody(body: ServiceBody): Weights {
  return Object.fromEntries(Object.entries(body.pools).map(([name, { weight }]) => [name, weight as number]));
}

function subjectOf(revision: Revision, name: string): Subject {
  return revision.subjects.find((subject) => subject.kind === 'service' && subject.name === name) as Subject;
}

function* historyOf(store: Store, name: string): Generator<Revision> {
  let before = Number.MAX_SAFE_INTEGER;
  for (;;) {
    const page = store.history('service', name, before, HISTORY_PAGE);
    yield* page;
    if (page.length < HISTORY_PAGE) return;
    before = (page.at(-1) as Revision).revision;
  }
}
