/** The first page: what wants somebody's eye, and below all services, as the server narrows and orders them. */

import { useRef, useState } from 'preact/hooks';
import type { Glance, Overview } from '../../contract/types.ts';
import type { Failure } from '../api/reply.ts';
import { Act } from '../parts/act.tsx';
import { FreezeBanner, NotDone, Proposals } from '../parts/agreement.tsx';
import { Attention } from '../parts/attention.tsx';
import { Bulk } from '../parts/bulk.tsx';
import { Empty, Field, Loaded, PageHead } from '../parts/controls.tsx';
import { ServiceForm } from '../parts/service-form.tsx';
import { ServiceTable } from '../parts/service-table.tsx';
import { type Asked, askedOf, isNarrow, ORDERS, pathOf, queryOf } from '../rules/board.ts';
import { countText } from '../rules/format.ts';
import { isLimited, reachText } from '../rules/may.ts';
import { plainText } from '../rules/plain.ts';
import { narrow } from '../state/place.ts';
import { type Resource, useResource } from '../state/resource.ts';
import { hrefOf } from '../state/router.ts';
import { useSettled } from '../state/search.ts';
import { self } from '../state/self.ts';

/** What was answered moves slowly, and no event tells of it. */
const OBSERVED_MS = 10_000;
/** However many services move at once, the list is asked for once in so long. */
const SETTLE_MS = 1000;

export function ServicesPage({ query }: { query: string }) {
  const asked = askedOf(query);
  const [isMaking, setMaking] = useState(false);
  // By name, with the last that was seen of it: what is chosen stays so on another page of the list.
  const [chosen, setChosen] = useState<ReadonlyMap<string, Glance>>(new Map());
  const q = useSettled(asked.q);
  const label = useSettled(asked.label);
  const overview = useResource<Overview>(pathOf({ ...asked, q, label }), {
    on: () => true,
    settleMs: SETTLE_MS,
    everyMs: OBSERVED_MS,
    isKept: true,
  });
  // While another page of it is asked for the one before stays in sight, and what is typed in.
  const last = useRef<Overview>(undefined);
  last.current = overview.body ?? last.current;
  const body = last.current;
  const items = body?.items ?? [];
  const choose = (names: readonly string[], isChosen: boolean): void => {
    const next = new Map(chosen);
    for (const name of names) {
      const glance = items.find(({ service }) => service.name === name);
      if (isChosen && glance) next.set(name, glance);
      else next.delete(name);
    }
    setChosen(next);
  };
  // The list before it would pass for what was asked for, and its rows could be chosen for that.
  const refusal = overview.failure?.code === 'query_invalid' ? overview.failure : undefined;
  const live = [...chosen].map(([name, seen]) => items.find(({ service }) => service.name === name) ?? seen);
  return (
    <>
      <PageHead
        title="Services"
        facts={body && <span>{countText(body.total, 'service')}</span>}
        tools={
          <Act needs="admin" onClick={() => setMaking(true)}>
            New service
          </Act>
        }
      />
      {isMaking && <ServiceForm onClose={() => setMaking(false)} />}
      {body === undefined && refusal !== undefined ? (
        <Refused refusal={refusal} />
      ) : (
        <Loaded of={{ ...overview, body }} lines={5}>
          {(seen) =>
            seen.total === 0 ? (
              <NoServices />
            ) : (
              <div class="stack">
                <FreezeBanner />
                <Attention overview={seen} asked={asked} />
                <Proposals />
                <NotDone />
                <div class="card">
                  <Filters asked={asked} />
                  {live.length > 0 && <Bulk chosen={live} onClear={() => setChosen(new Map())} />}
                  {refusal === undefined && seen.items.length > 0 && (
                    <ServiceTable
                      items={seen.items}
                      isByZone={asked.order === '' || asked.order === 'zone'}
                      chosen={new Set(chosen.keys())}
                      choose={choose}
                    />
                  )}
                  {refusal !== undefined ? (
                    <Refused refusal={refusal} />
                  ) : (
                    <End
                      asked={asked}
                      seen={seen}
                      of={overview}
                      isAsking={overview.body === undefined || q !== asked.q || label !== asked.label}
                    />
                  )}
                </div>
              </div>
            )
          }
        </Loaded>
      )}
    </>
  );
}

const orderTexts: Readonly<Record<(typeof ORDERS)[number], string>> = {
  zone: 'By zone',
  name: 'By name',
  changed: 'Last changed first',
};

function Filters({ asked }: { asked: Asked }) {
  const ask = (more: Partial<Asked>): void => narrow('services', queryOf({ ...asked, after: '', ...more }));
  return (
    <search class="filters">
      <Field label="Show only names with">
        {(ids) => (
          <input {...ids} type="search" value={asked.q} onInput={(event) => ask({ q: event.currentTarget.value })} />
        )}
      </Field>
      <Field label="Zone">
        {(ids) => (
          <input
            {...ids}
            type="search"
            spellcheck={false}
            placeholder="all"
            value={asked.zone}
            onChange={(event) => ask({ zone: event.currentTarget.value.trim() })}
          />
        )}
      </Field>
      <Field label="Labels">
        {(ids) => (
          <input
            {...ids}
            type="search"
            spellcheck={false}
            placeholder="team=web, tier"
            value={asked.label}
            onInput={(event) => ask({ label: event.currentTarget.value })}
          />
        )}
      </Field>
      <Field label="Order">
        {(ids) => (
          <select
            {...ids}
            value={asked.order === '' ? 'zone' : asked.order}
            onChange={({ currentTarget: { value } }) => ask({ order: value === 'zone' ? '' : value })}
          >
            {ORDERS.map((order) => (
              <option key={order} value={order}>
                {orderTexts[order]}
              </option>
            ))}
          </select>
        )}
      </Field>
    </search>
  );
}

/** That the list cannot be narrowed so, in its place. */
function Refused({ refusal }: { refusal: Failure }) {
  return (
    <div class="between">
      <p class="fault" role="alert">
        {plainText(refusal)}
      </p>
      <a href={hrefOf({ page: 'services' })}>Show all services</a>
    </div>
  );
}

/** What stands below the list: that nothing was found, or the way to the rest. */
function End(props: { asked: Asked; seen: Overview; of: Resource<Overview>; isAsking: boolean }) {
  const { asked, seen, of, isAsking } = props;
  const { found, items, next, total } = seen;
  const first = hrefOf({ page: 'services', query: queryOf({ ...asked, after: '' }) });
  if (of.failure !== undefined) return <p class="fault">The server was not asked. {plainText(of.failure)}</p>;
  if (isAsking) return <p class="quiet small">Looking on the server…</p>;
  return (
    <div class="between">
      <p class="quiet small" role="status">
        {found === 0
          ? nothingFound(asked)
          : `${items.length} of ${countText(found, 'service')}${found === total ? '' : ' found'}`}
      </p>
      <nav class="row" aria-label="More of the list">
        {isNarrow(asked) && <a href={hrefOf({ page: 'services' })}>Show all services</a>}
        {asked.after !== '' && <a href={first}>First page</a>}
        {next !== undefined && (
          <a class="button compact" href={hrefOf({ page: 'services', query: queryOf({ ...asked, after: next }) })}>
            Next page
          </a>
        )}
      </nav>
    </div>
  );
}

function nothingFound({ q, zone, label, state }: Asked): string {
  if (q.trim() !== '' && [zone, label, state].every((each) => each === '')) {
    return `No name has “${q.trim().toLowerCase()}” in it.`;
  }
  return 'No service is like that.';
}

function NoServices() {
  const seen = self.value;
  if (seen === undefined || isLimited(seen)) {
    return (
      <div class="card">
        <Empty title="No service that you may see">
          {seen && <p>{reachText(seen)} Services beyond that are not shown.</p>}
        </Empty>
      </div>
    );
  }
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
