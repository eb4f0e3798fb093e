/** The targets of each pool, with what the health checks say of them. */
import type { Forced, Health, Service, TargetHealth } from '../../contract/types.ts';
import { agoText } from '../rules/format.ts';
import type { Resource } from '../state/resource.ts';
import { Clock } from './clock.tsx';
import { Badge, Card, Message } from './controls.tsx';
import { useNow } from './now.ts';
import { PoolName } from './pools.tsx';

const marks: Record<TargetHealth['state'], string> = { up: '✓', down: '✕', unknown: '?' };

export function HealthPanel({ service, of }: { service: Service; of: Resource<Health> }) {
  const pools = Object.keys(service.pools);
  // Without checks nothing is seen, and only what somebody decided is worth showing.
  const isChecked = service.health !== undefined && service.health !== null;
  const now = useNow(isChecked);
  const { failure, body } = of;
  // That the server does not answer stands above the page; what was seen last stays.
  const isTold = failure !== undefined && failure.status !== 404 && failure.status !== 0;
  return (
    <Card title="Targets">
      {isTold && <Message tone="danger">{failure.detail}</Message>}
      {body?.failOpen && (
        <Message tone="warn">No pool that has weight is healthy, so all of them are answered from.</Message>
      )}
      {body?.quorum && (
        <p class="quiet small">
          A target is down when {body.quorum.needed} of {body.quorum.nodes} nodes see it down.
        </p>
      )}
      {pools.map((pool) => {
        const report = body?.pools[pool];
        return (
          <div key={pool}>
            <div class="between">
              <PoolName pool={pool} pools={pools} />
              {report && (isChecked || report.forced) && <HealthBadge {...report} />}
            </div>
            <ForcedText forced={report?.forced} />
            <ul>
              {service.pools[pool]?.targets.map((target) => {
                const health = report?.targets[target];
                return <Target key={target} target={target} health={health} isChecked={isChecked} now={now} />;
              })}
            </ul>
          </div>
        );
      })}
      {!isChecked && <p class="quiet small">No health checks are set for this service.</p>}
    </Card>
  );
}

function HealthBadge({ healthy, forced, targets }: Health['pools'][string]) {
  if (!healthy) return <Badge tone="danger">✕ unhealthy</Badge>;
  const isSeen =
    forced !== null || Object.values(targets).some(({ state, forced }) => state === 'up' || forced !== null);
  return isSeen ? <Badge tone="ok">✓ healthy</Badge> : <Badge>? counts as healthy</Badge>;
}

function ForcedText({ forced }: { forced: Forced | null | undefined }) {
  if (!forced) return null;
  return (
    <p class="small">
      <Badge tone="warn">forced {forced.state}</Badge> by {forced.actor} until <Clock at={forced.until} />
    </p>
  );
}

function Target(props: { target: string; health: TargetHealth | undefined; isChecked: boolean; now: number }) {
  const { target, health, isChecked, now } = props;
  if (health === undefined || !isChecked) {
    return (
      <li class="target">
        <code>{target}</code>
        <ForcedText forced={health?.forced} />
      </li>
    );
  }
  return (
    <li class="target">
      <span class="row">
        <span class="mark" data-state={health.state} aria-hidden="true">
          {marks[health.state]}
        </span>
        <code>{target}</code>
      </span>
      <span class="quiet small">
        {health.state}
        {health.since && `, ${agoText(health.since, now)}`}
        {health.state !== 'up' && health.reason !== '' && `: ${health.reason}`}
      </span>
      {health.agreed !== null && health.agreed !== health.state && (
        <span class="small">
          <Badge tone={health.agreed === 'up' ? 'ok' : 'danger'}>{health.agreed} by the nodes together</Badge>
        </span>
      )}
      <Views views={health.views} />
      <ForcedText forced={health.forced} />
    </li>
  );
}

/** What each node of the fleet sees; one that was not heard has no say. */
function Views({ views }: { views: TargetHealth['views'] }) {
  if (views.length === 0) return null;
  return (
    <ul class="quiet small" aria-label="As each node sees it">
      {views.map(({ node, state, reason, heard }) => (
        <li key={node}>
          <span class="mark" data-state={heard ? state : 'unknown'} aria-hidden="true">
            {marks[heard ? state : 'unknown']}
          </span>{' '}
          {node}: {heard ? state : 'not heard'}
          {heard && state !== 'up' && reason !== '' && `, ${reason}`}
        </li>
      ))}
    </ul>
  );
}
