/** The targets of each pool, with what the health checks say of them. */
import type { Health, Service, TargetHealth } from '../api/types.ts';
import { agoText } from '../rules/format.ts';
import type { Resource } from '../state/resource.ts';
import { Badge, Card, Message } from './controls.tsx';
import { useNow } from './now.ts';
import { PoolName } from './pools.tsx';

const marks: Record<TargetHealth['state'], string> = { up: '✓', down: '✕', unknown: '?' };

export function HealthPanel({ service, of }: { service: Service; of: Resource<Health> }) {
  const pools = Object.keys(service.pools);
  const now = useNow(of.body !== undefined);
  const { failure } = of;
  return (
    <Card title="Targets">
      {failure && failure.status !== 404 && <Message tone="danger">{failure.detail}</Message>}
      {pools.map((pool) => {
        const report = of.body?.pools[pool];
        return (
          <div key={pool}>
            <div class="between">
              <PoolName pool={pool} pools={pools} />
              <span class="row">
                {report?.forced ? <Badge tone="warn">forced</Badge> : null}
                {report && (
                  <Badge tone={report.healthy ? 'ok' : 'danger'}>{report.healthy ? 'healthy' : 'unhealthy'}</Badge>
                )}
              </span>
            </div>
            <ul>
              {service.pools[pool]?.targets.map((target) => (
                <Target key={target} target={target} health={report?.targets[target]} now={now} />
              ))}
            </ul>
          </div>
        );
      })}
      {of.body === undefined && <p class="quiet small">No health checks are set for this service.</p>}
    </Card>
  );
}

function Target({ target, health, now }: { target: string; health: TargetHealth | undefined; now: number }) {
  return (
    <li class="target">
      <span class="row">
        {health && (
          <span class="mark" data-state={health.state} aria-hidden="true">
            {marks[health.state]}
          </span>
        )}
        <code>{target}</code>
        {health && <span class="hidden-text">{health.state}</span>}
      </span>
      {health && (
        <span class="quiet small">
          {health.state}
          {health.since && ` since ${agoText(health.since, now)}`}
          {health.reason && health.state !== 'up' ? `: ${health.reason}` : ''}
        </span>
      )}
    </li>
  );
}
