/** What two have to agree on, and times in which nothing moves: proposals with their buttons, and freezes that are on. */
import type { Page, ProposedChange, Revision, Service } from '../../contract/types.ts';
import { segment } from '../api/client.ts';
import { momentText } from '../rules/format.ts';
import { reachText } from '../rules/freezes.ts';
import { useAction } from '../state/action.ts';
import { note } from '../state/announce.ts';
import type { LiveEvent } from '../state/live.ts';
import { useResource } from '../state/resource.ts';
import { hrefOf } from '../state/router.ts';
import { self } from '../state/self.ts';
import { Act } from './act.tsx';
import { Card, Refusal } from './controls.tsx';
import { Emergency, FreezeWords, isInTheWay, useFrozen } from './emergency.tsx';
import { History } from './history.tsx';
import { Why } from './why.tsx';

/** Whatever a revision is about may be what was proposed; such lists are short. */
const onRevision = ({ kind }: LiveEvent): boolean => kind === 'revision';
const SETTLE_MS = 500;

/** `service`: only those that move it. `isAlways`: it is said, too, that there is none. */
export function Proposals({ service, isAlways = false }: { service?: Service; isAlways?: boolean }) {
  const open = useResource<Page<ProposedChange>>('/v1/proposals?state=open', { on: onRevision, settleMs: SETTLE_MS });
  const items = (open.body?.items ?? []).filter(({ services }) => service === undefined || service.name in services);
  if (items.length === 0 && !(isAlways && open.body)) return null;
  return (
    <Card title={service === undefined ? 'Waits for somebody, or for its time' : 'Proposed'}>
      {items.length === 0 && <p class="quiet">Nothing is proposed, and nothing is planned for later.</p>}
      <ul class="divided" aria-label="Proposals" hidden={items.length === 0}>
        {items.map((proposal) => (
          <li key={proposal.id}>
            <Proposal proposal={proposal} onDecided={() => void open.reload()} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** How long it is told that something was not done; the log has it for good. */
const NOT_DONE_MS = 24 * 3600 * 1000;
/** Of all services in that time, of which a page shows those of its own. */
const NOT_DONE_READ_MAX = 100;
const NOT_DONE_MAX = 5;

/** What was proposed or planned and will never be done: whoever counted on it has to see that. */
export function NotDone({ service }: { service?: string }) {
  const sinceMs = Date.now() - NOT_DONE_MS;
  const [ended, refused] = [useLast('proposal.end', sinceMs), useLast('proposal.cancel', sinceMs)];
  const moves = ({ after }: Revision['subjects'][number]): boolean =>
    service === undefined || service in ((after as ProposedChange | null)?.services ?? {});
  const items = [...ended, ...refused]
    .filter(({ at, subjects }) => new Date(at).getTime() > sinceMs && subjects.some(moves))
    .sort((a, b) => b.revision - a.revision)
    .slice(0, NOT_DONE_MAX);
  if (items.length === 0) return null;
  return (
    <Card title="Proposed or planned, and not done">
      <History items={items} />
    </Card>
  );
}

/** The newest revisions of a kind. Only what is done to proposals makes more of them: other changes ask for nothing. */
function useLast(kind: 'proposal.end' | 'proposal.cancel', sinceMs: number): readonly Revision[] {
  // By the day, so that the address stays the same: without it the server would look through all of its log.
  const since = new Date(sinceMs - (sinceMs % NOT_DONE_MS)).toISOString();
  const path = `/v1/revisions?kind=${kind}&since=${encodeURIComponent(since)}&order=newest&limit=${NOT_DONE_READ_MAX}`;
  const on = (event: LiveEvent): boolean => 'data' in event && event.kind === 'revision' && event.data.kind === kind;
  return useResource<Page<Revision>>(path, { on, settleMs: SETTLE_MS }).body?.items ?? [];
}

function Proposal({ proposal, onDecided }: { proposal: ProposedChange; onDecided: () => void }) {
  const { id, askedBy, approved, at, timeZone, message, why, state, revision } = proposal;
  const action = useAction();
  const decide = async (verb: 'approve' | 'cancel', body: object): Promise<void> => {
    if (await action.run(`/v1/proposals/${segment(id)}/${verb}`, { method: 'POST', body })) {
      note('done', verb === 'approve' ? `Proposal ${id} is approved.` : `Proposal ${id} is never done.`);
    }
    onDecided();
  };
  const isOwn = self.value?.person === askedBy;
  const isFrozen = isInTheWay(action, []);
  const to = { services: Object.keys(proposal.services).map((name) => ({ name })) };
  return (
    <div class="stack-s">
      <p>
        <strong>
          <bdi>{whatText(proposal)}</bdi>
        </strong>
      </p>
      <p class="quiet small">
        Asked for by <bdi>{askedBy}</bdi> {momentText(proposal.createdAt)}
        {approved && `, approved by ${approved.by}`}
        {/* The message has it by the clock that was named. */}
        {at !== undefined && timeZone !== undefined && `; for ${momentText(at)}`}. {message}
      </p>
      <Why {...why} />
      <Refusal failure={action.failure} />
      {isFrozen && <Emergency action={action} frozen={[]} />}
      <div class="row">
        {state === 'waiting' && (
          <Act
            needs="release"
            to={to}
            class={isFrozen ? 'danger solid' : 'primary'}
            not={isOwn ? `You asked for this: somebody else approves it.` : undefined}
            disabled={action.isBusy || (isFrozen && action.override.trim() === '')}
            label={isFrozen ? `Approve, in spite of the freeze: proposal ${id}` : `Approve proposal ${id}`}
            onClick={() => void decide('approve', { revision })}
          >
            Approve{isFrozen && ', in spite of the freeze'}
          </Act>
        )}
        <Act
          needs="shift"
          to={to}
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
  const frozen = useFrozen(service);
  if (frozen.length === 0) return null;
  return (
    <div class="message frozen" data-tone="warn">
      <ul class="stack-s">
        {frozen.map((freeze) => (
          <li key={freeze.name}>
            <strong>Frozen</strong>
            {service === undefined && <> ({reachText(freeze)})</>}. <FreezeWords freeze={freeze} />
          </li>
        ))}
      </ul>
      <p class="small">
        Shifts and releases are refused and those that go on wait; rollback, abort and forced health work. In an
        emergency whoever may shift passes it over with a reason. <a href={hrefOf({ page: 'freezes' })}>All freezes</a>
      </p>
    </div>
  );
}
