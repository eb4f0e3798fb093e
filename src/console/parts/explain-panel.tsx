/** Why a client gets what it gets. */
import { useState } from 'preact/hooks';
import type { Explanation } from '../../contract/types.ts';
import { segment } from '../api/client.ts';
import { agoText } from '../rules/format.ts';
import { call } from '../state/session.ts';
import { Card, Field, Message } from './controls.tsx';
import { useNow } from './now.ts';
import { PoolName, SplitBar } from './pools.tsx';

/** Enough draws for a split that can be looked at, few enough to come at once. */
const DRAWS = 1000;

export function ExplainPanel({ name, pools }: { name: string; pools: readonly string[] }) {
  const [client, setClient] = useState('');
  const [type, setType] = useState('A');
  const [explanation, setExplanation] = useState<Explanation>();
  const [fault, setFault] = useState<string>();
  const explain = async (event: Event): Promise<void> => {
    event.preventDefault();
    const query = new URLSearchParams({ type, draws: String(DRAWS), ...(client.trim() && { client: client.trim() }) });
    const reply = await call<Explanation>(`/v1/services/${segment(name)}/explain?${query}`);
    setExplanation(reply.ok ? reply.body : undefined);
    if (reply.ok) setFault(undefined);
    else
      setFault(reply.failure.code === 'route_unknown' ? 'This server cannot explain answers.' : reply.failure.detail);
  };
  return (
    <Card title="Explain an answer">
      <form class="stack" onSubmit={(event) => void explain(event)}>
        <div class="fields">
          <Field label="Client or resolver" hint="An address or a network, such as 203.0.113.7">
            {(ids) => (
              <input
                {...ids}
                placeholder="203.0.113.7"
                required
                value={client}
                onInput={(event) => setClient(event.currentTarget.value)}
              />
            )}
          </Field>
          <Field label="Type">
            {(ids) => (
              <select {...ids} value={type} onChange={(event) => setType(event.currentTarget.value)}>
                <option>A</option>
                <option>AAAA</option>
                <option>CNAME</option>
              </select>
            )}
          </Field>
        </div>
        <div>
          <button type="submit" class="compact">
            Explain
          </button>
        </div>
      </form>
      <div aria-live="polite" class="stack-s">
        {fault && <Message tone="danger">{fault}</Message>}
        {explanation && (
          <>
            <p>{explanation.message}</p>
            {explanation.pool && (
              <p>
                <PoolName pool={explanation.pool} pools={pools} />
              </p>
            )}
            {explanation.answer.length > 0 && (
              <p>
                <code>{explanation.answer.join(' ')}</code> <span class="quiet">TTL {explanation.ttlSeconds} s</span>
              </p>
            )}
            {explanation.split && (
              <SplitBar
                shares={explanation.split}
                label={`Of ${explanation.draws ?? DRAWS} such answers`}
                size="thin"
              />
            )}
            {explanation.observed?.nodes && <ByNode of={explanation.observed} pools={pools} />}
          </>
        )}
      </div>
    </Card>
  );
}

/** In a fleet: what each node answers now, what it has answered since the weights are in force, and all together. */
function ByNode({ of, pools }: { of: Explanation['observed']; pools: readonly string[] }) {
  const { nodes = [], answers, waitingFor = [] } = of;
  const now = useNow();
  const counts = (of: Readonly<Record<string, number>>): string =>
    pools.map((pool) => `${pool} ${(of[pool] ?? 0).toLocaleString('en')}`).join(', ');
  const silent = waitingFor.filter((name) => !nodes.some(({ node }) => node === name));
  return (
    <ul class="stack-s small" aria-label="What each node answers">
      {nodes.map(({ node, toldAt, shares, answers }) => (
        <li key={node}>
          <div class="between">
            <span>
              <strong>{node}</strong> <span class="quiet">{toldAt === null ? 'this one' : agoText(toldAt, now)}</span>
            </span>
            <span class="quiet">{counts(answers)}</span>
          </div>
          {shares && <SplitBar shares={shares} label={`Answers of ${node} now`} size="thin" />}
        </li>
      ))}
      {silent.map((node) => (
        <li key={node}>
          <strong>{node}</strong> <span class="quiet">has not told</span>
        </li>
      ))}
      <li class="between">
        <strong>All, since the weights are in force</strong> <span class="quiet">{counts(answers)}</span>
      </li>
    </ul>
  );
}
