/** All services with what they are told to answer and what they did answer. */
import { useState } from 'preact/hooks';
import type { Drain, Page, Release, Service, Shares } from '../../contract/types.ts';
import { segment } from '../api/client.ts';
import { Badge, Empty, Field, Loaded, PageHead } from '../parts/controls.tsx';
import { Legend, SplitBar } from '../parts/pools.tsx';
import { SearchEnd } from '../parts/search-end.tsx';
import { ServiceForm } from '../parts/service-form.tsx';
import { countText } from '../rules/format.ts';
import { percent } from '../rules/shares.ts';
import { useResource } from '../state/resource.ts';
import { hrefOf } from '../state/router.ts';
import { useSearch } from '../state/search.ts';

/** What one request brings; more are asked for by a button. */
const PAGE = 100;
/** From here on looking for a name by eye is no fun. */
const FILTER_FROM = 6;
/** Observed shares are asked for one service at a time, and move slowly. */
const OBSERVED_MS = 10_000;

export function ServicesPage() {
  const [limit, setLimit] = useState(PAGE);
  const [filter, setFilter] = useState('');
  const [isMaking, setMaking] = useState(false);
  const services = useResource<Page<Service>>(`/v1/services?limit=${limit}`, { on: () => true });
  const search = useSearch<Service>('/v1/services', filter, { limit: PAGE, on: () => true });
  const active = useResource<Page<Release>>('/v1/releases?state=active', { on: ({ kind }) => kind !== 'health' });
  const byService = new Map(
    active.body?.items.flatMap((release) => Object.keys(release.services).map((name) => [name, release])),
  );
  return (
    <>
      <PageHead
        title="Services"
        facts={services.body && <span>{countOf(services.body)}</span>}
        tools={
          <button type="button" onClick={() => setMaking(true)}>
            New service
          </button>
        }
      />
      {isMaking && <ServiceForm onClose={() => setMaking(false)} />}
      <Loaded of={services} lines={5}>
        {({ items, next }) => {
          if (items.length === 0) return <NoServices />;
          const { wanted, found } = search;
          // What is here already is shown at once; what the server has besides comes after.
          const shown = found?.items ?? items.filter(({ name }) => name.includes(wanted));
          return (
            <div class="stack">
              {(items.length >= FILTER_FROM || wanted !== '') && (
                <Field label="Show only names with">
                  {(ids) => (
                    <input
                      {...ids}
                      type="search"
                      value={filter}
                      onInput={(event) => setFilter(event.currentTarget.value)}
                    />
                  )}
                </Field>
              )}
              <ul class="service-list">
                {shown.map((service) => (
                  <li key={service.name}>
                    <ServiceItem service={service} release={byService.get(service.name)} />
                  </li>
                ))}
              </ul>
              {wanted !== '' && <SearchEnd of={search} shown={shown.length} noun="name" />}
              {wanted === '' && next !== undefined && (
                <button type="button" onClick={() => setLimit(Math.min(1000, limit * 2))}>
                  Show more
                </button>
              )}
            </div>
          );
        }}
      </Loaded>
    </>
  );
}

/** Of what is loaded; where there is more, the server has not counted it. */
function countOf({ items, next }: Page<Service>): string {
  return next === undefined ? countText(items.length, 'service') : `${items.length} services and more`;
}

function NoServices() {
  return (
    <div class="card">
      <Empty title="No service yet">
        <p>
          A service is a name whose answer is chosen by weight between two or more pools. Make a{' '}
          <a href={hrefOf({ page: 'zones' })}>zone</a> first, then a service in it.
        </p>
      </Empty>
    </div>
  );
}

function ServiceItem({ service, release }: { service: Service; release: Release | undefined }) {
  const path = `/v1/services/${segment(service.name)}/drain`;
  const drain = useResource<Drain>(path, { everyMs: OBSERVED_MS });
  return (
    <article class="card service-item">
      <div class="stack-s">
        <h2>
          <a href={hrefOf({ page: 'service', name: service.name })}>{service.name}</a>
        </h2>
        <div class="row">
          {release && (
            <Badge tone={release.state === 'paused' ? 'warn' : 'accent'}>
              {release.state === 'paused' ? 'Release paused' : 'Releasing'} · {release.to}{' '}
              {percent(release.services[service.name]?.shares[release.to] ?? 0)}
            </Badge>
          )}
          <Badge>TTL {service.loweredTtlSeconds ?? service.ttlSeconds} s</Badge>
          <Badge>{service.pick}</Badge>
        </div>
      </div>
      <div class="stack-s">
        <SplitBar shares={service.shares} label={`Configured for ${service.name}`} />
        <Legend shares={service.shares} observed={observedShares(drain.body)} />
      </div>
    </article>
  );
}

/** The shares of the answers given; undefined where there were none. */
export function observedShares(drain: Drain | undefined): Shares | undefined {
  const entries = Object.entries(drain?.pools ?? {}).flatMap(([pool, { share }]) =>
    typeof share?.answers === 'number' ? [[pool, share.answers] as const] : [],
  );
  return entries.some(([, share]) => share > 0) ? Object.fromEntries(entries) : undefined;
}
