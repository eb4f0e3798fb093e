/** Draining and skew: when a pool that gets no more answers is free, and how the resolvers really behave. */
import { useState } from 'preact/hooks';
import type { Drain, DrainPool } from '../../contract/types.ts';
import { segment } from '../api/client.ts';
import { agoText, countText, durationText } from '../rules/format.ts';
import { percent } from '../rules/shares.ts';
import type { Resource } from '../state/resource.ts';
import { call } from '../state/session.ts';
import { Clock } from './clock.tsx';
import { Badge, Card, Loaded, Message, Scroll } from './controls.tsx';
import { Holdings } from './holdings.tsx';
import { useNow } from './now.ts';
import { PoolName } from './pools.tsx';

export function DrainPanel({ of }: { of: Resource<Drain> }) {
  return (
    <Card title="Drain">
      <Loaded of={of} absent="This server has no drain report.">
        {(drain) => {
          const pools = Object.keys(drain.pools);
          const draining = pools.filter((pool) => drain.pools[pool]?.weight === 0);
          return (
            <>
              {draining.map((pool) => (
                <DrainingPool
                  key={pool}
                  pool={pool}
                  pools={pools}
                  report={drain.pools[pool]}
                  isHeld={(drain.fleet?.holding.length ?? 0) > 0}
                />
              ))}
              <p class="quiet">{drain.message}</p>
              {drain.fleet && <WhoTold of={drain.fleet} />}
            </>
          );
        }}
      </Loaded>
    </Card>
  );
}

/** What each other node of the fleet answered, as it said last, and who has not said. */
function WhoTold({ of: { nodes, waitingFor, holding } }: { of: NonNullable<Drain['fleet']> }) {
  const now = useNow();
  const silent = waitingFor.filter((name) => !nodes.some(({ node }) => node === name));
  return (
    <>
      <Holdings of={holding} />
      <ul class="stack-s small" aria-label="What the other nodes answered">
        {nodes.map(({ node, toldAt, answers }) => (
          <li key={node} class="between">
            <span>
              <strong>{node}</strong> told {agoText(toldAt, now)}
              {waitingFor.includes(node) && ', and is waited for'}
            </span>
            <span class="quiet">
              {Object.entries(answers)
                .map(([pool, count]) => `${pool} ${count.toLocaleString('en')}`)
                .join(', ')}
            </span>
          </li>
        ))}
        {silent.map((node) => (
          <li key={node} class="between">
            <span>
              <strong>{node}</strong> has not told, and is waited for
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

function DrainingPool(props: { pool: string; pools: readonly string[]; report: DrainPool; isHeld: boolean }) {
  const { pool, pools, report } = props;
  const { drained, drainedAt, lastAnswerAt, lateQueries, topNetworks = [] } = report;
  const now = useNow();
  const left = drainedAt === null ? 0 : (new Date(drainedAt).getTime() - now) / 1000;
  return (
    <div class="stack-s">
      <div class="between">
        <PoolName pool={pool} pools={pools} />
        <Badge tone={drained ? 'ok' : 'warn'}>{drained ? '✓ drained' : 'draining'}</Badge>
      </div>
      {!drained && drainedAt !== null && (
        <div>
          <div class="countdown" role="timer">
            {left > 0 ? durationText(left) : 'any moment'}
          </div>
          <p class="quiet small">
            {props.isHeld ? 'at the earliest, until' : 'until'} <Clock at={drainedAt} />, when caches that honour the
            TTL have let go
          </p>
        </div>
      )}
      {lastAnswerAt !== null && (
        <p class="small">
          Last answer {agoText(lastAnswerAt, now)}, at <Clock at={lastAnswerAt} />
          {report.lastTtlSeconds ? `, with a TTL of ${report.lastTtlSeconds} s` : ''}.
        </p>
      )}
      {typeof lateQueries === 'number' && lateQueries > 0 && (
        <p class="small">{countText(lateQueries, 'resolver query', 'resolver queries')} came late.</p>
      )}
      {!drained && topNetworks.length > 0 && (
        <details class="small">
          <summary>Who held its answers most</summary>
          <ul class="stack-s">
            {topNetworks.map(({ network, answers }) => (
              <li key={network} class="between">
                <code>{network}</code> <span>{countText(answers, 'answer')}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

/** What was configured beside what was answered, by answers and by resolvers: large resolvers weigh more than small. */
export function SkewPanel({ name, of }: { name: string; of: Resource<Drain> }) {
  const [wasAsked, setAsked] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState<string>();
  const check = async (): Promise<void> => {
    setBusy(true);
    const reply = await call<Drain>(`/v1/services/${segment(name)}/drain?check=now`);
    setBusy(false);
    setFault(reply.ok ? undefined : reply.failure.detail);
    setAsked(reply.ok);
    // What was found is part of every report from now on.
    await of.reload();
  };
  return (
    <Card
      title="Resolvers"
      tools={
        <button type="button" class="compact" disabled={isBusy} onClick={() => void check()}>
          {isBusy ? 'Asking…' : 'Ask them now'}
        </button>
      }
    >
      <Loaded of={of} absent="This server does not count resolvers.">
        {({ pools, propagation = [] }) => (
          <>
            <SkewTable pools={pools} />
            {(wasAsked || propagation.length > 0) && <Propagation of={propagation} />}
          </>
        )}
      </Loaded>
      {fault && <Message tone="danger">{fault}</Message>}
    </Card>
  );
}

function SkewTable({ pools }: { pools: Drain['pools'] }) {
  const names = Object.keys(pools);
  // Without a single answer there is no share.
  const hasAnswers = names.some((name) => (pools[name]?.answers ?? 1) > 0);
  const orDash = (share: number | null | undefined): string =>
    typeof share === 'number' && hasAnswers ? percent(share) : '–';
  return (
    <Scroll>
      <table class="small">
        <caption class="hidden-text">Shares of each pool</caption>
        <thead>
          <tr>
            <th scope="col">Pool</th>
            <th scope="col" class="number">
              Configured
            </th>
            <th scope="col" class="number">
              Answers
            </th>
            <th scope="col" class="number">
              Resolvers
            </th>
          </tr>
        </thead>
        <tbody>
          {names.map((name) => {
            const { share, resolvers, answers } = pools[name];
            return (
              <tr key={name}>
                <th scope="row">
                  <PoolName pool={name} pools={names} />
                </th>
                <td class="number">{share === undefined ? '–' : percent(share.configured)}</td>
                <td class="number">
                  {orDash(share?.answers)}
                  {answers !== undefined && <div class="quiet">{answers.toLocaleString('en')}</div>}
                </td>
                <td class="number">
                  {orDash(share?.resolvers)}
                  {resolvers && <div class="quiet">≈ {Math.round(resolvers.distinct).toLocaleString('en')}</div>}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Scroll>
  );
}

function Propagation({ of }: { of: NonNullable<Drain['propagation']> }) {
  if (of.length === 0) return <p class="quiet">The setting propagation.resolvers names nobody to ask.</p>;
  return (
    <ul class="stack-s small" aria-label="What resolvers answer now">
      {of.map(({ resolver, pool, answers = [], ttlSeconds, error }) => (
        <li key={resolver} class="between">
          <code>{resolver}</code>
          <span>
            {error ??
              `${pool ?? answers.join(', ')}${ttlSeconds === null || ttlSeconds === undefined ? '' : `, ${ttlSeconds} s left`}`}
          </span>
        </li>
      ))}
    </ul>
  );
}
