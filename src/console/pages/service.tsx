/** One service: its split, the shift, the release, and what became of the answers. */

import { useRef, useState } from 'preact/hooks';
import type { Drain, Health, Page, Release, Revision, Service, Weights } from '../../contract/types.ts';
import { segment } from '../api/client.ts';
import { About, Act } from '../parts/act.tsx';
import { FreezeBanner, NotDone, Proposals } from '../parts/agreement.tsx';
import { Badge, Card, Loaded, Message, PageHead } from '../parts/controls.tsx';
import { DrainPanel, SkewPanel } from '../parts/drain-panel.tsx';
import { ExplainPanel } from '../parts/explain-panel.tsx';
import { HealthPanel } from '../parts/health-panel.tsx';
import { History } from '../parts/history.tsx';
import { HoursPanel } from '../parts/hours.tsx';
import { PoolName, SplitBar } from '../parts/pools.tsx';
import { ReleaseForm } from '../parts/release-form.tsx';
import { ReleasePanel } from '../parts/release-panel.tsx';
import { ConfirmRollback, RollbackButton } from '../parts/rollback.tsx';
import { DeleteService } from '../parts/service-delete.tsx';
import { ServiceForm } from '../parts/service-form.tsx';
import { ShiftEditor } from '../parts/shift-editor.tsx';
import { SplitChart } from '../parts/split-chart.tsx';
import { observedShares, percent, sameWeights } from '../rules/shares.ts';
import { isBehind, latestReleaseId, rollbackTarget, weightsAfter } from '../rules/undo.ts';
import { concerns, type Resource, useResource } from '../state/resource.ts';
import { hrefOf } from '../state/router.ts';

/** Counters move all the time, and no event tells of them. */
const DRAIN_MS = 2000;
/** Events tell of targets that go up or down; what the last probe came to changes more often. */
const HEALTH_MS = 10_000;
/** Shares that differ by less are the same, rounded. */
const SHARE_SAME = 0.0005;
/** Gates are measured between the events of a release. */
const GATES_MS = 3000;

export function ServicePage({ name }: { name: string }) {
  const path = `/v1/services/${segment(name)}`;
  const on = concerns(name);
  const service = useResource<Service>(path, { on });
  const history = useResource<Page<Revision>>(`${path}/history?order=newest&limit=50`, { on });
  const drain = useResource<Drain>(`${path}/drain`, { on, everyMs: DRAIN_MS });
  const health = useResource<Health>(`${path}/health`, { on, everyMs: HEALTH_MS });
  const releaseId = latestReleaseId(history.body?.items ?? []);
  const release = useResource<Release>(releaseId && `${path}/releases/${releaseId}`, { on, everyMs: GATES_MS });
  // A user with a dialog open is told that the service was deleted, not left before a page that vanished.
  const last = useRef<Service>(undefined);
  last.current = service.body ?? last.current;
  if (last.current === undefined) {
    return (
      <>
        <PageHead title={name} back={{ href: hrefOf({ page: 'services' }), text: 'Services' }} />
        <Loaded of={service} lines={6}>
          {() => null}
        </Loaded>
      </>
    );
  }
  return (
    <About.Provider value={{ services: [{ name, zone: last.current.zone }] }}>
      <ServiceView
        service={last.current}
        of={service}
        history={history}
        drain={drain}
        health={health}
        release={release}
      />
    </About.Provider>
  );
}

interface Parts {
  readonly service: Service;
  readonly of: Resource<Service>;
  readonly history: Resource<Page<Revision>>;
  readonly drain: Resource<Drain>;
  readonly health: Resource<Health>;
  readonly release: Resource<Release>;
}

function ServiceView(parts: Parts) {
  const { service, of, history, drain, health, release } = parts;
  const { name } = service;
  const pools = Object.keys(service.pools);
  const weights: Weights = Object.fromEntries(pools.map((pool) => [pool, service.pools[pool]?.weight ?? 0]));
  const latest = release.body;
  const active = latest && (latest.state === 'progressing' || latest.state === 'paused') ? latest : undefined;
  const items = history.body?.items ?? [];
  const reloadAll = (): void => {
    for (const resource of [of, history, drain, release]) void resource.reload();
  };
  return (
    <>
      {of.failure?.status === 404 && (
        <Message tone="danger" isAlert>
          {name} was deleted. You see what it was.
        </Message>
      )}
      <Head {...parts} active={active} weights={weights} onChanged={reloadAll} />
      <FreezeBanner service={name} />
      <div class="columns">
        <div class="column">
          <Proposals service={service} />
          <NotDone service={service.name} />
          <TrafficCard {...parts} active={active} />
          {latest && (
            <ReleasePanel key={latest.id} name={name} release={latest} seen={service.revision} onMoved={reloadAll} />
          )}
          <SplitChart
            name={name}
            pools={pools}
            pool={active?.to ?? (pools.at(-1) as string)}
            history={items}
            drain={drain.body}
            weights={weights}
          />
          <HoursPanel name={name} pools={pools} />
          <HistoryCard {...parts} active={active} weights={weights} />
        </div>
        <div class="column">
          <DrainPanel of={drain} />
          <HealthPanel service={service} of={health} />
          <SkewPanel name={name} of={drain} />
          <ExplainPanel name={name} pools={pools} />
        </div>
      </div>
    </>
  );
}

type WithState = Parts & { readonly active: Release | undefined; readonly weights: Weights };

function Head(props: WithState & { onChanged: () => void }) {
  const { service, of, history, active, weights } = props;
  const [open, setOpen] = useState<'release' | 'edit' | 'delete'>();
  const releases = new Map(props.release.body ? [[props.release.body.id, props.release.body]] : []);
  const items = history.body?.items ?? [];
  const found = isBehind(items, service) ? undefined : rollbackTarget(service.name, items, releases);
  const target = found === 'nothing' ? undefined : found;
  const isThere = found === 'nothing' || (target !== undefined && sameWeights(target, weights) && active === undefined);
  return (
    <>
      <PageHead
        title={service.name}
        back={{ href: hrefOf({ page: 'services' }), text: 'Services' }}
        facts={
          <>
            <span>
              Zone <a href={hrefOf({ page: 'zone', name: service.zone })}>{service.zone}</a>
            </span>
            <span>
              TTL {service.loweredTtlSeconds ?? service.ttlSeconds} s
              {service.loweredTtlSeconds !== undefined && ` (lowered from ${service.ttlSeconds} s)`}
            </span>
            <span>Picks {service.pick}</span>
          </>
        }
        tools={
          <>
            <Act needs="admin" onClick={() => setOpen('edit')}>
              Edit
            </Act>
            <Act needs="admin" onClick={() => setOpen('delete')}>
              Delete…
            </Act>
            <RollbackButton service={service} of={of} target={target} active={active} isThere={isThere} />
            {active === undefined && (
              <Act needs="release" class="primary" onClick={() => setOpen('release')}>
                Start a release…
              </Act>
            )}
          </>
        }
      />
      {open === 'edit' && <ServiceForm of={of} onClose={() => setOpen(undefined)} />}
      {open === 'delete' && <DeleteService of={of} onClose={() => setOpen(undefined)} />}
      {open === 'release' && <ReleaseForm of={of} onClose={() => setOpen(undefined)} onStarted={props.onChanged} />}
    </>
  );
}

function TrafficCard({ service, of, drain, health, active }: Parts & { active: Release | undefined }) {
  const pools = Object.keys(service.pools);
  const observed = observedShares(drain.body);
  // One resolver may have got several pools, so that their numbers cannot be added.
  const distinct = Object.values(drain.body?.pools ?? {}).map(({ resolvers }) => resolvers?.distinct ?? 0);
  const resolvers = Math.round(Math.max(0, ...distinct));
  return (
    <Card title="Traffic" tools={active && <Badge tone="accent">release in progress</Badge>}>
      <SplitBar shares={service.shares} label="Configured shares" size="large" />
      <ul class="pool-figures">
        {pools.map((pool) => (
          <li key={pool} class="pool-figure">
            <PoolName pool={pool} pools={pools} />
            <span class="big">{percent(service.shares[pool])}</span>
            <span class="quiet small">
              {observed?.[pool] === undefined ? 'nothing observed yet' : `observed ${percent(observed[pool])}`}
            </span>
          </li>
        ))}
      </ul>
      <HealthNotice service={service} health={health.body} />
      <ShiftEditor
        service={service}
        of={of}
        isReleasing={active !== undefined}
        resolvers={resolvers > 0 ? resolvers : undefined}
      />
    </Card>
  );
}

/** Where health makes another split than the weights. */
function HealthNotice({ service, health }: { service: Service; health: Health | undefined }) {
  const entries = Object.entries(health?.pools ?? {}).map(([pool, { share }]) => [pool, share] as const);
  const differs = entries.some(([pool, share]) => Math.abs(share - (service.shares[pool] ?? 0)) > SHARE_SAME);
  if (!differs) return null;
  const unhealthy = Object.entries(health?.pools ?? {}).filter(([, pool]) => !pool.healthy);
  return (
    <Message tone="warn">
      {unhealthy.map(([pool]) => pool).join(', ')} {unhealthy.length === 1 ? 'is' : 'are'} not healthy, so answers now
      go: <strong>{entries.map(([pool, share]) => `${pool} ${percent(share)}`).join(', ')}</strong>.
    </Message>
  );
}

function HistoryCard({ service, of, history, active, weights }: WithState) {
  const [back, setBack] = useState<{ revision: number; to: Weights }>();
  return (
    <Card title="History">
      <Loaded of={history}>
        {({ items }) => (
          <History
            items={items}
            undo={(revision) => {
              const to = weightsAfter(service.name, revision);
              if (to === undefined || sameWeights(to, weights)) return null;
              return (
                <Act
                  needs="shift"
                  class="compact"
                  label={`Go back to this: revision ${revision.revision}`}
                  onClick={() => setBack({ revision: revision.revision, to })}
                >
                  Go back to this
                </Act>
              );
            }}
          />
        )}
      </Loaded>
      {back && (
        <ConfirmRollback
          service={service}
          of={of}
          target={back.to}
          active={active}
          revision={back.revision}
          onClose={() => setBack(undefined)}
        />
      )}
    </Card>
  );
}
