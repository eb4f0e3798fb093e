/** What an approval of a release's step names, and whether that is still so. */
import { Problem } from '../../model/errors.ts';
import { voidApproval } from '../../model/proposed.ts';
import type { Release } from '../../model/release.ts';
import { dateAndTime } from '../../model/time-of-day.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import type { CommandContext } from '../commands/command.ts';
import { personOf } from '../commands/person.ts';
import type { ReleaseVerb } from '../commands/releases.ts';

/** With who began it, which an earlier version kept in the revision only. */
export function askedBy(store: Pick<Store, 'revision'>, release: Release): Release {
  if (release.askedBy !== undefined) return release;
  const began = store.revision(Number(release.id))?.actor;
  return began === undefined ? release : { ...release, askedBy: [began] };
}

/**
 * The last revision of what is approved: the release as it stands, and the services with the targets that traffic would
 * move to.
 */
function approvedRevision(store: Pick<Store, 'service'>, release: Release): number {
  return Math.max(release.revision, ...release.services.map(({ name }) => store.service(name)?.revision ?? 0));
}

/**
 * A Problem where what was looked at is no longer what would be approved, or a service of it wants a second person to
 * begin it again; `already` where the same person has said so before.
 */
export function approvalOutdated(
  store: Pick<Store, 'service' | 'revision'>,
  command: ReleaseVerb,
  release: Release,
  context: CommandContext,
): Problem | 'already' | undefined {
  if (command.kind === 'release.retry') return refuseRetry(store, release);
  if (command.kind !== 'release.approve') return undefined;
  const { revision: seen } = command;
  if (release.wait?.kind === 'approval' && seen >= approvedRevision(store, release)) return undefined;
  const last = release.approvals?.at(-1);
  if (last !== undefined && last.seen >= seen) {
    if (last.by === personOf(context) && last.seen === seen) return 'already';
    const detail = `Step ${last.stepIndex + 1} of the release ${release.id} was approved by ${last.by} at ${dateAndTime(last.atMs)}. ${release.message}`;
    return new Problem('approval_void', detail, { conflict: release.id });
  }
  if (release.wait?.kind !== 'approval') return undefined;
  const moved =
    seen < release.revision ? [`it moved on in revision ${release.revision}${by(store, release.revision)}`] : [];
  const changed = release.services.flatMap(({ name }) => {
    const revision = store.service(name)?.revision ?? 0;
    if (revision <= seen || revision === release.revision) return [];
    return [`the service ${shown(name)} was changed in revision ${revision}${by(store, revision)}`];
  });
  return voidApproval(`The release ${release.id}`, [...moved, ...changed].join('; '), 'abort it');
}

function by(store: Pick<Store, 'revision'>, revision: number): string {
  const actor = store.revision(revision)?.actor;
  return actor === undefined ? '' : ` by ${actor}`;
}

/** One that begins again is a new one for whoever has to agree. */
function refuseRetry(store: Pick<Store, 'service'>, release: Release): Problem | undefined {
  const wanting = release.services.find(({ name }) => store.service(name)?.approval === 'required');
  if (wanting === undefined || release.state !== 'aborted') return undefined;
  const detail = `The service ${shown(wanting.name)} wants every release approved by somebody else: begin a new one, which is a proposal then.`;
  return new Problem('approval_needed', detail, { conflict: release.id });
}
