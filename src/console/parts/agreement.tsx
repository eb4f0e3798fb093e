/** What two have to agree on, and times in which nothing moves: proposals with their buttons, and freezes that are on. */
import type { Freeze, Page, ProposedChange, Service } from '../../contract/types.ts';
import { segment } from '../api/client.ts';
import { momentText } from '../rules/format.ts';
import { useAction } from '../state/action.ts';
import { note } from '../state/announce.ts';
import type { LiveEvent } from '../state/live.ts';
import { useResource } from '../state/resource.ts';
import { self } from '../state/self.ts';
import { Act } from './act.tsx';
import { Card, Message, Refusal } from './controls.tsx';
import { Why } from './why.tsx';

/** Whatever a revision is about may be what was proposed; such lists are short. */
const onRevision = ({ kind }: LiveEvent): boolean => kind === 'revision';
const SETTLE_MS = 500;
/** A freeze begins and ends by the clock, and no event tells of it. */
const FREEZE_LOOK_MS = 60_000;

/** `service`: only those that move it. */
export function Proposals({ service }: { service?: Service }) {
  const open = useResource<Page<ProposedChange>>('/v1/proposals?state=open', { on: onRevision, settleMs: SETTLE_MS });
  const items = (open.body?.items ?? []).filter(({ services }) => service === undefined || service.name in services);
  if (items.length === 0) return null;
  return (
    <Card title={service === undefined ? 'Waits for somebody, or for its time' : 'Proposed'}>
      <ul class="stack" aria-label="Proposals">
        {items.map((proposal) => (
          <li key={proposal.id}>
            <Proposal proposal={proposal} onDecided={() => void open.reload()} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Proposal({ proposal, onDecided }: { proposal: ProposedChange; onDecided: () => void }) {
  const { id, askedBy, approved, at, message, why, state, revision } = proposal;
  const action = useAction();
  const decide = async (verb: 'approve' | 'cancel', body: object): Promise<void> => {
    if (await action.run(`/v1/proposals/${segment(id)}/${verb}`, { method: 'POST', body })) {
      note('done', verb === 'approve' ? `Proposal ${id} is approved.` : `Proposal ${id} is never done.`);
    }
    onDecided();
  };
  const isOwn = self.value?.name === askedBy;
  return (
    <div class="stack">
      <p>
        <strong>
          <bdi>{whatText(proposal)}</bdi>
        </strong>{' '}
        <span class="quiet small">
          Asked for by <bdi>{askedBy}</bdi> {momentText(proposal.createdAt)}
          {approved && `, approved by ${approved.by}`}
          {at !== undefined && `; for ${momentText(at)}`}.
        </span>
      </p>
      <p class="small">{message}</p>
      <Why {...why} />
      <Refusal failure={action.failure} />
      <div class="row">
        {state === 'waiting' && (
          <Act
            needs="release"
            class="primary"
            not={isOwn ? `You asked for this: somebody else approves it.` : undefined}
            disabled={action.isBusy}
            label={`Approve proposal ${id}`}
            onClick={() => void decide('approve', { revision })}
          >
            Approve
          </Act>
        )}
        <Act
          needs="shift"
          disabled={action.isBusy}
          label={`${isOwn ? 'Withdraw' : 'Refuse'} proposal ${id}`}
          onClick={() => void decide('cancel', {})}
        >
          {isOwn ? 'Withdraw' : 'Refuse'}
        </Act>
      </div>
    </div>
  );
}

function whatText({ shift, release, services }: ProposedChange): string {
  if (release !== undefined) return `Release ${Object.keys(services).join(', ')} to ${release.to}`;
  const shifts = Object.entries(shift ?? {}).map(
    ([name, weights]) =>
      `${name}: ${Object.entries(weights)
        .map(([pool, weight]) => `${pool} ${weight}`)
        .join(', ')}`,
  );
  return `Shift ${shifts.join('; ')}`;
}

/** Freezes that are on, of a service or of any. */
export function FreezeBanner({ service }: { service?: string }) {
  const path = service === undefined ? '/v1/freezes' : `/v1/freezes?service=${encodeURIComponent(service)}`;
  const freezes = useResource<Page<Freeze>>(path, { on: onRevision, settleMs: SETTLE_MS, everyMs: FREEZE_LOOK_MS });
  const active = (freezes.body?.items ?? []).filter(({ active }) => active);
  if (active.length === 0) return null;
  return (
    <Message tone="warn">
      <strong>Frozen.</strong>{' '}
      {active.map(({ name, until, message, windows, timeZone }, i) => (
        <span key={name}>
          {i > 0 && ' '}
          <bdi>{message ?? name}</bdi>: {windows.map(({ from, to }) => `${from} – ${to}`).join(', ')} {timeZone}
          {until === null ? ', without an end.' : `, until ${momentText(until)}.`}
        </span>
      ))}{' '}
      Shifts and releases are refused and those that go on wait; rollback, abort and forced health work.
    </Message>
  );
}
