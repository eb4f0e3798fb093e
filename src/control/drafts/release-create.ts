/** Drafts of releases that begin, or are only planned. */
import { Problem } from '../../model/errors.ts';
import type { Step } from '../../model/release.ts';
import { checkMeasured } from '../../model/release-analysis.ts';
import { planOf } from '../../model/release-plan.ts';
import { beginRelease } from '../../model/release-progress.ts';
import { settleSteps } from '../../model/release-secrets.ts';
import { stepsOf } from '../../model/release-steps.ts';
import type { Service } from '../../model/service.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import type { CommandContext } from '../commands/command.ts';
import { partyOf } from '../commands/person.ts';
import type { ReleaseCommand } from '../commands/releases.ts';
import { planReply, releaseReply } from '../replies/releases.ts';
import { checkPrecondition, type Drafted } from './draft.ts';
import { passFreeze } from './freeze-guard.ts';
import { draftChange } from './release-changes.ts';
import { refuseWhileReleasing } from './release-guard.ts';
import { findService } from './services.ts';

/** Services that move together; each step changes them all in one transaction. */
const RELEASE_SERVICES_MAX = 100;

export function draftReleaseCreate(
  store: Store,
  command: Extract<ReleaseCommand, { kind: 'release.create' }>,
  context: CommandContext,
  revision: number,
): Drafted {
  const { body, dryRun, single } = command;
  const services = findServices(store, command.services, context);
  if (services instanceof Problem) return services;
  const written = stepsOf(body);
  if (written instanceof Problem) return written;
  const steps = settleSteps(written, store.lastReleaseOf(services[0].name)?.steps ?? []);
  if (steps instanceof Problem) return steps;
  const unfit = checkServices(store, services, body.to, steps);
  if (unfit !== undefined) return unfit;
  const { atMs, why = {} } = context;
  const override = dryRun ? undefined : passFreeze(store, services, context);
  if (override instanceof Problem) return override;
  const { name: asker, subject } = context.askedBy ?? partyOf(context);
  const asked = { askedBy: [asker], ...(subject !== undefined && { askedSubjects: [subject] }) };
  const made = { id: String(revision), to: body.to, steps, services, createdAtMs: atMs, ...asked };
  const isSaid = Object.keys(why).length > 0;
  const release = { ...beginRelease(made, atMs), ...(isSaid && { why }), ...(override && { override }), revision };
  const name = single ? services[0]?.name : undefined;
  if (dryRun) {
    const inForce = Math.max(...services.map((service) => service.revision));
    return { revision: inForce, body: planReply(planOf(release, atMs), name) };
  }
  const change = draftChange(store, undefined, release, 'begins');
  const reply = releaseReply(release, name);
  return { kind: 'release.create', ...change, ...(override && { override }), created: true, body: reply };
}

/** Services by their names as typed by a user, each once. */
export function findServices(
  store: Store,
  names: readonly string[],
  context: Pick<CommandContext, 'ifMatch'>,
): Service[] | Problem {
  const pointer = '/services';
  if (names.length === 0 || names.length > RELEASE_SERVICES_MAX) {
    const detail = `A release has 1 to ${RELEASE_SERVICES_MAX} services, not ${names.length}.`;
    return new Problem('release_invalid', detail, { pointer });
  }
  const services = new Map<string, Service>();
  for (const [i, text] of names.entries()) {
    const service = findService(store, text);
    if (service instanceof Problem) return service;
    const stale = checkPrecondition(context, service.revision, `the service ${shown(service.name)}`);
    if (stale !== undefined) return stale;
    if (services.has(service.name)) {
      return new Problem('release_invalid', `The service ${service.name} is named twice.`, {
        pointer: `${pointer}/${i}`,
      });
    }
    services.set(service.name, service);
  }
  return [...services.values()];
}

/** What keeps services from a release to a pool. */
export function checkServices(
  store: Store,
  services: readonly Service[],
  to: string,
  steps: readonly Step[],
): Problem | undefined {
  for (const service of services) {
    const name = shown(service.name);
    const pools = service.pools.map((pool) => pool.name);
    if (!pools.includes(to)) {
      const detail = `The service ${name} has no pool ${JSON.stringify(to)}; its pools are ${pools.join(', ')}.`;
      return new Problem('pool_unknown', detail, { pointer: '/to' });
    }
    const unmeasured = checkMeasured(service, steps);
    if (unmeasured !== undefined) return unmeasured;
    const active = refuseWhileReleasing(store, [service.name], 'begin another one');
    if (active !== undefined) return active;
    if (service.pools.every((pool) => pool.name === to || pool.weight === 0)) {
      return new Problem('nothing_to_release', `${to} has all traffic of ${name} already.`, { conflict: service.name });
    }
  }
  return undefined;
}
