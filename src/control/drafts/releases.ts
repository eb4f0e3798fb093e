/** Drafts of what happens to a release that is there: told by a person, or that what it waited for has come. */
import { Problem } from '../../model/errors.ts';
import { frozenInWords } from '../../model/freeze.ts';
import { canonicalName } from '../../model/name.ts';
import type { Release } from '../../model/release.ts';
import type { Verdict } from '../../model/release-analysis.ts';
import type { Hold } from '../../model/release-progress.ts';
import { type TransitionCommand, transition } from '../../model/release-transition.ts';
import type { Service } from '../../model/service.ts';
import type { Override } from '../../model/why.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import type { CommandContext } from '../commands/command.ts';
import { partyOf } from '../commands/person.ts';
import type { ReleaseCommand, ReleaseVerb } from '../commands/releases.ts';
import { releaseReply } from '../replies/releases.ts';
import { approvalOutdated, askedBy } from './approvals.ts';
import { checkPrecondition, type Drafted } from './draft.ts';
import { frozenNow, passFreeze } from './freeze-guard.ts';
import { draftChange } from './release-changes.ts';
import { checkServices, findServices } from './release-create.ts';

/** A person's word on a release. */
export function draftReleaseVerb(
  store: Store,
  command: ReleaseVerb,
  context: CommandContext,
  revision: number,
): Drafted {
  const found = findRelease(store, command.id, command.service);
  if (found instanceof Problem) return found;
  const { name } = found;
  const before = askedBy(store, found.release);
  const stale = checkPrecondition(context, before.revision, `the release ${before.id}`);
  if (stale !== undefined) return stale;
  const outdated = approvalOutdated(store, command, before, context);
  if (outdated instanceof Problem) return outdated;
  if (outdated !== undefined) return { revision: before.revision, body: releaseReply(before, name) };
  const asked = transitionOf(store, command, before, context);
  if (asked instanceof Problem) return asked;
  const passed = passFrozen(store, before, asked, context);
  if (passed instanceof Problem) return passed;
  // These move no traffic that is frozen: the shift behind them waits, as any other does.
  const hold = asked.verb === 'approve' || asked.verb === 'resume' ? holdOf(store, before, context.atMs) : undefined;
  const after = transition(passed.release, asked, context.atMs, hold);
  if (after instanceof Problem) return after;
  if (after === before) return { revision: before.revision, body: releaseReply(before, name) };
  const { override } = passed;
  const release = { ...after, revision };
  const how = asked.verb === 'promote' && asked.full ? 'is promoted to its end' : verbs[command.kind];
  const change = draftChange(store, before, release, how);
  return {
    kind: command.kind,
    ...change,
    ...(override && { override }),
    created: false,
    body: releaseReply(release, name),
  };
}

/**
 * A person's word that would move traffic forward is refused while that is frozen. Where it is an emergency the release
 * keeps that: its later steps are of the same.
 */
function passFrozen(
  store: Store,
  release: Release,
  asked: TransitionCommand,
  context: CommandContext,
): { readonly release: Release; readonly override?: Override } | Problem {
  if (asked.verb !== 'promote' && asked.verb !== 'retry') return { release };
  if (asked.verb === 'promote' && release.override !== undefined) return { release };
  const hold = holdOf(store, release, context.atMs);
  if (hold === undefined) return { release };
  // Leaving a pause for an analysis moves nothing.
  const held = transition(release, asked, context.atMs, hold);
  const isForward = asked.verb === 'retry' || asked.full || held === release || isFrozen(held);
  if (!isForward) return { release };
  const override = passFreeze(store, servicesOf(store, release), context);
  if (override instanceof Problem) return override;
  return override === undefined ? { release } : { release: { ...release, override }, override };
}

function isFrozen(release: Release | Problem): boolean {
  return !(release instanceof Problem) && release.wait?.kind === 'frozen';
}

function servicesOf(store: Store, release: Release): Service[] {
  return release.services.flatMap(({ name }) => store.service(name) ?? []);
}

/** The freeze that holds a release's next shift. */
function holdOf(store: Store, release: Release, atMs: number): Hold | undefined {
  const frozen = frozenNow(store, servicesOf(store, release), atMs);
  return frozen && { words: frozenInWords(frozen), untilMs: frozen.untilMs };
}

const verbs = {
  'release.promote': 'is promoted',
  'release.pause': 'is paused',
  'release.resume': 'is resumed',
  'release.abort': 'is aborted',
  'release.retry': 'begins again',
  'release.approve': 'is approved',
} as const;

function transitionOf(
  store: Store,
  command: ReleaseVerb,
  release: Release,
  context: CommandContext,
): TransitionCommand | Problem {
  switch (command.kind) {
    case 'release.promote':
      return { verb: 'promote', full: command.full };
    case 'release.approve':
      return { verb: 'approve', by: partyOf(context), seen: command.revision };
    case 'release.pause':
      return { verb: 'pause' };
    case 'release.resume':
      return { verb: 'resume' };
    case 'release.abort':
      return { verb: 'abort', reason: 'abort_requested', message: `Aborted by ${context.actor}.` };
    case 'release.retry': {
      const by = partyOf(context);
      // Of the services only what they are now counts; whether it can be retried at all is for the transition to say.
      if (release.state !== 'aborted') return { verb: 'retry', by, services: [] };
      if (release.forgotten) {
        const detail = `The steps of release ${release.id} are no longer kept (history.contentRevisions): make a new one.`;
        return new Problem('revision_forgotten', detail);
      }
      const names = release.services.map(({ name }) => name);
      const services = findServices(store, names, {});
      if (services instanceof Problem) return services;
      return checkServices(store, services, release.to, release.steps) ?? { verb: 'retry', by, services };
    }
  }
}

/** The runner's word: what the release waited for has come. */
export function draftReleaseStep(
  store: Store,
  { id, revision: waited, verdict, changed = [] }: Extract<ReleaseCommand, { kind: 'release.step' }>,
  context: CommandContext,
  revision: number,
): Drafted {
  const before = store.release(id);
  if (before === undefined || before.revision !== waited) {
    return new Problem('revision_stale', `The release ${id} has moved on since revision ${waited}.`);
  }
  const asked: TransitionCommand =
    changed.length > 0
      ? { verb: 'remeasure', why: `The targets of ${changed.join(', ')} changed: the analysis begins anew.` }
      : verdict === undefined
        ? { verb: 'elapse' }
        : { verb: 'judge', ...verdict };
  const after = transition(before, asked, context.atMs, holdOf(store, before, context.atMs));
  if (after instanceof Problem) return after;
  if (after === before) return { revision: before.revision, body: null };
  const change = draftChange(
    store,
    before,
    { ...after, revision },
    changed.length > 0 ? 'is measured anew' : stepCause(before, after, verdict),
  );
  return { kind: 'release.step', ...change, created: false, body: null };
}

function stepCause({ wait }: Release, after: Release, verdict: Verdict | undefined): string {
  if (after.wait?.kind === 'frozen') return 'waits for the end of a freeze';
  if (wait?.kind === 'frozen') return 'goes on, its traffic is no longer frozen';
  switch (verdict?.outcome) {
    case 'passed':
      return `goes on, its analysis passed (${verdict.message})`;
    case 'inconclusive':
      return 'is paused by its analysis';
    case 'failed':
      return 'is aborted by its analysis';
  }
  if (wait?.kind === 'drain') return 'goes on, the pools without weight are drained';
  return wait?.seconds ? `goes on after ${wait.seconds} s` : 'goes on';
}

/** A release by its id, and the canonical name of the service under whose path it was named. */
export function findRelease(
  store: Store,
  id: string,
  service: string | undefined,
): { release: Release; name: string | undefined } | Problem {
  const name = service === undefined ? undefined : canonicalName(service);
  if (name instanceof Problem) return name;
  // SQLite would take 04 and 4.0 for 4.
  const release = /^[1-9][0-9]*$/.test(id) ? store.release(id) : undefined;
  const isOfService = name === undefined || release?.services.some((each) => each.name === name);
  if (release !== undefined && isOfService) return { release, name };
  const whose = name === undefined ? 'here' : `of the service ${shown(name)}`;
  return unknownRelease(id, whose);
}

export function unknownRelease(id: string, whose: string): Problem {
  return new Problem('release_unknown', `There is no release ${id} ${whose}.`);
}
