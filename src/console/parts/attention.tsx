/** What wants somebody's eye: what waits, is unhealthy, releases or drains, and nodes that are stale. */
import type { ComponentChildren } from 'preact';
import type { Glance, Overview } from '../../contract/types.ts';
import { type Asked, type GlanceState, queryOf } from '../rules/board.ts';
import { percent } from '../rules/shares.ts';
import { placeText } from '../rules/steps.ts';
import { hrefOf } from '../state/router.ts';
import { Clock } from './clock.tsx';
import { Badge, Message, type Tone } from './controls.tsx';

const looks: Readonly<Record<GlanceState, { readonly tone: Tone; readonly text: string }>> = {
  unhealthy: { tone: 'danger', text: 'unhealthy' },
  waiting: { tone: 'warn', text: 'waits for somebody' },
  releasing: { tone: 'accent', text: 'releasing' },
  draining: { tone: 'ok', text: 'draining' },
};
const STATES = ['unhealthy', 'waiting', 'releasing', 'draining'] as const;
/** More are a list of their own. */
const SHOWN_MAX = 8;

export function StateBadge({ state }: { state: GlanceState }) {
  return <Badge tone={looks[state].tone}>{looks[state].text}</Badge>;
}

export function Attention({ overview, asked }: { overview: Overview; asked: Asked }) {
  const { attention, stale, current } = overview;
  const { counts, items } = attention;
  const isQuiet = items.length === 0 && stale.length === 0 && current;
  return (
    <section class="card attention" aria-label="What wants an eye">
      {!current && (
        <Message tone="danger">
          This server may answer by what was before: it cannot prove that it has the last change.
        </Message>
      )}
      {/* What it says of the others is old too where it is stale itself. */}
      {current && stale.length > 0 && (
        <Message tone="danger">
          {stale.join(', ')} may answer by what was before. <strong>Stale</strong> until it takes the last change.
        </Message>
      )}
      {isQuiet ? (
        <p class="quiet">Nothing releases, waits for somebody, is unhealthy, drains or is stale.</p>
      ) : (
        <ul class="row">
          {STATES.filter((state) => counts[state] > 0).map((state) => {
            const isOn = asked.state === state;
            const query = queryOf({ ...asked, state: isOn ? '' : state, after: '' });
            return (
              <li key={state}>
                <a class="button compact" aria-current={isOn} href={hrefOf({ page: 'services', query })}>
                  <strong>{counts[state]}</strong> {looks[state].text}
                </a>
              </li>
            );
          })}
        </ul>
      )}
      {items.length > 0 && (
        <ul class="urgent">
          {items.slice(0, SHOWN_MAX).map((glance) => (
            <li key={glance.service.name}>
              <a href={hrefOf({ page: 'service', name: glance.service.name })}>
                <bdi>{glance.service.name}</bdi>
              </a>
              <span class="row">
                {glance.states.map((state) => (
                  <StateBadge key={state} state={state} />
                ))}
              </span>
              <span class="small">{saidOf(glance)}</span>
            </li>
          ))}
        </ul>
      )}
      {items.length > SHOWN_MAX && <p class="quiet small">And more: choose one of the words above.</p>}
    </section>
  );
}

/** What of it a person would ask next. */
function saidOf(glance: Glance): ComponentChildren {
  const { release, unhealthyPools, downTargets, drainedAt, service } = glance;
  if (downTargets > 0) {
    const targets = downTargets === 1 ? '1 target is down' : `${downTargets} targets are down`;
    return unhealthyPools.length === 0 ? targets : `${targets}; no target of ${unhealthyPools.join(', ')} is up`;
  }
  if (release !== undefined) {
    return `${release.to} ${percent(service.shares[release.to] ?? 0)}, ${placeText(release)}`;
  }
  if (glance.states.includes('waiting')) return 'a change of it is proposed, and waits for somebody’s approval';
  return drainedAt === undefined ? (
    'until when is not known yet'
  ) : (
    <>
      drained at about <Clock at={new Date(drainedAt).getTime()} />
    </>
  );
}
