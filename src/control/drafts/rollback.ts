/** Drafts of rollbacks: earlier weights are restored, from the log. A release that goes on is ended by one. */
import { isDeepStrictEqual } from 'node:util';
import { Problem } from '../../model/errors.ts';
import type { Release, ReleaseService } from '../../model/release.ts';
import { transition } from '../../model/release-transition.ts';
import type { Revision, Subject } from '../../model/revision.ts';
import { type Service, type ServiceBody, type Weights, weightsOf, withWeights } from '../../model/service.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import type { Command, CommandContext } from '../commands/command.ts';
import { weightsReply } from '../replies/services.ts';
import { checkPrecondition, type Drafted } from './draft.ts';
import { draftChange } from './release-changes.ts';
import { findService } from './services.ts';
import { describeShift, weightChanges } from './shifts.ts';

/** Revisions of a service's history that one step back reads. */
const HISTORY_PAGE = 100;

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
  const release = store.activeReleaseOf(before.name);
  const found =
    command.revision === undefined ? beforeLastShift(store, before) : weightsAt(store, before, command.revision);
  if (found instanceof Problem) return found;
  const pools = before.pools.map((pool) => pool.name);
  if (!isDeepStrictEqual(new Set(pools), new Set(Object.keys(found.weights)))) {
    const then = Object.keys(found.weights).join(', ');
    const detail = `At ${found.when} the pools of ${before.name} were ${then}; now they are ${pools.join(', ')}. Set the weights by hand.`;
    return new Problem('pools_changed', detail);
  }
  const after = withWeights(before, found.weights, revision);
  const body = { revision, ...weightsReply(after) };
  if (release !== undefined) {
    const ended = endForRollback(release, before.name, found, context);
    const change = draftChange(store, release, { ...ended, revision }, 'is rolled back');
    return { kind: 'rollback', ...change, created: false, body };
  }
  if (isDeepStrictEqual(weightsOf(before), weightsOf(after))) {
    return { revision: before.revision, body: { revision: before.revision, ...weightsReply(before) } };
  }
  return {
    kind: 'rollback',
    summary: `rolled back to ${found.when}: ${describeShift(before, after)}`,
    ...weightChanges([{ before, after }]),
    created: false,
    body,
  };
}

/** All services of the release go back to before it, but the one at hand to the weights that were asked for. */
function endForRollback(release: Release, name: string, to: WeightsAt, { actor, atMs }: CommandContext): Release {
  const message = `Rolled back by ${actor} to ${to.when}.`;
  const ended = transition(release, { verb: 'abort', reason: 'rolled_back', message }, atMs) as Release;
  const services = ended.services.map((service) =>
    service.name === name ? { ...service, weights: to.weights } : service,
  );
  return { ...ended, services };
}

interface WeightsAt {
  /** `revision 12`, `the start of release 12`. */
  readonly when: string;
  readonly weights: Weights;
}

function beforeRelease(release: Release, { name }: Service): WeightsAt {
  const { before } = release.services.find((service) => service.name === name) as ReleaseService;
  return { when: `the start of release ${release.id}`, weights: before };
}

/** Before the last release, or the last shift that was not itself a rollback, as far back as the service was made. */
function beforeLastShift(store: Store, service: Service): WeightsAt | Problem {
  for (const revision of historyOf(store, service.name)) {
    const subject = subjectOf(revision, service.name);
    const weights = shiftedFrom(revision, subject);
    if (weights !== undefined) return { when: `revision ${lastBefore(store, service, revision.revision)}`, weights };
    const release = isOfRelease(revision) ? releaseOf(store, revision) : undefined;
    if (release !== undefined) return beforeRelease(release, service);
    if (subject.before === null && subject.forgotten === undefined) break;
  }
  const detail = `The weights of ${service.name} have not been shifted since it was made: there is nothing to go back to.`;
  return new Problem('nothing_to_roll_back', detail);
}

/** The weights before a revision that shifted them by hand: as a shift, or by writing the service with others. */
function shiftedFrom({ kind }: Revision, { before, after }: Subject): Weights | undefined {
  if (kind === 'shift') return before as Weights;
  if (kind !== 'service.put' || before === null || after === null) return undefined;
  const [from, to] = [weightsOfBody(before as ServiceBody), weightsOfBody(after as ServiceBody)];
  // A pool that comes or goes without a weight moves nothing.
  const weightIn = (weights: Weights, pool: string) => (Object.hasOwn(weights, pool) ? weights[pool] : 0);
  const isShifted = Object.keys({ ...from, ...to }).some((pool) => weightIn(from, pool) !== weightIn(to, pool));
  return isShifted ? from : undefined;
}

function lastBefore(store: Store, service: Service, revision: number): number {
  return store.history('service', service.name, revision, 1)[0]?.revision ?? 0;
}

/** The weights that were in force at a revision. */
function weightsAt(store: Store, service: Service, wanted: number): WeightsAt | Problem {
  if (wanted > store.lastRevision) return new Problem('revision_unknown', `There is no revision ${wanted} yet.`);
  const [found] = store.history('service', service.name, wanted + 1, 1);
  const { after = null, forgotten } = found === undefined ? {} : subjectOf(found, service.name);
  if (found !== undefined && forgotten?.includes('after')) {
    const detail = `What the service ${service.name} was at revision ${found.revision} is no longer kept (history.contentRevisions): set the weights by hand.`;
    return new Problem('revision_forgotten', detail);
  }
  if (found === undefined || after === null) {
    const detail = `The service ${service.name} was not there at revision ${wanted}.`;
    return new Problem('revision_unknown', detail);
  }
  const isWeights = found.kind === 'shift' || found.kind === 'rollback' || isOfRelease(found) || isOfHealth(found);
  return {
    when: `revision ${found.revision}`,
    weights: isWeights ? (after as Weights) : weightsOfBody(after as ServiceBody),
  };
}

/** What a revision that a release made says of its services are their weights. */
function isOfRelease({ kind }: Revision): boolean {
  return kind.startsWith('release.');
}

/** A forced state leaves the weights, which is what it says of the service. */
function isOfHealth({ kind }: Revision): boolean {
  return kind.startsWith('health.');
}

function releaseOf(store: Store, { subjects }: Revision): Release | undefined {
  const subject = subjects.find(({ kind }) => kind === 'release');
  return subject && store.release(subject.name);
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
