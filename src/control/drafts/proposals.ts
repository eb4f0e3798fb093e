/** Drafts of changes that are proposed, approved, carried out when their time has come, or never. */
import { Problem } from '../../model/errors.ts';
import { canonicalName } from '../../model/name.ts';
import {
  approve,
  begun,
  done,
  dueness,
  ended,
  isOpen,
  isOwn,
  makeSchedule,
  PROPOSALS_OPEN_MAX,
  type Proposed,
  type ProposedCommand,
} from '../../model/proposed.ts';
import type { Subject } from '../../model/revision.ts';
import type { Service } from '../../model/service.ts';
import { shown } from '../../shown.ts';
import type { Store } from '../../store/sqlite.ts';
import type { Command, CommandContext } from '../commands/command.ts';
import { partyOf, personOf } from '../commands/person.ts';
import type { ProposalCommand } from '../commands/proposals.ts';
import { proposedReply } from '../replies/proposals.ts';
import { checkPrecondition, type Draft, type Drafted, isDraft } from './draft.ts';
import { draftReleaseCreate } from './release-create.ts';
import { findService } from './services.ts';
import { draftShift, draftWeights } from './shifts.ts';

/** What can be proposed in place of being done. */
type MovingCommand = Extract<Command, { kind: 'shift' | 'weights.put' | 'release.create' }>;

/** Does it, or proposes it, where it is for a later time or a service of it wants the word of a second person. */
export function draftMoving(store: Store, command: MovingCommand, context: CommandContext, revision: number): Drafted {
  const moved = checkSeen(store, command);
  if (moved !== undefined) return moved;
  const { at, timeZone } = command.kind === 'weights.put' ? {} : (command.schedule ?? {});
  const schedule = at === undefined ? undefined : makeSchedule(at, timeZone, context.atMs);
  if (schedule instanceof Problem) return schedule;
  // What is refused now is not proposed; a freeze is one of then.
  const drafted = draftNow(
    store,
    command,
    schedule === undefined ? context : { ...context, atMs: schedule.atMs },
    revision,
  );
  if (drafted instanceof Problem || !isDraft(drafted)) return drafted;
  const services = servicesOf(store, drafted);
  const needsApproval = services.some(({ approval }) => approval === 'required');
  if (!needsApproval && schedule === undefined) return drafted;
  if (store.openProposals().length >= PROPOSALS_OPEN_MAX) {
    return new Problem('limit_reached', `There are ${PROPOSALS_OPEN_MAX} proposals already; cancel some.`);
  }
  const { why, override, atMs } = context;
  const proposed = begun(
    {
      id: String(revision),
      command: commandOf(drafted, services),
      services: services.map((service) => ({ name: service.name, revision: service.revision })),
      askedBy: personOf(context),
      ...(context.subject !== undefined && { askedSubject: context.subject }),
      ...(schedule && { schedule }),
      ...(override !== undefined && { override }),
      ...(why && Object.keys(why).length > 0 && { why }),
      createdAtMs: atMs,
      revision,
    },
    needsApproval,
  );
  return {
    kind: 'proposal.create',
    summary: `proposal ${proposed.id}: ${whatOf(proposed)}. ${proposed.message}`,
    subjects: [proposalSubject(undefined, proposed)],
    changes: [{ op: 'putProposal', proposal: proposed }],
    created: false,
    isPending: true,
    body: proposedReply(proposed),
  };
}

/**
 * 412 where what was looked at has changed before it was asked for. What changes after that, until its time, makes the
 * proposal void.
 */
function checkSeen(store: Store, command: MovingCommand): Problem | undefined {
  if (command.kind === 'weights.put' || command.seen === undefined) return undefined;
  const texts = command.kind === 'shift' ? Object.keys(command.services) : command.services;
  const moved = new Set(texts.map(canonicalName));
  for (const [text, revision] of Object.entries(command.seen)) {
    const pointer = `/seen/${text.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    // Of what is not moved nothing is told: it may not be in reach.
    if (!moved.has(canonicalName(text))) {
      const detail = `seen is of services that this moves, and ${JSON.stringify(text)} is none of them.`;
      return new Problem('body_invalid', detail, { pointer });
    }
    const service = findService(store, text);
    if (service instanceof Problem) return service;
    const [changed] = changedSince(store, { services: [{ name: service.name, revision }] });
    if (changed === undefined) continue;
    const detail = `Nothing is done, since ${changed}, and was looked at in revision ${revision}: look at it again, then decide.`;
    return new Problem('revision_stale', detail, { pointer, conflict: shown(service.name) });
  }
  return undefined;
}

function draftNow(store: Store, command: MovingCommand, context: CommandContext, revision: number): Drafted {
  switch (command.kind) {
    case 'weights.put':
      return draftWeights(store, command, context, revision);
    case 'shift':
      return draftShift(store, command, context, revision);
    case 'release.create':
      return draftReleaseCreate(store, command, context, revision);
  }
}

/** As they are before the draft, which has read those that it changes. */
function servicesOf(store: Store, { subjects, changes }: Draft): Service[] {
  const read = new Map(
    changes.flatMap((change) => (change.op === 'putService' ? [[change.service.name, change.before]] : [])),
  );
  return subjects.flatMap(({ kind, name }) =>
    kind === 'service' ? (read.get(name) ?? store.service(name) ?? []) : [],
  );
}

/** The same with canonical names, and with its gates' secrets in place. */
function commandOf({ changes, subjects }: Draft, services: readonly Service[]): ProposedCommand {
  const begun = changes.find((change) => change.op === 'putRelease')?.release;
  if (begun !== undefined) {
    const names = services.map(({ name }) => name);
    return { kind: 'release.create', services: names, body: { to: begun.to, steps: begun.steps } };
  }
  const weights = subjects.map(({ name, after }) => [name, after as Record<string, number>] as const);
  return { kind: 'shift', services: Object.fromEntries(weights) };
}

/** `app.example.com blue 0 green 100`, `release app.example.com to green`. */
function whatOf({ command }: Proposed): string {
  if (command.kind === 'release.create') {
    return `release ${command.services.map(shown).join(', ')} to ${command.body.to}`;
  }
  const shifts = Object.entries(command.services).map(([name, weights]) => {
    return `${shown(name)} ${Object.entries(weights)
      .map(([pool, weight]) => `${pool} ${weight}`)
      .join(' ')}`;
  });
  return `shift ${shifts.join('; ')}`;
}

/** What has become of the services since it was made. */
function changedSince(store: Store, { services }: Pick<Proposed, 'services'>): string[] {
  return services.flatMap(({ name, revision }) => {
    const now = store.service(name);
    if (now === undefined) return [`the service ${shown(name)} is gone`];
    if (now.revision === revision) return [];
    const by = store.revision(now.revision)?.actor;
    return [`the service ${shown(name)} was changed in revision ${now.revision}${by === undefined ? '' : ` by ${by}`}`];
  });
}

/** Carries it out as part of the revision; or why it cannot. */
function carryOut(store: Store, proposed: Proposed, context: CommandContext, revision: number): Drafted {
  const { command, override, why = {} } = proposed;
  const of: MovingCommand =
    command.kind === 'shift' ? command : { ...command, dryRun: false, single: command.services.length === 1 };
  const asked: CommandContext = {
    actor: context.actor,
    atMs: context.atMs,
    ...(context.limits && { limits: context.limits }),
    why,
    ...((context.override ?? override) !== undefined && { override: (context.override ?? override) as string }),
    askedBy: {
      name: proposed.askedBy,
      ...(proposed.askedSubject !== undefined && { subject: proposed.askedSubject }),
    },
  };
  return draftNow(store, of, asked, revision);
}

/** The revision that carries it out; with nothing left to do it is done too. */
function carriedOut(drafted: Drafted, before: Proposed, after: Proposed, revision: number): Drafted {
  if (drafted instanceof Problem) return drafted;
  const by = after.approved === undefined ? '' : ` and approved by ${after.approved.by}`;
  const asked = `as asked for by ${after.askedBy}${by}`;
  const proposal = { ...done(after, revision, `Done in revision ${revision}.`), revision };
  const own = {
    created: false,
    ...(after.why && { why: after.why }),
    body: proposedReply(proposal),
  };
  if (!isDraft(drafted)) {
    const summary = `proposal ${before.id}: nothing was left to do, ${asked}`;
    return { kind: 'proposal.done', summary, ...changeOf(before, proposal), ...own };
  }
  const { subjects, changes } = changeOf(before, proposal);
  return {
    ...drafted,
    summary: `${drafted.summary.replace(/\.$/, '')}, ${asked}`,
    subjects: [...drafted.subjects, ...subjects],
    changes: [...drafted.changes, ...changes],
    ...own,
  };
}

function changeOf(before: Proposed | undefined, after: Proposed): Pick<Draft, 'subjects' | 'changes'> {
  return { subjects: [proposalSubject(before, after)], changes: [{ op: 'putProposal', proposal: after }] };
}

function proposalSubject(before: Proposed | undefined, after: Proposed): Subject {
  return {
    kind: 'proposal',
    name: after.id,
    before: before === undefined ? null : proposedReply(before),
    after: proposedReply(after),
  };
}

export function draftProposal(
  store: Store,
  command: ProposalCommand,
  context: CommandContext,
  revision: number,
): Drafted {
  const before = findProposal(store, command.id);
  if (before instanceof Problem) return before;
  const stale = checkPrecondition(context, before.revision, `the proposal ${before.id}`);
  if (stale !== undefined) return stale;
  switch (command.kind) {
    case 'proposal.approve':
      return draftApproval(store, before, command.revision, context, revision);
    case 'proposal.cancel':
      return draftCancel(before, context, revision);
    case 'proposal.due':
      return draftDue(store, before, command.revision, context, revision);
  }
}

function draftApproval(
  store: Store,
  before: Proposed,
  seen: number | undefined,
  context: CommandContext,
  revision: number,
): Drafted {
  const person = personOf(context);
  // Said twice it changes nothing more.
  if (before.approved?.by === person && before.state !== 'ended') {
    return { revision: before.revision, body: proposedReply(before) };
  }
  const approved = approve(before, partyOf(context), changedSince(store, before), context.atMs);
  if (approved instanceof Problem) return approved;
  if (seen !== undefined && seen !== before.revision) {
    const detail = `The proposal ${before.id} is at revision ${before.revision}, not ${seen}: look at it again.`;
    return new Problem('approval_void', detail);
  }
  if (approved.isDue) {
    return carriedOut(carryOut(store, before, context, revision), before, approved.proposed, revision);
  }
  const proposal = { ...approved.proposed, revision };
  return {
    kind: 'proposal.approve',
    summary: `proposal ${before.id} is approved: ${whatOf(before)}. ${proposal.message}`,
    ...changeOf(before, proposal),
    created: false,
    body: proposedReply(proposal),
  };
}

function draftCancel(before: Proposed, context: CommandContext, revision: number): Drafted {
  if (!isOpen(before)) {
    if (before.reason === 'canceled') return { revision: before.revision, body: proposedReply(before) };
    return new Problem('proposal_state', `The proposal ${before.id} is ${before.state}. ${before.message}`);
  }
  const person = personOf(context);
  const how = isOwn(before, partyOf(context)) ? 'Withdrawn' : 'Refused';
  const proposal = { ...ended(before, 'canceled', `${how} by ${person}.`), revision };
  return {
    kind: 'proposal.cancel',
    summary: `proposal ${before.id}: ${whatOf(before)}. ${proposal.message}`,
    ...changeOf(before, proposal),
    created: false,
    body: proposedReply(proposal),
  };
}

/** The runner's word: its time has come, or what it was for has changed. */
function draftDue(store: Store, before: Proposed, waited: number, context: CommandContext, revision: number): Drafted {
  if (before.revision !== waited || !isOpen(before)) {
    return new Problem('revision_stale', `The proposal ${before.id} has moved on since revision ${waited}.`);
  }
  const due = dueness(before, changedSince(store, before), context.atMs);
  if (due === 'later') return { revision: before.revision, body: null };
  if (due === 'due') {
    const drafted = carriedOut(carryOut(store, before, context, revision), before, before, revision);
    if (!(drafted instanceof Problem)) return drafted;
    const reason = drafted.code === 'frozen' ? 'frozen' : 'refused';
    return draftEnd(before, { reason, message: `Not done: ${drafted.detail}` }, revision);
  }
  return draftEnd(before, due, revision);
}

function draftEnd(
  before: Proposed,
  { reason, message }: Pick<Proposed, 'reason' | 'message'>,
  revision: number,
): Draft {
  const proposal = { ...ended(before, reason, message), revision };
  return {
    kind: 'proposal.end',
    summary: `proposal ${before.id}: ${whatOf(before)}. ${message}`,
    ...changeOf(before, proposal),
    created: false,
    body: null,
  };
}

export function findProposal(store: Pick<Store, 'proposal'>, id: string): Proposed | Problem {
  // SQLite would take 04 and 4.0 for 4.
  const found = /^[1-9][0-9]*$/.test(id) ? store.proposal(id) : undefined;
  return found ?? unknownProposal(id);
}

export function unknownProposal(id: string): Problem {
  return new Problem('proposal_unknown', `There is no proposal ${id} here.`);
}
