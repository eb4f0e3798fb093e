/** The targets of each pool, with what the health checks say of them. */
import type { ComponentChildren } from 'preact';
import type { Health, Service, TargetHealth } from '../../contract/types.ts';
import { agoText } from '../rules/format.ts';
import type { Resource } from '../state/resource.ts';
import { Badge, Card, Message } from './controls.tsx';
import { ForceButton, ForcedText } from './force-health.tsx';
import { useNow } from './now.ts';
import { PoolName } from './pools.tsx';

const marks: Record<TargetHealth['state'], string> = { up: '✓', down: '✕', unknown: '?' };

export function HealthPanel({ service, of }: { service: Service; of: Resource<Health> }) {
  const pools = Object.keys(service.pools);
  // Without checks nothing is seen, and only what somebody decided is worth showing.
  const isChecked = service.health !== undefined && service.health !== null;
  const now = useNow(isChecked);
  const onChanged = (): void => void of.reload();
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
              <span class="row">
                {report && (isChecked || report.forced) && <HealthBadge {...report} />}
                <ForceButton service={service} pool={pool} onChanged={onChanged} />
              </span>
            </div>
            <ForcedText service={service} pool={pool} forced={report?.forced} onChanged={onChanged} />
            <ul>
              {service.pools[pool]?.targets.map((target) => {
                const health = report?.targets[target];
                return (
                  <Target key={target} target={target} health={health} isChecked={isChecked} now={now}>
                    <ForcedText {...{ service, pool, target, onChanged }} forced={health?.forced} />
                  </Target>
                );
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

function Target(props: {
  target: string;
  health: TargetHealth | undefined;
  isChecked: boolean;
  now: number;
  /** What somebody decided of it. */
  children: ComponentChildren;
}) {
  const { target, health, isChecked, now, children } = props;
  if (health === undefined || !isChecked) {
    return (
      <li class="target">
        <code>{target}</code>
        {children}
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
      {children}
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
