/** Drafts of what people decide of the health of pools and targets. */
import { Problem } from '../../model/errors.ts';
import { type ForcedHealth, findForced, forcedSeconds, isSamePart } from '../../model/health-forced.ts';
import type { RevisionKind, Subject } from '../../model/revision.ts';
import { type Service, weightsOf } from '../../model/service.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import type { CommandContext } from '../commands/command.ts';
import type { HealthCommand } from '../commands/health.ts';
import { forcedReply } from '../replies/health.ts';
import { checkPrecondition, type Draft, type Drafted } from './draft.ts';
import { findService } from './services.ts';

export function draftHealth(store: Store, command: HealthCommand, context: CommandContext, revision: number): Drafted {
  const service = findService(store, command.name);
  if (service instanceof Problem) return service;
  const stale = checkPrecondition(context, service.revision, `the service ${shown(service.name)}`);
  if (stale !== undefined) return stale;
  switch (command.kind) {
    case 'health.force':
      return draftForce(service, command, context, revision);
    case 'health.unforce':
      return draftUnforce(service, command, revision);
    case 'health.expire':
      return draftExpire(service, command);
  }
}

function draftForce(
  service: Service,
  { pool, body }: Extract<HealthCommand, { kind: 'health.force' }>,
  { actor, atMs }: CommandContext,
  revision: number,
): Drafted {
  const part = findForced(service, pool, body.target);
  if (part instanceof Problem) return part;
  const seconds = forcedSeconds(body);
  if (seconds instanceof Problem) return seconds;
  const forced: ForcedHealth = { ...part, state: body.state, startedAtMs: atMs, seconds, actor, revision };
  const before = service.forced?.find((each) => isSamePart(each, part));
  const after = withForced(service, [...(service.forced ?? []).filter((each) => each !== before), forced], revision);
  const summary = `forced ${describe(service, part)} ${body.state} for ${seconds} s`;
  const reply = { service: shown(service.name), ...part, forced: forcedReply(forced), revision };
  return draftOf('health.force', summary, after, [subject(service, part, before, forced)], reply);
}

function draftUnforce(
  service: Service,
  { pool, target }: Extract<HealthCommand, { kind: 'health.unforce' }>,
  revision: number,
): Drafted {
  const part = findForced(service, pool, target);
  if (part instanceof Problem) return part;
  const before = service.forced?.find((each) => isSamePart(each, part));
  if (before === undefined) return { revision: service.revision, body: null };
  const after = withForced(
    service,
    (service.forced ?? []).filter((each) => each !== before),
    revision,
  );
  const summary = `no longer forces ${describe(service, part)} ${before.state}`;
  return draftOf('health.unforce', summary, after, [subject(service, part, before, undefined)], null);
}

/**
 * The end comes by itself, and was known since it was forced: it is in the log, and the service stays at its revision. Else
 * it would void what was proposed, planned or approved meanwhile, and refuse who is about to change the service, though
 * nobody did anything.
 */
function draftExpire(service: Service, { revisions }: Extract<HealthCommand, { kind: 'health.expire' }>): Drafted {
  const forced = service.forced ?? [];
  const over = forced.filter((each) => revisions.includes(each.revision));
  if (over.length === 0) return { revision: service.revision, body: null };
  const after = withForced(
    service,
    forced.filter((each) => !over.includes(each)),
    service.revision,
  );
  const ends = over.map((each) => `${describe(service, each)} was forced ${each.state} for ${each.seconds} s`);
  const subjects = over.map((each) => subject(service, each, each, undefined));
  return draftOf('health.expire', `${ends.join('; ')}: that is over`, after, subjects, null);
}

function draftOf(
  kind: RevisionKind,
  summary: string,
  after: Service,
  subjects: readonly Subject[],
  body: unknown,
): Draft {
  // In the history of the service, where the weights stand beside it as for every other change that is not of pools.
  const weights = weightsOf(after);
  const own: Subject = { kind: 'service', name: after.name, before: weights, after: weights };
  const changes = [{ op: 'putService', service: after }] as const;
  return { kind, summary, subjects: [own, ...subjects], changes, created: false, body };
}

function withForced({ forced: _, ...service }: Service, forced: readonly ForcedHealth[], revision: number): Service {
  return { ...service, ...(forced.length > 0 && { forced }), revision };
}

type ForcedPart = Pick<ForcedHealth, 'pool' | 'target'>;

function describe({ name }: Service, { pool, target }: ForcedPart): string {
  return `${target === undefined ? `the pool ${pool}` : `${target} in the pool ${pool}`} of ${shown(name)}`;
}

function subject(
  { name }: Service,
  { pool, target }: ForcedPart,
  before: ForcedHealth | undefined,
  after: ForcedHealth | undefined,
): Subject {
  const path = [shown(name), pool, ...(target === undefined ? [] : [target])].join('/');
  return { kind: 'health', name: path, before: before ?? null, after: after ?? null };
}
