/** The fleet: each node with what it answers from and when it was heard of, who holds up drains, and the members of etcd. */
import type { Fleet } from '../../contract/types.ts';
import { Clock } from '../parts/clock.tsx';
import { Badge, Card, Loaded, Message, PageHead } from '../parts/controls.tsx';
import { Holdings } from '../parts/holdings.tsx';
import { useNow } from '../parts/now.ts';
import { bytesText, farClocks, lagOf, troubleOf } from '../rules/fleet.ts';
import { agoText, countText } from '../rules/format.ts';
import { useResource } from '../state/resource.ts';

/** Signs of life come and go in seconds. */
const EVERY_MS = 3000;

export function FleetPage() {
  const resource = useResource<Fleet>('/v1/fleet', {
    everyMs: EVERY_MS,
    on: ({ kind }) => kind === 'node' || kind === 'revision',
  });
  return (
    <>
      <PageHead title="Fleet" facts={resource.body && <Facts fleet={resource.body} />} />
      <Loaded of={resource} lines={6} absent="This server is one node: its settings have no section fleet.">
        {(fleet) => (
          <div class="stack">
            {fleet.standing === 'alone' && (
              <Message tone="warn">
                This node serves alone: {fleet.message}. A fleet is founded by teal fleet init.
              </Message>
            )}
            <Clocks fleet={fleet} />
            <Holdings of={fleet.nodes.flatMap(({ holding }) => holding ?? [])} />
            <Card title="Nodes">
              <Nodes fleet={fleet} />
            </Card>
            <Card title="etcd">
              <Members members={fleet.members} />
            </Card>
          </div>
        )}
      </Loaded>
    </>
  );
}

function Facts({ fleet }: { fleet: Fleet }) {
  const { name, node, standing, current, revision, head, claimAgeSeconds, leaderSince, nodes } = fleet;
  const now = useNow(leaderSince !== null);
  const leader = nodes.find(({ leads }) => leads)?.node;
  return (
    <>
      <span>
        <strong>{name}</strong>; this node is <strong>{node}</strong>, {standing}
      </span>
      <span>
        {current
          ? claimAgeSeconds === null
            ? 'current'
            : `current, as it proved ${claimAgeSeconds} s ago`
          : claimAgeSeconds === null
            ? 'stale'
            : `stale: it proved that it is current ${claimAgeSeconds} s ago`}
      </span>
      <span>
        Revision {revision}
        {head === null ? '; the log cannot be read' : head > revision ? `; the log is at ${head}` : ''}
      </span>
      {leader !== undefined && (
        <span>
          {leader} leads
          {leaderSince !== null && `, which began ${agoText(leaderSince, now)}`}
        </span>
      )}
    </>
  );
}

/** Each node compares with its own clock: which one is wrong, whoever sees all of them can tell. */
function Clocks({ fleet }: { fleet: Fleet }) {
  const far = farClocks(fleet);
  if (far.length === 0) return null;
  return (
    <Message tone="warn">
      Times of day are apart: against this node {far.join(', ')}. One of them is wrong, or this node is; see that NTP
      runs on all machines.
    </Message>
  );
}

function Nodes({ fleet }: { fleet: Fleet }) {
  const { nodes, head, node: own } = fleet;
  const now = useNow();
  if (nodes.length === 0) return <p class="quiet">The nodes stand in etcd, which cannot be read now.</p>;
  return (
    <table class="records fleet-nodes">
      <caption class="hidden-text">Nodes of the fleet</caption>
      <thead>
        <tr>
          <th scope="col">Node</th>
          <th scope="col">State</th>
          <th scope="col">Answers from</th>
          <th scope="col">Heard of</th>
          <th scope="col">Version</th>
        </tr>
      </thead>
      <tbody>
        {nodes.map((each) => {
          const lag = lagOf(each, head);
          const trouble = troubleOf(each, head);
          return (
            <tr key={each.node}>
              <td>
                <strong>{each.node}</strong>
                {each.node === own && <span class="quiet">, this one</span>}
                {each.leads && <span class="quiet">, leads</span>}
              </td>
              <td>
                <Badge tone={trouble === undefined ? 'ok' : each.present ? 'warn' : 'danger'}>
                  {trouble ?? each.state}
                </Badge>
                {trouble !== undefined && trouble !== each.state && <span class="quiet"> {each.state}</span>}
              </td>
              <td>
                {each.revision === null ? 'nothing yet' : `revision ${each.revision}`}
                {lag > 0 && <strong class="lag"> {lag} behind</strong>}
              </td>
              <td class="quiet wide">
                {each.heardAt === null
                  ? 'not since this node started'
                  : each.present
                    ? 'now'
                    : agoText(each.heardAt, now)}
                {each.heardAt !== null && !each.present && (
                  <>
                    , at <Clock at={each.heardAt} />
                  </>
                )}
              </td>
              <td class="quiet wide">Teal {each.version}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Members({ members }: { members: Fleet['members'] }) {
  const reachable = members.filter((member) => member.reachable).length;
  return (
    <>
      <p class={reachable * 2 > members.length ? 'quiet' : ''}>
        {reachable} of {countText(members.length, 'member')} reachable from this node
        {reachable * 2 > members.length ? '.' : ': changes need more than half of them.'}
      </p>
      <ul class="stack-s small members">
        {members.map(({ endpoint, reachable, leader, version, databaseBytes, errors }) => (
          <li key={endpoint} class="between">
            <code>{endpoint}</code>
            <span>
              {!reachable && <Badge tone="danger">unreachable</Badge>}
              {version !== null && `etcd ${version}`}
              {leader && ', leader'}
              {databaseBytes !== null && `, ${bytesText(databaseBytes)}`}
            </span>
            {errors.length > 0 && <span class="quiet why">{errors.join('; ')}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}
