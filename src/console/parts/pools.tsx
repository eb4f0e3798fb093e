/** Pools on the screen: names with their patterns, bars of shares, legends. */
import type { Shares } from '../../contract/types.ts';
import { lookOf } from '../rules/look.ts';
import { percent } from '../rules/shares.ts';

function Swatch({ pool, pools }: { pool: string; pools: readonly string[] }) {
  return <span class="swatch" data-look={lookOf(pool, pools)} aria-hidden="true" />;
}

export function PoolName({ pool, pools }: { pool: string; pools: readonly string[] }) {
  return (
    <span class="pool-name">
      <Swatch pool={pool} pools={pools} />
      {pool}
    </span>
  );
}

/** The shares as one bar; said in words to those who do not see it. */
export function SplitBar(props: { shares: Shares; label: string; size?: 'large' | 'thin' }) {
  const pools = Object.keys(props.shares);
  const words = pools.map((pool) => `${pool} ${percent(props.shares[pool])}`).join(', ');
  return (
    <div class="bar" data-size={props.size} role="img" aria-label={`${props.label}: ${words}`}>
      {pools.map((pool) => (
        <span
          key={pool}
          data-look={lookOf(pool, pools)}
          style={{ flexGrow: props.shares[pool] }}
          hidden={props.shares[pool] === 0}
        />
      ))}
    </div>
  );
}

/** Names and shares below a bar. */
export function Legend({ shares, observed }: { shares: Shares; observed?: Shares | undefined }) {
  const pools = Object.keys(shares);
  return (
    <ul class="legend">
      {pools.map((pool) => (
        <li key={pool}>
          <Swatch pool={pool} pools={pools} />
          <span>{pool}</span>
          <strong>{percent(shares[pool])}</strong>
          {observed?.[pool] !== undefined && <span class="quiet">· observed {percent(observed[pool])}</span>}
        </li>
      ))}
    </ul>
  );
}
