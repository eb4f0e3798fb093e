/** `teal proposal`: changes that wait for a second person, or for their time. */
import type { Command } from 'commander';
import type { ProposedChange, Service } from '../contract/types.ts';
import { path } from './api.ts';
import { EXIT } from './exit.ts';
import { Failure } from './failure.ts';
import { columns, instant, printable } from './format/text.ts';
import { idempotencyKey } from './option-values.ts';
import {
  describeRemote,
  describeWrite,
  openSession,
  type Session,
  type SessionOptions,
  withOverride,
} from './session.ts';
import type { Shell } from './shell.ts';

interface ListOptions extends SessionOptions {
  readonly all?: boolean;
}

interface DecideOptions extends SessionOptions {
  readonly idempotencyKey?: string;
}

export function add(program: Command, shell: Shell): void {
  const group = program
    .command('proposal')
    .helpGroup('Traffic:')
    .summary('what waits for a second person or for its time: list, show, approve, cancel')
    .description(
      'Proposals: shifts and releases of services that want approval by somebody else, and those that are for a later time.',
    );
  const list = group
    .command('list')
    .description('List what waits for somebody, or for its time.')
    .option('--all', 'those too that are done, or never will be')
    .action(async (options: ListOptions) => {
      const session = await openSession(shell, options);
      const from = options.all ? '/v1/proposals' : '/v1/proposals?state=open';
      const proposals = await Array.fromAsync(session.api.all<ProposedChange>(from));
      session.show({ items: proposals }, () => listLines(proposals));
    });
  describeRemote(list, 'teal proposal list\nteal proposal list --all');
  const show = group
    .command('show <id>')
    .description('Show what is proposed, and what it would move.')
    .action(async (id: string, options: SessionOptions) => {
      const session = await openSession(shell, options);
      const proposal = await session.api.get<ProposedChange>(path`/v1/proposals/${id}`);
      session.show(proposal, () => proposalLines(proposal));
    });
  describeRemote(show, 'teal proposal show 17');
  const approve = group
    .command('approve <id>')
    .description(
      'Agree with what somebody else proposed; unless it is for a later time, it is in force once this returns.',
    )
    .option('--idempotency-key <key>', 'the same key is done once, for 24 hours', idempotencyKey)
    .action(async (id: string, options: DecideOptions) => {
      const session = await openSession(shell, options);
      showProposal(session, await approveProposal(session, id, options.idempotencyKey));
    });
  describeWrite(withOverride(approve), 'teal proposal approve 17');
  const cancel = group
    .command('cancel <id>')
    .alias('refuse')
    .description('Refuse what was proposed, or take it back; it is never done.')
    .option('--idempotency-key <key>', 'the same key is done once, for 24 hours', idempotencyKey)
    .action(async (id: string, options: DecideOptions) => {
      const session = await openSession(shell, options);
      const to = `${path`/v1/proposals/${id}`}/cancel`;
      showProposal(session, await session.api.post<ProposedChange>(to, {}, { idempotencyKey: options.idempotencyKey }));
    });
  describeWrite(cancel, "teal proposal cancel 17 --reason 'Not before the audit'");
}

/** Of the proposal as it is now. */
async function approveProposal(session: Session, id: string, idempotencyKey?: string): Promise<ProposedChange> {
  const { revision } = await session.api.get<ProposedChange>(path`/v1/proposals/${id}`);
  return session.api.post<ProposedChange>(`${path`/v1/proposals/${id}`}/approve`, { revision }, { idempotencyKey });
}

/** The last revision of a release and of the services that it moves: what an approval of it is of. */
export async function seenRevision(
  { api }: Session,
  release: { readonly revision: number; readonly services: Readonly<Record<string, unknown>> },
): Promise<number> {
  const services = await Promise.all(
    Object.keys(release.services).map((name) => api.get<Service>(path`/v1/services/${name}`)),
  );
  return Math.max(release.revision, ...services.map(({ revision }) => revision));
}

/** Approves the release that was proposed for a service, if one is. */
export async function approveProposed(session: Session, service: string): Promise<ProposedChange | undefined> {
  const open = await Array.fromAsync(session.api.all<ProposedChange>('/v1/proposals?state=waiting'));
  const [found, other] = open.filter(({ kind, services }) => kind === 'release' && service in services);
  if (other !== undefined) {
    const message = `several releases of ${service} are proposed: \`teal proposal list\` shows them, \`teal proposal approve ID\` takes one`;
    throw new Failure(EXIT.REFUSED, message);
  }
  return found && approveProposal(session, found.id);
}

/** Where a change was proposed instead of done. */
export function isProposed(reply: object): reply is ProposedChange {
  return 'askedBy' in reply && 'state' in reply && 'createdAt' in reply && 'kind' in reply;
}

/** Says so; a script must not take it for done, unless it asked for a later time. */
export function showPending(session: Session, proposal: ProposedChange): void {
  showProposal(session, proposal);
  if (proposal.state !== 'waiting') return;
  const message = `nothing has moved yet: somebody else runs \`teal proposal approve ${proposal.id}\``;
  throw new Failure(EXIT.NEGATIVE, session.json ? '' : message);
}

function showProposal(session: Session, proposal: ProposedChange): void {
  session.show(proposal, () => proposalLines(proposal));
}

export function proposalLines(proposal: ProposedChange): string[] {
  const { id, askedBy, approved, at, why, override, message } = proposal;
  return [
    `Proposal ${id}: ${whatInWords(proposal)}`,
    `  asked for by ${printable(askedBy)}${approved === undefined ? '' : `, approved by ${printable(approved.by)}`}`,
    ...(at === undefined ? [] : [`  at ${instant(at)}`]),
    ...(why?.reason === undefined ? [] : [`  why: ${printable(why.reason)}`]),
    ...(override === undefined ? [] : [`  emergency: ${printable(override.reason)}`]),
    printable(message),
  ];
}

function listLines(proposals: readonly ProposedChange[]): string[] {
  if (proposals.length === 0) return ['Nothing waits for somebody, or for its time.'];
  const rows = proposals.map((proposal) => [
    proposal.id,
    proposal.state,
    printable(proposal.askedBy),
    proposal.at === undefined ? '' : instant(proposal.at),
    whatInWords(proposal),
  ]);
  return columns([['ID', 'STATE', 'BY', 'AT', 'WHAT'], ...rows]);
}

function whatInWords({ shift, release, services }: ProposedChange): string {
  if (release !== undefined) return printable(`release ${Object.keys(services).join(', ')} to ${release.to}`);
  const shifts = Object.entries(shift ?? {}).map(
    ([name, weights]) =>
      `${name} ${Object.entries(weights)
        .map(([pool, weight]) => `${pool}=${weight}`)
        .join(' ')}`,
  );
  return printable(`shift ${shifts.join(' ')}`);
}
