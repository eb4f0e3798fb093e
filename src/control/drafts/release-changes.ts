/** From a release before and after to the changes of the model and the words of the log. */
import { isDeepStrictEqual } from 'node:util';
import type { Release, ReleaseService } from '../../model/release.ts';
import { loweredBy, withTtls } from '../../model/release-ttls.ts';
import type { ModelChange, Subject } from '../../model/revision.ts';
import { type Service, type Weights, weightsOf, withWeights } from '../../model/service.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import type { Draft } from './draft.ts';

/** Puts the release and, where it moved them, its services; `how` completes "release 12 …". */
export function draftChange(
  store: Store,
  before: Release | undefined,
  after: Release,
  how: string,
): Pick<Draft, 'summary' | 'subjects' | 'changes'> {
  const moves = after.services.map((wanted) => {
    const service = store.service(wanted.name) as Service;
    return { service, moved: moved(service, wanted, after) };
  });
  const shifts = moves.flatMap(({ service, moved }) => describeShift(service, weightsOf(moved)));
  const summary = [`release ${after.id} ${how}`, ...(shifts.length > 0 ? [shifts.join('; ')] : [])].join(': ');
  const changed = moves.filter(({ service, moved }) => service !== moved);
  return {
    summary: `${summary}. ${after.message}`,
    subjects: [...moves.map(serviceSubject), releaseSubject(before, after)],
    changes: [
      ...changed.map(({ service, moved }): ModelChange => ({ op: 'putService', service: moved, before: service })),
      { op: 'putRelease', release: after },
    ],
  };
}

/**
 * The service as the release wants it; the same object where it is so already. A lowered TTL is like a shift to the
 * zone: it passes, so the serial stays.
 */
function moved(service: Service, { weights }: ReleaseService, release: Release): Service {
  const { loweredTtlSeconds, ...rest } = service;
  const lowered = loweredBy(release, service.name);
  if (lowered === loweredTtlSeconds && isDeepStrictEqual(weights, weightsOf(service))) return service;
  const shifted = withWeights(rest, weights, release.revision);
  return lowered === undefined ? shifted : { ...shifted, loweredTtlSeconds: lowered };
}

/**
 * A service that is written while a release moves it: its weights are the release's, its targets and TTLs are what was
 * written. The service with the TTL in force, and what is said and done of the release.
 */
export function withinRelease(
  release: Release,
  service: Service,
  atMs: number,
): { service: Service } & Pick<Draft, 'subjects' | 'changes'> {
  const retimed = withTtls(release, service, atMs);
  const { loweredTtlSeconds: _, ...rest } = service;
  const lowered = loweredBy(retimed, service.name);
  const inForce = lowered === undefined ? rest : { ...rest, loweredTtlSeconds: lowered };
  if (retimed === release) return { service: inForce, subjects: [], changes: [] };
  const after = { ...retimed, revision: service.revision };
  return {
    service: inForce,
    subjects: [releaseSubject(release, after)],
    changes: [{ op: 'putRelease', release: after }],
  };
}

/** `app.example.com blue 90→0 green 10→100`; nothing where no weight changes. */
function describeShift({ name, pools }: Service, after: Weights): string[] {
  const changes = pools.filter((pool) => pool.weight !== after[pool.name]);
  if (changes.length === 0) return [];
  return [`${shown(name)} ${changes.map((pool) => `${pool.name} ${pool.weight}→${after[pool.name]}`).join(' ')}`];
}

/** Every revision of a release is in the history of its services, also where their weights stay. */
function serviceSubject({ service, moved }: { service: Service; moved: Service }): Subject {
  return { kind: 'service', name: service.name, before: weightsOf(service), after: weightsOf(moved) };
}

function releaseSubject(before: Release | undefined, after: Release): Subject {
  // Members that never change are said once, in the revision that made the release.
  if (before === undefined) return { kind: 'release', name: after.id, before: null, after: toldOf(after) };
  return { kind: 'release', name: after.id, before: progressOf(before), after: progressOf(after) };
}

/** What the provider of identities calls people is told to nobody. */
function toldOf({ askedSubjects: _subjects, ...told }: Release): object {
  return told;
}

function progressOf({
  steps: _steps,
  to: _to,
  id: _id,
  createdAtMs: _at,
  why: _why,
  revision: _revision,
  // They stay with the release, and would be in every revision of it.
  analyses: _analyses,
  askedSubjects: _subjects,
  ...progress
}: Release): object {
  return progress;
}
