/** What a change of weights will do, as bars and sentences: the body of every confirmation. */
import type { Service, Weights } from '../../contract/types.ts';
import { effectOf } from '../rules/effect.ts';
import { percent, sharesOf } from '../rules/shares.ts';
import { Clock } from './clock.tsx';
import { useNow } from './now.ts';
import { PoolName, SplitBar } from './pools.tsx';

export function EffectView(props: { service: Service; after: Weights; resolvers?: number | undefined }) {
  const { service, after } = props;
  const before = Object.fromEntries(Object.entries(service.pools).map(([pool, { weight }]) => [pool, weight]));
  const ttlSeconds = service.loweredTtlSeconds ?? service.ttlSeconds;
  const effect = effectOf(before, after, { ttlSeconds, resolvers: props.resolvers });
  const now = useNow(effect.emptied.length > 0);
  const pools = effect.pools.map(({ pool }) => pool);
  return (
    <div class="effect">
      <SplitBar shares={sharesOf(before)} label="Now" size="thin" />
      <SplitBar shares={sharesOf(after)} label="Afterwards" />
      <ul class="stack-s">
        {effect.pools.map(({ pool, from, to }) => (
          <li key={pool} class="between">
            <PoolName pool={pool} pools={pools} />
            <span>
              {percent(from)}
              <span class="arrow" aria-hidden="true">
                →
              </span>
              <span class="hidden-text"> becomes </span>
              <strong>{percent(to)}</strong>
            </span>
          </li>
        ))}
      </ul>
      <ul class="reasons">
        {effect.sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
        {effect.emptied.length > 0 && (
          <li>
            Confirmed now, {effect.emptied.join(' and ')} would be drained at about{' '}
            <strong>
              <Clock at={now + effect.settleSeconds * 1000} />
            </strong>
            . Connections that are open then are not ended by DNS.
          </li>
        )}
      </ul>
    </div>
  );
}
