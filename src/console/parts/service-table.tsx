/** Services, one line each, by zone where they are in that order. */
import type { Glance } from '../../contract/types.ts';
import { byZone, heldText } from '../rules/board.ts';
import { agoText, bothText } from '../rules/format.ts';
import { percent } from '../rules/shares.ts';
import { hrefOf } from '../state/router.ts';
import { StateBadge } from './attention.tsx';
import { Badge } from './controls.tsx';
import { useNow } from './now.ts';
import { Legend, SplitBar } from './pools.tsx';
import { Why } from './why.tsx';

interface Choice {
  readonly chosen: ReadonlySet<string>;
  readonly choose: (names: readonly string[], isChosen: boolean) => void;
}

export function ServiceTable(props: { items: readonly Glance[]; isByZone: boolean } & Choice) {
  const { items, isByZone, chosen, choose } = props;
  const now = useNow();
  const names = items.map(({ service }) => service.name);
  const groups = isByZone ? byZone(items) : [{ zone: '', items }];
  return (
    <table class="board">
      <thead>
        <tr>
          <th scope="col">
            <Box label="Choose all that are shown" names={names} chosen={chosen} choose={choose} />
          </th>
          <th scope="col">Service</th>
          <th scope="col">Share, and observed</th>
          <th scope="col">Last change</th>
          <th scope="col">State</th>
        </tr>
      </thead>
      {groups.map(({ zone, items: those }) => (
        <tbody key={zone}>
          {isByZone && (
            <tr class="zone-row">
              <td>
                <Box
                  label={`Choose all of ${zone} that are shown`}
                  names={those.map(({ service }) => service.name)}
                  chosen={chosen}
                  choose={choose}
                />
              </td>
              <th scope="rowgroup" colSpan={4}>
                <a href={hrefOf({ page: 'zone', name: zone })}>{zone}</a>
              </th>
            </tr>
          )}
          {those.map((glance) => (
            <Row key={glance.service.name} glance={glance} now={now} chosen={chosen} choose={choose} />
          ))}
        </tbody>
      ))}
    </table>
  );
}

function Row({ glance, now, chosen, choose }: { glance: Glance; now: number } & Choice) {
  const { service, states, observed, lastChange } = glance;
  const { name } = service;
  return (
    <tr class="service-item">
      <td>
        <Box label={`Choose ${name}`} names={[name]} chosen={chosen} choose={choose} />
      </td>
      <th scope="row">
        <a href={hrefOf({ page: 'service', name })}>
          <bdi>{name}</bdi>
        </a>
        <span class="quiet small">
          TTL {service.loweredTtlSeconds ?? service.ttlSeconds} s, {service.pick}
        </span>
      </th>
      <td class="share">
        <SplitBar shares={service.shares} label={`Configured for ${name}`} size="thin" />
        <Legend shares={service.shares} observed={observed} />
      </td>
      <td class="change">
        {lastChange && (
          <>
            <span class="small">{lastChange.summary}</span>
            <Why {...lastChange} />
            <span class="quiet small">
              {lastChange.actor} ·{' '}
              <time dateTime={lastChange.at} title={bothText(lastChange.at)}>
                {agoText(lastChange.at, now)}
              </time>
            </span>
          </>
        )}
      </td>
      <td class="states">
        {states.map((state) => (
          <StateBadge key={state} state={state} />
        ))}
        {glance.frozen && (
          <span title={`Frozen by ${heldText(glance)}`}>
            <Badge tone="warn">
              frozen<span class="hidden-text"> by {heldText(glance)}</span>
            </Badge>
          </span>
        )}
        {lastChange?.aborted && <Badge tone="danger">aborted</Badge>}
        {glance.release && (
          <span class="quiet small">
            {glance.release.to} {percent(service.shares[glance.release.to] ?? 0)}
          </span>
        )}
      </td>
    </tr>
  );
}

function Box({ label, names, chosen, choose }: { label: string; names: readonly string[] } & Choice) {
  const isAll = names.length > 0 && names.every((name) => chosen.has(name));
  return (
    <input
      type="checkbox"
      aria-label={label}
      checked={isAll}
      onChange={(event) => choose(names, event.currentTarget.checked)}
    />
  );
}
