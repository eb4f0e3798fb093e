/** What the service answered in each hour of the last week, as bars: how much by height, which pool by hue and pattern. */
import type { AnswerHours } from '../../contract/types.ts';
import { segment } from '../api/client.ts';
import { countText, momentText } from '../rules/format.ts';
import { lookOf } from '../rules/look.ts';
import { percent, sharesOf } from '../rules/shares.ts';
import { useResource } from '../state/resource.ts';
import { Card, Loaded } from './controls.tsx';

/** The server counts once a minute. */
const HOURS_MS = 60_000;
const HEIGHT = 72;

type Hour = AnswerHours['items'][number];

export function HoursPanel({ name, pools }: { name: string; pools: readonly string[] }) {
  const hours = useResource<AnswerHours>(`/v1/services/${segment(name)}/hours`, { everyMs: HOURS_MS });
  return (
    <Card title="Hours of the last week">
      <Loaded of={hours}>
        {({ items }) =>
          items.length === 0 ? (
            <p class="quiet">Nothing is counted yet: it is counted once a minute.</p>
          ) : (
            <Bars items={items} pools={pools} />
          )
        }
      </Loaded>
    </Card>
  );
}

function Bars({ items, pools }: { items: readonly Hour[]; pools: readonly string[] }) {
  const most = Math.max(...items.map(sumOf));
  return (
    <>
      <ol class="hours">
        {items.map((hour) => (
          <li key={hour.at} title={wordsOf(hour)} style={{ height: `${Math.max(3, (HEIGHT * sumOf(hour)) / most)}px` }}>
            <span class="hidden-text">{wordsOf(hour)}</span>
            {Object.entries(hour.answers).map(([pool, count]) => (
              <span key={pool} aria-hidden="true" data-look={lookOf(pool, pools)} style={{ flexGrow: count }} />
            ))}
          </li>
        ))}
      </ol>
      <p class="quiet small">
        {countText(items.length, 'hour')} with answers since {momentText((items[0] as Hour).at)}; at most{' '}
        {countText(most, 'answer')} in one. Of this server.
      </p>
    </>
  );
}

const sumOf = ({ answers }: Hour): number => Object.values(answers).reduce((sum, count) => sum + count, 0);

function wordsOf(hour: Hour): string {
  const shares = Object.entries(sharesOf(hour.answers)).map(([pool, share]) => `${pool} ${percent(share)}`);
  return `${momentText(hour.at)}: ${countText(sumOf(hour), 'answer')}, ${shares.join(', ')}`;
}
